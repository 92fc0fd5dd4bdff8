package order_test

import (
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
)

// ask places a lesson and returns what became of it, reviewed or not.
func ask(t *testing.T, c *citytest.City, p citytest.Person) order.Placed {
	t.Helper()
	placed, err := c.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: p.Actor, Key: c.Key(), Recipient: p.ID, Item: citytest.Lesson, Start: c.Tomorrow(),
		Urgency: catalog.Everyday}})
	return citytest.Must(t, placed, err)[0].Value
}

func TestTheRulesOfTheServiceAreThoseOfItsTime(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		// The city now counts in half hours; the order was placed when it counted in quarters, and is served afterwards.
		c.Publish(`time.step_minutes = 30`, `confirm.auto_after = "72h"`)
		c.Serve(volunteer, id, 50)
		if got := c.Order(id).Assignments[0].Minutes.Int64(); got != 30 {
			t.Errorf("50 minutes served in half hours are %d, want 30", got)
		}
		c.Pass(49 * time.Hour)
		if got := c.Order(id).State; got != order.Awaiting {
			t.Errorf("two days after the visit the order is %s, want awaiting for the three days in force then", got)
		}
		// A visit that is over is not counted anew.
		c.Publish(`time.step_minutes = 60`)
		c.Confirm(elder.Actor, id)
		c.Pass(25 * time.Hour)
		if total, _ := balance(t, c, saved(volunteer)); total != 30 {
			t.Errorf("paid %d minutes, want 30", total)
		}
	})
}

func TestDonatedHoursServeWhomTheRulesName(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`order.funding = ["pool"]`, `donate.priority = ["key_elder"]`, `order.review = "never"`)
		key, elder := c.KeyElder(c.Home()), c.Recipient(83, c.Home())
		if got := ask(t, c, key); got.State != order.Published {
			t.Errorf("a key elder's order is %s and waits for %q", got.State, got.WaitsFor)
		}
		waits := ask(t, c, elder)
		if waits.WaitsFor != order.ForFunding {
			t.Errorf("who is no key elder was served from donated hours: %s, %q", waits.State, waits.WaitsFor)
		}
		// What found no hours is tried again in the night.
		attributes := member.Attributes{LivesAlone: true}
		assessed, err := c.Members.Assess(t.Context(), []member.AssessCmd{{Actor: identity.System, Key: c.Key(), Person: elder.ID, Attributes: attributes}})
		citytest.Must(t, assessed, err)
		c.PassTo(clock.DayOf(c.Clock.Now()).Add(1).Start().Add(time.Minute))
		if o := c.Order(waits.ID); o.State != order.Published || o.Funding != "pool" {
			t.Errorf("after midnight the order is %s, funded by %q", o.State, o.Funding)
		}
	})
}

func TestTheFirstRedemptionNeedsWhatTheRulesSay(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`redeem.min_saved_before_first = 90`, `order.funding = ["saved", "fund"]`, `order.review = "never"`)
		old := c.Recipient(66, c.Home())
		c.Certify(old)
		for _, want := range []string{"fund", "saved"} {
			c.Earn(old, c.Recipient(81, c.Home()), 60)
			if got := c.Order(ask(t, c, old).ID).Funding; got != want && got != want+" fund" {
				t.Errorf("funded by %q, want %q", got, want)
			}
		}
	})
}

func TestWhoServesWhenNobodyDoes(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`unfilled.fallback = "market"`)
		elder := c.Recipient(83, c.Home())
		id := c.Place(elder.Actor, elder)
		for range 4 {
			c.Pass(481 * time.Minute)
		}
		o := c.Order(id)
		if o.State != order.Cancelled || o.Reason != "order.to_market" {
			t.Errorf("after the city the order is %s (%s), want cancelled and sent to the market", o.State, o.Reason)
		}
		if _, held := balance(t, c, ledger.PoolAccount); held != 0 {
			t.Errorf("%d minutes are still held", held)
		}
	})
}

func TestHoursAreNotHeldForEver(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`hold.expiry = "240h"`)
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		forgotten, served := c.Place(elder.Actor, elder), c.Place(elder.Actor, elder)
		c.Claim(volunteer, served)
		c.Serve(volunteer, served, 30)
		asked, err := c.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: served, Reason: "nobody came"}})
		citytest.Must(t, asked, err)
		c.PassTo(c.Clock.Now().Add(9 * 24 * time.Hour))
		if o := c.Order(forgotten); o.State != order.AtFund {
			t.Fatalf("after nine days the order is %s", o.State)
		}
		c.PassTo(c.Clock.Now().Add(2 * 24 * time.Hour))
		if o := c.Order(forgotten); o.State != order.Cancelled || o.Reason != "order.hold_lapsed" {
			t.Errorf("after eleven days the order is %s (%s)", o.State, o.Reason)
		}
		if o := c.Order(served); o.State != order.Disputed || o.Funding == "" {
			t.Errorf("what is disputed is %s and funded by %q", o.State, o.Funding)
		}
	})
}

