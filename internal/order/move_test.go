package order_test

import (
	"slices"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
)

// moveHouse gives a person another home from a day on and lets its visits hear of it.
func moveHouse(t *testing.T, c *citytest.City, p citytest.Person, to region.ID, from clock.Day) {
	t.Helper()
	citytest.Got(c.Members.Move(t.Context(), []member.MoveCmd{{Actor: p.Actor, Key: c.Key(), Person: p.ID, Region: to, From: from}})).Must(t, "move house")
	c.Pass(time.Second)
}

// placeAt asks for a lesson at ten o'clock of the n-th day from today and lets the station publish it if it has to.
func placeAt(t *testing.T, c *citytest.City, p citytest.Person, n int) order.ID {
	t.Helper()
	placed := citytest.Got(c.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: p.Actor, Key: c.Key(), Recipient: p.ID, Item: citytest.Lesson, Urgency: catalog.Everyday, Again: true,
		Start: c.Tomorrow().AddDate(0, 0, n-1)}})).Must(t, "place")
	if placed.WaitsFor == order.ForReview {
		citytest.Got(c.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: c.Key(), Order: placed.ID, Approve: true}})).Must(t, "review")
	}
	return placed.ID
}

// A visit is where its recipient lives on its day: it goes along when a move is planned, goes back when it is not made after all, and whoever
// was coming keeps it by a yes alone.
func TestVisitsGoAlongWithTheirRecipientsHome(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer, silent := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home())
		away := c.Community("320105002", 0)
		here, there := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, away)
		point, _ := c.Tree.Point(away)
		day := func(n int) clock.Day { return clock.DayOf(c.Clock.Now()).Add(n) }
		before, taken, open, unheard := placeAt(t, c, elder, 1), placeAt(t, c, elder, 3), placeAt(t, c, elder, 4), placeAt(t, c, elder, 5)
		c.Claim(volunteer, before)
		c.Claim(volunteer, taken)
		c.Claim(silent, unheard)
		level := get(t, c, open).LevelSince
		is := func(what string, id order.ID, at region.ID, state order.State, want ...order.AssignmentState) {
			t.Helper()
			if v := get(t, c, id); v.Region != at || v.State != state || !slices.Equal(places(v), want) {
				t.Errorf("%s: in %s, %s with %v; want in %s, %s with %v", what, c.Tree.Name(v.Region), v.State, places(v), c.Tree.Name(at), state, want)
			}
		}

		moveHouse(t, c, elder, away, day(2))
		is("before the move", before, c.Home(), order.Accepted, order.Taken)
		is("after it, taken", taken, away, order.Published, order.Offered)
		is("after it, open", open, away, order.Published)
		is("after it, taken by another", unheard, away, order.Published, order.Offered)
		v := get(t, c, taken)
		if v.Point != point || !get(t, c, open).LevelSince.Equal(level) {
			t.Errorf("it stands at %v, want the community's %v; its clock runs since %s, want %s", v.Point, point, get(t, c, open).LevelSince, level)
		}
		if from, rehoused := v.Asks(); !v.Assignments[0].AnswerBy.Equal(c.Clock.Now().Add(30*time.Minute-time.Second)) && !v.Assignments[0].AnswerBy.Equal(c.Clock.Now().Add(30*time.Minute)) || !from.IsZero() || !rehoused {
			t.Errorf("asked until %s, moved from %s, at another home: %v", v.Assignments[0].AnswerBy, from, rehoused)
		}
		sees := func(who citytest.Person, id order.ID) bool {
			v, err := c.Orders.Get(t.Context(), who.Actor, id)
			return err == nil && v.Near
		}
		if !sees(here, before) || sees(here, taken) || !sees(there, taken) || sees(there, before) {
			t.Error("the stations do not see what is theirs")
		}
		answer(t, c, volunteer, taken, true).Must(t, "yes")
		c.Pass(31 * time.Minute)
		is("yes", taken, away, order.Accepted, order.Taken)
		is("no answer", unheard, away, order.Published, order.Withdrawn)

		// What is asked for, or moved to another time, between the plan and the day is where the person will live.
		later := placeAt(t, c, elder, 6)
		is("placed for later", later, away, order.Published)
		sooner := placeAt(t, c, elder, 1)
		is("placed for tomorrow", sooner, c.Home(), order.Published)
		move(t, c, elder.Actor, sooner, c.Tomorrow().AddDate(0, 0, 6)).Must(t, "to another time")
		is("moved over the day", sooner, away, order.Published)

		// The day itself changes nothing that was known; taking the move back before it does.
		citytest.Got(c.Members.Stay(t.Context(), []member.StayCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID}})).Must(t, "stay")
		c.Pass(time.Second)
		is("back home", taken, c.Home(), order.Published, order.Offered)
		is("back home, open", open, c.Home(), order.Published)
		answer(t, c, volunteer, taken, true).Must(t, "yes")
		moveHouse(t, c, elder, away, day(2))
		answer(t, c, volunteer, taken, true).Must(t, "yes")
		c.PassTo(day(2).Start().Add(time.Minute))
		is("on the day", taken, away, order.Accepted, order.Taken)

		// At once, into another home of the same community: the volunteer is asked all the same.
		moveHouse(t, c, elder, away, day(0))
		is("next door", taken, away, order.Published, order.Offered)
		if problems, err := order.Verify(t.Context(), c.DB); err != nil || len(problems) != 0 {
			t.Errorf("orders and book: %v, %v", problems, err)
		}
	})
}

// A person whom nobody put on the map is served where its community is, and volunteers around find it.
func TestAVisitToAHomeThatIsNotOnTheMapIsInItsCommunity(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		moveHouse(t, c, elder, c.Home(), clock.DayOf(c.Clock.Now()))
		moveHouse(t, c, volunteer, c.Home(), clock.DayOf(c.Clock.Now()))
		id := placeAt(t, c, elder, 1)
		near, err := c.Orders.Neighbourhood(t.Context(), volunteer.Actor, order.NearQuery{})
		if err != nil || !slices.ContainsFunc(near, func(o order.Offer) bool { return o.ID == id && o.DistanceM == 0 }) {
			t.Errorf("around the community stand %+v, %v", near, err)
		}
	})
}
