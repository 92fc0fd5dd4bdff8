package order_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/training"
)

// bather is a volunteer with the course for bathing, at home in the city's usual place or in another.
func bather(t *testing.T, c *citytest.City, home ...region.ID) citytest.Person {
	v := c.Volunteer(append(home, c.Home())[0])
	attended, err := c.Training.RecordAttendance(t.Context(), []training.RecordAttendanceCmd{{Actor: identity.System, Key: c.Key(), Volunteer: v.ID, Course: "bathing",
		Session: "b", Mode: training.Offline, Minutes: hours.Of(8 * 60), OccurredAt: c.Clock.Now()}})
	citytest.Must(t, attended, err)
	passed, err := c.Training.RecordExam(t.Context(), []training.RecordExamCmd{{Actor: identity.System, Key: c.Key(), Volunteer: v.ID, Course: "bathing", Score: 95,
		OccurredAt: c.Clock.Now()}})
	citytest.Must(t, passed, err)
	return v
}

// bath asks for a bath, which needs two volunteers.
func bath(t *testing.T, c *citytest.City, elder citytest.Person, start time.Time) order.ID {
	placed, err := c.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: elder.Actor, Key: c.Key(), Recipient: elder.ID, Item: "bathing_home", Start: start,
		Urgency: catalog.Everyday, FamilyPresent: true}})
	id := citytest.Must(t, placed, err)[0].Value.ID
	reviewed, err := c.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: c.Key(), Order: id, Approve: true, Insurance: "I-1", Agreement: "A-1"}})
	citytest.Must(t, reviewed, err)
	return id
}

// Two are needed, one comes and the other does not: who served is paid for it, whether the other is missed before the end of the visit or after.
func TestWhoServedIsPaidWhenTheOtherStaysAway(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		for _, goneFirst := range []bool{false, true} {
			elder, came, missing := c.Recipient(83, c.Home()), bather(t, c), bather(t, c)
			manager := c.Staff(identity.PointManager, c.Home())
			id := bath(t, c, elder, c.Tomorrow())
			c.Claim(came, id)
			c.Claim(missing, id)
			c.Clock.Set(c.Order(id).Start)
			check := []order.CheckCmd{{Actor: came.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}}
			in, err := c.Orders.CheckIn(t.Context(), check)
			citytest.Must(t, in, err)
			c.Clock.Advance(time.Hour)
			leave := func() {
				check[0].Key = c.Key()
				out, err := c.Orders.CheckOut(t.Context(), check)
				citytest.Must(t, out, err)
			}
			if goneFirst {
				leave()
			}
			missed, err := c.Orders.NoShow(t.Context(), []order.NoShowCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Volunteer: missing.ID}})
			citytest.Must(t, missed, err)
			if !goneFirst {
				if o := c.Order(id); o.State != order.InService {
					t.Fatalf("while one is there: got %s, want %s", o.State, order.InService)
				}
				leave()
			}
			if o := c.Order(id); o.State != order.Awaiting || o.WaitsFor != order.ForConfirmation {
				t.Fatalf("after the visit: got %s, %s", o.State, o.WaitsFor)
			}
			c.Confirm(elder.Actor, id)
			c.Pass(25 * time.Hour)
			if total, _ := balance(t, c, saved(came)); total != 60 {
				t.Errorf("gone first %v: got %d minutes, want 60", goneFirst, total)
			}
		}
	})
}