func TestWhatANewMemberIsGiven(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`grant.new_member = 120`, `order.review = "never"`)
		p := c.Recipient(66, c.Home())
		c.Certify(p)
		c.Pass(time.Minute)
		joining := ledger.Key{Owner: string(p.ID), Class: ledger.Granted, Bucket: ledger.JoiningBucket}
		if total, _ := balance(t, c, joining); total != 120 {
			t.Fatalf("a new member was given %d minutes, want 120, once", total)
		}
		if got := c.Order(ask(t, c, p).ID).Funding; got != "grant" {
			t.Errorf("the first order is funded by %q, want what was given on joining", got)
		}
	})
}

func TestATeamsHoursWhereTheyMayBeRedeemed(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		for _, may := range []struct {
			use   policy.GroupUse
			saved int64
		}{{policy.GroupDonate, 0}, {policy.GroupRedeem, 45}} {
			c.Publish(`group.use = "` + string(may.use) + `"`)
			elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
			teams, err := c.Members.RegisterTeams(t.Context(), []member.RegisterTeamCmd{{Actor: identity.System, Key: c.Key(), Name: "测试队" + string(may.use),
				Kind: member.TeamCompany, Region: c.Home(), Manager: volunteer.ID}})
			team := citytest.Must(t, teams, err)[0].Value
			joined, err := c.Members.JoinTeams(t.Context(), []member.JoinTeamCmd{{Actor: identity.System, Key: c.Key(), Team: team, Person: volunteer.ID}})
			citytest.Must(t, joined, err)
			id := c.Place(elder.Actor, elder)
			claimed, err := c.Orders.Claim(t.Context(), []order.ClaimCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Team: team}})
			citytest.Must(t, claimed, err)
			c.Serve(volunteer, id, 45)
			c.Confirm(elder.Actor, id)
			c.Pass(25 * time.Hour)
			own, _ := balance(t, c, saved(volunteer))
			group, _ := balance(t, c, ledger.Key{Owner: string(team), Class: ledger.Group})
			if own != may.saved || group != 45-may.saved {
				t.Errorf("%s: the member has %d minutes and the team %d", may.use, own, group)
			}
		}
	})
}

func TestTheWayCountsOnlyWhereTheRulesSaySo(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		proof := c.Proof(id)
		c.Clock.Set(c.Order(id).Start)
		in, err := c.Orders.CheckIn(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: proof}})
		citytest.Must(t, in, err)
		c.Clock.Advance(30 * time.Minute)
		leave := func() ([]identity.Result[order.Changed], error) {
			return c.Orders.CheckOut(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: proof, Travel: hours.Of(20)}})
		}
		out, err := leave()
		refused(t, "the way there and back", "order.travel_not_counted", out, err)
		// Another order is served under rules that count the way.
		out, err = c.Orders.CheckOut(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: proof}})
		citytest.Must(t, out, err)
		c.Publish(`time.exclude_travel = false`)
		id = c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		proof = c.Proof(id)
		c.Clock.Set(c.Order(id).Start)
		in, err = c.Orders.CheckIn(t.Context(), []order.CheckCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id, Factors: proof}})
		citytest.Must(t, in, err)
		c.Clock.Advance(30 * time.Minute)
		out, err = leave()
		citytest.Must(t, out, err)
		if got := c.Order(id).Assignments[0].Minutes.Int64(); got != 45 {
			t.Errorf("30 minutes of service and 20 on the way count %d, want 45", got)
		}
	})
}

func TestSavedHoursAreRedeemedByTheRatio(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		for _, by := range []struct {
			ratio string
			cost  int64 // of half an hour of service
		}{{"500", 60}, {"1100", 28}, {"2000", 15}} {
			c.Publish(`redeem.ratio = `+by.ratio, `order.funding = ["saved", "fund"]`)
			old, volunteer := c.Recipient(66, c.Home()), c.Volunteer(c.Home())
			c.Certify(old)
			c.Earn(old, c.Recipient(81, c.Home()), 90)
			id := c.Place(old.Actor, old)
			c.Claim(volunteer, id)
			c.Serve(volunteer, id, 30)
			c.Confirm(old.Actor, id)
			c.Pass(25 * time.Hour)
			left, held := balance(t, c, saved(old))
			earned, _ := balance(t, c, saved(volunteer))
			if left != 90-by.cost || held != 0 || earned != 30 {
				t.Errorf("at %s: %d minutes are left, %d held, and the volunteer earned %d; want %d, 0 and 30", by.ratio, left, held, earned, 90-by.cost)
			}
			if v, err := ledger.Verify(t.Context(), c.DB, nil); err != nil || len(v.Problems) > 0 {
				t.Errorf("at %s the book does not agree: %v, %v", by.ratio, v.Problems, err)
			}
		}
	})
}
