package report_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/order"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// wantHours holds what the city has earned and redeemed against what is wanted, and lets the night find nothing that the orders and the book say
// differently.
func wantHours(t *testing.T, c *citytest.City, when string, earned, redeemed int64) {
	t.Helper()
	storetest.Write(t, c.DB, func(tx *store.Tx) error {
		all, err := report.Measure(tx, c.Tree, c.Tree.City(), report.Span{})
		if err != nil {
			return err
		}
		counted, err := report.New(c.Regions).Recent(tx, report.Span{})
		if err != nil {
			return err
		}
		for code, want := range map[report.Code]int64{report.Earned: earned, "figure.redeemed": redeemed} {
			if one, many := all[0][code], counted.City()[code]; one != want || many != want {
				t.Errorf("%s: %s is %d, counted with all others %d; want %d", when, code, one, many, want)
			}
		}
		found, err := report.Recompute(tx, c.Tree)
		if len(found) > 0 {
			t.Errorf("%s: the night finds %+v, want nothing", when, found)
		}
		return err
	})
}

func reverse(t *testing.T, c *citytest.City, recipient, manager citytest.Person, id order.ID) {
	t.Helper()
	citytest.Got(c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: recipient.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})).Must(t, "dispute")
	citytest.Got(c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Reason: "asked both"}})).Must(t, "decide")
}

// What goes to the pool because it stands above the cap was redeemed by nobody, and nobody has it back when the visit is taken back.
func TestHoursAboveTheCapAreNotRedeemed(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`account.cap = 60`)
		v, r := c.Volunteer(c.Home()), c.Recipient(83, c.Home())
		manager := c.Staff(identity.PointManager, c.Home())
		c.Earn(v, r, 60)
		wantHours(t, c, "an hour paid by the pool", 60, 0)
		two := c.Earn(v, r, 60)
		wantHours(t, c, "an hour above the cap", 120, 0)
		reverse(t, c, r, manager, two)
		wantHours(t, c, "taken back", 60, 0)
	})
}

// A visit that repaid a debt was earned once and is taken back once, and a debt that is repaid is not redeemed.
func TestAVisitThatRepaidADebtIsTakenBackOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v, r := c.Volunteer(c.Home()), c.Recipient(83, c.Home())
		manager := c.Staff(identity.PointManager, c.Home())
		one := c.Earn(v, r, 60)
		if _, err := c.Ledger.Donate(t.Context(), ledger.DonateCmd{Actor: v.Actor, Key: c.Key(), From: ledger.Key{Owner: string(v.ID), Class: ledger.Saved}, Minutes: hours.Of(60)}); err != nil {
			t.Fatal(err)
		}
		c.Pass(25 * time.Hour)
		wantHours(t, c, "an hour earned and donated", 60, 0)
		reverse(t, c, r, manager, one)
		wantHours(t, c, "taken back, which makes a debt", 0, 0)
		two := c.Earn(v, r, 60)
		wantHours(t, c, "another hour, which repays the debt", 60, 0)
		reverse(t, c, r, manager, two)
		wantHours(t, c, "taken back too", 0, 0)
	})
}

// What was redeemed comes back when the visit is taken back, also from an earner who has spent it.
func TestWhatWasRedeemedComesBack(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		old, helper, elder := c.Person(70, c.Home()), c.Volunteer(c.Home()), c.Recipient(83, c.Home())
		manager := c.Staff(identity.PointManager, c.Home())
		c.Certify(old)
		c.Approve(old)
		c.Earn(old, elder, 60)
		id := c.Earn(helper, old, 60)
		wantHours(t, c, "an hour saved and redeemed", 120, 60)
		if _, err := c.Ledger.Donate(t.Context(), ledger.DonateCmd{Actor: helper.Actor, Key: c.Key(), From: ledger.Key{Owner: string(helper.ID), Class: ledger.Saved}, Minutes: hours.Of(60)}); err != nil {
			t.Fatal(err)
		}
		c.Pass(25 * time.Hour)
		reverse(t, c, old, manager, id)
		wantHours(t, c, "taken back from who had given it away", 60, 0)
	})
}
