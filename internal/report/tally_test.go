package report_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// Where a figure has very many entries, its sum and how far back a page reaches come from the count of everything, and the pages still have every
// entry once, in the order of time, also those that came after the count.
func TestAPageOfVeryManyEntriesIsWhole(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, chen := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		c.Earn(chen, elder, 60)
		// More than a year of complaints that are over.
		if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) error {
			for n := range 2_100 {
				if _, err := tx.Exec(fmt.Sprintf(`INSERT INTO complaint (id, order_id, complainant, filed_by, filed_at, region, category, state, level, level_since, due_at, decision, reason, decided_by, decided_at)
 VALUES ('%026d', '%026d', $1, $1, $2, $3, 'poor', 'decided', 'community', 0, 0, 'release', 'test', 'somebody', 1)`, n, n),
					string(elder.ID), clock.Micros(c.Clock.Now().Add(-time.Duration(n)*5*time.Hour)), string(c.Home())); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		reports := report.New(c.Regions)
		today := clock.DayOf(c.Clock.Now())
		spans := []report.Span{{}, report.Days(today.Add(-200), today.Add(-3))}
		for _, place := range []region.ID{c.Tree.City(), c.Home()} {
			for _, span := range spans {
				storetest.Read(t, c.DB, func(tx *store.Tx) error {
					value, lines, err := report.One(tx, c.Tree, place, "figure.complaints", span)
					if err != nil {
						return err
					}
					var seen int64
					last := c.Clock.Now().Add(time.Hour)
					for after := ""; ; {
						p, _, err := reports.List(tx, c.Tree, place, "figure.complaints", span, after, 400)
						if err != nil {
							return err
						}
						if p.Value != value || p.Lines != lines {
							t.Errorf("%s: got %d of %d entries, want %d of %d", c.Tree.Name(place), p.Value, p.Lines, value, lines)
						}
						for _, e := range p.Rows {
							if !e.At.Before(last) {
								t.Fatalf("an entry of %s after one of %s", e.At, last)
							}
							last = e.At
						}
						seen += int64(len(p.Rows))
						if after = p.Next; after == "" {
							break
						}
					}
					if seen != lines {
						t.Errorf("%s: got %d entries, want %d", c.Tree.Name(place), seen, lines)
					}
					return nil
				})
			}
		}
	})
}

// A figure of the book is exact at every moment, whatever was counted of it before and however its pages are found: the days that are over by what was
// counted of them, those since by their entries.
func TestAFigureOfTheBookIsExactWhateverWasCounted(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		life(t, c)
		chen, elder := c.Volunteer(c.Home()), c.KeyElder(c.Home())
		reports := report.New(c.Regions)
		agree := func() {
			t.Helper()
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				today := clock.DayOf(tx.Now())
				for _, place := range []region.ID{c.Tree.City(), c.Tree.District(c.Home()), c.Home()} {
					for _, span := range []report.Span{{}, report.Days(today, today), report.Days(today.Add(-40), today.Add(-2)), report.Days(today.Add(-3), today)} {
						for _, code := range []report.Code{"figure.redeemed", "figure.earned", "figure.granted"} {
							for after := ""; ; {
								want, err := report.List(tx, c.Tree, place, code, span, after, 2)
								if err != nil {
									return err
								}
								got, _, err := reports.List(tx, c.Tree, place, code, span, after, 2)
								if err != nil {
									return err
								}
								if !slices.Equal(got.Rows, want.Rows) || got.Next != want.Next || got.Value != want.Value || got.Lines != want.Lines {
									t.Fatalf("%s of %s in %v after %q: got %+v, want %+v", code, c.Tree.Name(place), span, after, got, want)
								}
								if after = want.Next; after == "" {
									break
								}
							}
						}
					}
				}
				return nil
			})
		}
		agree()
		c.Earn(chen, elder, 60)
		agree()
		// On the day after, what was counted is still shown for a moment.
		c.PassTo(clock.DayOf(c.Clock.Now()).End().Add(time.Minute))
		agree()
		c.PassTo(clock.DayOf(c.Clock.Now()).End().Add(20 * time.Hour))
		agree()
		c.Earn(chen, elder, 90)
		agree()
	})
}
