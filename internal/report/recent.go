package report

import (
	"context"
	"errors"
	"slices"
	"time"

	"timebank/internal/clock"
	"timebank/internal/ledger"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Counted are all figures of the city in a span, and when they were counted. One count serves every place.
type Counted struct {
	At    time.Time
	tally *tally
	span  Span
}

// Of returns the figures of a place and all below it; every figure has a value. Nobody may change the map.
func (c Counted) Of(place region.ID) map[Code]int64 { return c.tally.figures(place, c.span) }

// City returns the figures of the whole city. Nobody may change the map.
func (c Counted) City() map[Code]int64 { return c.Of(c.tally.tree.City()) }

// Below returns one figure for each place.
func (c Counted) Below(code Code, places []region.ID) map[region.ID]int64 {
	out := make(map[region.ID]int64, len(places))
	for _, p := range places {
		if n := c.tally.of(p, code, c.span).value; n != 0 {
			out[p] = n
		}
	}
	return out
}

// Districts returns what each region of the reporting level got of a figure.
func (c Counted) Districts(code Code) map[region.ID]int64 {
	sums := map[region.ID]int64{}
	c.tally.each(code, c.span, func(in region.ID, got total) { sums[c.tally.tree.ReportingDistrict(in)] += got.value })
	return sums
}

// tallyKey names the one tally.
type tallyKey struct{}

func (s *Service) tally(tx *store.Tx) (*tally, error) {
	return keptOr(&s.kept, tx, tallyKey{}, func(tx *store.Tx) (*tally, error) {
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return nil, err
		}
		return count(tx, tree)
	})
}

// Recent returns the figures of the city in a span of whole days, counted at most [fresh] ago, or while somebody else counts anew a little longer.
func (s *Service) Recent(tx *store.Tx, span Span) (Counted, error) {
	t, err := s.tally(tx)
	if err != nil {
		return Counted{}, err
	}
	return Counted{At: t.at, tally: t, span: span}, nil
}

// many is from how many entries in the city on a figure is taken from the count of everything: fewer are added up for each reader. A figure stands
// above its own entries, which are always read as they are now; as long as they are few, a reader sees or exports all of them, and the sum of
// the minute before would be one too few for what that reader has just done. Of thousands nobody sees all at once, and adding them up
// for each reader is what costs.
const many = 2_000

// One is [One] as of at, for a span of whole days.
func (s *Service) One(tx *store.Tx, tree *region.Tree, place region.ID, code Code, span Span) (value, lines int64, at time.Time, err error) {
	if _, err := figureOf(code); err != nil {
		return 0, 0, at, err
	}
	t, err := s.tally(tx)
	if err != nil {
		return 0, 0, at, err
	}
	if t.of(tree.City(), code, span).lines < many {
		p, err := t.few(tx, place, code, span, "", 1)
		return p.Value, p.Lines, tx.Now(), err
	}
	got := t.of(place, code, span)
	return got.value, got.lines, t.at, nil
}

// List is [List] with the sum of [Service.One], for a span of whole days. The count of everything says how far back a page of entries reaches, so
// that no more is looked through.
func (s *Service) List(tx *store.Tx, tree *region.Tree, place region.ID, code Code, span Span, after string, limit int) (p Page, at time.Time, err error) {
	near, err := s.near(tx, place, code, span, after, limit)
	if err != nil {
		return p, at, err
	}
	t, err := s.tally(tx)
	if err != nil {
		return p, at, err
	}
	if t.of(tree.City(), code, span).lines < many {
		p, err = t.few(tx, place, code, span, after, limit)
		return p, tx.Now(), err
	}
	value, lines, at, err := s.One(tx, tree, place, code, span)
	if err != nil {
		return p, at, err
	}
	p, err = entries(tx, tree, place, code, near, after, limit, false)
	if err == nil && p.Next == "" && near != span {
		// Fewer than were counted are left.
		p, err = entries(tx, tree, place, code, span, after, limit, false)
	}
	p.Value, p.Lines = value, lines
	return p, at, err
}

