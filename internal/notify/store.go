package notify

import (
	"errors"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// state is what became of a message.
type state string

const (
	waiting state = "waiting"
	inbox   state = "inbox"
	sent    state = "sent"
	expired state = "expired"
)

type messageRow struct {
	id                 ID
	channel            Channel
	kind               Kind
	addressee, content []byte
	state              state
	created, expires   time.Time
}

func insertMessage(tx *store.Tx, which ID, m Message, addressee, content []byte) error {
	_, err := tx.Exec(`INSERT INTO message (id, channel, kind, addressee, content, state, tries, reference, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, 'waiting', 0, '', $6, $7)`,
		string(which), string(m.Channel), string(m.Kind), addressee, content, tx.NowMicros(), clock.Micros(tx.Now().Add(m.Life)))
	return err
}

const messageColumns = "SELECT id, channel, kind, addressee, content, state, created_at, expires_at FROM message"

func scanMessage(r *store.Rows) (m messageRow, err error) {
	var created, expires int64
	err = r.Scan(&m.id, &m.channel, &m.kind, &m.addressee, &m.content, &m.state, &created, &expires)
	m.created, m.expires = clock.FromMicros(created), clock.FromMicros(expires)
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

// saveMessage ends the wait of a message. Its content stays for the inbox alone.
func saveMessage(tx *store.Tx, which ID, to state, reference string) error {
	_, err := tx.Exec(`UPDATE message SET state = $1, reference = $2, content = CASE WHEN $1 = 'inbox' THEN content END,
		sent_at = CASE WHEN $1 = 'expired' THEN NULL ELSE CAST($3 AS BIGINT) END WHERE id = $4 AND state = 'waiting'`,
		string(to), reference, tx.NowMicros(), string(which))
	return err
}

func inboxRows(tx *store.Tx, max int) ([]messageRow, error) {
	return store.All(tx, scanMessage, messageColumns+" WHERE state = 'inbox' ORDER BY id DESC LIMIT $1", max)
}

func messagesAfter(tx *store.Tx, after string, max int) ([]messageRow, error) {
	return store.All(tx, scanMessage, messageColumns+" WHERE id > $1 ORDER BY id LIMIT $2", after, max)
}

// saveSealed keeps the fields of a message under another key. Its content is gone once a carrier has taken it.
func saveSealed(tx *store.Tx, m messageRow) error {
	var content any
	if m.content != nil {
		content = m.content
	}
	_, err := tx.Exec("UPDATE message SET addressee = $1, content = $2 WHERE id = $3", m.addressee, content, string(m.id))
	return err
}

func deleteMessages(tx *store.Tx, before time.Time) (int64, error) {
	return tx.Exec("DELETE FROM message WHERE expires_at < $1 AND state <> 'waiting'", clock.Micros(before))
}
