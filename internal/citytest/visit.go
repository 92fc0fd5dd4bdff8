package citytest

import (
	"strings"
	"time"

	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

// PassTo moves the clock to a moment and runs each timer on the way at the time when it is due; a timer that fails fails the test. See Pass
// for an installation that wakes up late.
func (c *City) PassTo(end time.Time) {
	c.t.Helper()
	for {
		var next time.Time
		var waits bool
		storetest.Read(c.t, c.DB, func(tx *store.Tx) (err error) {
			next, waits, err = timer.Next(tx)
			return err
		})
		if !waits || next.After(end) {
			break
		}
		if next.After(c.Clock.Now()) {
			c.Clock.Set(next)
		}
		if _, err := c.Timers.Run(c.t.Context(), c.Clock.Now()); err != nil {
			c.t.Fatal(err)
		}
	}
	if end.After(c.Clock.Now()) {
		c.Clock.Set(end)
	}
	storetest.Read(c.t, c.DB, func(tx *store.Tx) error {
		parked, err := timer.ListParked(tx)
		for _, p := range parked {
			c.t.Errorf("timer %s of %s is parked: %s", p.Kind, p.Ref, p.Problem)
		}
		return err
	})
}

// Order reads an order as it stands.
func (c *City) Order(id order.ID) (o *order.Order) {
	c.t.Helper()
	storetest.Read(c.t, c.DB, func(tx *store.Tx) error {
		all, err := order.Load(tx, []order.ID{id})
		o = all[id]
		return err
	})
	if o == nil {
		c.t.Fatalf("there is no order %s", id)
	}
	return o
}

// Served is a lesson that the recipient ordered and the volunteer gave for an hour, and that nobody has confirmed yet.
func (c *City) Served(v, recipient Person) order.ID {
	c.t.Helper()
	id := c.Place(recipient.Actor, recipient)
	c.Claim(v, id)
	c.Serve(v, id, 60)
	return id
}

// ServeUnseen is Serve by the volunteer's phone alone, with nothing from the recipient's side: the rules have to allow one factor.
func (c *City) ServeUnseen(v Person, id order.ID, minutes int) {
	c.t.Helper()
	o := c.Order(id)
	if c.Clock.Now().Before(o.Start) {
		c.Clock.Set(o.Start)
	}
	check := []order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: []order.Factor{{Method: order.ByPlace, Point: o.Point}}}}
	in, err := c.Orders.CheckIn(c.t.Context(), check)
	Must(c.t, in, err)
	c.Clock.Advance(time.Duration(minutes) * time.Minute)
	check[0].Key = c.Key()
	out, err := c.Orders.CheckOut(c.t.Context(), check)
	Must(c.t, out, err)
}

// Daughter registers somebody who is a recipient's child and may act for it.
func (c *City) Daughter(of Person, home region.ID) Person {
	c.t.Helper()
	ctx := c.t.Context()
	p := c.Person(45, home)
	added, err := c.Members.AddKin(ctx, []member.AddKinCmd{{Actor: identity.System, Key: c.Key(), Person: of.ID, Relative: p.ID, Relation: member.Child, Confirmed: true}})
	Must(c.t, added, err)
	c.acts(of.Actor, of, p)
	return p
}

// acts lets a relative act for a person, and the relative say that it will.
func (c *City) acts(by identity.Actor, of, relative Person) {
	c.t.Helper()
	ctx := c.t.Context()
	allowed, err := c.Members.Delegate(ctx, []member.DelegateCmd{{Actor: by, Key: c.Key(), Person: of.ID, Relative: relative.ID, Allow: true}})
	Must(c.t, allowed, err)
	taken, err := c.Members.ActFor(ctx, []member.ActForCmd{{Actor: relative.Actor, Key: c.Key(), Person: relative.ID, Relative: of.ID, Willing: true}})
	Must(c.t, taken, err)
}

// Publish puts rules in force that differ from Nanjing's in the given lines of a policy file ("redeem.min_age" = 65).
func (c *City) Publish(lines ...string) {
	c.t.Helper()
	ctx := c.t.Context()
	keys := map[string]bool{}
	for _, l := range lines {
		keys[strings.TrimSpace(strings.SplitN(l, "=", 2)[0])] = true
	}
	var text []string
	for l := range strings.Lines(policy.Nanjing().Text()) {
		if l = strings.TrimSpace(l); !keys[strings.TrimSpace(strings.SplitN(l, "=", 2)[0])] {
			text = append(text, l)
		}
	}
	text = append(text, lines...)
	p, err := c.Policies.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{Key: c.Key(), TOML: []byte(strings.Join(text, "\n") + "\n"), Reason: "test"})
	c.enact(p, err)
}

// Narrow puts rules of its own in force in a region, the given lines of a policy file.
func (c *City) Narrow(place region.ID, lines ...string) {
	c.t.Helper()
	p, err := c.Policies.ProposeOverride(c.t.Context(), policy.Founder("ann"), policy.OverrideCmd{Key: c.Key(), Region: string(place), Level: c.Tree.Level(place),
		Path: c.Tree.RulePath(place, c.Tree.Day()), TOML: []byte(strings.Join(lines, "\n") + "\n"), Reason: "test"})
	c.enact(p, err)
}

func (c *City) enact(p policy.Proposal, err error) {
	c.t.Helper()
	ctx := c.t.Context()
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Policies.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Key: c.Key(), Proposal: p.ID, Reason: "test"}); err != nil {
		c.t.Fatal(err)
	}
}

// TakeBack lets the office reverse the payment of an order: one person proposes it, another approves.
func (c *City) TakeBack(id order.ID) error {
	c.t.Helper()
	ctx := c.t.Context()
	one, two := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Administrator, c.Tree.City())
	proposal, err := c.Ledger.Propose(ctx, ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: ledger.Act{Reason: ledger.ForReversal, Tx: ledger.TxID(c.Order(id).SettledBy)}, Note: "test"})
	if err != nil {
		return err
	}
	_, err = c.Ledger.Approve(ctx, ledger.ApproveCmd{Actor: two.Actor, Key: c.Key(), Proposal: proposal})
	return err
}
