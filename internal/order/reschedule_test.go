package order_test

import (
	"slices"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func move(t *testing.T, c *citytest.City, by identity.Actor, id order.ID, to time.Time) citytest.Outcome[order.Changed] {
	t.Helper()
	return citytest.Got(c.Orders.Reschedule(t.Context(), []order.RescheduleCmd{{Actor: by, Key: c.Key(), Order: id, Start: to}}))
}

func answer(t *testing.T, c *citytest.City, v citytest.Person, id order.ID, yes bool) citytest.Outcome[order.Changed] {
	t.Helper()
	return citytest.Got(c.Orders.Answer(t.Context(), []order.AnswerCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Accept: yes}}))
}

// places are the states of the places on an order, in the order in which they were taken.
func places(o order.View) (all []order.AssignmentState) {
	for _, a := range o.Assignments {
		all = append(all, a.State)
	}
	return all
}

func TestAMovedVisitKeepsItsVolunteerWhoSaysYes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer, stranger := c.Recipient(83, c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home())
		desk, away := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Community("320113003", 1))
		daughter := c.Relative(elder, true)
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		before := get(t, c, id)
		day := c.Tomorrow().Add(24 * time.Hour)

		for what, one := range map[string]struct {
			by   citytest.Person
			to   time.Time
			code string
		}{
			"a stranger":                 {stranger, day, "order.not_found"},
			"the volunteer":              {volunteer, day, "identity.not_allowed"},
			"another station":            {away, day, "order.not_found"},
			"into the past":              {elder, c.Clock.Now().Add(-time.Hour), "order.invalid"},
			"into the next year":         {elder, day.AddDate(1, 0, 0), "order.invalid"},
			"to where it stands":         {elder, before.Start, "order.invalid"},
			"into the night":             {elder, clock.DayOf(day).Start().Add(3 * time.Hour), "order.invalid"},
			"the end beyond the evening": {elder, clock.DayOf(day).Start().Add(23*time.Hour + 30*time.Minute), "order.invalid"},
		} {
			move(t, c, one.by.Actor, id, one.to).Refused(t, what, one.code)
		}

		got := move(t, c, elder.Actor, id, day).Must(t, "move")
		v := get(t, c, id)
		if got.State != order.Published || !v.Start.Equal(day) || !slices.Equal(places(v), []order.AssignmentState{order.Offered}) {
			t.Errorf("moved: %s at %s with %v", got.State, v.Start, places(v))
		}
		if v.Item != before.Item || v.ItemVersion != before.ItemVersion || v.PolicyVersion != before.PolicyVersion || v.Minutes != before.Minutes || v.Funding != before.Funding {
			t.Errorf("what was asked for has changed: %+v, was %+v", v.Order, before.Order)
		}
		from, _ := v.Asks()
		until := v.Assignments[0].AnswerBy
		if want := c.Clock.Now().Add(30 * time.Minute); !until.Equal(want) || !from.Equal(before.Start) {
			t.Errorf("asked until %s and moved from %s, want %s and %s", until, from, want, before.Start)
		}
		claimed, err := c.Orders.Claim(t.Context(), []order.ClaimCmd{{Actor: stranger.Actor, Key: c.Key(), Order: id}})
		refused(t, "another volunteer while the first one is asked", "order.taken", claimed, err)
		if answered := answer(t, c, volunteer, id, true).Must(t, "yes"); answered.State != order.Accepted {
			t.Errorf("after the yes: %s", answered.State)
		}
		// No clock of the offer, of the level or of the old day is left.
		if left := get(t, c, id).Next; len(left) != 0 {
			t.Errorf("still waits for %v", left)
		}
		// The desk and a relative who acts move it too, and it is served and paid at its last time.
		last := day.Add(26 * time.Hour)
		move(t, c, desk.Actor, id, day.Add(25*time.Hour)).Must(t, "the desk moves it")
		move(t, c, daughter.Actor, id, last).Must(t, "the daughter moves it")
		answer(t, c, volunteer, id, true).Must(t, "yes again")
		c.Serve(volunteer, id, 60)
		if now := c.Clock.Now(); !now.Equal(last.Add(time.Hour)) {
			t.Errorf("served until %s, want an hour from %s", now, last)
		}
		move(t, c, elder.Actor, id, last.Add(24*time.Hour)).Refused(t, "after the visit", "order.not_movable")
		c.Confirm(elder.Actor, id)
		c.Pass(25 * time.Hour)
		if v := get(t, c, id); v.State != order.Settled {
			t.Errorf("at the end: %s", v.State)
		}
		var trail []string
		for _, e := range get(t, c, id).History {
			if e.Action == "order.reschedule" {
				trail = append(trail, e.Actor+" "+e.OnBehalf+" "+e.Before+" "+e.After)
			}
		}
		stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
		want := []string{elder.Actor.ID + "  " + stamp(before.Start) + " " + stamp(day), desk.Actor.ID + " " + string(elder.ID) + " " + stamp(day) + " " + stamp(day.Add(25*time.Hour)),
			daughter.Actor.ID + " " + string(elder.ID) + " " + stamp(day.Add(25*time.Hour)) + " " + stamp(last)}
		if !slices.Equal(trail, want) {
			t.Errorf("the trail says %q\nwant %q", trail, want)
		}
	})
}

