package report_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// A life with something behind nearly every figure: lessons paid in two districts, one of them from saved hours and one taken back, one
// cancelled, one disputed, one open.
func life(t *testing.T, c *citytest.City) {
	t.Helper()
	ctx := t.Context()
	far := c.Community("320102002", 0)
	elder, neighbour := c.KeyElder(c.Home()), c.KeyElder(far)
	chen, tian := c.Volunteer(c.Home()), c.Volunteer(far)
	c.Staff(identity.PointStaff, c.Home())
	c.Earn(chen, elder, 90)
	c.Earn(chen, neighbour, 60)
	back := c.Earn(tian, elder, 60)
	// Saved at seventy, spent at seventy; and in the next month the public hours come.
	old := c.Person(70, c.Home())
	c.Certify(old)
	c.Approve(old)
	c.Earn(old, neighbour, 90)
	c.Earn(chen, old, 60)
	c.PassTo(clock.MonthOf(c.Clock.Now()).End().Add(12 * time.Hour))
	one, two := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Administrator, c.Tree.City())
	proposal, err := c.Ledger.Propose(ctx, ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: ledger.Act{Reason: ledger.ForReversal, Tx: ledger.TxID(c.Order(back).SettledBy)}, Note: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ledger.Approve(ctx, ledger.ApproveCmd{Actor: two.Actor, Key: c.Key(), Proposal: proposal}); err != nil {
		t.Fatal(err)
	}
	cancelled := c.Place(elder.Actor, elder)
	gone, err := c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: cancelled, Reason: "test"}})
	citytest.Must(t, gone, err)
	disputed := c.Served(chen, neighbour)
	filed, err := c.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: neighbour.Actor, Key: c.Key(), Order: disputed, Category: feedback.Poor}})
	citytest.Must(t, filed, err)
	c.Place(neighbour.Actor, neighbour)
}

// Every figure of every level is the sum of its entries, page by page, whatever the period.
func TestEveryFigureIsTheSumOfItsEntries(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		life(t, c)
		district := c.Tree.District(c.Home())
		some := map[report.Code]bool{}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			today := clock.DayOf(tx.Now())
			spans := []report.Span{{}, report.Days(today.Add(-1), today), report.Days(today.Add(-400), today.Add(-300))}
			for _, place := range []region.ID{c.Tree.City(), district, c.Tree.StreetOf(c.Home()), c.Home(), c.Community("320102002", 0)} {
				values, err := report.Measure(tx, c.Tree, place, spans...)
				if err != nil {
					return err
				}
				for _, f := range report.Figures() {
					for i, span := range spans {
						want := values[i][f.Code]
						var sum, lines int64
						seen := map[string]bool{}
						for after := ""; ; {
							p, err := report.List(tx, c.Tree, place, f.Code, span, after, 2)
							if err != nil {
								return err
							}
							if p.Value != want {
								t.Errorf("%s of %s: the list says %d, the page %d", f.Code, c.Tree.Name(place), p.Value, want)
							}
							for _, row := range p.Rows {
								sum += row.Value
								lines++
								if !c.Tree.Contains(place, row.Region) && place != c.Tree.City() {
									t.Errorf("%s of %s: got an entry of %s", f.Code, c.Tree.Name(place), c.Tree.Name(row.Region))
								}
							}
							if after = p.Next; after == "" {
								if lines != p.Lines {
									t.Errorf("%s of %s: got %d entries, want %d", f.Code, c.Tree.Name(place), lines, p.Lines)
								}
								break
							}
							if seen[after] {
								t.Fatalf("%s: the cursor %s comes back", f.Code, after)
							}
							seen[after] = true
						}
						if sum != want {
							t.Errorf("%s of %s in %v: the entries sum to %d, want %d", f.Code, c.Tree.Name(place), span, sum, want)
						}
						some[f.Code] = some[f.Code] || want != 0
					}
				}
			}
			return nil
		})
		for _, f := range report.Figures() {
			switch f.Code {
			case "figure.fund", "figure.given", "figure.follow_ups":
				// Nothing of these in this life.
			default:
				if !some[f.Code] {
					t.Errorf("%s: nothing anywhere, so that nothing was tested", f.Code)
				}
			}
		}
	})
}

