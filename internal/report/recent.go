package report

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"timebank/internal/clock"
	"timebank/internal/ledger"
	"timebank/internal/region"
	"timebank/internal/store"
)

// fresh is how long figures that everybody may ask for are shown before they are counted again (default, ours): a page that thousands open
// must not add up the book for each of them.
const fresh = 5 * time.Minute

// Counted are all figures of the city in a span, region by region, and when they were counted. One count serves every place.
type Counted struct {
	At       time.Time
	byRegion map[Code]map[region.ID]int64
	tree     *region.Tree
}

// Of returns the figures of a place and all below it; every figure has a value.
func (c Counted) Of(place region.ID) map[Code]int64 {
	out := make(map[Code]int64, len(c.byRegion))
	for code, regions := range c.byRegion {
		out[code] = 0
		for id, n := range regions {
			if place == c.tree.City() || c.tree.Contains(place, id) {
				out[code] += n
			}
		}
	}
	return out
}

// City returns the figures of the whole city.
func (c Counted) City() map[Code]int64 { return c.Of(c.tree.City()) }

// Below returns one figure for each place.
func (c Counted) Below(code Code, places []region.ID) map[region.ID]int64 {
	return Below(c.tree, c.byRegion[code], places)
}

// Districts returns what each region of the reporting level got of a figure.
func (c Counted) Districts(code Code) map[region.ID]int64 {
	sums := map[region.ID]int64{}
	for in, n := range c.byRegion[code] {
		sums[c.tree.ReportingDistrict(in)] += n
	}
	return sums
}

// Recent returns the figures of the city in a span, counted at most [fresh] ago, or while somebody else counts anew a little longer. Spans
// that end in the future should end with a day, so that those who ask within one day share their count.
func (s *Service) Recent(tx *store.Tx, tree *region.Tree, span Span) (Counted, error) {
	// How things stand now is the same in every span, and is counted once for all of them.
	stand, err := keptOr(&s.kept, tx, standKey{}, func() (Counted, error) {
		all, err := everywhere(tx, tree, Span{}, true)
		return Counted{At: tx.Now(), byRegion: all, tree: tree}, err
	})
	if err != nil {
		return Counted{}, err
	}
	moved, err := keptOr(&s.kept, tx, span, func() (Counted, error) {
		all, err := everywhere(tx, tree, span, false)
		return Counted{At: tx.Now(), byRegion: all, tree: tree}, err
	})
	if err != nil {
		return Counted{}, err
	}
	both := Counted{At: moved.At, byRegion: maps.Clone(moved.byRegion), tree: tree}
	maps.Copy(both.byRegion, stand.byRegion)
	if stand.At.Before(both.At) {
		both.At = stand.At
	}
	return both, nil
}

// standKey names the figures that know no period.
type standKey struct{}

// many is from how many entries on a sum is kept for a while: fewer are added up for each reader, so that what somebody has just done is in it.
const many = 2_000

// sumKey names a figure of a place in a span.
type sumKey struct {
	place region.ID
	code  Code
	span  Span
}

// sum is a figure with the number of its entries.
type sum struct{ value, lines int64 }

// One is [One] as of at; sums over very many entries were counted at most [fresh] ago.
func (s *Service) One(tx *store.Tx, tree *region.Tree, place region.ID, code Code, span Span) (value, lines int64, at time.Time, err error) {
	at = tx.Now()
	count := func() (sum, error) {
		v, n, err := One(tx, tree, place, code, span)
		return sum{v, n}, err
	}
	key := sumKey{place, code, span}
	if !s.kept.has(key) {
		one, err := count()
		if err != nil || one.lines < many {
			return one.value, one.lines, at, err
		}
		s.kept.put(key, at, one)
		return one.value, one.lines, at, nil
	}
	one, err := keptOr(&s.kept, tx, key, count)
	return one.value, one.lines, s.kept.when(key, at), err
}

// owedKey names a split of what is owed.
type owedKey struct {
	place region.ID
	age   int
}

// Owed is [Liability], counted at most [fresh] ago.
func (s *Service) Owed(tx *store.Tx, tree *region.Tree, place region.ID, redeemAge int) ([]Owed, error) {
	return keptOr(&s.kept, tx, owedKey{place, redeemAge}, func() ([]Owed, error) { return Liability(tx, tree, place, redeemAge) })
}

// clearingKey names who served whom in some days.
type clearingKey struct{ from, to clock.Day }

