package report

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"timebank/internal/clock"
	"timebank/internal/region"
	"timebank/internal/store"
)

// tally is all figures of the city, counted at one moment: how things stand by region, and what has happened by region and civil day. One count
// answers for every place and every period.
type tally struct {
	at     time.Time
	tree   *region.Tree
	stands map[Code]map[region.ID]total
	days   map[Code]map[region.ID][]upTo

	mu      sync.Mutex
	answers map[answer]total
}

// total is a figure with the number of its entries.
type total struct{ value, lines int64 }

func (s total) plus(o total) total { return total{s.value + o.value, s.lines + o.lines} }

// upTo is what had come together in a region by the end of a civil day on which something happened, days in rising order.
type upTo struct {
	day int64 // since 1970-01-01 in the city's zone
	total
	// first and last are the lowest and the highest number of that day's transactions of the book.
	first, last int64
}

// zoneMicros is how far the city's clocks are ahead of UTC, as they have been since 1991, and dayMicros how long a civil day has been since then.
const (
	zoneMicros = int64(8 * time.Hour / time.Microsecond)
	dayMicros  = int64(24 * time.Hour / time.Microsecond)
)

func dayOf(micros int64) int64 { return (micros + zoneMicros) / dayMicros }

func startOf(day int64) time.Time { return clock.FromMicros(day*dayMicros - zoneMicros) }

// during are the first day of a span and the first after it; the zero span has them all.
func (s Span) during() (first, end int64) {
	from, until := s.micros()
	return dayOf(from), dayOf(until-1) + 1
}

