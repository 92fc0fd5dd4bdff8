package order_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
)

func TestACancellationIsTakenBackAndWhoWasComingComesAgain(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer, desk := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Staff(identity.PointManager, c.Home())
		c.Earn(volunteer, elder, 60)
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		_, held := balance(t, c, ledger.PoolAccount)
		cmd := func(by citytest.Person) []order.OrderCmd {
			return []order.OrderCmd{{Actor: by.Actor, Key: c.Key(), Order: id, Reason: "pressed by mistake"}}
		}
		citytest.Got(c.Orders.UndoCancel(ctx, cmd(elder))).Refused(t, "before", "order.not_cancelled")
		citytest.Got(c.Orders.Cancel(ctx, cmd(elder))).Must(t, "cancel")
		citytest.Got(c.Orders.UndoCancel(ctx, cmd(desk))).Refused(t, "by another", "order.not_yours_to_undo")
		citytest.Got(c.Orders.UndoCancel(ctx, cmd(elder))).Must(t, "take it back")
		if v := get(t, c, id); v.State != order.Accepted || v.Assignments[0].State != order.Taken {
			t.Errorf("got %s with %+v, want the volunteer coming again", v.State, v.Assignments[0])
		}
		if _, again := balance(t, c, ledger.PoolAccount); again != held {
			t.Errorf("%d minutes are held, want %d as before", again, held)
		}
		citytest.Got(c.Orders.Cancel(ctx, cmd(elder))).Must(t, "cancel again")
		c.Clock.Advance(11 * time.Minute)
		citytest.Got(c.Orders.UndoCancel(ctx, cmd(elder))).Refused(t, "too late", "order.undo_over")
	})
}

// Somebody else had come and gone on the same order: who was coming last is known all the same, and who cannot come any more has no part in it.
func TestWhoWasComingLastComesAgain(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, first, second := c.KeyElder(c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home())
		c.Earn(first, elder, 60)
		id := c.Place(elder.Actor, elder)
		c.Claim(first, id)
		citytest.Got(c.Orders.Withdraw(ctx, []order.OrderCmd{{Actor: first.Actor, Key: c.Key(), Order: id, Reason: "ill"}})).Must(t, "give back")
		c.Claim(second, id)
		cmd := func() []order.OrderCmd {
			return []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "pressed by mistake"}}
		}
		citytest.Got(c.Orders.Cancel(ctx, cmd())).Must(t, "cancel")
		if _, err := c.Orders.Get(ctx, first.Actor, id); errs.CodeOf(err) != "order.not_found" {
			t.Errorf("who gave the place back: got %v, want order.not_found", err)
		}
		citytest.Got(c.Orders.UndoCancel(ctx, cmd())).Must(t, "take it back")
		if o := c.Order(id); o.State != order.Accepted || !o.Serves(second.ID) || o.Serves(first.ID) {
			t.Errorf("got %s with the second coming %v, the first %v; want the second alone", o.State, o.Serves(second.ID), o.Serves(first.ID))
		}
		citytest.Got(c.Orders.Cancel(ctx, cmd())).Must(t, "cancel again")
		citytest.Got(c.Members.End(ctx, []member.EndCmd{{Actor: identity.System, Key: c.Key(), Person: second.ID, How: member.PersonLeft, On: clock.DayOf(c.Clock.Now()), Document: "D1"}})).
			Must(t, "the second leaves")
		citytest.Got(c.Orders.UndoCancel(ctx, cmd())).Must(t, "take it back again")
		if o := c.Order(id); o.State != order.Published || o.Assignments[1].State != order.Withdrawn {
			t.Errorf("got %s with %s, want it open and nobody called off", o.State, o.Assignments[1].State)
		}
	})
}
