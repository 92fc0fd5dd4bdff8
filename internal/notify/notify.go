// Package notify owns messages to people: what is to be said to whom, whether a carrier has taken it, and the development inbox, where they
// can be read instead.
//
// A message is a row written in the transaction that asks for it, and is handed to a carrier afterwards by a job that carries its id. The
// package must never keep a number or a code in clear, keep the content of what a carrier has taken, or speak to a network itself: a
// carrier is a [Sender].
package notify

import (
	"context"
	"encoding/json"
	"time"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// Kind names the sentence of a message; its texts in the catalogues stand under "message.".
type Kind string

// The kinds.
const (
	// Code is the code of a sign-in: code, minutes.
	Code Kind = "signin.code"
)

// ID identifies a message.
type ID = id.ID[Message]

// Message is something to be said to one person. Kind names the sentence ("signin.code"), Values fill it: carriers send approved
// templates and not free text.
type Message struct {
	Channel Channel
	To      string // number or address, in clear
	Kind    Kind
	Values  map[string]string
	// Life is how long it is worth delivering.
	Life time.Duration
}

// Letter is a message as a carrier gets it.
type Letter struct {
	ID ID
	Message
	Created, Expires time.Time
}

// Taken is what a carrier says of a letter that it took.
type Taken struct {
	// Reference is the carrier's own number for questions afterwards.
	Reference string
	// Keep leaves the content readable in the inbox.
	Keep bool
}

// Sender carries letters. Send may be called more than once for a letter, whose ID is then the same; an error means that it is tried again.
type Sender interface {
	Send(ctx context.Context, l Letter) (Taken, error)
}

// Inbox is the sender of a demo: nothing leaves the installation, and [Service.Inbox] shows what would have. It must not run in production.
type Inbox struct{}

// Send implements [Sender].
func (Inbox) Send(context.Context, Letter) (Taken, error) { return Taken{Keep: true}, nil }

// Topic is the topic of the outbox events that ask for a delivery; their ref is the message's id.
const Topic = "notify.send"

// Service keeps messages and hands them over. It is safe for concurrent use.
type Service struct {
	db     *store.DB
	box    *pii.Box
	sender Sender
}

// New returns the service of one database.
func New(db *store.DB, box *pii.Box, sender Sender) *Service {
	return &Service{db: db, box: box, sender: sender}
}

const (
	fieldAddressee = "message.addressee"
	fieldContent   = "message.content"
)

// Send writes a message in the caller's transaction; it leaves after the commit.
func (s *Service) Send(tx *store.Tx, m Message) (ID, error) {
	content, err := json.Marshal(m.Values)
	if err != nil {
		return "", err
	}
	which := store.NewID[Message](tx)
	if err := insertMessage(tx, which, m, s.box.Seal(fieldAddressee, m.To), s.box.Seal(fieldContent, string(content))); err != nil {
		return "", err
	}
	tx.Outbox(Topic, string(which), "{}")
	return which, nil
}

// Deliver hands a message to the carrier, unless that was done or its time is over. It is called at least once for each message. Error:
// Unavailable notify.not_taken when the carrier did not take it; it is then tried again.
func (s *Service) Deliver(ctx context.Context, which ID) error {
	var row messageRow
	err := s.db.Write(ctx, "notify.attempt", func(tx *store.Tx) (err error) {
		if row, err = lockMessage(tx, which); err != nil || row.state != waiting {
			return err
		}
		if !tx.Now().Before(row.expires) {
			row.state = expired
			return saveMessage(tx, which, expired, "")
		}
		return countAttempt(tx, which)
	})
	if err != nil || row.state != waiting {
		return err
	}
	letter, err := s.open(row)
	if err != nil {
		return err
	}
	taken, err := s.sender.Send(ctx, letter)
	if err != nil {
		return errs.New(errs.Unavailable, "notify.not_taken").With(err)
	}
	state := sent
	if taken.Keep {
		state = inbox
	}
	return s.db.Write(ctx, "notify.taken", func(tx *store.Tx) error { return saveMessage(tx, which, state, taken.Reference) })
}

func (s *Service) open(row messageRow) (Letter, error) {
	l := Letter{ID: row.id, Message: Message{Channel: row.channel, Kind: row.kind, Life: row.expires.Sub(row.created)}, Created: row.created, Expires: row.expires}
	var err error
	if l.To, err = s.box.Open(fieldAddressee, row.addressee); err != nil {
		return Letter{}, err
	}
	content, err := s.box.Open(fieldContent, row.content)
	if err != nil {
		return Letter{}, err
	}
	return l, json.Unmarshal([]byte(content), &l.Values)
}

// Inbox returns up to max messages that the development inbox took, newest first. It is empty where a carrier takes them. It checks no
// right: whoever offers it does so in a demo alone.
func (s *Service) Inbox(ctx context.Context, max int) (letters []Letter, err error) {
	err = s.db.Read(ctx, "notify.inbox", func(tx *store.Tx) error {
		rows, err := inboxRows(tx, max)
		letters = make([]Letter, 0, len(rows))
		for _, row := range rows {
			if err != nil {
				break
			}
			var l Letter
			l, err = s.open(row)
			letters = append(letters, l)
		}
		return err
	})
	return letters, err
}
