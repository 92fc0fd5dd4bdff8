package order_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
)

// told is everything that the program holds of an order, what it does not show included.
func told(ctx context.Context, c *citytest.City, id order.ID) (s string, err error) {
	err = c.DB.Read(ctx, "test", func(tx *store.Tx) error {
		all, err := order.Load(tx, []order.ID{id})
		if err != nil {
			return err
		}
		o := *all[id]
		lines := make([]string, 0, len(o.Assignments)+1)
		for _, a := range o.Assignments {
			lines = append(lines, fmt.Sprintf("%+v", *a))
		}
		o.Assignments = nil
		s = strings.Join(append(lines, fmt.Sprintf("%+v", o)), "\n")
		return nil
	})
	return s, err
}

// An order lives its life within one transaction: what the transaction knows of it after each step is what stands in the database.
func TestWhatATransactionKnowsOfAnOrderStandsInTheDatabase(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, other := c.KeyElder(c.Home()), c.KeyElder(c.Home())
		first, second := c.Volunteer(c.Home()), c.Volunteer(c.Home())
		desk := c.Staff(identity.PointManager, c.Home())
		err := c.DB.Together(t.Context(), func(ctx context.Context) error {
			one := func(o order.ID) order.OrderCmd {
				return order.OrderCmd{Actor: desk.Actor, Key: c.Key(), Order: o, Reason: "test"}
			}
			place := func(p citytest.Person, days int) order.ID {
				got := citytest.Got(c.Orders.Place(ctx, []order.PlaceCmd{{Actor: p.Actor, Key: c.Key(), Recipient: p.ID, Item: citytest.Lesson,
					Start: c.Tomorrow().AddDate(0, 0, days), Urgency: catalog.Everyday}})).Must(t, "place")
				if got.WaitsFor == order.ForReview {
					citytest.Got(c.Orders.Review(ctx, []order.ReviewCmd{{Actor: identity.System, Key: c.Key(), Order: got.ID, Approve: true}})).Must(t, "review")
				}
				return got.ID
			}
			paid, left := place(elder, 0), place(other, 2)
			var points map[order.ID]region.Point
			if err := c.DB.Read(ctx, "test", func(tx *store.Tx) error {
				all, err := order.Load(tx, []order.ID{paid, left})
				points = map[order.ID]region.Point{paid: all[paid].Point, left: all[left].Point}
				return err
			}); err != nil {
				return err
			}
			check := func(o order.ID, v citytest.Person) []order.CheckCmd {
				codes, err := c.Orders.CheckCodes(ctx, []order.ID{o})
				if err != nil {
					t.Fatal(err)
				}
				return []order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: o,
					Factors: []order.Factor{{Method: order.ByCode, Value: codes[o]}, {Method: order.ByPlace, Point: points[o]}}}}
			}
			claim := func(o order.ID, v citytest.Person) {
				citytest.Got(c.Orders.Claim(ctx, []order.ClaimCmd{{Actor: v.Actor, Key: c.Key(), Order: o}})).Must(t, "claim")
			}
			for _, step := range []struct {
				name string
				do   func()
			}{
				{"claimed", func() { claim(paid, first) }},
				{"moved", func() {
					citytest.Got(c.Orders.Reschedule(ctx, []order.RescheduleCmd{{Actor: desk.Actor, Key: c.Key(), Order: paid, Start: c.Tomorrow().Add(time.Hour + time.Nanosecond)}})).Must(t, "move")
				}},
				{"answered", func() {
					citytest.Got(c.Orders.Answer(ctx, []order.AnswerCmd{{Actor: first.Actor, Key: c.Key(), Order: paid, Accept: true}}))
				}},
				{"left", func() {
					claim(left, second)
					cmd := one(left)
					cmd.Actor = second.Actor
					citytest.Got(c.Orders.Withdraw(ctx, []order.OrderCmd{cmd})).Must(t, "withdraw")
					claim(left, first)
				}},
				{"checked in", func() {
					c.Clock.Set(c.Tomorrow().Add(time.Hour))
					citytest.Got(c.Orders.CheckIn(ctx, check(paid, first))).Must(t, "check in")
				}},
				{"checked out", func() {
					c.Clock.Advance(45 * time.Minute)
					citytest.Got(c.Orders.CheckOut(ctx, check(paid, first))).Must(t, "check out")
				}},
				{"confirmed", func() {
					citytest.Got(c.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: elder.Actor, Key: c.Key(), Order: paid}})).Must(t, "confirm")
				}},
				{"cancelled", func() { citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{one(left)})).Must(t, "cancel") }},
				{"paid", func() {
					c.Clock.Advance(25 * time.Hour)
					if _, err := c.Timers.Run(ctx, c.Clock.Now()); err != nil {
						t.Fatal(err)
					}
				}},
				{"disputed", func() {
					cmd := one(paid)
					cmd.Actor = elder.Actor
					citytest.Got(c.Orders.Dispute(ctx, []order.OrderCmd{cmd})).Must(t, "dispute")
				}},
			} {
				step.do()
				for _, id := range []order.ID{paid, left} {
					known, err := told(ctx, c, id)
					if err != nil {
						return err
					}
					if err := c.DB.Write(ctx, "test", func(tx *store.Tx) error {
						_, err := tx.Exec("UPDATE service_order SET reason = reason WHERE id = ''")
						return err
					}); err != nil {
						return err
					}
					stands, err := told(ctx, c, id)
					if err != nil {
						return err
					}
					if known != stands {
						t.Errorf("%s: the transaction knows\n%s\nand the database has\n%s", step.name, known, stands)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Whoever verifies the book while a paid visit is disputed finds nothing wrong: its hours are no longer held, they were paid.
func TestAPaidOrderInDisputeHoldsNothing(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		id := c.Earn(volunteer, elder, 60)
		citytest.Got(c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})).Must(t, "dispute")
		if o := c.Order(id); o.State != order.Disputed || o.SettledAt.IsZero() {
			t.Fatalf("the order is %s, want a paid one in dispute", o.State)
		}
		if problems, err := order.Verify(t.Context(), c.DB); err != nil || len(problems) != 0 {
			t.Errorf("verify: %v %v", err, problems)
		}
	})
}
