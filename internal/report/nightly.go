package report

import (
	"slices"
	"time"

	"timebank/internal/clock"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// TimerNightly is the kind of the daily timer that recomputes figures.
const TimerNightly = "report.nightly"

// settingChecked is when figures were last recomputed.
const settingChecked = "report.checked"

// monthsBack is how many months that are over are recomputed every night (default, ours): a late slip or a reversal reaches not further.
const monthsBack = 3

// Difference is a figure that is not what it was, or not what another way of computing it gives. The first is often right (a slip that came
// late, a reversal) and always worth a look; the second never is.
type Difference struct {
	ID      string      // in the order in which they were found
	Month   clock.Month // "" for a figure of all times that two ways of computing disagree on
	Place   region.ID
	Code    Code
	Was, Is int64
	FoundAt time.Time
}

// Service recomputes figures, and keeps for a while those that everybody asks for. It is safe for concurrent use.
type Service struct {
	regions *region.Service
	kept    shelf
}

// New returns the service. Tie [Service.Handlers] to the timers, and call [Service.ScheduleDaily] once when a city is set up.
func New(regions *region.Service) *Service { return &Service{regions: regions} }

// Handlers are the timers that the package runs.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{TimerNightly: s.nightly}
}

// ScheduleDaily makes the figures be recomputed in the coming night; it goes on by itself.
func (s *Service) ScheduleDaily(tx *store.Tx) error {
	return timer.Set(tx, timer.Timer{Kind: TimerNightly, Ref: "city", Due: clock.DayOf(tx.Now()).Add(1).Start().Add(3 * time.Hour)})
}

func (s *Service) nightly(tx *store.Tx, due []timer.Timer) ([]error, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	if _, err := Recompute(tx, tree); err != nil {
		return nil, err
	}
	return make([]error, len(due)), s.ScheduleDaily(tx)
}

// Checked returns when the figures were last recomputed; zero when they never were.
func Checked(tx *store.Tx) (time.Time, error) {
	at, err := checked(tx)
	if err != nil || at == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, at)
}

// Recompute computes the figures of the last months that are over, for the city and its districts, keeps them, and returns what differs from
// what was kept, and where the orders and the book do not say the same. It writes what it found.
func Recompute(tx *store.Tx, tree *region.Tree) ([]Difference, error) {
	places := []region.ID{tree.City()}
	for _, d := range tree.ReportingDistricts() {
		places = append(places, d.ID)
	}
	var found []Difference
	this := clock.MonthOf(tx.Now())
	for n := range monthsBack {
		month := this.Add(-1 - n)
		was, err := keptOf(tx, month)
		if err != nil {
			return nil, err
		}
		var rows []kept
		for _, f := range table {
			if f.stock {
				continue
			}
			code := Code(f.code)
			byRegion, err := ByRegion(tx, tree, code, Days(month.First(), month.Last()))
			if err != nil {
				return nil, err
			}
			is := Below(tree, byRegion, places)
			for _, p := range places {
				before, known := was[keptKey{p, code}]
				if known && before == is[p] {
					continue
				}
				rows = append(rows, kept{month, p, code, is[p]})
				if known {
					found = append(found, Difference{Month: month, Place: p, Code: code, Was: before, Is: is[p]})
				}
			}
		}
		if err := keep(tx, rows); err != nil {
			return nil, err
		}
	}
	disagreeing, err := crossCheck(tx, tree)
	if err != nil {
		return nil, err
	}
	found = append(found, disagreeing...)
	if err := insertDifferences(tx, found); err != nil {
		return nil, err
	}
	return found, store.SetSetting(tx, settingChecked, tx.Now().Format(time.RFC3339))
}

// crossCheck compares what the orders say was credited with what the book says was earned and not taken back, district by district of the
// earner's side and for the whole city.
func crossCheck(tx *store.Tx, tree *region.Tree) ([]Difference, error) {
	orders, err := credited(tx)
	if err != nil {
		return nil, err
	}
	book, err := ByRegion(tx, tree, Earned, Span{})
	if err != nil {
		return nil, err
	}
	places := []region.ID{tree.City()}
	for _, d := range tree.ReportingDistricts() {
		places = append(places, d.ID)
	}
	said, booked := Below(tree, orders, places), Below(tree, book, places)
	var found []Difference
	for _, p := range slices.Compact(places) {
		if said[p] != booked[p] {
			found = append(found, Difference{Place: p, Code: Earned, Was: said[p], Is: booked[p]})
		}
	}
	return found, nil
}
