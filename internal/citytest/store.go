package citytest

import (
	"slices"

	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// What stands here reaches below the use-cases, for what tests alone want.

// Rehearse runs asks so that nothing it does stays: whatever writes into the trail, which every act that changes something does, is taken back
// with the code store.constraint. It needs SQLite, where a trigger can stand for a while.
func (c *City) Rehearse(asks func()) {
	c.t.Helper()
	c.exec("CREATE TRIGGER rehearsal BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'a rehearsal'); END")
	asks()
	c.exec("DROP TRIGGER rehearsal")
}

// WithKinSeeing runs do while a person has consented to its relatives seeing its visits, or while it has not, and leaves things as they were.
func (c *City) WithKinSeeing(of member.PersonID, see bool, do func()) {
	c.t.Helper()
	var had bool
	storetest.Read(c.t, c.DB, func(tx *store.Tx) error {
		given, err := member.ConsentsOf(tx, of)
		had = slices.Contains(given, member.PurposeKin)
		return err
	})
	set := func(yes bool) {
		c.exec("DELETE FROM consent WHERE person = $1 AND purpose = 'kin' AND withdrawn_at IS NULL", string(of))
		if yes {
			c.exec("INSERT INTO consent (person, purpose, granted_at, granted_by, withdrawn_at, withdrawn_by) VALUES ($1, 'kin', 1, 'test', NULL, '')", string(of))
		}
	}
	set(see)
	do()
	set(had)
}

func (c *City) exec(query string, args ...any) {
	c.t.Helper()
	storetest.Write(c.t, c.DB, func(tx *store.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}