// Two come from two districts: each district is credited with what its own volunteer served, and loses it when it is taken back.
func TestEachDistrictServesItsOwnMinutes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		away := c.Community("320102002", 0)
		elder, near, far := c.Recipient(83, c.Home()), bather(t, c), bather(t, c, away)
		id := bath(t, c, elder, c.Tomorrow())
		c.Claim(near, id)
		c.Claim(far, id)
		c.Clock.Set(c.Order(id).Start)
		for i, minutes := range []time.Duration{0, 60, 30} {
			c.Clock.Advance(minutes * time.Minute)
			for n, v := range []citytest.Person{near, far} {
				check := []order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}}
				switch {
				case i == 0:
					citytest.Got(c.Orders.CheckIn(t.Context(), check)).Must(t, "in")
				case i == n+1:
					citytest.Got(c.Orders.CheckOut(t.Context(), check)).Must(t, "out")
				}
			}
		}
		c.Confirm(elder.Actor, id)
		c.Pass(25 * time.Hour)
		served := func() map[string]ledger.Served {
			all := map[string]ledger.Served{}
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				rows, err := ledger.Clearing(tx, "2020-01-01", "2021-01-01")
				for _, r := range rows {
					all[r.RegionTo] = r
				}
				return err
			})
			return all
		}
		earned := func(place region.ID) (minutes int64) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				all, err := c.Reports.Recent(tx, report.Days("2020-01-01", "2021-01-01"))
				minutes = all.Of(place)["figure.earned"]
				return err
			})
			return minutes
		}
		if got := served(); got[string(c.Home())].Minutes != hours.Of(60) || got[string(away)].Minutes != hours.Of(90) {
			t.Errorf("who served whom: %+v", got)
		} else if n := got[string(c.Home())].Services + got[string(away)].Services; n != 1 {
			t.Errorf("one visit of two volunteers counts as %d services", n)
		}
		for place, want := range map[region.ID]int64{c.Home(): 60, away: 90} {
			if got := earned(place); got != want {
				t.Errorf("earned at %s: got %d, want %d", place, got, want)
			}
		}
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			back, err := ledger.Reverse(tx, []ledger.Reversal{{Tx: ledger.TxID(c.Order(id).SettledBy), Actor: "a-1", Note: "paid by mistake"}})
			if err == nil {
				err = back[0].Err
			}
			return err
		})
		if got := served(); got[string(c.Home())].Reversed != hours.Of(60) || got[string(away)].Reversed != hours.Of(90) {
			t.Errorf("taken back: %+v", got)
		}
		c.Pass(10 * time.Minute) // what is counted is five minutes old at most
		if near, far := earned(c.Home()), earned(away); near != 0 || far != 0 {
			t.Errorf("earned after it was taken back: %d and %d", near, far)
		}
		v, err := ledger.Verify(t.Context(), c.DB, nil)
		if err != nil || len(v.Problems) > 0 {
			t.Errorf("verification: %v, %v", v.Problems, err)
		}
	})
}

// toFund lets an order climb until the fund has to buy it.
func toFund(c *citytest.City) {
	for _, wait := range []time.Duration{0, 61 * time.Minute, 121 * time.Minute, 241 * time.Minute, 481 * time.Minute} {
		c.Pass(wait)
	}
}

// lesson asks for a lesson at a time, of the usual length or of so many minutes, and lets the station publish it.
func lesson(t *testing.T, c *citytest.City, elder citytest.Person, start time.Time, minutes ...int64) order.ID {
	cmd := order.PlaceCmd{Actor: elder.Actor, Key: c.Key(), Recipient: elder.ID, Item: citytest.Lesson, Start: start, Urgency: catalog.Everyday}
	for _, m := range minutes {
		cmd.Minutes = hours.Of(m)
	}
	placed, err := c.Orders.Place(t.Context(), []order.PlaceCmd{cmd})
	id := citytest.Must(t, placed, err)[0].Value.ID
	reviewed, err := c.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: c.Key(), Order: id, Approve: true}})
	citytest.Must(t, reviewed, err)
	return id
}

// inDays asks for a lesson so late that the order can climb before it would begin.
func inDays(t *testing.T, c *citytest.City, elder citytest.Person) order.ID {
	return lesson(t, c, elder, c.Tomorrow().Add(72*time.Hour))
}

// An order that was at the fund and is given back by a volunteer waits for a provider again, and can be bought.
func TestAPlaceGivenBackAtTheFundWaitsForAProvider(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	officer := c.Staff(identity.Administrator, c.Tree.District(c.Home()))
	id := inDays(t, c, elder)
	toFund(c)
	c.Claim(volunteer, id)
	back, err := c.Orders.Withdraw(t.Context(), []order.OrderCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id}})
	citytest.Must(t, back, err)
	if o := c.Order(id); o.State != order.AtFund || o.WaitsFor != order.ForProvider {
		t.Fatalf("given back: got %s, %s", o.State, o.WaitsFor)
	}
	bought, err := c.Orders.FundClaim(t.Context(), []order.FundCmd{{Actor: officer.Actor, Key: c.Key(), Order: id, Provider: "p", Document: "d", Minutes: hours.Of(60)}})
	citytest.Must(t, bought, err)
}

