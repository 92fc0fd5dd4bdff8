package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/member"
	"timebank/internal/notice"
	"timebank/internal/notify"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// deliver does what the relay and the jobs do, twice each, until nothing waits, and returns the events that were about visits and relatives.
func deliver(t *testing.T, c *citytest.City) (told []store.Event) {
	t.Helper()
	for {
		var events []store.Event
		storetest.Write(t, c.DB, func(tx *store.Tx) (err error) {
			events, err = store.TakeEvents(tx, 100)
			return err
		})
		if len(events) == 0 {
			return told
		}
		for _, e := range events {
			for range 2 {
				var err error
				switch {
				case e.Topic == notify.Topic:
					err = c.Notify.Deliver(t.Context(), notify.ID(e.Ref))
				case slices.Contains(notice.Topics(), e.Topic):
					err = c.Notices.Tell(t.Context(), e)
				}
				if err != nil {
					t.Fatalf("%s: %v", e.Topic, err)
				}
			}
			told = append(told, e)
		}
	}
}

// of are the kinds of a person's notices with their states, oldest first.
func of(t *testing.T, c *citytest.City, p citytest.Person) (all []string) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		list, err := notify.Of(tx, p.ID, "", 100)
		for _, m := range slices.Backward(list) {
			all = append(all, string(m.Kind)+" "+string(m.State))
		}
		return err
	})
	return all
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// noon is a time at which nobody sleeps.
func noon(c *citytest.City) {
	c.PassTo(clock.DayOf(c.Clock.Now()).Add(1).Start().Add(12 * time.Hour))
}

func TestAVisitTellsWhoeverItConcernsOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		home := c.Home()
		elder, volunteer, desk := c.KeyElder(home), c.Volunteer(home), c.Staff("point_staff", home)
		daughter := c.Daughter(elder, home)
		noon(c)
		deliver(t, c)
		visit := c.Place(desk.Actor, elder)
		deliver(t, c)
		want(t, "the elder, asked for", of(t, c, elder), "order.placed inbox")
		c.Claim(volunteer, visit)
		deliver(t, c)
		want(t, "the elder, taken", of(t, c, elder), "order.placed inbox", "order.coming inbox")
		want(t, "the daughter, who may not see", of(t, c, daughter))
		c.Serve(volunteer, visit, 60)
		deliver(t, c)
		if got := of(t, c, elder); got[len(got)-1] != "order.confirm waiting" && got[len(got)-1] != "order.confirm inbox" {
			t.Errorf("the elder, to confirm: got %v", got)
		}
		c.Confirm(elder.Actor, visit)
		c.Pass(72 * time.Hour)
		deliver(t, c)
		noon(c)
		deliver(t, c)
		want(t, "the volunteer", of(t, c, volunteer), "order.paid inbox")
		// What stands in a message says neither who nor where.
		letters, err := c.Notify.Inbox(t.Context(), 100)
		if err != nil || len(letters) < 3 {
			t.Fatalf("got %d letters, %v", len(letters), err)
		}
		for _, l := range letters {
			for name := range l.Values {
				if !strings.Contains(" service start hours until ", " "+name+" ") {
					t.Errorf("%s holds %s", l.Kind, name)
				}
			}
		}
	})
}

