package ledger_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func stands(t *testing.T, c *citytest.City, key ledger.Key) ledger.Balance {
	t.Helper()
	var b ledger.Balance
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		all, err := ledger.Balances(tx, []ledger.Key{key})
		b = all[key]
		return err
	})
	return b
}

func TestKeyEldersAreGrantedEveryMonthAndWhatIsLeftGoesBack(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, other := c.KeyElder(c.Home()), c.Recipient(83, c.Home())
		pool := stands(t, c, ledger.PoolAccount).Balance
		next := clock.MonthOf(c.Clock.Now()).Add(1)
		c.PassTo(next.Start().Add(time.Hour))
		grant := ledger.Key{Owner: string(elder.ID), Class: ledger.Granted, Bucket: string(next)}
		monthly := stands(t, c, grant).Balance
		if monthly.Sign() <= 0 {
			t.Fatal("a key elder was granted nothing")
		}
		if b := stands(t, c, ledger.Key{Owner: string(other.ID), Class: ledger.Granted, Bucket: string(next)}); !b.Balance.IsZero() {
			t.Errorf("who is no key elder was granted %v", b.Balance)
		}
		if got := stands(t, c, ledger.PoolAccount).Balance; got != pool.Sub(monthly) {
			t.Errorf("the pool has %v, want %v less %v", got, pool, monthly)
		}
		c.PassTo(next.Add(1).Start().Add(time.Hour))
		if b := stands(t, c, grant); !b.Balance.IsZero() {
			t.Errorf("%v of last month's grant are left", b.Balance)
		}
		if got := stands(t, c, ledger.PoolAccount).Balance; got != pool.Sub(monthly) {
			t.Errorf("after the second month the pool has %v, want one grant less than %v", got, pool)
		}
	})
}

func end(t *testing.T, c *citytest.City, p citytest.Person, how member.PersonState) {
	t.Helper()
	citytest.Got(c.Members.End(t.Context(), []member.EndCmd{{Actor: identity.System, Key: c.Key(), Person: p.ID, How: how,
		On: clock.DayOf(c.Clock.Now()), Document: "D-1"}})).Must(t, "end")
	c.Pass(time.Minute)
}

func TestAnHeirWhoIsGoneInheritsNothing(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v := c.Person(70, c.Home())
		c.Certify(v)
		c.Earn(v, c.Recipient(83, c.Home()), 60)
		heir := c.Daughter(v, c.Home())
		citytest.Got(c.Members.NameHeir(t.Context(), []member.NameHeirCmd{{Actor: v.Actor, Key: c.Key(), Person: v.ID, Heir: heir.ID}})).Must(t, "heir")
		end(t, c, heir, member.PersonDead)
		end(t, c, v, member.PersonDead)
		if b := stands(t, c, ledger.Key{Owner: string(heir.ID), Class: ledger.Donated}); !b.Balance.IsZero() {
			t.Errorf("the dead heir has %v", b.Balance)
		}
		if b := stands(t, c, ledger.Key{Owner: string(v.ID), Class: ledger.Saved}); b.Balance.Int64() != 60 || !b.Frozen {
			t.Errorf("while the family is asked %v stand there, frozen %v, want 60 frozen minutes", b.Balance, b.Frozen)
		}
	})
}

func TestTheHoursOfTheDead(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		recipient := c.Recipient(83, c.Home())
		for _, named := range []bool{true, false} {
			v := c.Person(70, c.Home())
			c.Certify(v)
			c.Earn(v, recipient, 60)
			heir := c.Daughter(v, c.Home())
			if named {
				citytest.Got(c.Members.NameHeir(t.Context(), []member.NameHeirCmd{{Actor: v.Actor, Key: c.Key(), Person: v.ID, Heir: heir.ID}})).Must(t, "heir")
			}
			waiting := c.Place(recipient.Actor, recipient)
			c.Claim(v, waiting)
			pool := stands(t, c, ledger.PoolAccount).Balance
			end(t, c, v, member.PersonDead)
			own := ledger.Key{Owner: string(v.ID), Class: ledger.Saved}
			if o, err := c.Orders.Get(t.Context(), identity.System, waiting); err != nil || o.State != order.Published {
				t.Errorf("the order that the dead had taken is %s (%v), want published", o.State, err)
			}
			if named {
				if got := stands(t, c, ledger.Key{Owner: string(heir.ID), Class: ledger.Donated}).Balance.Int64(); got != 60 {
					t.Errorf("the heir has %d minutes, want 60", got)
				}
				continue
			}
			if b := stands(t, c, own); b.Balance.Int64() != 60 || !b.Frozen {
				t.Errorf("while the family is asked the account has %v and frozen is %v", b.Balance, b.Frozen)
			}
			c.Pass(91 * 24 * time.Hour)
			if got := stands(t, c, ledger.PoolAccount).Balance.Sub(pool).Int64(); got != 60 {
				t.Errorf("the pool has %d minutes more, want 60", got)
			}
		}
	})
}