// The figures agree with the counts that the rooms themselves make.
func TestFiguresAgreeWithTheRooms(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		life(t, c)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			for _, place := range []region.ID{c.Tree.City(), c.Home()} {
				values, err := report.Measure(tx, c.Tree, place, report.Span{})
				if err != nil {
					return err
				}
				people, err := member.Count(tx, place)
				if err != nil {
					return err
				}
				orders, err := order.Count(tx, place)
				if err != nil {
					return err
				}
				for code, want := range map[report.Code]int64{"figure.persons": people.Persons, "figure.recipients": people.Recipients, "figure.key_elders": people.KeyElders,
					"figure.volunteers": people.Volunteers, "figure.certified": people.Certified, "figure.points": people.Points, "figure.open": orders.Open,
					"figure.unfilled": orders.Unfilled, "figure.completed": orders.Completed, "figure.cancelled": orders.Cancelled, "figure.disputed": orders.Disputed,
					"figure.minutes": orders.Minutes.Int64()} {
					if got := values[0][code]; got != want {
						t.Errorf("%s of %s: got %d, want %d", code, c.Tree.Name(place), got, want)
					}
				}
			}
			totals, err := ledger.ClassTotals(tx)
			var owed int64
			for _, total := range totals {
				switch total.Class {
				case ledger.Saved, ledger.Donated, ledger.Granted, ledger.Group:
					owed += total.Balance.Int64()
				}
			}
			if got, _, err := report.One(tx, c.Tree, c.Tree.City(), "figure.liability", report.Span{}); err != nil || got != owed {
				t.Errorf("liability: got %d, %v, want %d", got, err, owed)
			}
			return err
		})
	})
}

// What is counted once for the whole city says of every place what the place says when it is asked for by itself; it is kept for a while, and while
// one counts anew others get what was there.
func TestOneCountServesEveryPlace(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		life(t, c)
		reports := report.New(c.Regions)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			today := clock.DayOf(tx.Now())
			for _, span := range []report.Span{{}, report.Days(today.Add(-1), today), report.Days(today.Add(-60), today.Add(-2))} {
				counted, err := reports.Recent(tx, span)
				if err != nil {
					return err
				}
				for _, place := range []region.ID{c.Tree.City(), c.Tree.District(c.Home()), c.Tree.StreetOf(c.Home()), c.Home(), c.Community("320102002", 0)} {
					values, err := report.Measure(tx, c.Tree, place, span)
					if err != nil {
						return err
					}
					if got := counted.Of(place); !maps.Equal(got, values[0]) {
						t.Errorf("%s in %v: got %v, want %v", c.Tree.Name(place), span, got, values[0])
					}
				}
			}
			return nil
		})
		asked := func() (n int64) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				counted, err := reports.Recent(tx, report.Span{})
				n = counted.City()["figure.asked"]
				return err
			})
			return n
		}
		before := asked()
		elder := c.KeyElder(c.Home())
		c.Place(elder.Actor, elder)
		if got := asked(); got != before {
			t.Errorf("at once: got %d, want what was counted, %d", got, before)
		}
		c.Clock.Advance(6 * time.Minute)
		if got := asked(); got != before+1 {
			t.Errorf("after a while: got %d, want %d", got, before+1)
		}
	})
}

// What was paid stays completed: neither a complaint about it nor a decision that takes the hours back changes the number or the minutes, which
// are those before reversals (product: "a reversed order stays completed"), and the next night finds nothing of it.
func TestAPaidVisitStaysCompleted(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, chen := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		c.Earn(chen, elder, 90)
		paid := c.Earn(chen, elder, 60)
		month := clock.MonthOf(c.Order(paid).SettledAt)
		// The night after the month's end keeps its figures; a complaint about the last days is still in time.
		c.PassTo(month.End().Add(4 * time.Hour))
		counted := func(when string) {
			t.Helper()
			reports := report.New(c.Regions)
			if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) error {
				now, err := reports.Recent(tx, report.Span{})
				if err != nil {
					return err
				}
				orders, err := order.Count(tx, c.Tree.City())
				if err != nil {
					return err
				}
				value, _, err := report.One(tx, c.Tree, c.Home(), "figure.completed", report.Days(month.First(), month.Last()))
				if got := now.City(); got["figure.completed"] != 2 || got["figure.minutes"] != 150 || orders.Completed != 2 || orders.Minutes != hours.Of(150) || value != 2 {
					t.Errorf("%s: got %d completed with %d minutes, %d of the month, %d with %v by the orders' own count, want 2 with 150", when, got["figure.completed"],
						got["figure.minutes"], value, orders.Completed, orders.Minutes)
				}
				if err != nil {
					return err
				}
				found, err := report.Recompute(tx, c.Tree)
				for _, d := range found {
					if d.Code == "figure.completed" || d.Code == "figure.minutes" {
						t.Errorf("%s: the night found %+v", when, d)
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		counted("paid")
		filed, err := c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: c.Key(), Order: paid, Category: feedback.Poor}})
		citytest.Must(t, filed, err)
		if got := c.Order(paid).State; got != order.Disputed {
			t.Fatalf("got %s, want a dispute", got)
		}
		counted("disputed")
		taken, err := c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: c.Staff(identity.Reviewer, c.Tree.City()).Actor, Key: c.Key(), Order: paid, Reason: "test"}})
		citytest.Must(t, taken, err)
		counted("taken back")
	})
}