// Whoever was asked when the fund bought the service has nothing to answer any more.
func TestAnOfferEndsWhenTheFundBuysTheService(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	officer := c.Staff(identity.Administrator, c.Tree.District(c.Home()))
	id := inDays(t, c, elder)
	toFund(c)
	asked, err := c.Orders.Dispatch(t.Context(), []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: volunteer.ID}})
	citytest.Must(t, asked, err)
	bought, err := c.Orders.FundClaim(t.Context(), []order.FundCmd{{Actor: officer.Actor, Key: c.Key(), Order: id, Provider: "p", Document: "d", Minutes: hours.Of(60)}})
	citytest.Must(t, bought, err)
	citytest.Got(c.Orders.Answer(t.Context(), []order.AnswerCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Accept: true}})).
		Refused(t, "yes to what is bought", "order.not_found")
	citytest.Got(c.Orders.Withdraw(t.Context(), []order.OrderCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id}})).
		Refused(t, "giving back what is bought", "order.not_found")
	if o := c.Order(id); o.State != order.Settled {
		t.Errorf("got %s, want %s", o.State, order.Settled)
	}
}

// What the order itself holds of the fund can be spent on it.
func TestTheFundPaysFromWhatTheOrderHeldOfIt(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	c.Publish(`order.funding = ["fund"]`)
	elder := c.Recipient(83, c.Home())
	officer := c.Staff(identity.Administrator, c.Tree.District(c.Home()))
	id := inDays(t, c, elder)
	total, held := balance(t, c, ledger.FundAccount)
	storetest.Write(t, c.DB, func(tx *store.Tx) error {
		_, err := ledger.Book(tx, []ledger.Posting{{Reason: ledger.ForRetirement, Meta: ledger.Meta{Actor: "x"},
			Transfers: []ledger.Transfer{{From: ledger.FundAccount, To: ledger.RetiredAccount, Minutes: hours.Of(total - held)}}}})
		return err
	})
	toFund(c)
	claim := func(m int64) citytest.Outcome[order.Changed] {
		return citytest.Got(c.Orders.FundClaim(t.Context(), []order.FundCmd{{Actor: officer.Actor, Key: c.Key(), Order: id, Provider: "p", Document: "d", Minutes: hours.Of(m)}}))
	}
	claim(held+15).Refused(t, "more than there is", "ledger.not_enough")
	if _, still := balance(t, c, ledger.FundAccount); still != held {
		t.Errorf("after a refusal the fund holds %d, want %d", still, held)
	}
	claim(60).Must(t, "what there is")
	if total, still := balance(t, c, ledger.FundAccount); still != 0 || total != held-60 {
		t.Errorf("the fund has %d and holds %d, want %d and 0", total, still, held-60)
	}
}

// A dispute about a visit whose minutes were rounded to nothing can be decided against it.
func TestAVisitOfNoMinutesCanBeDecidedAgainst(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	manager := c.Staff(identity.PointManager, c.Home())
	id := c.Earn(volunteer, elder, 10)
	disputed, err := c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})
	citytest.Must(t, disputed, err)
	decided, err := c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})
	citytest.Must(t, decided, err)
	if o := c.Order(id); o.State != order.Void {
		t.Errorf("got %s, want %s", o.State, order.Void)
	}
}

// What an officer has decided is not undone like a confirmation.
func TestADecisionIsNotUndoneByAParty(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	manager := c.Staff(identity.PointManager, c.Home())
	id := c.Served(volunteer, elder)
	disputed, err := c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})
	citytest.Must(t, disputed, err)
	decided, err := c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Uphold: true, Reason: "the neighbour saw it"}})
	citytest.Must(t, decided, err)
	citytest.Got(c.Orders.UndoConfirm(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id}})).
		Refused(t, "undoing a decision", "order.not_yours_to_undo")
}

