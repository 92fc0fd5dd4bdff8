package order_test

import (
	"errors"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/order"
)

// The same service is asked for once at a time: what is sent twice, or overlaps, is refused until whoever asks says that one more is meant. Another
// service, another time and another person are nothing of that, and neither is what was cancelled.
func TestTheSameIsNotAskedForTwiceByMistake(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, neighbour, desk := c.Recipient(83, c.Home()), c.Recipient(84, c.Home()), c.Staff(identity.PointStaff, c.Home())
		ask := func(by citytest.Person, change func(*order.PlaceCmd)) citytest.Outcome[order.Placed] {
			cmd := order.PlaceCmd{Actor: by.Actor, Key: c.Key(), Recipient: elder.ID, Item: citytest.Lesson, Start: c.Tomorrow(), Minutes: hours.Of(60), Urgency: catalog.Everyday}
			if change != nil {
				change(&cmd)
			}
			return citytest.Got(c.Orders.Place(ctx, []order.PlaceCmd{cmd}))
		}
		at := func(d time.Duration) func(*order.PlaceCmd) {
			return func(cmd *order.PlaceCmd) { cmd.Start = cmd.Start.Add(d) }
		}
		again := func(got citytest.Outcome[order.Placed], what string) {
			t.Helper()
			var named *errs.Error
			if !errors.As(got.Err, &named) || len(named.Fields) != 1 || named.Fields[0].Path != "again" || named.Fields[0].Code != "order.asked_already" || named.Why == nil {
				t.Errorf("%s: got %v, want order.asked_already at the field, and why", what, got.Err)
			}
		}
		first := ask(elder, nil).Must(t, "once")
		again(ask(elder, nil), "twice")
		again(ask(desk, nil), "at the desk too")
		again(ask(elder, at(30*time.Minute)), "half an hour later")
		ask(elder, at(time.Hour)).Must(t, "when the first is over")
		ask(elder, at(24*time.Hour)).Must(t, "on another day")
		ask(neighbour, func(cmd *order.PlaceCmd) { cmd.Recipient = neighbour.ID }).Must(t, "by somebody else")
		ask(elder, func(cmd *order.PlaceCmd) { cmd.Again = true }).Must(t, "one more is meant")

		other := c.Recipient(85, c.Home())
		same := func(key string) order.PlaceCmd {
			return order.PlaceCmd{Actor: other.Actor, Key: key, Recipient: other.ID, Item: citytest.Lesson, Start: c.Tomorrow(), Urgency: catalog.Everyday}
		}
		key := c.Key()
		both, err := c.Orders.Place(ctx, []order.PlaceCmd{same(key), same(c.Key())})
		if err != nil || both[0].Err != nil {
			t.Fatalf("two in one go: %v, %+v", err, both)
		}
		again(citytest.Got(both[1:], nil), "the second of two in one go")
		repeated, err := c.Orders.Place(ctx, []order.PlaceCmd{same(key)})
		if err != nil || repeated[0].Err != nil || repeated[0].Value.ID != both[0].Value.ID {
			t.Errorf("the same key once more: got %+v, %v, want the first order", repeated, err)
		}
		citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: other.Actor, Key: c.Key(), Order: both[0].Value.ID, Reason: "changed her mind"}})).Must(t, "cancel")
		ask(other, func(cmd *order.PlaceCmd) { cmd.Recipient = other.ID }).Must(t, "after it was cancelled")
		if o := c.Order(first.ID); !o.State.Open() {
			t.Errorf("the first is %s", o.State)
		}
	})
}
