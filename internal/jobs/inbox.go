package jobs

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"timebank/internal/errs"
	"timebank/internal/store"
)

// InboxName is the file of [Inbox] inside the data folder.
const InboxName = "inbox.log"

// Inbox stands where senders of messages will: it appends each event to a file of the data folder, one line of JSON with number, topic and
// ids. An event that is delivered twice has two lines with one number.
type Inbox struct {
	path string
	mu   sync.Mutex
}

// NewInbox returns the inbox of a data folder.
func NewInbox(folder string) *Inbox { return &Inbox{path: filepath.Join(folder, InboxName)} }

// Deliver is a [Deliver].
func (b *Inbox) Deliver(_ context.Context, e store.Event) error {
	line, err := json.Marshal(struct {
		Seq     int64  `json:"seq"`
		Topic   string `json:"topic"`
		Ref     string `json:"ref"`
		Payload string `json:"payload"`
	}{e.Seq, e.Topic, e.Ref, e.Payload})
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := os.OpenFile(b.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return errs.New(errs.Unavailable, "jobs.inbox_unwritable").With(err)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		_ = f.Close()
		return errs.New(errs.Unavailable, "jobs.inbox_unwritable").With(err)
	}
	return f.Close()
}