func TestRelativesAreToldWithThePersonsConsent(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		home := c.Home()
		elder, volunteer, desk := c.KeyElder(home), c.Volunteer(home), c.Staff("point_staff", home)
		daughter := c.Daughter(elder, home)
		citytest.Got(c.Members.Consent(t.Context(), []member.ConsentCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Purpose: member.PurposeKin}})).Must(t, "consent")
		noon(c)
		deliver(t, c)
		visit := c.Place(desk.Actor, elder)
		c.Claim(volunteer, visit)
		deliver(t, c)
		want(t, "the daughter", of(t, c, daughter), "kin.coming inbox")
		citytest.Got(c.Orders.Cancel(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: visit, Reason: "ill"}})).Must(t, "cancel")
		deliver(t, c)
		want(t, "the daughter, cancelled", of(t, c, daughter), "kin.coming inbox", "kin.cancelled inbox")
		want(t, "the volunteer", of(t, c, volunteer), "order.called_off inbox")
		// Words between them: that they are there, while both sides agree.
		for _, side := range [][2]citytest.Person{{elder, daughter}, {daughter, elder}} {
			citytest.Got(c.Family.Line(t.Context(), []family.LineCmd{{Actor: side[0].Actor, Key: c.Key(), Person: side[0].ID, Relative: side[1].ID, Open: true}})).Must(t, "line")
		}
		say := func() {
			citytest.Got(c.Family.Send(t.Context(), []family.SendCmd{{Actor: elder.Actor, Key: c.Key(), From: elder.ID, To: daughter.ID, Words: "到家了"}})).Must(t, "send")
		}
		say()
		deliver(t, c)
		want(t, "the daughter, written to", of(t, c, daughter), "kin.coming inbox", "kin.cancelled inbox", "family.message inbox")
		say()
		citytest.Got(c.Family.Line(t.Context(), []family.LineCmd{{Actor: daughter.Actor, Key: c.Key(), Person: daughter.ID, Relative: elder.ID}})).Must(t, "close")
		deliver(t, c)
		want(t, "the daughter, who wants no more", of(t, c, daughter), "kin.coming inbox", "kin.cancelled inbox", "family.message inbox")
	})
}

func TestANoticeWaitsForTheEndOfTheNight(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		home := c.Home()
		elder, early, silent, away := c.KeyElder(home), c.KeyElder(home), c.KeyElder(home), c.Volunteer(home)
		desk := c.Staff("point_staff", home)
		citytest.Got(c.Members.Wishes(t.Context(), []member.WishCmd{{Actor: early.Actor, Key: c.Key(), Person: early.ID, Wish: member.Wish{}}})).Must(t, "no quiet hours")
		citytest.Got(c.Notify.Choose(t.Context(), []notify.ChooseCmd{{Actor: silent.Actor, Key: c.Key(), Person: silent.ID, Channel: notify.Nothing}})).Must(t, "nothing")
		citytest.Got(c.Notify.Choose(t.Context(), []notify.ChooseCmd{{Actor: desk.Actor, Key: c.Key(), Person: away.ID, Channel: notify.Nothing}})).
			Refused(t, "the choice of another", "identity.not_oneself")
		c.PassTo(clock.DayOf(c.Clock.Now()).Add(1).Start().Add(22 * time.Hour))
		deliver(t, c)
		for _, p := range []citytest.Person{elder, early, silent} {
			c.Place(desk.Actor, p)
		}
		deliver(t, c)
		want(t, "at ten in the evening", of(t, c, elder), "order.placed waiting")
		want(t, "who has no quiet hours", of(t, c, early), "order.placed inbox")
		want(t, "who wants to be told nothing", of(t, c, silent))
		c.Pass(11 * time.Hour)
		deliver(t, c)
		want(t, "in the morning", of(t, c, elder), "order.placed inbox", "order.looking inbox")
	})
}

