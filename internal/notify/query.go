package notify

import (
	"errors"
	"time"

	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

// contact is an address of a person; digest is nil once it is confirmed.
type contact struct {
	person  member.PersonID
	channel Channel
	address []byte
	digest  []byte
	tries   int64
	asked   time.Time
}

const contactColumns = "SELECT person, channel, address, digest, tries, asked_at FROM contact"

func scanContact(r *store.Rows) (c contact, err error) {
	var asked int64
	err = r.Scan(&c.person, &c.channel, &c.address, &c.digest, &c.tries, &asked)
	c.asked = clock.FromMicros(asked)
	return c, err
}

func contactsOf(tx *store.Tx, who member.PersonID) ([]contact, error) {
	return store.All(tx, scanContact, contactColumns+" WHERE person = $1 ORDER BY channel", string(who))
}

func contactOf(tx *store.Tx, who member.PersonID, by Channel) (contact, bool, error) {
	all, err := contactsOf(tx, who)
	for _, c := range all {
		if c.channel == by {
			return c, true, err
		}
	}
	return contact{}, false, err
}

func contactsAfter(tx *store.Tx, after string, max int) ([]contact, error) {
	return store.All(tx, scanContact, contactColumns+" WHERE person || '/' || channel > $1 ORDER BY person || '/' || channel LIMIT $2", after, max)
}

// putContact replaces the address of a channel, by one that counts at once when it has no digest of a code.
func putContact(tx *store.Tx, c contact) error {
	var confirmed any
	if c.digest == nil {
		confirmed = tx.NowMicros()
	}
	_, err := tx.Exec(`INSERT INTO contact (person, channel, address, digest, tries, asked_at, confirmed_at) VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (person, channel) DO UPDATE SET address = excluded.address, digest = excluded.digest, tries = 0, asked_at = excluded.asked_at,
		confirmed_at = excluded.confirmed_at`,
		string(c.person), string(c.channel), c.address, none(c.digest), tx.NowMicros(), confirmed)
	return err
}

// contactDropped reports whether a person has said that an address of a channel must not be kept.
func contactDropped(tx *store.Tx, who member.PersonID, by Channel) (bool, error) {
	var n int64
	err := tx.QueryRow("SELECT COUNT(1) FROM contact_refused WHERE person = $1 AND channel = $2", string(who), string(by)).Scan(&n)
	return n > 0, err
}

func putDropped(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("INSERT INTO contact_refused (person, channel) VALUES ($1, $2) ON CONFLICT (person, channel) DO NOTHING", string(who), string(by))
	return err
}

func deleteDropped(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("DELETE FROM contact_refused WHERE person = $1 AND channel = $2", string(who), string(by))
	return err
}

func saveAddress(tx *store.Tx, c contact) error {
	_, err := tx.Exec("UPDATE contact SET address = $1 WHERE person = $2 AND channel = $3", c.address, string(c.person), string(c.channel))
	return err
}

func countContactTry(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("UPDATE contact SET tries = tries + 1 WHERE person = $1 AND channel = $2", string(who), string(by))
	return err
}

func confirmContact(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("UPDATE contact SET digest = NULL, confirmed_at = $1 WHERE person = $2 AND channel = $3", tx.NowMicros(), string(who), string(by))
	return err
}

func deleteContact(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("DELETE FROM contact WHERE person = $1 AND channel = $2", string(who), string(by))
	return err
}

// choiceOf is the way a person chose, a text message for who never did.
func choiceOf(tx *store.Tx, who member.PersonID) (by Channel, err error) {
	err = tx.QueryRow("SELECT channel FROM contact_choice WHERE person = $1", string(who)).Scan(&by)
	if errors.Is(err, store.ErrNoRows) {
		return SMS, nil
	}
	return by, err
}

func putChoice(tx *store.Tx, who member.PersonID, by Channel) error {
	_, err := tx.Exec("INSERT INTO contact_choice (person, channel) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET channel = excluded.channel",
		string(who), string(by))
	return err
}
