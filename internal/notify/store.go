package notify

import (
	"errors"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/store"
)

// State is what became of a message.
type State string

const (
	waiting   State = "waiting"
	inbox     State = "inbox"
	sent      State = "sent" // a carrier has taken it
	delivered State = "delivered"
	failed    State = "failed"
	expired   State = "expired"
)

type messageRow struct {
	id                    ID
	channel               Channel
	kind                  Kind
	person, about, cause  string
	addressee, content    []byte
	state                 State
	carrier, problem      string
	created, due, expires time.Time
	ended                 time.Time // zero while it waits
}

// insertMessage reports whether the message is new: one event tells one addressee once.
func insertMessage(tx *store.Tx, m messageRow) (fresh bool, err error) {
	n, err := tx.Exec(`INSERT INTO message (id, channel, kind, person, about, cause, addressee, content, state, tries, carrier, reference, problem, created_at,
		due_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', '', $10, $11, $12, $13, CASE WHEN $9 = 'failed' THEN CAST($11 AS BIGINT) END)
		ON CONFLICT (cause, person) WHERE cause <> '' DO NOTHING`,
		string(m.id), string(m.channel), string(m.kind), m.person, m.about, m.cause, none(m.addressee), none(m.content), string(m.state), m.problem,
		clock.Micros(m.created), clock.Micros(m.due), clock.Micros(m.expires))
	return n == 1, err
}

// none is NULL for a field that is not there: a nil slice of bytes would be an empty one.
func none(sealed []byte) any {
	if sealed == nil {
		return nil
	}
	return sealed
}

const messageColumns = `SELECT id, channel, kind, person, about, cause, addressee, content, state, carrier, problem, created_at, due_at, expires_at,
	coalesce(ended_at, sent_at, 0) FROM message`

func scanMessage(r *store.Rows) (m messageRow, err error) {
	var created, due, expires, ended int64
	err = r.Scan(&m.id, &m.channel, &m.kind, &m.person, &m.about, &m.cause, &m.addressee, &m.content, &m.state, &m.carrier, &m.problem, &created, &due, &expires, &ended)
	m.created, m.due, m.expires = clock.FromMicros(created), clock.FromMicros(due), clock.FromMicros(expires)
	if ended > 0 {
		m.ended = clock.FromMicros(ended)
	}
	return m, err
}

func lockMessage(tx *store.Tx, which ID) (messageRow, error) {
	rows, err := store.All(tx, scanMessage, messageColumns+" WHERE id = $1"+tx.ForUpdate(), string(which))
	if err == nil && len(rows) == 0 {
		err = errs.New(errs.NotFound, "notify.message_unknown").With(errors.New(string(which)))
	}
	if err != nil {
		return messageRow{}, err
	}
	return rows[0], nil
}

func countAttempt(tx *store.Tx, which ID) error {
	_, err := tx.Exec("UPDATE message SET tries = tries + 1 WHERE id = $1", string(which))
	return err
}

// outcome is what a carrier says of a message.
type outcome struct{ carrier, reference, problem string }

// endMessage ends the wait of a message. Addressee and content stay for the inbox alone.
func endMessage(tx *store.Tx, which ID, to State, o outcome) error {
	_, err := tx.Exec(`UPDATE message SET state = $1, carrier = $2, reference = $3, problem = $4,
		addressee = CASE WHEN $1 = 'inbox' THEN addressee END, content = CASE WHEN $1 = 'inbox' THEN content END,
		sent_at = CASE WHEN $1 IN ('inbox', 'sent') THEN CAST($5 AS BIGINT) END, ended_at = CASE WHEN $1 IN ('failed', 'expired') THEN CAST($5 AS BIGINT) END
		WHERE id = $6 AND state = 'waiting'`,
		string(to), o.carrier, o.reference, o.problem, tx.NowMicros(), string(which))
	return err
}

// noteProblem keeps what a carrier said of a message that is tried again.
func noteProblem(tx *store.Tx, which ID, o outcome) error {
	_, err := tx.Exec("UPDATE message SET carrier = $1, problem = $2 WHERE id = $3 AND state = 'waiting'", o.carrier, o.problem, string(which))
	return err
}

// expireMessages ends messages whose time was over while nobody tried them.
func expireMessages(tx *store.Tx) error {
	_, err := tx.Exec(`UPDATE message SET state = 'expired', addressee = NULL, content = NULL, ended_at = $1 WHERE state = 'waiting' AND expires_at <= $1`,
		tx.NowMicros())
	return err
}