// count makes a tally. Figures that read the same rows, place them by the same column and date them by the same one are summed in one pass.
func count(tx *store.Tx, tree *region.Tree) (*tally, error) {
	t := &tally{at: tx.Now(), tree: tree, stands: map[Code]map[region.ID]total{}, days: map[Code]map[region.ID][]upTo{}, answers: map[answer]total{}}
	type pass struct {
		from, place, at string
		stock           bool
	}
	var passes []pass
	in := map[pass][]figure{}
	for _, f := range table {
		p := pass{f.from, f.place, f.at, f.stock}
		if f.stock {
			p.at = ""
			t.stands[Code(f.code)] = map[region.ID]total{}
		} else {
			t.days[Code(f.code)] = map[region.ID][]upTo{}
		}
		if in[p] == nil {
			passes = append(passes, p)
		}
		in[p] = append(in[p], f)
	}
	for _, p := range passes {
		if err := t.pass(tx, in[p], p.stock); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// pass sums figures of one pass.
func (t *tally) pass(tx *store.Tx, figures []figure, stock bool) error {
	q := ask(tx, t.tree, t.tree.City())
	one := figures[0]
	by := []string{one.place, "0"}
	if !stock {
		by[1] = "(" + one.at + " + " + q.arg(zoneMicros) + ") / " + q.arg(dayMicros)
	}
	cells := slices.Clone(by)
	var wheres []string
	for _, f := range figures {
		where := q.filter(f, Span{})
		wheres = append(wheres, "("+where+")")
		number := "0"
		if f.from == fromBook {
			number = "e.tx"
		}
		cells = append(cells, "CAST(COALESCE(SUM(CASE WHEN "+where+" THEN "+f.value+" ELSE 0 END), 0) AS BIGINT)", "COUNT(CASE WHEN "+where+" THEN 1 END)",
			"COALESCE(MIN(CASE WHEN "+where+" THEN "+number+" END), 0)", "COALESCE(MAX(CASE WHEN "+where+" THEN "+number+" END), 0)")
	}
	values := make([]upTo, len(figures))
	_, err := store.All(tx, func(r *store.Rows) (none struct{}, err error) {
		var id region.ID
		var day int64
		into := []any{&id, &day}
		for i := range values {
			into = append(into, &values[i].value, &values[i].lines, &values[i].first, &values[i].last)
		}
		if err = r.Scan(into...); err != nil {
			return none, err
		}
		for i, f := range figures {
			if values[i].lines > 0 {
				values[i].day = day
				t.note(f, id, values[i])
			}
		}
		return none, nil
	}, "SELECT "+strings.Join(cells, ", ")+" FROM "+one.from+" WHERE "+strings.Join(wheres, " OR ")+" GROUP BY 1, 2 ORDER BY 2", q.args...)
	return err
}

// note adds what happened in a region on a day; days come in rising order.
func (t *tally) note(f figure, id region.ID, s upTo) {
	code := Code(f.code)
	if f.stock {
		t.stands[code][id] = s.total
		return
	}
	all := t.days[code][id]
	if n := len(all); n > 0 {
		s.total = s.plus(all[n-1].total)
	}
	t.days[code][id] = append(all, s)
}

// before is what had come together by the beginning of a day.
func before(all []upTo, day int64) total {
	if i := sort.Search(len(all), func(i int) bool { return all[i].day >= day }); i > 0 {
		return all[i-1].total
	}
	return total{}
}

// each hands over what a figure came to in a span, region by region, leaving out those with no entry.
func (t *tally) each(code Code, s Span, fn func(in region.ID, got total)) {
	for id, stand := range t.stands[code] {
		fn(id, stand)
	}
	first, end := s.during()
	for id, all := range t.days[code] {
		until, from := before(all, end), before(all, first)
		if got := (total{until.value - from.value, until.lines - from.lines}); got.lines > 0 {
			fn(id, got)
		}
	}
}

// mostAnswers bounds how many answers a tally remembers.
const mostAnswers = 20_000

// answer names a figure of a place in a span.
type answer struct {
	place region.ID
	code  Code
	span  Span
}

// of is a figure of a place and all below it in a span.
func (t *tally) of(place region.ID, code Code, s Span) (all total) {
	key := answer{place, code, s}
	t.mu.Lock()
	all, known := t.answers[key]
	t.mu.Unlock()
	if known {
		return all
	}
	t.each(code, s, func(in region.ID, got total) {
		if t.in(place, in) {
			all = all.plus(got)
		}
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.answers) >= mostAnswers {
		clear(t.answers)
	}
	t.answers[key] = all
	return all
}

func (t *tally) in(place, id region.ID) bool {
	return place == t.tree.City() || t.tree.Contains(place, id)
}

// figures are all figures of a place and all below it in a span.
func (t *tally) figures(place region.ID, s Span) map[Code]int64 {
	out := make(map[Code]int64, len(table))
	for _, f := range table {
		out[Code(f.code)] = t.of(place, Code(f.code), s).value
	}
	return out
}

// back is from when on a figure of a place had at least so many entries before the end of a span; the span's beginning when it had fewer.
func (t *tally) back(place region.ID, code Code, s Span, lines int64) time.Time {
	first, end := s.during()
	on := map[int64]int64{}
	for id, all := range t.days[code] {
		if !t.in(place, id) {
			continue
		}
		for i := sort.Search(len(all), func(i int) bool { return all[i].day >= end }) - 1; i >= 0 && all[i].day >= first; i-- {
			on[all[i].day] += all[i].lines
			if i > 0 {
				on[all[i].day] -= all[i-1].lines
			}
		}
	}
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(on))) {
		if lines -= on[day]; lines <= 0 {
			return startOf(day)
		}
	}
	return s.From
}

// over is the beginning of the first day of which a transaction of the book may have been missing when the tally was made.
func (t *tally) over() time.Time { return startOf(dayOf(clock.Micros(t.at) - disorder)) }

// mostNumbers bounds how many transactions are looked up by their numbers (default, ours).
const mostNumbers = 512

// numbers are the numbers of transactions among which a figure of the book has, in a place and a span, its last so many entries until a moment; it may
// have fewer. It reports false where these are too many to be looked up one by one.
func (t *tally) numbers(place region.ID, code Code, s Span, until, lines int64) (numbers []int64, ok bool) {
	first, end := s.during()
	on := map[int64][]upTo{}
	for id, all := range t.days[code] {
		if !t.in(place, id) {
			continue
		}
		for i := sort.Search(len(all), func(i int) bool { return all[i].day >= first }); i < len(all) && all[i].day < min(end, dayOf(until)+1); i++ {
			one := all[i]
			if i > 0 {
				one.lines -= all[i-1].lines
			}
			on[one.day] = append(on[one.day], one)
		}
	}
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(on))) {
		if lines <= 0 {
			break
		}
		for _, one := range on[day] {
			if one.lines == 2 {
				numbers = append(numbers, one.first, one.last)
			} else if one.last-one.first < mostNumbers {
				for n := one.first; n <= one.last; n++ {
					numbers = append(numbers, n)
				}
			} else {
				return nil, false
			}
			// Those of the cursor's day may have been shown.
			if day < dayOf(until) {
				lines -= one.lines
			}
		}
		if len(numbers) > mostNumbers {
			return nil, false
		}
	}
	return numbers, true
}
