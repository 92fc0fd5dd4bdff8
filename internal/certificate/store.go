package certificate

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/store"
)

// fieldStatement is the kind under which statements are sealed.
const fieldStatement = "certificate.statement"

const columns = "SELECT id, number, person, purpose, naming, issued_on, until_day, ended_at, ending, statement FROM certificate "

func scan(r *store.Rows) (c Certificate, err error) {
	var ended *int64
	err = r.Scan(&c.ID, &c.Number, &c.Person, &c.Purpose, &c.Naming, &c.IssuedOn, &c.Until, &ended, &c.Ending, &c.sealed)
	if ended != nil {
		c.EndedAt = clock.FromMicros(*ended)
	}
	return c, err
}

func insert(tx *store.Tx, c Certificate, by string) error {
	_, err := tx.Exec("INSERT INTO certificate (id, number, person, purpose, naming, issued_on, until_day, issued_at, issued_by, ending, statement) "+
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10)", string(c.ID), c.Number, string(c.Person), string(c.Purpose), string(c.Naming), string(c.IssuedOn), string(c.Until),
		tx.NowMicros(), by, c.sealed)
	return err
}

func one(rows []Certificate, err error) (Certificate, error) {
	if err == nil && len(rows) == 0 {
		err = errUnknown
	}
	if err != nil {
		return Certificate{}, err
	}
	return rows[0], nil
}

func load(tx *store.Tx, which ID) (Certificate, error) {
	return one(store.All(tx, scan, columns+"WHERE id = $1", string(which)))
}

func lock(tx *store.Tx, which ID) (Certificate, error) {
	return one(store.All(tx, scan, columns+"WHERE id = $1"+tx.ForUpdate(), string(which)))
}

func byNumber(tx *store.Tx, number string) (c Certificate, known bool, err error) {
	rows, err := store.All(tx, scan, columns+"WHERE number = $1", number)
	if err != nil || len(rows) == 0 {
		return c, false, err
	}
	return rows[0], true, nil
}

func listOf(tx *store.Tx, who member.PersonID, before ID, limit int) ([]Certificate, error) {
	if before == "" {
		return store.All(tx, scan, columns+"WHERE person = $1 ORDER BY id DESC LIMIT $2", string(who), limit)
	}
	return store.All(tx, scan, columns+"WHERE person = $1 AND id < $3 ORDER BY id DESC LIMIT $2", string(who), limit, string(before))
}

func issuedSince(tx *store.Tx, who member.PersonID, since time.Time) (n int, err error) {
	err = tx.QueryRow("SELECT COUNT(*) FROM certificate WHERE person = $1 AND issued_at >= $2", string(who), clock.Micros(since)).Scan(&n)
	return n, err
}

func end(tx *store.Tx, which ID, ending Ending) error {
	_, err := tx.Exec("UPDATE certificate SET ended_at = $1, ending = $2 WHERE id = $3", tx.NowMicros(), string(ending), string(which))
	return err
}

func all(tx *store.Tx, who member.PersonID) ([]Certificate, error) {
	return store.All(tx, scan, columns+"WHERE person = $1 ORDER BY id", string(who))
}

// erase takes back what still holds and destroys what all of them say.
func erase(tx *store.Tx, who member.PersonID) error {
	if _, err := tx.Exec("UPDATE certificate SET ended_at = $1, ending = $2 WHERE person = $3 AND ended_at IS NULL", tx.NowMicros(), string(Erased), string(who)); err != nil {
		return err
	}
	_, err := tx.Exec("UPDATE certificate SET statement = NULL WHERE person = $1", string(who))
	return err
}

func after(tx *store.Tx, last string, max int) ([]Certificate, error) {
	return store.All(tx, scan, columns+"WHERE id > $1 ORDER BY id LIMIT $2", last, max)
}

func saveStatement(tx *store.Tx, which ID, sealed []byte) error {
	_, err := tx.Exec("UPDATE certificate SET statement = $1 WHERE id = $2", sealed, string(which))
	return err
}

// merge hands the certificates of one record to another.
func merge(tx *store.Tx, keep, drop member.PersonID) error {
	_, err := tx.Exec("UPDATE certificate SET person = $1 WHERE person = $2", string(keep), string(drop))
	return err
}

// forget destroys what certificates say that are over since before a day, and the rows of those that are over since before another.
func forget(tx *store.Tx, words, rows clock.Day) error {
	const over = " until_day < $1 OR ended_at < $2"
	if _, err := tx.Exec("UPDATE certificate SET statement = NULL WHERE statement IS NOT NULL AND ("+over+")", string(words), clock.Micros(words.Start())); err != nil {
		return err
	}
	_, err := tx.Exec("DELETE FROM certificate WHERE"+over, string(rows), clock.Micros(rows.Start()))
	return err
}