// report keeps what became of a message that a carrier took, and says whether it was news of one. A report of a message that nobody knows is
// kept for as long as it may be written down late that it was taken.
//
// The report's row is written first: whoever writes down at the same moment that the message was taken waits for it, or is waited for, and so
// one of the two sees the other.
func report(tx *store.Tx, r Report) (bool, error) {
	if r.Carrier == "" || r.Reference == "" {
		return false, nil
	}
	first, err := meet(tx, r)
	if err != nil || !first {
		return false, err
	}
	news, err := become(tx, r)
	if err != nil {
		return false, err
	}
	if !news {
		var known int64
		if err := tx.QueryRow("SELECT COUNT(1) FROM message WHERE carrier = $1 AND reference = $2", r.Carrier, r.Reference).Scan(&known); err != nil || known == 0 {
			return false, err
		}
	}
	return news, part(tx, r)
}

// meet writes a report's row, and says whether there was none.
func meet(tx *store.Tx, r Report) (first bool, err error) {
	yes := 0
	if r.Delivered {
		yes = 1
	}
	n, err := tx.Exec(`INSERT INTO message_report (carrier, reference, delivered, problem, received_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (carrier, reference) DO NOTHING`, r.Carrier, r.Reference, yes, r.Code, tx.NowMicros())
	return n == 1, err
}

// part takes a report's row away.
func part(tx *store.Tx, r Report) error {
	_, err := tx.Exec("DELETE FROM message_report WHERE carrier = $1 AND reference = $2", r.Carrier, r.Reference)
	return err
}

// become says of a message that was sent what became of it, and whether there was one.
func become(tx *store.Tx, r Report) (bool, error) {
	to, problem := delivered, ""
	if !r.Delivered {
		to, problem = failed, r.Code
	}
	n, err := tx.Exec("UPDATE message SET state = $1, problem = $2, ended_at = $3 WHERE carrier = $4 AND reference = $5 AND reference <> '' AND state = 'sent'",
		string(to), problem, tx.NowMicros(), r.Carrier, r.Reference)
	return n > 0, err
}

// earlyReport says of a message that has just been written down as sent what its carrier reported before that.
func earlyReport(tx *store.Tx, o outcome) error {
	r := Report{Carrier: o.carrier, Reference: o.reference}
	if r.Carrier == "" || r.Reference == "" {
		return nil
	}
	first, err := meet(tx, r)
	if err != nil {
		return err
	}
	if !first {
		var yes int64
		if err := tx.QueryRow("SELECT delivered, problem FROM message_report WHERE carrier = $1 AND reference = $2", r.Carrier, r.Reference).Scan(&yes, &r.Code); err != nil {
			return err
		}
		r.Delivered = yes == 1
		if _, err := become(tx, r); err != nil {
			return err
		}
	}
	return part(tx, r)
}

// forgetReports forgets what was reported of messages that nobody knows.
func forgetReports(tx *store.Tx, before time.Time) error {
	_, err := tx.Exec("DELETE FROM message_report WHERE received_at < $1", clock.Micros(before))
	return err
}

func inboxRows(tx *store.Tx, max int) ([]messageRow, error) {
	return store.All(tx, scanMessage, messageColumns+" WHERE state = 'inbox' ORDER BY id DESC LIMIT $1", max)
}

func messagesAfter(tx *store.Tx, after string, max int) ([]messageRow, error) {
	return store.All(tx, scanMessage, messageColumns+" WHERE id > $1 AND content IS NOT NULL ORDER BY id LIMIT $2", after, max)
}

// saveSealed keeps the fields of a message under another key. They are gone once a carrier has taken it.
func saveSealed(tx *store.Tx, m messageRow) error {
	_, err := tx.Exec("UPDATE message SET addressee = $1, content = $2 WHERE id = $3", none(m.addressee), none(m.content), string(m.id))
	return err
}

func deleteMessages(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec("DELETE FROM message WHERE expires_at < $1 AND state <> 'waiting'", clock.Micros(before))
}

// messagesWhere returns messages newest first, those before one, "" for the newest of all.
func messagesWhere(tx *store.Tx, where, ref string, before ID, max int) ([]messageRow, error) {
	if before == "" {
		before = "~" // sorts after every identifier
	}
	return store.All(tx, scanMessage, messageColumns+" WHERE "+where+" AND id < $2 ORDER BY id DESC LIMIT $3", ref, string(before), max)
}

// erase forgets a person's addresses and choice, and whom its messages were for.
func erase(tx *store.Tx, who member.PersonID) error {
	for _, statement := range []string{"DELETE FROM contact WHERE person = $1", "DELETE FROM contact_choice WHERE person = $1",
		"DELETE FROM contact_refused WHERE person = $1",
		"DELETE FROM message WHERE person = $1 AND person <> ''"} {
		if _, err := tx.Exec(statement, string(who)); err != nil {
			return err
		}
	}
	return nil
}
