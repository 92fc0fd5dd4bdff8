package notify

import (
	"context"
	"time"

	"timebank/internal/store"
)

// Reseal seals anew, under the active key, up to max messages after the given one. It returns the last message it looked at, "" when there is
// none, and how many rows it changed.
func (s *Service) Reseal(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := messagesAfter(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, m := range rows {
		last = string(m.id)
		if !s.box.Stale(m.addressee) && !s.box.Stale(m.content) {
			continue
		}
		if m.addressee, err = s.box.Reseal(fieldAddressee, m.addressee); err != nil {
			return "", 0, err
		}
		if m.content, err = s.box.Reseal(fieldContent, m.content); err != nil {
			return "", 0, err
		}
		if err := saveSealed(tx, m); err != nil {
			return "", 0, err
		}
		changed++
	}
	return last, changed, nil
}

// keepFor is how long it is remembered that a message was sent, for questions of whoever did not get it (default, ours).
const keepFor = 30 * 24 * time.Hour

// reportWait is how long a report may come before we know its message: far longer than it takes to write that down (default, ours).
const reportWait = 24 * time.Hour

// Forget ends messages whose time is over, removes those that went or were given up so long ago that nobody asks any more, and returns how many.
func (s *Service) Forget(ctx context.Context) (n int64, err error) {
	err = s.db.Write(ctx, "notify.forget", func(tx *store.Tx) error {
		if err = expireMessages(tx); err == nil {
			err = forgetReports(tx, tx.Now().Add(-reportWait))
		}
		if err == nil {
			n, err = deleteMessages(tx, tx.Now().Add(-keepFor))
		}
		return err
	})
	return n, err
}
