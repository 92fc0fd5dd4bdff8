package order_test

import (
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// A phone without a network keeps the check-in with its time; the visit counts from then, the station sees that it came late, and there is
// an end to how late it may come.
func TestACheckInThatWasKeptWithoutANetwork(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v, elder := c.Volunteer(c.Home()), c.KeyElder(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(v, id)
		began := c.Order(id).Start
		check := func(at time.Time) order.CheckCmd {
			return order.CheckCmd{Actor: v.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id), OccurredAt: at}
		}

		c.Clock.Set(began.Add(25 * time.Hour))
		citytest.Got(c.Orders.CheckIn(t.Context(), []order.CheckCmd{check(began)})).Refused(t, "a day and an hour late", "order.sent_too_late")

		c.Clock.Set(began.Add(3 * time.Hour))
		cmd := check(began)
		citytest.Got(c.Orders.CheckIn(t.Context(), []order.CheckCmd{cmd})).Must(t, "check in late")
		citytest.Got(c.Orders.CheckIn(t.Context(), []order.CheckCmd{cmd})).Must(t, "the same sent twice")
		out := check(began.Add(time.Hour))
		out.Outcomes = []string{"no_such_outcome"}
		citytest.Got(c.Orders.CheckOut(t.Context(), []order.CheckCmd{out})).Refused(t, "an outcome that the item has not", "order.invalid")
		out = check(began.Add(time.Hour))
		out.Outcomes = []string{"video_call_works"}
		citytest.Got(c.Orders.CheckOut(t.Context(), []order.CheckCmd{out})).Must(t, "check out late")

		o := c.Order(id)
		a := o.Assignments[0]
		if a.Minutes.Int64() != 60 || !a.In.Equal(began) {
			t.Errorf("counted: got %s from %s, want 1h from %s", a.Minutes, a.In, began)
		}
		if !strings.Contains(a.Flags, "checkin.late_within") {
			t.Errorf("flags: got %q, want checkin.late_within in it", a.Flags)
		}
		c.Confirm(elder.Actor, id)
		if got := c.Order(id).Outcome; got != "video_call_works" {
			t.Errorf("a confirmation that ticks nothing: got outcome %q, want what the volunteer ticked", got)
		}
	})
}

func TestNothingIsOfferedInQuietHours(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v, elder, desk := c.Volunteer(c.Home()), c.KeyElder(c.Home()), c.Staff(identity.PointStaff, c.Home())
		citytest.Got(c.Members.Wishes(t.Context(), []member.WishCmd{{Actor: v.Actor, Key: c.Key(), Person: v.ID, Wish: member.Wish{Quiet: member.Quiet{From: 21, Until: 7}}}})).
			Must(t, "wish for quiet")
		id := c.Place(elder.Actor, elder)
		night := clock.DayOf(c.Order(id).Start).Start().Add(2 * time.Hour)
		c.Clock.Set(night)
		offer := order.DispatchCmd{Actor: desk.Actor, Key: c.Key(), Order: id, Volunteer: v.ID}
		citytest.Got(c.Orders.Dispatch(t.Context(), []order.DispatchCmd{offer})).Refused(t, "at two at night", "order.quiet_hours")
		c.Clock.Set(night.Add(5 * time.Hour))
		offer.Key = c.Key()
		citytest.Got(c.Orders.Dispatch(t.Context(), []order.DispatchCmd{offer})).Must(t, "at seven")
	})
}

func TestTheSaverChoosesWhatBecomesOfHoursAboveTheCap(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		rules := strings.Replace(string(policy.NanjingTOML()), `cap = "1500h" `, `cap = "45m" `, 1)
		p, err := c.Policies.Propose(t.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: []byte(rules), Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Policies.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		donor, honoured, elder := c.Volunteer(c.Home()), c.Volunteer(c.Home()), c.KeyElder(c.Home())
		citytest.Got(c.Members.Wishes(t.Context(), []member.WishCmd{{Actor: honoured.Actor, Key: c.Key(), Person: honoured.ID, Wish: member.Wish{OverCap: policy.SurplusHonour}}})).
			Must(t, "choose honour")
		balance := func(k ledger.Key) (n int64) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				all, err := ledger.Balances(tx, []ledger.Key{k})
				n = all[k].Balance.Int64()
				return err
			})
			return n
		}
		for _, one := range []struct {
			who  citytest.Person
			sink ledger.Key
			want int64
		}{{donor, ledger.PoolAccount, 15 - 60}, {honoured, ledger.RetiredAccount, 15}} { // the pool pays for the visit as well
			before := balance(one.sink)
			c.Earn(one.who, elder, 60)
			if got := balance(one.sink) - before; got != one.want {
				t.Errorf("above the cap: %s got %d minutes, want %d", one.sink, got, one.want)
			}
		}
	})
}
