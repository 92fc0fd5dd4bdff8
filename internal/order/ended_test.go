package order_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/order"
)

// Whoever was coming goes on seeing a visit that was cancelled, with who did it and why, as do its other sides and its offices; nobody else does, and the
// home is not shown any more.
func TestWhoWasComingSeesWhoCancelledAndWhy(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, stranger := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		daughter, desk := c.Daughter(elder, c.Home()), c.Staff(identity.PointStaff, c.Home())
		office, elsewhere := c.Staff(identity.Auditor, c.Tree.District(c.Home())), c.Staff(identity.PointStaff, c.Community("320102002", 0))
		cancel := func(by citytest.Person) func(*testing.T, order.ID) {
			return func(t *testing.T, id order.ID) {
				citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: by.Actor, Key: c.Key(), Order: id, Reason: "in hospital"}})).Must(t, "cancel")
			}
		}
		for _, one := range []struct {
			what   string
			end    func(*testing.T, order.ID)
			by     order.EndedBy
			reason string
		}{
			{"the person", cancel(elder), order.ByPerson, "in hospital"},
			{"the daughter", cancel(daughter), order.ByKinsman, "in hospital"},
			{"the station", cancel(desk), order.ByStaff, "in hospital"},
			{"the rules", func(t *testing.T, id order.ID) {
				for c.Order(id).State == order.Accepted {
					c.Pass(24 * time.Hour)
				}
			}, order.ByRule, string(order.ReasonLapsed)},
		} {
			t.Run(one.what, func(t *testing.T) {
				volunteer, asked := c.Volunteer(c.Home()), c.Volunteer(c.Home())
				id := c.Place(elder.Actor, elder)
				citytest.Got(c.Orders.Dispatch(ctx, []order.DispatchCmd{{Actor: identity.System, Key: c.Key(), Order: id, Volunteer: asked.ID}})).Must(t, "ask")
				citytest.Got(c.Orders.Answer(ctx, []order.AnswerCmd{{Actor: asked.Actor, Key: c.Key(), Order: id}})).Must(t, "no")
				c.Claim(volunteer, id)
				one.end(t, id)
				for who, p := range map[string]citytest.Person{"the volunteer": volunteer, "the person": elder, "the daughter": daughter, "the station": desk, "the office": office} {
					v, err := c.Orders.Get(ctx, p.Actor, id)
					if err != nil || v.State != order.Cancelled || v.Ended != one.by || v.Reason != one.reason {
						t.Errorf("%s sees %s by %q for %q, %v; want it cancelled by %q for %q", who, v.State, v.Ended, v.Reason, err, one.by, one.reason)
					}
					if p.ID == volunteer.ID && (v.Exact || v.Code != "") {
						t.Errorf("%s sees the home or the code: %+v", who, v)
					}
				}
				for who, p := range map[string]citytest.Person{"who said no": asked, "a stranger": stranger, "a desk elsewhere": elsewhere} {
					if _, err := c.Orders.Get(ctx, p.Actor, id); errs.CodeOf(err) != "order.not_found" {
						t.Errorf("%s: got %v, want order.not_found", who, err)
					}
				}
				list, err := c.Orders.List(ctx, volunteer.Actor, order.Filter{Volunteer: volunteer.ID})
				if err != nil || len(list) != 1 || list[0].ID != id {
					t.Errorf("the volunteer's list is %+v, %v, want the visit", list, err)
				}
				if open, err := c.Orders.List(ctx, volunteer.Actor, order.Filter{Volunteer: volunteer.ID, OpenOnly: true}); err != nil || len(open) != 0 {
					t.Errorf("the volunteer's open visits are %+v, %v, want none", open, err)
				}
			})
		}
	})
}

// What was decided against stays visible to whoever served, with the reason.
func TestWhoServedSeesWhatWasDecided(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer, manager := c.Recipient(83, c.Home()), c.Volunteer(c.Home()), c.Staff(identity.PointManager, c.Home())
		id := c.Served(volunteer, elder)
		citytest.Got(c.Orders.Dispute(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})).Must(t, "dispute")
		citytest.Got(c.Orders.Decide(ctx, []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Reason: "asked both"}})).Must(t, "decide")
		v, err := c.Orders.Get(ctx, volunteer.Actor, id)
		if err != nil || v.State != order.Void || v.Reason != "asked both" || v.Ended != "" || v.Exact {
			t.Errorf("who served sees %s for %q, by %q, exact %v, %v", v.State, v.Reason, v.Ended, v.Exact, err)
		}
	})
}
