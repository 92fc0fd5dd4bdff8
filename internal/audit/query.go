package audit

import (
	"timebank/internal/store"
)

// Waiting is an entry that has no number yet. It is an alias, so that [Log] fits the notary's interface without importing it.
type Waiting = struct {
	Row    int64
	Digest [32]byte
}

// Leaf is a numbered entry with its digest; an alias for the same reason.
type Leaf = struct {
	Index  int64
	Digest [32]byte
}

// Log gives the trail to the sequencer of the notary, which numbers its entries without gaps.
type Log struct{}

// Name is the name of the log.
func (Log) Name() string { return "audit" }

// Pending returns up to max entries without a number, in the order in which they were written.
func (Log) Pending(tx *store.Tx, max int) ([]Waiting, error) {
	return store.All(tx, func(r *store.Rows) (w Waiting, err error) {
		var d []byte
		err = r.Scan(&w.Row, &d)
		copy(w.Digest[:], d)
		return w, err
	}, "SELECT seq, digest FROM audit WHERE number IS NULL ORDER BY seq LIMIT $1", max)
}

// Number gives entries their numbers, beginning with first.
func (Log) Number(tx *store.Tx, rows []Waiting, first int64) error { return number(tx, rows, first) }

// Leaves returns up to max numbered entries from a number on, with their digests recomputed from what is stored.
func (Log) Leaves(tx *store.Tx, from int64, max int) ([]Leaf, error) {
	return store.All(tx, func(r *store.Rows) (Leaf, error) {
		e, err := scan(r)
		return Leaf{Index: e.Number, Digest: e.Recompute()}, err
	}, columns+" WHERE number IS NOT NULL AND number >= $1 ORDER BY number LIMIT $2", from, max)
}
