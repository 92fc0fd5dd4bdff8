package call

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

const columns = "SELECT id, person, order_id, region, reason, words, taken_by, taken_at FROM call WHERE "

func scan(r *store.Rows) (c Call, err error) {
	var at int64
	err = r.Scan(&c.ID, &c.Person, &c.Order, &c.Region, &c.Reason, &c.sealed, &c.TakenBy, &at)
	c.HasWords, c.TakenAt = len(c.sealed) > 0, clock.FromMicros(at)
	return c, err
}

func insert(tx *store.Tx, c Call) error {
	var words any
	if len(c.sealed) > 0 {
		words = c.sealed
	}
	_, err := tx.Insert("INSERT INTO call (id, person, order_id, region, reason, words, taken_by, taken_at)", 8,
		[]any{string(c.ID), string(c.Person), string(c.Order), string(c.Region), string(c.Reason), words, c.TakenBy, clock.Micros(c.TakenAt)}, "")
	return err
}

func load(tx *store.Tx, which ID) (Call, bool, error) {
	rows, err := store.All(tx, scan, columns+"id = $1", string(which))
	if err != nil || len(rows) == 0 {
		return Call{}, false, err
	}
	return rows[0], true, nil
}

// calls are those that a filter chooses, newest first.
func calls(tx *store.Tx, f Filter) ([]Call, error) {
	before, limit := string(f.Before), min(max(f.Limit, 1), 100)
	if before == "" {
		before = "~" // behind every id
	}
	if f.Order != "" {
		return store.All(tx, scan, columns+"order_id = $1 AND order_id <> '' AND id < $2 ORDER BY id DESC LIMIT $3", string(f.Order), before, limit)
	}
	return store.All(tx, scan, columns+"person = $1 AND id < $2 ORDER BY id DESC LIMIT $3", string(f.Person), before, limit)
}

func ofPerson(tx *store.Tx, who member.PersonID) ([]Call, error) {
	return store.All(tx, scan, columns+"person = $1 ORDER BY id", string(who))
}

// callsAfter returns up to max calls with words after the given one, locked.
func callsAfter(tx *store.Tx, after string, max int) ([]Call, error) {
	return store.All(tx, scan, columns+"id > $1 AND words IS NOT NULL ORDER BY id LIMIT $2"+tx.ForUpdate(), after, max)
}

func saveWords(tx *store.Tx, which ID, sealed []byte) error {
	_, err := tx.Exec("UPDATE call SET words = $1 WHERE id = $2", sealed, string(which))
	return err
}

// Forget destroys the words of calls that were taken before a moment; that there was a call stays.
func Forget(tx *store.Tx, before time.Time) error {
	_, err := tx.Exec("UPDATE call SET words = NULL WHERE taken_at < $1 AND words IS NOT NULL", clock.Micros(before))
	return err
}

// Erase destroys the calls about a person. It checks no right; the use-case that asks for it does.
func Erase(tx *store.Tx, who member.PersonID) error {
	_, err := tx.Exec("DELETE FROM call WHERE person = $1", string(who))
	return err
}

// Merge hands the calls about another record of the same person to the record that stays. It checks no right; the use-case that makes one record
// of two does.
func Merge(tx *store.Tx, keep, drop member.PersonID) error {
	_, err := tx.Exec("UPDATE call SET person = $1 WHERE person = $2", string(keep), string(drop))
	return err
}
