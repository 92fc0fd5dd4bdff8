package audit

import (
	"math"
	"time"

	"timebank/internal/clock"
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

// Filter says which entries a search is after. An empty field asks for nothing; Until is exclusive.
type Filter struct {
	Actor, Ref, Action string
	From, Until        time.Time
	// In chooses by the region of an entry, "" for one that has none; nil chooses all.
	In func(region string) bool
}

// A search reads the trail backwards in pages, and not more of it in one call than this.
const (
	searchPage = 1000
	searchMost = 50_000
)

// Search returns up to limit entries before a row number, newest first, and the row number to go on from: 0 when there is no more. A call
// that finds little in a long trail may end before limit is reached. before 0 begins with the newest.
func Search(tx *store.Tx, f Filter, before int64, limit int) (found []Recorded, next int64, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	from, until := int64(math.MinInt64), int64(math.MaxInt64)
	if !f.From.IsZero() {
		from = clock.Micros(f.From)
	}
	if !f.Until.IsZero() {
		until = clock.Micros(f.Until)
	}
	for read := 0; read < searchMost; {
		page, err := store.All(tx, scan, columns+" WHERE seq < $1 AND (CAST($2 AS TEXT) = '' OR actor = $2) AND (CAST($3 AS TEXT) = '' OR ref = $3)"+
			" AND (CAST($4 AS TEXT) = '' OR action = $4) AND recorded_at >= $5 AND recorded_at < $6 ORDER BY seq DESC LIMIT $7",
			before, f.Actor, f.Ref, f.Action, from, until, searchPage)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range page {
			if f.In != nil && !f.In(e.Region) {
				before = e.Seq
				continue
			}
			if len(found) == limit {
				return found, before, nil
			}
			found, before = append(found, e), e.Seq
		}
		if read += len(page); len(page) < searchPage {
			return found, 0, nil
		}
	}
	return found, before, nil
}