func TestWhoLeavesKeepsAFrozenAccountUntilTheOfficeCloses(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		v, recipient := c.Volunteer(c.Home()), c.Recipient(83, c.Home())
		officer := c.Staff(identity.Administrator, c.Tree.District(c.Home()))
		c.Earn(v, recipient, 60)
		if err := c.Ledger.CloseAccount(t.Context(), ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: v.ID}); err == nil {
			t.Error("the account of an active person was closed")
		}
		end(t, c, v, member.PersonLeft)
		if b := stands(t, c, ledger.Key{Owner: string(v.ID), Class: ledger.Saved}); b.Balance.Int64() != 60 || !b.Frozen {
			t.Errorf("the account has %v and frozen is %v", b.Balance, b.Frozen)
		}
		for _, none := range []string{"", "  "} {
			if err := c.Ledger.CloseAccount(t.Context(), ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: v.ID, Note: none}); errs.CodeOf(err) != "ledger.close_invalid" {
				t.Errorf("closing for the reason %q: got %v", none, err)
			}
		}
		if err := c.Ledger.CloseAccount(t.Context(), ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: v.ID, To: officer.ID, Note: "for me"}); errs.CodeOf(err) != "member.own_case" {
			t.Errorf("closing in one's own favour: got %v", err)
		}
		if err := c.Ledger.CloseAccount(t.Context(), ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: v.ID, To: recipient.ID, Note: "for a friend"}); errs.CodeOf(err) != "ledger.not_of_the_family" {
			t.Errorf("closing in a stranger's favour: got %v", err)
		}
		if err := c.Ledger.CloseAccount(t.Context(), ledger.CloseCmd{Actor: officer.Actor, Key: c.Key(), Person: v.ID, Note: "asked for it"}); err != nil {
			t.Error(err)
		}
		if b := stands(t, c, ledger.Key{Owner: string(v.ID), Class: ledger.Saved}); !b.Balance.IsZero() {
			t.Errorf("%v are left", b.Balance)
		}
	})
}

// What the dead had served is paid first, and then all of it goes to the heir, the pool or whom else the rules name.
func TestWhatTheDeadHadServedGoesToTheHeirToo(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		recipient := c.Recipient(83, c.Home())
		v := c.Person(70, c.Home())
		c.Certify(v)
		heir := c.Daughter(v, c.Home())
		citytest.Got(c.Members.NameHeir(t.Context(), []member.NameHeirCmd{{Actor: v.Actor, Key: c.Key(), Person: v.ID, Heir: heir.ID}})).Must(t, "heir")
		c.Earn(v, recipient, 60)
		id := c.Place(recipient.Actor, recipient)
		c.Claim(v, id)
		c.Serve(v, id, 60)
		c.Confirm(recipient.Actor, id)
		end(t, c, v, member.PersonDead)
		given, own := ledger.Key{Owner: string(heir.ID), Class: ledger.Donated}, ledger.Key{Owner: string(v.ID), Class: ledger.Saved}
		if got := stands(t, c, given).Balance.Int64(); got != 0 {
			t.Errorf("before the last visit is paid the heir has %d minutes, want 0", got)
		}
		c.Pass(3 * 24 * time.Hour)
		if got, left := stands(t, c, given).Balance.Int64(), stands(t, c, own); got != 120 || !left.Balance.IsZero() || !left.Frozen {
			t.Errorf("the heir has %d minutes, the dead %v, frozen %v; want 120, none and frozen", got, left.Balance, left.Frozen)
		}
	})
}