// An hour of a volunteer's day is paid once, also when a phone sends it late.
func TestAnHourIsPaidOnceWhenAPhoneSendsItLate(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	first, second, volunteer := c.Recipient(83, c.Home()), c.Recipient(84, c.Home()), c.Volunteer(c.Home())
	one := c.Place(first.Actor, first)
	start := c.Order(one).Start
	two := lesson(t, c, second, start.Add(90*time.Minute))
	c.Claim(volunteer, one)
	c.Claim(volunteer, two)
	c.Clock.Set(start.Add(5 * time.Hour))
	type check = func(context.Context, []order.CheckCmd) ([]identity.Result[order.Changed], error)
	send := func(do check, id order.ID, after time.Duration) citytest.Outcome[order.Changed] {
		return citytest.Got(do(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id), OccurredAt: start.Add(after)}}))
	}
	send(c.Orders.CheckIn, one, time.Hour).Must(t, "coming to the first")
	send(c.Orders.CheckOut, one, 2*time.Hour).Must(t, "going from the first")
	send(c.Orders.CheckIn, two, 100*time.Minute).Refused(t, "coming while it was with the first", "order.overlaps")
	send(c.Orders.CheckIn, two, 45*time.Minute).Must(t, "coming before")
	send(c.Orders.CheckOut, two, 105*time.Minute).Must(t, "going while it was with the first")
	if got := c.Order(two).Assignments[0].Minutes; got != hours.Of(15) {
		t.Errorf("got %v, want the quarter of an hour in which it was nowhere else", got)
	}
}

// What a volunteer has promised does not cut what it has served; the last visit of a full day is cut itself.
func TestPlannedVisitsDoNotCutAServedOne(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	c.Publish(`time.max_per_day = 240`)
	volunteer := c.Volunteer(c.Home())
	start := c.Tomorrow()
	visit := func(after time.Duration, planned int64) order.ID {
		elder := c.Recipient(83, c.Home())
		id := lesson(t, c, elder, start.Add(after), planned)
		c.Claim(volunteer, id)
		return id
	}
	first, second, third := visit(0, 60), visit(2*time.Hour, 120), visit(5*time.Hour, 60)
	for _, one := range []struct {
		id           order.ID
		served, want int64
	}{{first, 90, 90}, {second, 120, 120}, {third, 60, 30}} {
		c.Serve(volunteer, one.id, int(one.served))
		if got := c.Order(one.id).Assignments[0].Minutes; got != hours.Of(one.want) {
			t.Errorf("%d minutes served: got %v, want %d", one.served, got, one.want)
		}
	}
}

// A check-in counts from an hour before the visit, unless the rules say otherwise.
func TestACheckInLongBeforeTheVisitIsRefused(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	id := c.Place(elder.Actor, elder)
	c.Claim(volunteer, id)
	start := c.Order(id).Start
	check := func(at time.Time) citytest.Outcome[order.Changed] {
		c.Clock.Set(at)
		return citytest.Got(c.Orders.CheckIn(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}}))
	}
	check(start.Add(-time.Hour-time.Second)).Refused(t, "an hour and a second before", "order.too_early")
	check(start.Add(-time.Hour)).Must(t, "an hour before")
}

// Whoever is only asked does not see the door yet.
func TestWhoIsOnlyAskedDoesNotSeeTheDoor(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
	id := c.Place(elder.Actor, elder)
	asked, err := c.Orders.Dispatch(t.Context(), []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: volunteer.ID}})
	citytest.Must(t, asked, err)
	if v, err := c.Orders.Get(t.Context(), volunteer.Actor, id); err != nil || v.Exact {
		t.Fatalf("asked: exact %v, %v", v.Exact, err)
	}
	yes, err := c.Orders.Answer(t.Context(), []order.AnswerCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Accept: true}})
	citytest.Must(t, yes, err)
	if v, err := c.Orders.Get(t.Context(), volunteer.Actor, id); err != nil || !v.Exact {
		t.Errorf("agreed: exact %v, %v", v.Exact, err)
	}
}

