package order_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/order"
)

// The office may reverse the payment of a visit before, during or after a dispute over it, and whoever decides may decide either way: in the end the
// order says that nothing is paid, nobody has or owes an hour, nothing is frozen, and the orders and the book agree.
func TestAPaymentThatIsTakenBackEndsTheOrder(t *testing.T) {
	type story struct {
		*testing.T
		c                         *citytest.City
		elder, volunteer, manager citytest.Person
		id                        order.ID
	}
	takeBack := func(s story) {
		s.Helper()
		if err := s.c.TakeBack(s.id); err != nil {
			s.Fatal(err)
		}
	}
	tell := func(s story) { s.c.Pass(time.Minute) }
	dispute := func(code string) func(story) {
		return func(s story) {
			s.Helper()
			got := citytest.Got(s.c.Orders.Dispute(s.Context(), []order.OrderCmd{{Actor: s.elder.Actor, Key: s.c.Key(), Order: s.id, Reason: "nobody came"}}))
			if errs.CodeOf(got.Err) != code {
				s.Errorf("dispute of what is %s: got %v, want %q", s.c.Order(s.id).State, got.Err, code)
			}
		}
	}
	decide := func(uphold bool, code string) func(story) {
		return func(s story) {
			s.Helper()
			got := citytest.Got(s.c.Orders.Decide(s.Context(), []order.DecideCmd{{Actor: s.manager.Actor, Key: s.c.Key(), Order: s.id, Uphold: uphold, Reason: "asked both"}}))
			if errs.CodeOf(got.Err) != code {
				s.Errorf("decide %v: got %v, want %q", uphold, got.Err, code)
			}
			if state := s.c.Order(s.id).State; code == "" && uphold && state != order.Settled {
				s.Errorf("decided for: it is %s, want settled", state)
			}
		}
	}
	goneAlready := func(s story) {
		s.Helper()
		if err := s.c.TakeBack(s.id); errs.CodeOf(err) != "ledger.reversed_already" {
			s.Errorf("taken back twice: got %v", err)
		}
	}
	closed := func(s story) {
		s.Helper()
		s.c.Pass(60 * 24 * time.Hour)
		if got := s.c.Order(s.id).State; got != order.Closed {
			s.Fatalf("after two months it is %s, want closed", got)
		}
	}
	for name, steps := range map[string][]func(story){
		"no dispute":                             {takeBack, tell},
		"no dispute, closed":                     {closed, takeBack, tell},
		"before a dispute":                       {takeBack, tell, dispute("order.not_disputable")},
		"before a dispute, not told yet":         {takeBack, dispute(""), tell, decide(false, "order.not_disputed")},
		"before, not told yet, decided for":      {takeBack, dispute(""), decide(true, "order.taken_back"), tell},
		"before, not told yet, decided against":  {takeBack, dispute(""), decide(false, ""), tell},
		"during a dispute, decided for":          {dispute(""), takeBack, tell, decide(true, "order.not_disputed")},
		"during a dispute, decided against":      {dispute(""), takeBack, tell, decide(false, "order.not_disputed")},
		"during, not told yet, decided for":      {dispute(""), takeBack, decide(true, "order.taken_back"), tell},
		"during, not told yet, decided against":  {dispute(""), takeBack, decide(false, ""), tell},
		"after a dispute that was decided for":   {dispute(""), decide(true, ""), takeBack, tell, dispute("order.not_disputable")},
		"after one that was decided against":     {dispute(""), decide(false, ""), goneAlready, tell},
		"after two, the second decided against":  {dispute(""), decide(true, ""), dispute(""), decide(false, ""), goneAlready, tell},
		"decided for, and in dispute once again": {dispute(""), decide(true, ""), dispute(""), takeBack, tell, decide(true, "order.not_disputed")},
	} {
		t.Run(name, func(t *testing.T) {
			citytest.Each(t, func(t *testing.T, c *citytest.City) {
				s := story{t, c, c.Recipient(83, c.Home()), c.Volunteer(c.Home()), c.Staff(identity.PointManager, c.Home()), ""}
				s.id = c.Earn(s.volunteer, s.elder, 60)
				pool, held := balance(t, c, ledger.PoolAccount)
				for _, step := range steps {
					step(s)
				}
				o := c.Order(s.id)
				if o.State != order.Void || o.WaitsFor != order.ForNothing || o.Assignments[0].State != order.VoidService || o.Reason == "" {
					t.Errorf("it is %s, waits for %q, the place is %s, the reason %q; want void, and why", o.State, o.WaitsFor, o.Assignments[0].State, o.Reason)
				}
				for what, k := range map[string]ledger.Key{"saved": saved(s.volunteer), "debt": {Owner: string(s.volunteer.ID), Class: ledger.Recovery}} {
					if has, frozen := balance(t, c, k); has != 0 || frozen != 0 {
						t.Errorf("%s: %d minutes, %d of them held, want none", what, has, frozen)
					}
				}
				if has, now := balance(t, c, ledger.PoolAccount); has != pool+60 || now != held {
					t.Errorf("the pool has %d minutes, %d held; want %d and %d", has, now, pool+60, held)
				}
				if problems, err := order.Verify(t.Context(), c.DB); err != nil || len(problems) > 0 {
					t.Errorf("the orders and the book: %v, %v", problems, err)
				}
				if v, err := ledger.Verify(t.Context(), c.DB, nil); err != nil || len(v.Problems) > 0 {
					t.Errorf("the book: %v, %v", v.Problems, err)
				}
			})
		})
	}
}
