// Package notify owns messages to people: what is to be said to whom, by which way they want to be told, whether a carrier has taken it and
// delivered it, and the development inbox, where messages can be read instead.
//
// A message is a row written in the transaction that asks for it, and is handed to a carrier afterwards by a job that carries its id. The
// package must never keep a number or a code in clear, keep the content of what a carrier has taken, or speak to a network itself: a
// carrier is a [Sender].
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	SMS    Channel = "sms"
	Email  Channel = "email"
	WeChat Channel = "wechat"
)

// Kind names the sentence of a message; its texts in the catalogues stand under "message.".
type Kind string

// The kinds.
const (
	// Code is the code of a sign-in: code, minutes.
	Code Kind = "signin.code"
	// ContactCode is the code that shows that an address is somebody's own: code, minutes.
	ContactCode Kind = "contact.code"
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
	Carrier string // its name; "" for the inbox
	// Reference is the carrier's own number for questions afterwards.
	Reference string
	// Keep leaves the content readable in the inbox.
	Keep bool
}

// Failure is why a letter was not taken: the carrier's own code, and nothing of the letter.
type Failure struct {
	Carrier string // "" when none was asked
	Code    string
	// Final means that nobody would ever take it: the number is none, or whoever has it wants no message.
	Final bool
}

// Error implements error.
func (f Failure) Error() string { return f.Carrier + " " + f.Code }

// Sender carries letters. Send may be called more than once for a letter, whose ID is then the same; an error means that it is tried again,
// unless it is a [Failure] that is final.
type Sender interface {
	Send(ctx context.Context, l Letter) (Taken, error)
	// Carries reports whether messages of a kind go by a channel at all.
	Carries(by Channel, kind Kind) bool
}

// Inbox is the sender of a demo: nothing leaves the installation, and [Service.Inbox] shows what would have. It must not run in production.
type Inbox struct{}

// Send implements [Sender].
func (Inbox) Send(context.Context, Letter) (Taken, error) { return Taken{Keep: true}, nil }

// Carries implements [Sender].
func (Inbox) Carries(Channel, Kind) bool { return true }

// Topic is the topic of the outbox events that ask for a delivery; their ref is the message's id.
const Topic = "notify.send"

// Service keeps messages and hands them over. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	members *member.Service
	box     *pii.Box
	sender  Sender

	askEmail identity.Call[AskEmailCmd, identity.Nothing]
	confirm  identity.Call[ConfirmEmailCmd, identity.Nothing]
	drop     identity.Call[DropContactCmd, identity.Nothing]
	allow    identity.Call[AllowContactCmd, identity.Nothing]
	choose   identity.Call[ChooseCmd, identity.Nothing]
}

// New returns the service of one database.
func New(db *store.DB, members *member.Service, box *pii.Box, sender Sender) *Service {
	s := &Service{db: db, members: members, box: box, sender: sender}
	s.contactCalls()
	return s
}

const (
	fieldAddressee = "message.addressee"
	fieldContent   = "message.content"
)

// Send writes a message in the caller's transaction; it leaves after the commit.
func (s *Service) Send(tx *store.Tx, m Message) (ID, error) {
	row, err := s.seal(tx, m)
	if err != nil {
		return "", err
	}
	if _, err := insertMessage(tx, row); err != nil {
		return "", err
	}
	tx.Outbox(Topic, string(row.id), "{}")
	return row.id, nil
}

// seal makes the row of a message that is due at once.
func (s *Service) seal(tx *store.Tx, m Message) (messageRow, error) {
	content, err := json.Marshal(m.Values)
	return messageRow{id: store.NewID[Message](tx), channel: m.Channel, kind: m.Kind, addressee: s.box.Seal(fieldAddressee, m.To),
		content: s.box.Seal(fieldContent, string(content)), state: waiting, created: tx.Now(), due: tx.Now(), expires: tx.Now().Add(m.Life)}, err
}

// Deliver hands a message to the carrier, unless that was done, its time is over or has not come. It is called at least once for each message.
// A message that nobody would take has failed, which is no error. Error: Unavailable notify.not_taken when no carrier took it; it is then tried
// again.
func (s *Service) Deliver(ctx context.Context, which ID) error {
	var row messageRow
	ready := false
	err := s.db.Write(ctx, "notify.attempt", func(tx *store.Tx) (err error) {
		ready = false
		if row, err = lockMessage(tx, which); err != nil || row.state != waiting || tx.Now().Before(row.due) {
			return err
		}
		if !tx.Now().Before(row.expires) {
			return endMessage(tx, which, expired, outcome{carrier: row.carrier, problem: row.problem})
		}
		ready = true
		return countAttempt(tx, which)
	})
	if err != nil || !ready {
		return err
	}
	letter, err := s.open(row)
	if err != nil {
		return err
	}
	taken, err := s.sender.Send(ctx, letter)
	if err != nil {
		return s.notTaken(ctx, which, err)
	}
	state := sent
	if taken.Keep {
		state = inbox
	}
	return s.db.Write(ctx, "notify.taken", func(tx *store.Tx) error {
		said := outcome{carrier: taken.Carrier, reference: taken.Reference}
		if err := endMessage(tx, which, state, said); err != nil {
			return err
		}
		return earlyReport(tx, said)
	})
}

// notTaken remembers what the carrier said.
func (s *Service) notTaken(ctx context.Context, which ID, cause error) error {
	f, known := errors.AsType[Failure](cause)
	if !known {
		return errs.New(errs.Unavailable, "notify.not_taken").With(cause)
	}
	said := outcome{carrier: f.Carrier, problem: f.Code}
	err := s.db.Write(ctx, "notify.not_taken", func(tx *store.Tx) error {
		if f.Final {
			return endMessage(tx, which, failed, said)
		}
		return noteProblem(tx, which, said)
	})
	if err == nil && !f.Final {
		err = errs.New(errs.Unavailable, "notify.not_taken").With(cause)
	}
	return err
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