// Districts add up to the city, and a street of the new area counts in both that contain it.
func TestAMapAddsUp(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	life(t, c)
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		by, err := report.ByRegion(tx, c.Tree, "figure.completed", report.Span{})
		if err != nil {
			return err
		}
		var places []region.ID
		for _, d := range c.Tree.ReportingDistricts() {
			places = append(places, d.ID)
		}
		for place, n := range report.Below(c.Tree, by, places) {
			got, _, err := report.One(tx, c.Tree, place, "figure.completed", report.Span{})
			if err != nil || got != n {
				t.Errorf("%s: the map says %d, the place %d (%v)", c.Tree.Name(place), n, got, err)
			}
		}
		return nil
	})
}

// What changes in a month that is over is found the next night, once.
func TestANightFindsWhatChanged(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, chen := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		paid := c.Earn(chen, elder, 60)
		month := clock.MonthOf(c.Order(paid).SettledAt)
		c.PassTo(month.End().Add(4 * time.Hour))
		night := func() []report.Difference {
			t.Helper()
			var found []report.Difference
			if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) (err error) {
				found, err = report.Recompute(tx, c.Tree)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := night(); len(found) > 0 {
			t.Errorf("a second night: got %v, want nothing", found)
		}
		// A slip that came late: the month of the visit gains a minute that was not there.
		if err := c.DB.Write(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE assignment SET credit = credit + 1 WHERE order_id = $1", string(paid))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		found := night()
		want := map[report.Code]int{"figure.minutes": 2, report.Earned: 2}
		for _, d := range found {
			want[d.Code]--
		}
		for code, n := range want {
			if n != 0 {
				t.Errorf("%s: %d differences too few, for the city and the district; got %+v", code, n, found)
			}
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			kept, err := report.Differences(tx, c.Tree.District(c.Home()), "", 10)
			if len(kept) != 2 {
				t.Errorf("differences of the district: got %v, want 2", kept)
			}
			if at, err := report.Checked(tx); err != nil || at.IsZero() {
				t.Errorf("checked at: got %v, %v", at, err)
			}
			return err
		})
	})
}

func TestAnUnknownFigureAndABadCursorAreRefused(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		if _, err := report.List(tx, c.Tree, c.Home(), "figure.nothing", report.Span{}, "", 10); errs.CodeOf(err) != "report.figure_unknown" {
			t.Errorf("an unknown figure: got %v", err)
		}
		if _, err := report.List(tx, c.Tree, c.Home(), "figure.asked", report.Span{}, "x", 10); errs.CodeOf(err) != "report.cursor_malformed" {
			t.Errorf("a bad cursor: got %v", err)
		}
		return nil
	})
}

func TestTheSpanBefore(t *testing.T) {
	s := report.Days("2020-10-11", "2020-10-20")
	before, ok := s.Before()
	if want := report.Days("2020-10-01", "2020-10-10"); !ok || before != want {
		t.Errorf("before: got %v, want %v", before, want)
	}
	if _, ok := (report.Span{}).Before(); ok {
		t.Error("since the opening there is nothing before")
	}
}

// What is owed is split by the year in which its owner may redeem, and is all that stands saved and given.
func TestWhatIsOwedByTheYear(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, old := c.KeyElder(c.Home()), c.Person(70, c.Home())
		c.Certify(old)
		c.Earn(old, elder, 90)
		c.Earn(c.Volunteer(c.Community("320102002", 0)), elder, 60)
		reports := report.New(c.Regions)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			for place, want := range map[region.ID][]report.Owed{c.Tree.City(): {{Year: 2010, People: 1, Minutes: 90}, {Year: 2040, People: 1, Minutes: 60}},
				c.Home(): {{Year: 2010, People: 1, Minutes: 90}}} {
				got, err := reports.Owed(tx, c.Tree, place, 60)
				if err != nil {
					return err
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", c.Tree.Name(place), got, want)
				}
			}
			return nil
		})
	})
}