func TestAMovedVisitLooksForSomebodyElse(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`checkin.overlap = "refuse"`)
		elder, other, no, silent, busy := c.Recipient(83, c.Home()), c.Recipient(84, c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home())
		day := c.Tomorrow().Add(24 * time.Hour)
		declined, unanswered, clashing, again := c.Place(elder.Actor, elder), c.Place(elder.Actor, elder), c.Place(elder.Actor, elder), c.Place(other.Actor, other)
		c.Claim(no, declined)
		c.Claim(silent, unanswered)
		c.Claim(busy, clashing)
		move(t, c, other.Actor, again, day.Add(30*time.Minute)).Must(t, "nobody was coming")
		c.Claim(busy, again)
		for _, id := range []order.ID{declined, unanswered, clashing} {
			move(t, c, elder.Actor, id, day).Must(t, "move")
		}
		answer(t, c, no, declined, false).Must(t, "no")
		// Who has something else at the new time is not asked.
		for id, want := range map[order.ID]order.AssignmentState{declined: order.Withdrawn, unanswered: order.Offered, clashing: order.Withdrawn} {
			if v := get(t, c, id); v.State != order.Published || places(v)[0] != want {
				t.Errorf("order %s: %s with %v, want its place %s", id, v.State, places(v), want)
			}
		}
		c.Pass(31 * time.Minute)
		if v := get(t, c, unanswered); places(v)[0] != order.Withdrawn || v.Level != order.Community {
			t.Errorf("without an answer: %v at %s", places(v), v.Level)
		}
		c.Claim(no, unanswered)
		// The clock of the level goes on for what nobody takes.
		c.Pass(30 * time.Minute)
		if v := get(t, c, declined); v.Level != order.Street {
			t.Errorf("an hour after the move it is at the %s", v.Level)
		}
		move(t, c, elder.Actor, declined, day.Add(time.Hour)).Must(t, "move again")
		if v := get(t, c, declined); v.Level != order.Street || len(v.Next) != 1 || v.Next[0].Kind != order.TimerEscalate {
			t.Errorf("moved while it waits: at the %s, %v; want its clock to go on", v.Level, v.Next)
		}
	})
}

func TestAnOfferOfTheNightIsAnsweredInTheMorning(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		c.Clock.Set(clock.DayOf(c.Clock.Now()).Start().Add(22 * time.Hour))
		tomorrow := clock.DayOf(c.Clock.Now()).Add(1)
		move(t, c, elder.Actor, id, tomorrow.Start().Add(15*time.Hour)).Must(t, "move")
		v := get(t, c, id)
		if until := v.Assignments[0].AnswerBy; !until.Equal(tomorrow.Start().Add(8*time.Hour + 30*time.Minute)) {
			t.Errorf("asked until %s, want half past eight in the morning", until)
		}
		move(t, c, elder.Actor, id, tomorrow.Start().Add(8*time.Hour+15*time.Minute)).Must(t, "move to the early morning")
		v = get(t, c, id)
		if until := v.Assignments[0].AnswerBy; !until.Equal(v.Start) {
			t.Errorf("asked until %s, want not beyond the visit at %s", until, v.Start)
		}
	})
}

