package audit

import (
	"errors"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// Record writes entries at the transaction's time. What the installation does by itself comes from it; an entry of anybody else that does not
// say from where it comes is a fault of ours, and the act goes back with it.
func Record(tx *store.Tx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	at := tx.NowMicros()
	args := make([]any, 0, 11*len(entries))
	for _, e := range entries {
		switch {
		case e.Origin == "" && e.Actor == System:
			e.Origin = System
		case e.Origin == "":
			return errs.New(errs.Internal, errs.CodeInternal).With(errors.New("the entry " + e.Action + " does not say from where it comes"))
		}
		d := digest(at, e)
		args = append(args, at, e.Actor, e.OnBehalf, e.Action, e.Kind, e.Ref, e.Region, e.Before, e.After, e.Origin, d[:])
	}
	tx.Append("audit", "recorded_at, actor, on_behalf, action, kind, ref, region, before, after, origin, digest", args...)
	return nil
}

const columns = "SELECT seq, number, recorded_at, actor, on_behalf, action, kind, ref, region, before, after, origin, digest FROM audit"

func scan(r *store.Rows) (e Recorded, err error) {
	var number *int64
	var at int64
	var d []byte
	err = r.Scan(&e.Seq, &number, &at, &e.Actor, &e.OnBehalf, &e.Action, &e.Kind, &e.Ref, &e.Region, &e.Before, &e.After, &e.Origin, &d)
	e.At, e.Number = clock.FromMicros(at), -1
	if number != nil {
		e.Number = *number
	}
	copy(e.Digest[:], d)
	return e, err
}

// Of returns what was done to an entity, oldest first.
func Of(tx *store.Tx, ref string) ([]Recorded, error) {
	return store.All(tx, scan, columns+" WHERE ref = $1 ORDER BY seq", ref)
}

// After returns up to max entries that follow seq, oldest first; seq 0 begins at the first.
func After(tx *store.Tx, seq int64, max int) ([]Recorded, error) {
	return store.All(tx, scan, columns+" WHERE seq > $1 ORDER BY seq LIMIT $2", seq, max)
}

// Numbered returns up to max entries that have a number, from the given one on, in the order of their numbers.
func Numbered(tx *store.Tx, from int64, max int) ([]Recorded, error) {
	return store.All(tx, scan, columns+" WHERE number IS NOT NULL AND number >= $1 ORDER BY number LIMIT $2", from, max)
}

// Unnumbered returns up to max entries that follow seq and have no number yet, oldest first; seq 0 begins at the first.
func Unnumbered(tx *store.Tx, seq int64, max int) ([]Recorded, error) {
	return store.All(tx, scan, columns+" WHERE number IS NULL AND seq > $1 ORDER BY seq LIMIT $2", seq, max)
}

// Recompute returns the digest that the entry's bytes have, to be held against the stored one.
func (e Recorded) Recompute() [32]byte { return digest(clock.Micros(e.At), e.Entry) }

// number writes the numbers of entries. Their rows mostly follow each other, so one statement serves each run of neighbours.
func number(tx *store.Tx, rows []Waiting, first int64) error {
	for i := 0; i < len(rows); {
		n := i + 1
		for n < len(rows) && rows[n].Row == rows[n-1].Row+1 {
			n++
		}
		// number = seq - (first seq of the run) + (number of its first entry)
		_, err := tx.Exec("UPDATE audit SET number = seq - $1 WHERE seq BETWEEN $2 AND $3", rows[i].Row-(first+int64(i)), rows[i].Row, rows[n-1].Row)
		if err != nil {
			return err
		}
		i = n
	}
	return nil
}