// few is [List] of a figure with few entries in the city. Of the book's, what was counted of days that are over stands for ever, and so do the
// numbers of the transactions behind it: only the days since are looked through.
func (t *tally) few(tx *store.Tx, place region.ID, code Code, span Span, after string, limit int) (Page, error) {
	f, err := figureOf(code)
	if err != nil {
		return Page{}, err
	}
	over, since := span.at(t.over())
	if f.stock && after == "" {
		// How many there are an index says, and the last of them are sorted without carrying all along.
		value, lines, err := One(tx, t.tree, place, code, span)
		if err != nil {
			return Page{}, err
		}
		p, err := entries(tx, t.tree, place, code, span, "", limit, false)
		p.Value, p.Lines = value, lines
		return p, err
	}
	if f.from != fromBook || over == (Span{}) {
		return List(tx, t.tree, place, code, span, after, limit)
	}
	limit = bounded(limit)
	var p Page
	var rows []row
	if since != (Span{}) {
		q := ask(tx, t.tree, place)
		if rows, err = q.rows(f, q.among(f, since), "", many, true, &p); err != nil {
			return p, err
		}
		if len(rows) == many {
			return List(tx, t.tree, place, code, span, after, limit)
		}
	}
	all := t.of(place, code, over)
	p.Value, p.Lines = p.Value+all.value, p.Lines+all.lines
	until := latest
	if after != "" {
		var key string
		if until, key, err = cursor(after); err != nil {
			return p, err
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return r.micros > until || r.micros == until && r.key >= key })
	}
	if missing := limit + 1 - len(rows); missing > 0 {
		q := ask(tx, t.tree, place)
		numbers, ok := t.numbers(place, code, over, until, int64(missing))
		if !ok {
			return List(tx, t.tree, place, code, span, after, limit)
		}
		if len(numbers) > 0 {
			old, err := q.rows(f, q.filter(f, over)+" AND e.tx IN ("+q.list(numbers)+")", after, missing, false, &Page{})
			if err != nil {
				return p, err
			}
			rows = append(rows, old...)
		}
	}
	p.cut(rows, limit)
	return p, nil
}

// near is the part of a span that has the page of entries after a cursor.
func (s *Service) near(tx *store.Tx, place region.ID, code Code, span Span, after string, limit int) (Span, error) {
	f, err := figureOf(code)
	if err != nil || f.stock {
		return span, err
	}
	t, err := s.tally(tx)
	if err != nil {
		return span, err
	}
	rest := span
	if after != "" {
		micros, _, err := cursor(after)
		if err != nil {
			return span, err
		}
		// The day of the cursor may have been shown already, to its last entry.
		if day := startOf(dayOf(micros)); span.Until.IsZero() || day.Before(span.Until) {
			rest.Until = day
		}
	}
	return Span{t.back(place, code, rest, int64(limit)+1), span.Until}, nil
}

// owedKey names the split of what is owed.
type owedKey struct{}

// Owed splits what is saved and given to people of a place by the year in which they reach the redeem age, earliest first, counted at most [fresh]
// ago.
func (s *Service) Owed(tx *store.Tx, tree *region.Tree, place region.ID, redeemAge int) ([]Owed, error) {
	all, err := keptOr(&s.kept, tx, owedKey{}, owed)
	if err != nil {
		return nil, err
	}
	return owedBy(all, redeemAge, func(id region.ID) bool { return place == tree.City() || tree.Contains(place, id) }), nil
}

// clearingKey names who served whom in some days.
type clearingKey struct{ from, to clock.Day }

// Clearing is [ledger.Clearing], counted at most [fresh] ago.
func (s *Service) Clearing(tx *store.Tx, from, to clock.Day) ([]ledger.Served, error) {
	return keptOr(&s.kept, tx, clearingKey{from, to}, func(tx *store.Tx) ([]ledger.Served, error) { return ledger.Clearing(tx, from, to) })
}

// classesKey names the sums of all accounts by class.
type classesKey struct{}

// Classes is [ledger.ClassTotals], counted at most [fresh] ago.
func (s *Service) Classes(tx *store.Tx) ([]ledger.ClassTotal, error) {
	return keptOr(&s.kept, tx, classesKey{}, ledger.ClassTotals)
}

// Keep counts in the background, at once and then before what is kept gets old, until ctx ends: no reader waits for a count that another has asked
// for before. It returns what went wrong, which ends nothing.
func (s *Service) Keep(ctx context.Context, db *store.DB, said func(error)) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		err := db.Read(ctx, "report.keep", func(tx *store.Tx) error {
			if _, err := s.tally(tx); err != nil {
				return err
			}
			if _, err := keptOr(&s.kept, tx, owedKey{}, owed); err != nil {
				return err
			}
			_, err := s.Classes(tx)
			return err
		})
		if err = errors.Join(err, s.kept.again(ctx, db)); err != nil && ctx.Err() == nil {
			said(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