// A course that ends before the visit is none for it.
func TestACourseHasToLastUntilTheVisit(t *testing.T) {
	c := citytest.New(t, store.SQLite)
	elder, volunteer := c.Recipient(83, c.Home()), bather(t, c)
	c.PassTo(c.Clock.Now().AddDate(2, 0, -20))
	id := bath(t, c, elder, c.Tomorrow().AddDate(0, 2, 0))
	citytest.Got(c.Orders.Claim(t.Context(), []order.ClaimCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id}})).Refused(t, "a course that ends before", "order.course_missing")
}

// Two volunteers may be asked in one go: the order has one time for their answers.
func TestTwoVolunteersAreAskedAtOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, one, other := c.Recipient(83, c.Home()), bather(t, c), bather(t, c)
		id := bath(t, c, elder, c.Tomorrow())
		asked, err := c.Orders.Dispatch(t.Context(), []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: one.ID},
			{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: other.ID}})
		citytest.Must(t, asked, err)
		waiting := 0
		for _, n := range get(t, c, id).Next {
			if n.Kind == order.TimerOfferExpire {
				waiting++
			}
		}
		if waiting != 1 {
			t.Errorf("got %d times for an answer, want 1", waiting)
		}
	})
}

// Each offer has its own time: one that is made later neither gives the first one more time nor takes any from it.
func TestEachOfferRunsOutAtItsOwnTime(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, one, other := c.Recipient(83, c.Home()), bather(t, c), bather(t, c)
		id := bath(t, c, elder, c.Tomorrow().AddDate(0, 0, 1))
		ask := func(who citytest.Person) {
			t.Helper()
			citytest.Got(c.Orders.Dispatch(ctx, []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: who.ID}})).Must(t, "ask")
		}
		state := func(when string, want ...order.AssignmentState) {
			t.Helper()
			var got []order.AssignmentState
			for _, a := range c.Order(id).Assignments {
				got = append(got, a.State)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		ask(one)
		asked := c.Clock.Now()
		c.PassTo(asked.Add(20 * time.Minute))
		ask(other)
		for _, a := range c.Order(id).Assignments {
			if want := map[member.PersonID]time.Time{one.ID: asked.Add(30 * time.Minute), other.ID: asked.Add(50 * time.Minute)}[a.Volunteer]; !a.AnswerBy.Equal(want) {
				t.Errorf("asked until %s, want %s", a.AnswerBy, want)
			}
		}
		c.PassTo(asked.Add(30*time.Minute - time.Second))
		state("before the first runs out", order.Offered, order.Offered)
		c.PassTo(asked.Add(30 * time.Minute))
		state("half an hour after the first", order.Withdrawn, order.Offered)
		c.PassTo(asked.Add(50 * time.Minute))
		state("half an hour after the second", order.Withdrawn, order.Withdrawn)

		// Who comes is asked again at night and may answer in the morning; a colleague who is awake is asked in the meantime.
		c.PassTo(clock.DayOf(c.Clock.Now()).Start().Add(22*time.Hour + 10*time.Minute))
		citytest.Got(c.Orders.Claim(ctx, []order.ClaimCmd{{Actor: one.Actor, Key: c.Key(), Order: id}})).Must(t, "take it")
		citytest.Got(c.Orders.Reschedule(ctx, []order.RescheduleCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Start: c.Order(id).Start.Add(time.Hour)}})).Must(t, "move it")
		ask(other)
		c.PassTo(c.Clock.Now().Add(time.Hour))
		state("an hour later, at night", order.Withdrawn, order.Withdrawn, order.Offered, order.Withdrawn)
		morning := c.Order(id).Assignments[2].AnswerBy
		if h := morning.In(clock.Zone).Hour(); h < 6 || h > 9 {
			t.Errorf("whoever was asked at night may answer until %s, want the morning", morning)
		}
		c.PassTo(morning)
		state("in the morning", order.Withdrawn, order.Withdrawn, order.Withdrawn, order.Withdrawn)
		for _, n := range get(t, c, id).Next {
			if n.Kind == order.TimerOfferExpire {
				t.Errorf("a clock runs until %s, and nobody is asked", n.Due)
			}
		}
	})
}
