package report

import (
	"sync"
	"time"

	"timebank/internal/region"
	"timebank/internal/store"
)

// fresh is how long figures that everybody may ask for are shown before they are counted again (default, ours): a page that thousands open
// must not add up the book for each of them.
const fresh = 5 * time.Minute

// Counted are all figures of a place in a span, and when they were counted.
type Counted struct {
	At      time.Time
	Figures map[Code]int64
	// Districts is what each region of the reporting level got of [Redeemed] and [Earned].
	Districts map[Code]map[region.ID]int64
}

type recentKey struct {
	place region.ID
	span  Span
}

// recent keeps the newest counts. There are as many as the public page offers spans, so that it needs no bound of its own.
type recent struct {
	mu   sync.Mutex
	kept map[recentKey]Counted
}

// Recent returns the figures of a place in a span, counted at most [fresh] ago. Spans that end in the future should end with a day, so that
// those who ask within one day share their count.
func (s *Service) Recent(tx *store.Tx, tree *region.Tree, place region.ID, span Span) (Counted, error) {
	key := recentKey{place, span}
	s.recent.mu.Lock()
	defer s.recent.mu.Unlock()
	if c, ok := s.recent.kept[key]; ok && tx.Now().Sub(c.At) < fresh && !tx.Now().Before(c.At) {
		return c, nil
	}
	figures, err := Measure(tx, tree, place, span)
	if err != nil {
		return Counted{}, err
	}
	c := Counted{At: tx.Now(), Figures: figures[0], Districts: map[Code]map[region.ID]int64{}}
	for _, code := range []Code{Redeemed, Earned} {
		byRegion, err := ByRegion(tx, tree, code, span)
		if err != nil {
			return Counted{}, err
		}
		sums := map[region.ID]int64{}
		for in, n := range byRegion {
			sums[tree.ReportingDistrict(in)] += n
		}
		c.Districts[code] = sums
	}
	for k, old := range s.recent.kept {
		if tx.Now().Sub(old.At) >= fresh {
			delete(s.recent.kept, k)
		}
	}
	if s.recent.kept == nil {
		s.recent.kept = map[recentKey]Counted{}
	}
	s.recent.kept[key] = c
	return c, nil
}
