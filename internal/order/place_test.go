package order_test

import (
	"slices"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// The desk sees the area of a visit, and where exactly it is by a look that stands in the trail; who is served or serves sees the place anyway.
func TestTheDeskLooksForThePlaceOfAVisit(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer, stranger := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Person(30, c.Home())
		desk, reader := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.Auditor, c.Tree.District(c.Home()))
		elsewhere := c.Staff(identity.PointStaff, c.Community("320102002", 0))
		middle, _ := c.Tree.Point(c.Home())
		there := region.Point{LatE6: middle.LatE6 + 1800, LonE6: middle.LonE6 - 2100}
		pinned, err := c.Members.Pin(ctx, []member.PinCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Point: there}})
		citytest.Must(t, pinned, err)
		id := c.Place(elder.Actor, elder)
		looks := func() (n int) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				all, err := audit.Of(tx, string(id))
				for _, e := range all {
					if e.Action == string(identity.OrderSeeDoor) {
						n++
						if e.Actor != desk.Actor.ID || e.OnBehalf != string(elder.ID) || e.Region != string(c.Home()) {
							t.Errorf("the look is noted as %+v", e)
						}
					}
				}
				return err
			})
			return n
		}
		sees := func(what string, who citytest.Person, want region.Point, exact bool) {
			t.Helper()
			if v, err := c.Orders.Get(ctx, who.Actor, id); err != nil || v.Point != want || v.Exact != exact {
				t.Errorf("%s: got %v, exact %v, %v, want %v and %v", what, v.Point, v.Exact, err, want, exact)
			}
		}
		finds := func(what string, who citytest.Person, want region.Point, code string) {
			t.Helper()
			if p, err := c.Orders.SeePlace(ctx, who.Actor, id); p != want || errs.CodeOf(err) != code {
				t.Errorf("%s looks: got %v, %v, want %v and %q", what, p, err, want, code)
			}
		}
		sees("the desk", desk, middle, false)
		sees("an auditor", reader, middle, false)
		sees("who is served", elder, there, true)
		if n := looks(); n != 0 {
			t.Errorf("seeing the order left %d looks", n)
		}
		list, err := c.Orders.List(ctx, desk.Actor, order.Filter{Recipient: elder.ID})
		if err != nil || len(list) != 1 || list[0].Point != middle || list[0].Exact {
			t.Errorf("in the list the desk sees %+v, %v, want the area", list, err)
		}
		finds("the desk", desk, there, "")
		finds("who is served", elder, there, "")
		finds("an auditor", reader, region.Point{}, "identity.not_allowed")
		finds("a desk elsewhere", elsewhere, region.Point{}, "order.not_found")
		finds("a stranger", stranger, region.Point{}, "order.not_found")
		if n := looks(); n != 1 {
			t.Errorf("got %d looks, want the desk's", n)
		}
		citytest.Got(c.Orders.Claim(ctx, []order.ClaimCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id}})).Must(t, "claim")
		sees("who serves", volunteer, there, true)
		finds("who serves", volunteer, there, "")
		if n := looks(); n != 1 {
			t.Errorf("got %d looks after the volunteer's, want 1", n)
		}
	})
}

// A volunteer is told the place with its yes and does not keep it: from its own check-out on it sees the neighbourhood again, whatever becomes of
// the visit, and finds the place no more.
func TestTheHomeIsForTheVisitAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		volunteer, officer := c.Volunteer(c.Home()), c.Staff(identity.PointManager, c.Home())
		middle, _ := c.Tree.Point(c.Home())
		there := region.Point{LatE6: middle.LatE6 + 1800, LonE6: middle.LonE6 - 2100}
		pinned := func() citytest.Person {
			elder := c.Recipient(83, c.Home())
			done, err := c.Members.Pin(ctx, []member.PinCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Point: there}})
			citytest.Must(t, done, err)
			return elder
		}
		sees := func(when string, id order.ID, exact bool) {
			t.Helper()
			want := middle
			if exact {
				want = there
			}
			v, err := c.Orders.Get(ctx, volunteer.Actor, id)
			if err != nil || v.Exact != exact || v.Point != want {
				t.Errorf("%s (%s): got %v, exact %v, %v, want %v", when, v.State, v.Point, v.Exact, err, want)
			}
			list, err := c.Orders.List(ctx, volunteer.Actor, order.Filter{Volunteer: volunteer.ID})
			if i := slices.IndexFunc(list, func(o order.View) bool { return o.ID == id }); err != nil || i < 0 || list[i].Exact != exact || list[i].Point != want {
				t.Errorf("%s, in the list: got %+v, %v", when, list, err)
			}
			code := ""
			if !exact {
				code = "identity.not_allowed"
			}
			if _, err := c.Orders.SeePlace(ctx, volunteer.Actor, id); errs.CodeOf(err) != code {
				t.Errorf("%s, looking for the place: got %v, want %q", when, err, code)
			}
		}
		elder := pinned()
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		sees("taken", id, true)
		c.Clock.Set(c.Order(id).Start)
		citytest.Got(c.Orders.CheckIn(ctx, []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}})).Must(t, "in")
		sees("there", id, true)
		c.Clock.Advance(time.Hour)
		citytest.Got(c.Orders.CheckOut(ctx, []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}})).Must(t, "out")
		sees("gone again", id, false)
		c.Confirm(elder.Actor, id)
		sees("confirmed", id, false)
		c.Pass(25 * time.Hour)
		sees("paid", id, false)
		citytest.Got(c.Orders.Dispute(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "it was shorter"}})).Must(t, "dispute")
		sees("disputed", id, false)
		citytest.Got(c.Orders.Decide(ctx, []order.DecideCmd{{Actor: officer.Actor, Key: c.Key(), Order: id, Uphold: true, Reason: "it was not"}})).Must(t, "decide")
		sees("decided", id, false)
	})
}