// The family's time to answer may be over while a visit is still in dispute: its hours go where the others go.
func TestTheEstateWaitsForADisputedVisit(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`account.estate_wait = "24h"`)
		recipient, manager := c.Recipient(83, c.Home()), c.Staff(identity.PointManager, c.Home())
		w := c.Person(71, c.Home())
		c.Certify(w)
		c.Earn(w, recipient, 60)
		id := c.Place(recipient.Actor, recipient)
		c.Claim(w, id)
		c.Serve(w, id, 60)
		citytest.Got(c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: recipient.Actor, Key: c.Key(), Order: id, Reason: "too short"}})).Must(t, "dispute")
		pool := stands(t, c, ledger.PoolAccount).Balance
		end(t, c, w, member.PersonDead)
		c.PassTo(c.Clock.Now().Add(4 * 24 * time.Hour))
		own := ledger.Key{Owner: string(w.ID), Class: ledger.Saved}
		if got := stands(t, c, own).Balance.Int64(); got != 60 {
			t.Errorf("while the visit is in dispute the dead has %d minutes, want 60", got)
		}
		citytest.Got(c.Orders.Decide(t.Context(), []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Uphold: true, Reason: "asked both"}})).Must(t, "decide")
		c.PassTo(c.Clock.Now().Add(6 * 24 * time.Hour))
		if got, left := stands(t, c, ledger.PoolAccount).Balance.Sub(pool).Int64(), stands(t, c, own).Balance; got != 120-60 || !left.IsZero() {
			t.Errorf("the pool has %d minutes more, the dead %v; want both hours less the one that it paid, and nothing", got, left)
		}
	})
}

func TestAGiftThatIsOnItsWayGoesToTheHeir(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		mother, recipient := c.Recipient(75, c.Home()), c.Recipient(83, c.Home())
		giver := c.Daughter(mother, c.Home())
		c.Certify(giver)
		c.Earn(giver, recipient, 60)
		if _, err := c.Ledger.Transfer(t.Context(), ledger.TransferCmd{Actor: giver.Actor, Key: c.Key(), From: giver.ID, To: mother.ID, Minutes: hours.Of(60)}); err != nil {
			t.Fatal(err)
		}
		citytest.Got(c.Members.NameHeir(t.Context(), []member.NameHeirCmd{{Actor: mother.Actor, Key: c.Key(), Person: mother.ID, Heir: giver.ID}})).Must(t, "heir")
		end(t, c, mother, member.PersonDead)
		c.Pass(2 * 24 * time.Hour)
		if got := stands(t, c, ledger.Key{Owner: string(mother.ID), Class: ledger.Donated}).Balance; !got.IsZero() {
			t.Errorf("the dead has %v, want nothing", got)
		}
		if got := stands(t, c, ledger.Key{Owner: string(giver.ID), Class: ledger.Donated}).Balance.Int64(); got != 60 {
			t.Errorf("the heir has %d minutes, want 60", got)
		}
	})
}

// What a dispute holds is not missing: taking the visit back makes no debt.
func TestAReversalDuringADisputeMakesNoDebt(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		recipient, v := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Earn(v, recipient, 60)
		citytest.Got(c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: recipient.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})).Must(t, "dispute")
		own, debt := ledger.Key{Owner: string(v.ID), Class: ledger.Saved}, ledger.Key{Owner: string(v.ID), Class: ledger.Recovery}
		if got := stands(t, c, own).Held.Int64(); got != 60 {
			t.Fatalf("%d minutes are frozen, want 60", got)
		}
		if err := c.TakeBack(id); err != nil {
			t.Fatal(err)
		}
		if b, owed := stands(t, c, own), stands(t, c, debt).Balance; !b.Balance.IsZero() || !b.Held.IsZero() || !owed.IsZero() {
			t.Errorf("the volunteer has %v, %v frozen, and owes %v; want nothing of all three", b.Balance, b.Held, owed)
		}
	})
}