// A visit that is moved tells both sides once: who is asked again, who has something else then, and whose visit it is.
func TestAMovedVisitTellsBothSidesOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		home := c.Home()
		elder, volunteer, desk := c.KeyElder(home), c.Volunteer(home), c.Staff("point_staff", home)
		daughter := c.Daughter(elder, home)
		citytest.Got(c.Members.Consent(t.Context(), []member.ConsentCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Purpose: member.PurposeKin}})).Must(t, "consent")
		noon(c)
		deliver(t, c)
		visit := c.Place(elder.Actor, elder)
		c.Claim(volunteer, visit)
		deliver(t, c)
		to := clock.DayOf(c.Clock.Now()).Add(3).Start().Add(15 * time.Hour)
		move := func(to time.Time) {
			citytest.Got(c.Orders.Reschedule(t.Context(), []order.RescheduleCmd{{Actor: desk.Actor, Key: c.Key(), Order: visit, Start: to}})).Must(t, "move")
		}
		move(to)
		deliver(t, c)
		want(t, "the elder", of(t, c, elder), "order.coming inbox", "order.moved inbox")
		want(t, "the daughter", of(t, c, daughter), "kin.coming inbox", "kin.moved inbox")
		want(t, "the volunteer", of(t, c, volunteer), "order.moved_ask inbox")
		letters, err := c.Notify.Inbox(t.Context(), 1)
		if err != nil || letters[0].Kind != notice.MovedAsk || letters[0].Values["start"] != to.In(clock.Zone).Format("01-02 15:04") ||
			letters[0].Values["until"] != c.Clock.Now().Add(30*time.Minute).In(clock.Zone).Format("01-02 15:04") {
			t.Errorf("the volunteer reads %+v, %v", letters, err)
		}
		citytest.Got(c.Orders.Answer(t.Context(), []order.AnswerCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: visit, Accept: true}})).Must(t, "yes")
		deliver(t, c)
		want(t, "the elder, when it is sure", of(t, c, elder), "order.coming inbox", "order.moved inbox", "order.coming inbox")
		// Moved twice before anything was delivered: the last time is told alone. In the evening it waits for the morning.
		c.PassTo(clock.DayOf(c.Clock.Now()).Start().Add(22 * time.Hour))
		move(to.Add(24 * time.Hour))
		move(to.Add(48 * time.Hour))
		deliver(t, c)
		want(t, "the volunteer, at night", of(t, c, volunteer), "order.moved_ask inbox", "order.moved_ask waiting")
		c.Pass(10*time.Hour + 10*time.Minute)
		deliver(t, c)
		want(t, "the volunteer, in the morning", of(t, c, volunteer), "order.moved_ask inbox", "order.moved_ask inbox")
	})
}

// A visit that goes along with a home asks who was coming, once, and says nothing of where the home is.
func TestAVisitAtAnotherHomeAsksWhoWasComing(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		noon(c)
		visit := c.Place(elder.Actor, elder)
		c.Claim(volunteer, visit)
		deliver(t, c)
		before := len(of(t, c, elder))
		citytest.Got(c.Members.Move(t.Context(), []member.MoveCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Region: c.Community("320105002", 0),
			From: clock.DayOf(c.Clock.Now()).Add(1)}})).Must(t, "move house")
		c.Pass(time.Second)
		deliver(t, c)
		want(t, "the volunteer", of(t, c, volunteer), "order.house_ask inbox")
		letters, err := c.Notify.Inbox(t.Context(), 1)
		if err != nil || letters[0].Kind != notice.HouseAsk || len(letters[0].Values) != 3 {
			t.Errorf("the volunteer reads %+v, %v", letters, err)
		}
		want(t, "the elder", of(t, c, elder)[before:])
	})
}

func TestWhoComplainedIsToldThatItWentUp(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer, desk := c.Recipient(80, c.Home()), c.Volunteer(c.Home()), c.Staff("point_manager", c.Home())
		visit := c.Served(volunteer, elder)
		noon(c)
		complaint := citytest.Got(c.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: c.Key(), Order: visit, Category: feedback.Poor}})).Must(t, "complain")
		deliver(t, c)
		before := len(of(t, c, elder))
		citytest.Got(c.Feedback.PassUp(t.Context(), []feedback.PassUpCmd{{Actor: desk.Actor, Key: c.Key(), Complaint: complaint, Reason: "the street's"}})).Must(t, "pass up")
		deliver(t, c)
		want(t, "the elder, passed up", of(t, c, elder)[before:], "complaint.raised inbox")
	})
}