// A month's grant is for visits of that month: a visit that is moved over its end is paid from what there is then, or waits for hours.
func TestAVisitMovedIntoAnotherMonthIsPaidFromIt(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`order.funding = ["grant"]`)
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		month := clock.MonthOf(c.Tomorrow())
		grant := func(m clock.Month) ledger.Key {
			return ledger.Key{Owner: string(elder.ID), Class: ledger.Granted, Bucket: string(m)}
		}
		give := func(m clock.Month) {
			storetest.Write(t, c.DB, func(tx *store.Tx) error {
				_, err := ledger.GrantMonthly(tx, m, []ledger.Grantee{{Owner: string(elder.ID), Minutes: hours.Of(240)}}, m.Last().Add(1), ledger.Meta{Actor: "system"})
				return err
			})
		}
		held := func(m clock.Month) int64 {
			_, held := balance(t, c, grant(m))
			return held
		}
		give(month)
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		if held(month) == 0 {
			t.Fatal("the grant of the month holds nothing")
		}
		next := c.Tomorrow().AddDate(0, 1, 0)
		move(t, c, elder.Actor, id, next).Must(t, "move into a month without a grant")
		if v := get(t, c, id); v.State != order.Submitted || v.WaitsFor != order.ForFunding || v.Reason == "" || held(month) != 0 || places(v)[0] != order.Withdrawn {
			t.Errorf("without hours: %s waits for %q because of %q with %v, the old month holds %d", v.State, v.WaitsFor, v.Reason, places(v), held(month))
		}
		back := c.Tomorrow().Add(24 * time.Hour)
		move(t, c, elder.Actor, id, back).Must(t, "move back")
		if v := get(t, c, id); v.State == order.Submitted && v.WaitsFor == order.ForFunding || held(month) == 0 {
			t.Errorf("back in its month: %s waits for %q, %d held", v.State, v.WaitsFor, held(month))
		}
		give(month.Add(1))
		move(t, c, elder.Actor, id, next).Must(t, "move into a month with a grant")
		if v := get(t, c, id); v.Funding != string(ledger.Granted) || held(month) != 0 || held(month.Add(1)) == 0 {
			t.Errorf("in the new month: funded by %q, %d of the old and %d of the new month held", v.Funding, held(month), held(month.Add(1)))
		}
		if problems, err := order.Verify(t.Context(), c.DB); err != nil || len(problems) != 0 {
			t.Errorf("orders and book: %v, %v", problems, err)
		}
	})
}

// Who serves a visit does not move it for the person, even with a right of the station; and what was sent twice moves once.
func TestWhoServesDoesNotMoveTheVisit(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, desk := c.Recipient(83, c.Home()), c.Staff(identity.PointStaff, c.Home())
		c.Certify(desk)
		id := c.Place(elder.Actor, elder)
		c.Claim(desk, id)
		to := c.Tomorrow().Add(24 * time.Hour)
		move(t, c, desk.Actor, id, to).Refused(t, "the desk that serves", "order.moves_own_service")
		cmd := order.RescheduleCmd{Actor: elder.Actor, Key: c.Key(), Order: id, Start: to}
		for range 2 {
			citytest.Got(c.Orders.Reschedule(t.Context(), []order.RescheduleCmd{cmd})).Must(t, "move")
		}
		cmd.Start = to.Add(time.Hour)
		citytest.Got(c.Orders.Reschedule(t.Context(), []order.RescheduleCmd{cmd})).Refused(t, "the key with another time", "idempotency.key_reused")
		n := 0
		for _, e := range get(t, c, id).History {
			if e.Action == "order.reschedule" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("moved %d times, want once", n)
		}
	})
}

// The recipient's side moves a visit three times (order.max_moves) and hears why not a fourth; the station goes on.
func TestAVisitIsMovedAFewTimesAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, desk := c.Recipient(83, c.Home()), c.Staff(identity.PointStaff, c.Home())
		daughter := c.Relative(elder, true)
		id := c.Place(elder.Actor, elder)
		day := c.Tomorrow().Add(24 * time.Hour)
		move(t, c, elder.Actor, id, day).Must(t, "the first move")
		move(t, c, elder.Actor, id, day).Refused(t, "to where it stands, which is none", "order.invalid")
		move(t, c, desk.Actor, id, day.Add(time.Hour)).Must(t, "the desk's")
		move(t, c, daughter.Actor, id, day.Add(2*time.Hour)).Must(t, "the third")
		for _, by := range []citytest.Person{elder, daughter} {
			again := move(t, c, by.Actor, id, day.Add(3*time.Hour))
			again.Refused(t, "the fourth", "order.moved_too_often")
		}
		if v := get(t, c, id); !v.Start.Equal(day.Add(2 * time.Hour)) {
			t.Errorf("a refused move moved it to %s", v.Start)
		}
		move(t, c, desk.Actor, id, day.Add(3*time.Hour)).Must(t, "the station's fourth")
	})
}