// Clearing is [ledger.Clearing], counted at most [fresh] ago.
func (s *Service) Clearing(tx *store.Tx, from, to clock.Day) ([]ledger.Served, error) {
	return keptOr(&s.kept, tx, clearingKey{from, to}, func() ([]ledger.Served, error) { return ledger.Clearing(tx, from, to) })
}

// classesKey names the sums of all accounts by class.
type classesKey struct{}

// Classes is [ledger.ClassTotals], counted at most [fresh] ago.
func (s *Service) Classes(tx *store.Tx) ([]ledger.ClassTotal, error) {
	return keptOr(&s.kept, tx, classesKey{}, func() ([]ledger.ClassTotal, error) { return ledger.ClassTotals(tx) })
}

// everywhere sums the figures that know no period, or all others, by the region of its entries. Figures that read the same rows by the same column are summed in one pass.
func everywhere(tx *store.Tx, tree *region.Tree, span Span, stock bool) (map[Code]map[region.ID]int64, error) {
	out := map[Code]map[region.ID]int64{}
	type pass struct{ from, place string }
	var passes []pass
	for _, f := range table {
		if f.stock != stock {
			continue
		}
		out[Code(f.code)] = map[region.ID]int64{}
		if p := (pass{f.from, f.place}); !slices.Contains(passes, p) {
			passes = append(passes, p)
		}
	}
	for _, p := range passes {
		q := ask(tx, tree, tree.City())
		var codes []Code
		var sums, wheres []string
		for _, f := range table {
			if f.stock == stock && f.from == p.from && f.place == p.place {
				where := q.filter(f, span)
				codes = append(codes, Code(f.code))
				wheres = append(wheres, "("+where+")")
				sums = append(sums, "CAST(COALESCE(SUM(CASE WHEN "+where+" THEN "+f.value+" ELSE 0 END), 0) AS BIGINT)")
			}
		}
		_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
			var id region.ID
			values := make([]int64, len(codes))
			into := []any{&id}
			for i := range values {
				into = append(into, &values[i])
			}
			err = r.Scan(into...)
			for i, code := range codes {
				out[code][id] = values[i]
			}
			return none, err
		}, "SELECT "+p.place+", "+strings.Join(sums, ", ")+" FROM "+p.from+" WHERE "+strings.Join(wheres, " OR ")+" GROUP BY "+p.place, q.args...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shelf holds counts for a while, by what was counted.
type shelf struct {
	mu   sync.Mutex
	held map[any]*held
}

// held is one count. counting is locked while somebody counts; at and value are read and written under the shelf's lock.
type held struct {
	counting sync.Mutex
	at       time.Time
	value    any
}

// mostKept bounds what is kept: what was counted longest ago goes first.
const mostKept = 200

// keptOr returns what is kept under a key if it is fresh, and counts it otherwise. While one counts, others get what was there before; only the
// first count of all is waited for.
func keptOr[T any](k *shelf, tx *store.Tx, key any, count func() (T, error)) (T, error) {
	now := tx.Now()
	k.mu.Lock()
	if k.held == nil {
		k.held = map[any]*held{}
	}
	h := k.held[key]
	if h == nil {
		k.makeRoom()
		h = &held{}
		k.held[key] = h
	}
	look := func() (value T, known, young bool) {
		value, known = h.value.(T)
		return value, known, known && now.Sub(h.at) < fresh && !now.Before(h.at)
	}
	value, known, young := look()
	k.mu.Unlock()
	if young {
		return value, nil
	}
	if known {
		if !h.counting.TryLock() {
			return value, nil
		}
	} else {
		h.counting.Lock()
	}
	defer h.counting.Unlock()
	k.mu.Lock()
	value, _, young = look()
	k.mu.Unlock()
	if young {
		return value, nil
	}
	value, err := count()
	if err != nil {
		return value, err
	}
	k.mu.Lock()
	h.at, h.value = now, value
	k.mu.Unlock()
	return value, nil
}

func (k *shelf) has(key any) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held[key] != nil
}

func (k *shelf) put(key any, at time.Time, value any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held == nil {
		k.held = map[any]*held{}
	}
	k.makeRoom()
	k.held[key] = &held{at: at, value: value}
}

// when returns the moment of a count, or another one if nothing is kept.
func (k *shelf) when(key any, other time.Time) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	if h := k.held[key]; h != nil && h.value != nil {
		return h.at
	}
	return other
}

// makeRoom drops the oldest count when there are too many.
func (k *shelf) makeRoom() {
	if len(k.held) < mostKept {
		return
	}
	var oldest any
	for key, h := range k.held {
		if oldest == nil || h.at.Before(k.held[oldest].at) {
			oldest = key
		}
	}
	delete(k.held, oldest)
}
