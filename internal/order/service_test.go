package order_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func balance(t *testing.T, c *citytest.City, key ledger.Key) (total, held int64) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		all, err := ledger.Balances(tx, []ledger.Key{key})
		total, held = all[key].Balance.Int64(), all[key].Held.Int64()
		return err
	})
	return total, held
}

func saved(p citytest.Person) ledger.Key { return ledger.Key{Owner: string(p.ID), Class: ledger.Saved} }

func get(t *testing.T, c *citytest.City, id order.ID) order.View {
	t.Helper()
	v, err := c.Orders.Get(t.Context(), identity.System, id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func refused[R any](t *testing.T, what, code string, results []identity.Result[R], err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got := errs.CodeOf(results[0].Err); got != code {
		t.Errorf("%s: got %q (%v), want %q", what, got, results[0].Err, code)
	}
}

func TestAnOrderBecomesHours(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		v := get(t, c, id)
		if v.State != order.Published || v.Funding != "pool" {
			t.Fatalf("after review: %s, funded by %q", v.State, v.Funding)
		}
		_, held := balance(t, c, ledger.PoolAccount)
		if held != 120 && held != v.Minutes.Int64() {
			t.Logf("held %d minutes", held)
		}
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 50)
		c.Confirm(elder.Actor, id)
		if total, _ := balance(t, c, saved(volunteer)); total != 0 {
			t.Errorf("paid %d minutes before the credit delay", total)
		}
		c.Pass(25 * time.Hour)
		v = get(t, c, id)
		if v.State != order.Settled || v.Assignments[0].Grade != order.BothSides || v.Assignments[0].Minutes.Int64() != 45 {
			t.Errorf("got %s, grade %s, %v", v.State, v.Assignments[0].Grade, v.Assignments[0].Minutes)
		}
		if total, _ := balance(t, c, saved(volunteer)); total != 45 {
			t.Errorf("the volunteer has %d minutes, want 45", total)
		}
		if _, held := balance(t, c, ledger.PoolAccount); held != 0 {
			t.Errorf("the pool still holds %d minutes", held)
		}
		var actions []string
		for _, h := range v.History {
			actions = append(actions, h.Action)
		}
		want := []string{"order.place", "order.review", "order.claim", "order.check_in", "order.check_out", "order.confirm", "order.settle"}
		if !slices.Equal(actions, want) {
			t.Errorf("the trail says %v\nwant %v", actions, want)
		}
	})
}

func TestAKeyElderIsServedFromItsGrantAndAnElderFromItsOwnHours(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		month := clock.MonthOf(c.Tomorrow())
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			_, err := ledger.GrantMonthly(tx, month, []ledger.Grantee{{Owner: string(elder.ID), Minutes: hours.Of(180)}}, month.Last().Add(1), ledger.Meta{Actor: "system"})
			return err
		})
		if v := get(t, c, c.Place(elder.Actor, elder)); v.Funding != "grant" {
			t.Errorf("a key elder's order is funded by %q, want the grant", v.Funding)
		}
		// The volunteer serves for an hour and a half, then asks for service in its own old age.
		old := c.Recipient(66, c.Home())
		c.Certify(old)
		c.Earn(old, c.Recipient(81, c.Home()), 90)
		if total, _ := balance(t, c, saved(old)); total != 90 {
			t.Fatalf("earned %d minutes", total)
		}
		id := c.Place(old.Actor, old)
		if v := get(t, c, id); v.Funding != "saved pool" && v.Funding != "saved" {
			t.Errorf("funded by %q, want the saved hours first", v.Funding)
		}
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 60)
		c.Confirm(old.Actor, id)
		c.Pass(25 * time.Hour)
		if total, held := balance(t, c, saved(old)); total != 30 || held != 0 {
			t.Errorf("after redeeming an hour %d minutes are left and %d held, want 30 and 0", total, held)
		}
	})
}

func TestNobodyCreatesHoursAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		desk := c.Staff(identity.PointStaff, c.Home())
		other := c.Staff(identity.PointStaff, c.Home())
		c.Certify(desk)
		id := c.Place(desk.Actor, elder)
		claimed, err := c.Orders.Claim(ctx, []order.ClaimCmd{{Actor: desk.Actor, Key: c.Key(), Order: id}})
		refused(t, "the desk takes the order that it placed", "order.placed_by_volunteer", claimed, err)
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 30)
		confirmed, err := c.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: desk.Actor, Key: c.Key(), Order: id}})
		refused(t, "the desk confirms the order that it placed", "order.confirm_own_proxy", confirmed, err)
		confirmed, err = c.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: volunteer.Actor, Key: c.Key(), Order: id}})
		refused(t, "the volunteer confirms", "identity.not_allowed", confirmed, err)
		c.Confirm(other.Actor, id)
		if v := get(t, c, id); v.ConfirmedBy != order.ByDesk || v.Assignments[0].Grade != order.Witnessed {
			t.Errorf("confirmed by %s, grade %s", v.ConfirmedBy, v.Assignments[0].Grade)
		}
	})
}

// Whoever ordered for somebody is not the second side of the visit by another door either: not as its witness, with the code that the desk sees,
// nor as the delegate that it also is.
func TestWhoOrderedForSomebodyIsNotTheSecondSide(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		daughter := c.Daughter(elder, c.Home())
		c.Appoint(daughter, identity.PointStaff, c.Home())
		hat, err := c.Identity.Actor(ctx, identity.ActorID(daughter.Actor.ID), "test")
		if err != nil {
			t.Fatal(err)
		}
		other := c.Staff(identity.PointStaff, c.Home())
		visit := func(witness identity.Actor, factors func(order.ID) []order.Factor) order.ID {
			t.Helper()
			id := c.Place(hat, elder)
			c.Claim(volunteer, id)
			c.Clock.Set(c.Order(id).Start)
			check := order.CheckCmd{Actor: witness, Order: id, Volunteer: volunteer.ID, Factors: factors(id)}
			for _, do := range []func() error{
				func() error {
					out, err := c.Orders.CheckIn(ctx, []order.CheckCmd{check})
					citytest.Must(t, out, err)
					return err
				},
				func() error {
					out, err := c.Orders.CheckOut(ctx, []order.CheckCmd{check})
					citytest.Must(t, out, err)
					return err
				},
			} {
				check.Key = c.Key()
				if err := do(); err != nil {
					t.Fatal(err)
				}
				c.Clock.Advance(30 * time.Minute)
			}
			return id
		}
		called := func(order.ID) []order.Factor { return []order.Factor{{Method: order.ByCallBack}} }
		for what, factors := range map[string]func(order.ID) []order.Factor{"its own call-back": called, "the code that the desk sees": c.Proof} {
			id := visit(hat, factors)
			confirmed, err := c.Orders.Confirm(ctx, []order.ConfirmCmd{{Actor: daughter.Actor, Key: c.Key(), Order: id}})
			refused(t, "the desk confirms as the delegate", "order.confirm_own_proxy", confirmed, err)
			c.Pass(49 * time.Hour)
			if v := get(t, c, id); v.State != order.Awaiting || v.WaitsFor != order.ForFollowUp {
				t.Errorf("by %s and silence: %s, waits for %s", what, v.State, v.WaitsFor)
			}
			c.Confirm(other.Actor, id)
		}
		id := visit(other.Actor, called)
		c.Pass(49 * time.Hour)
		if v := get(t, c, id); v.State != order.Confirmed || v.ConfirmedBy != order.ByTimeOut {
			t.Errorf("by a colleague's call-back and silence: %s by %q", v.State, v.ConfirmedBy)
		}
	})
}

func TestSilenceConfirmsOnlyWhatTwoSidesShow(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 30)
		c.Pass(49 * time.Hour)
		if v := get(t, c, id); v.State != order.Confirmed || v.ConfirmedBy != order.ByTimeOut {
			t.Errorf("after two days of silence: %s by %q", v.State, v.ConfirmedBy)
		}
	})
}

func TestNobodyTakesIt(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(83, c.Home())
		id := c.Place(elder.Actor, elder)
		var way []order.Level
		for _, wait := range []time.Duration{0, 61 * time.Minute, 121 * time.Minute, 241 * time.Minute, 481 * time.Minute} {
			c.Pass(wait)
			way = append(way, get(t, c, id).Level)
		}
		if want := order.Levels(); !slices.Equal(way, want) {
			t.Errorf("climbed %v, want %v", way, want)
		}
		v := get(t, c, id)
		if v.State != order.AtFund || v.WaitsFor != order.ForProvider {
			t.Errorf("at the end it is %s and waits for %s", v.State, v.WaitsFor)
		}
		officer := c.Staff(identity.Administrator, c.Tree.District(c.Home()))
		before, _ := balance(t, c, ledger.FundAccount)
		claimed, err := c.Orders.FundClaim(t.Context(), []order.FundCmd{{Actor: officer.Actor, Key: c.Key(), Order: id}})
		refused(t, "a claim without provider, document and minutes", "order.invalid", claimed, err)
		claimed, err = c.Orders.FundClaim(t.Context(), []order.FundCmd{{Actor: officer.Actor, Key: c.Key(), Order: id, Provider: "provider-7",
			Document: "D-2020-11", Minutes: hours.Of(60)}})
		citytest.Must(t, claimed, err)
		after, _ := balance(t, c, ledger.FundAccount)
		if _, held := balance(t, c, ledger.PoolAccount); before-after != 60 || held != 0 {
			t.Errorf("the fund paid %d minutes, and the pool still holds %d", before-after, held)
		}
	})
}

func TestADisputeFreezesAndTheDecisionReleasesOrReverses(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		manager := c.Staff(identity.PointManager, c.Home())
		for _, uphold := range []bool{true, false} {
			id := c.Earn(volunteer, elder, 60)
			before, _ := balance(t, c, saved(volunteer))
			disputed, err := c.Orders.Dispute(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})
			citytest.Must(t, disputed, err)
			if _, held := balance(t, c, saved(volunteer)); held != 60 {
				t.Errorf("frozen are %d minutes, want 60", held)
			}
			decided, err := c.Orders.Decide(ctx, []order.DecideCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Uphold: uphold, Reason: "x"}})
			refused(t, "the recipient decides", "identity.not_allowed", decided, err)
			decided, err = c.Orders.Decide(ctx, []order.DecideCmd{{Actor: manager.Actor, Key: c.Key(), Order: id, Uphold: uphold, Reason: "asked both"}})
			citytest.Must(t, decided, err)
			after, held := balance(t, c, saved(volunteer))
			if held != 0 || uphold && after != before || !uphold && after != before-60 {
				t.Errorf("uphold %v: from %d to %d minutes, %d held", uphold, before, after, held)
			}
		}
	})
}

// TestWhoDisputesDoesNotDecide: staff that disputes a paid visit cannot take its hours back alone.
func TestWhoDisputesDoesNotDecide(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		volunteer := c.Volunteer(c.Home())
		one, two := c.Staff(identity.PointManager, c.Home()), c.Staff(identity.PointManager, c.Home())
		id := c.Earn(volunteer, c.Recipient(83, c.Home()), 60)
		before, _ := balance(t, c, saved(volunteer))
		disputed, err := c.Orders.Dispute(ctx, []order.OrderCmd{{Actor: one.Actor, Key: c.Key(), Order: id, Reason: "nobody came"}})
		citytest.Must(t, disputed, err)
		decided, err := c.Orders.Decide(ctx, []order.DecideCmd{{Actor: one.Actor, Key: c.Key(), Order: id, Reason: "asked both"}})
		refused(t, "who disputed decides", "order.decide_own", decided, err)
		decided, err = c.Orders.Decide(ctx, []order.DecideCmd{{Actor: two.Actor, Key: c.Key(), Order: id, Reason: "asked both"}})
		citytest.Must(t, decided, err)
		if after, held := balance(t, c, saved(volunteer)); held != 0 || after != before-60 {
			t.Errorf("from %d to %d minutes, %d held", before, after, held)
		}
	})
}

func TestTheLastPlaceIsTakenOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(83, c.Home())
		id := c.Place(elder.Actor, elder)
		const n = 8
		results := make(chan error, n)
		var cmds []order.ClaimCmd
		for range n {
			cmds = append(cmds, order.ClaimCmd{Actor: c.Volunteer(c.Home()).Actor, Key: c.Key(), Order: id})
		}
		for _, cmd := range cmds {
			go func() {
				r, err := c.Orders.Claim(t.Context(), []order.ClaimCmd{cmd})
				if err == nil {
					err = r[0].Err
				}
				results <- err
			}()
		}
		won := 0
		for range n {
			if err := <-results; err == nil {
				won++
			} else if code := errs.CodeOf(err); code != "order.taken" && code != "order.not_published" {
				t.Errorf("a loser was told %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d volunteers have the only place", won)
		}
	})
}

func TestADoubleClickHasOneEffect(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(83, c.Home())
		cmd := order.PlaceCmd{Actor: elder.Actor, Key: "click", Recipient: elder.ID, Item: citytest.Lesson, Start: c.Tomorrow(), Urgency: catalog.Everyday}
		first, err := c.Orders.Place(t.Context(), []order.PlaceCmd{cmd, cmd})
		citytest.Must(t, first, err)
		again, err := c.Orders.Place(t.Context(), []order.PlaceCmd{cmd})
		citytest.Must(t, again, err)
		if first[0].Value != first[1].Value || again[0].Value != first[0].Value || !again[0].Replayed {
			t.Errorf("one click gave %v and %v", first, again)
		}
		cmd.Start = cmd.Start.Add(time.Hour)
		other, err := c.Orders.Place(t.Context(), []order.PlaceCmd{cmd})
		refused(t, "the same key with another wish", "idempotency.key_reused", other, err)
		all, err := c.Orders.List(t.Context(), elder.Actor, order.Filter{Recipient: elder.ID})
		if err != nil || len(all) != 1 {
			t.Errorf("%d orders stand, want 1 (%v)", len(all), err)
		}
	})
}

func TestUndoAndCancelLeaveNothingHeld(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		c.Serve(volunteer, id, 30)
		c.Confirm(elder.Actor, id)
		c.Pass(9 * time.Minute)
		undone, err := c.Orders.UndoConfirm(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id}})
		citytest.Must(t, undone, err)
		c.Confirm(elder.Actor, id)
		c.Pass(11 * time.Minute)
		undone, err = c.Orders.UndoConfirm(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: id}})
		refused(t, "undo after the window", "order.undo_over", undone, err)

		next := c.Place(elder.Actor, elder)
		cancelled, err := c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: elder.Actor, Key: c.Key(), Order: next, Reason: "feels better"}})
		citytest.Must(t, cancelled, err)
		c.Pass(25 * time.Hour)
		if _, held := balance(t, c, ledger.PoolAccount); held != 0 {
			t.Errorf("%d minutes are still held", held)
		}
	})
}

func TestTheNeighbourhoodSaysWhyNot(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		learner := c.Person(30, c.Home())
		applied, err := c.Members.ApplyVolunteers(t.Context(), applyAs(c, learner))
		citytest.Must(t, applied, err)
		id := c.Place(elder.Actor, elder)
		for _, look := range []struct {
			who  citytest.Person
			code string
		}{{volunteer, ""}, {learner, "order.volunteer_not_certified"}} {
			offers, err := c.Orders.Neighbourhood(t.Context(), look.who.Actor, order.NearQuery{})
			if err != nil {
				t.Fatal(err)
			}
			if len(offers) != 1 || offers[0].ID != id || errs.CodeOf(offers[0].Refused) != look.code {
				t.Errorf("got %+v, want the order with %q", offers, look.code)
			}
		}
		far := c.Volunteer(c.Community("320116004", 0))
		offers, err := c.Orders.Neighbourhood(t.Context(), far.Actor, order.NearQuery{})
		if err != nil || len(offers) != 0 {
			t.Errorf("in another district %d orders are near (%v)", len(offers), err)
		}
	})
}

func TestWhatIsOverGoesByItsTime(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder, volunteer := c.Recipient(83, c.Home()), c.Volunteer(c.Home())
		first := c.Earn(volunteer, elder, 60)
		second := c.Earn(volunteer, elder, 60)
		open := c.Place(elder.Actor, elder)
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var got []order.ID
			last, err := order.Past(tx, elder.ID, c.Order(open).Start, "", 1)
			if err != nil || len(last) != 1 {
				t.Fatalf("the last: got %d, %v", len(last), err)
			}
			rest, err := order.Past(tx, elder.ID, last[0].Start, last[0].ID, 5)
			for _, o := range append(last, rest...) {
				got = append(got, o.ID)
			}
			if want := []order.ID{second, first}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			return err
		})
	})
}

func TestTheMorningBoard(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		officer := c.Staff(identity.ReadOnly, c.Tree.StreetOf(c.Home()))
		elder := c.Recipient(83, c.Home())
		id := c.Place(elder.Actor, elder)
		asked := c.Clock.Now()
		c.Pass(70 * time.Minute)
		b, err := c.Orders.Board(t.Context(), officer.Actor, c.Tree.StreetOf(c.Home()))
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Lines) != 1 || b.Count[order.ForVolunteer] != 1 {
			t.Fatalf("the board has %+v", b)
		}
		l := b.Lines[0]
		if l.ID != id || !l.Asked.Equal(asked) || l.Acts != c.Tree.StreetOf(c.Home()) || !l.Due.After(c.Clock.Now()) {
			t.Errorf("who asked, since when, who acts, until when: %+v", l)
		}
		if _, err := c.Orders.Board(t.Context(), officer.Actor, c.Tree.City()); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a street officer sees the city's board: %v", err)
		}
	})
}

func TestSettlingInGroupsIsSettlingOneByOne(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		const n = 12
		var ids []order.ID
		var volunteers []citytest.Person
		for range n {
			elder := c.Recipient(83, c.Home())
			id := c.Place(elder.Actor, elder)
			v := c.Volunteer(c.Home())
			c.Claim(v, id)
			ids, volunteers = append(ids, id), append(volunteers, v)
		}
		elder := identity.System
		for i, id := range ids {
			c.Clock.Set(c.Clock.Now().Add(time.Minute))
			c.Serve(volunteers[i], id, 30)
			c.Confirm(elder, id)
		}
		got := make(chan error, 2*n)
		for range 2 {
			for _, id := range ids {
				go func() { got <- c.Orders.Settle(t.Context(), id) }()
			}
		}
		done, already := 0, 0
		for range 2 * n {
			switch err := <-got; {
			case err == nil:
				done++
			case errs.KindOf(err) == errs.Conflict:
				already++
			default:
				t.Errorf("settling: %v", err)
			}
		}
		if done != n || already != n {
			t.Errorf("%d were settled and %d already, want %d each", done, already, n)
		}
		for i, v := range volunteers {
			if total, _ := balance(t, c, saved(v)); total != 30 {
				t.Errorf("volunteer %d has %d minutes, want 30", i, total)
			}
		}
		if fmt.Sprint(get(t, c, ids[0]).State) != "settled" {
			t.Error("not settled")
		}
	})
}

func applyAs(c *citytest.City, p citytest.Person) []member.ApplyVolunteerCmd {
	return []member.ApplyVolunteerCmd{{Actor: p.Actor, Key: c.Key(), Person: p.ID}}
}

func TestACityThatHasNotSetItsRulesServesNobody(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		elder := c.Recipient(83, c.Home())
		proposal, err := c.Policies.Propose(t.Context(), policy.Founder("a"), policy.ProposeCmd{Key: "k", TOML: []byte(policy.Defaults().Text()), Reason: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Policies.Approve(t.Context(), policy.Founder("b"), policy.DecideCmd{Key: "k", Proposal: proposal.ID, Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		placed, err := c.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: elder.Actor, Key: c.Key(), Recipient: elder.ID, Item: citytest.Lesson,
			Start: c.Tomorrow(), Urgency: catalog.Everyday}})
		refused(t, "an order before the city is live", "order.city_not_live", placed, err)
	})
}

func TestRelativesSeeAVisitOnlyWithConsent(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, volunteer := c.KeyElder(c.Home()), c.Volunteer(c.Home())
		daughter, stranger := c.Daughter(elder, c.Home()), c.Person(40, c.Home())
		id := c.Place(elder.Actor, elder)
		c.Claim(volunteer, id)
		consent := func(withdraw bool) {
			citytest.Got(c.Members.Consent(ctx, []member.ConsentCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Purpose: member.PurposeKin, Withdraw: withdraw}})).Must(t, "consent")
		}
		v, err := c.Orders.Get(ctx, daughter.Actor, id)
		if err != nil || v.State != order.Accepted || len(v.Assignments) != 0 || v.Code != "" || len(v.History) != 0 || v.Withheld == nil || v.Withheld.Owner != "person" {
			t.Errorf("without consent she sees %+v, %v, want that it stands and why not more", v, err)
		}
		looks := func(want string) {
			t.Helper()
			_, face := c.Orders.Portrait(ctx, daughter.Actor, id, volunteer.ID)
			_, picture := c.Orders.Photo(ctx, daughter.Actor, id, "01h2xcejqtf2nbrexx3vqjhp41")
			_, said := c.Feedback.OfOrder(ctx, daughter.Actor, id)
			_, words := c.Feedback.RatingWords(ctx, daughter.Actor, id)
			if got := fmt.Sprintf("face %s, picture %s, feedback %s, words %s", errs.CodeOf(face), errs.CodeOf(picture), errs.CodeOf(said), errs.CodeOf(words)); got != want {
				t.Errorf("she gets %q, want %q", got, want)
			}
		}
		const withheld = "member.kin_may_not_see"
		looks("face " + withheld + ", picture " + withheld + ", feedback " + withheld + ", words " + withheld)
		consent(false)
		looks("face member.no_portrait, picture order.photo_unknown, feedback , words ")
		if v, err = c.Orders.Get(ctx, daughter.Actor, id); err != nil || len(v.Assignments) != 1 || v.Code == "" || v.Withheld != nil {
			t.Errorf("with consent she sees %+v, %v, want who comes", v, err)
		}
		citytest.Got(c.Members.Delegate(ctx, []member.DelegateCmd{{Actor: elder.Actor, Key: c.Key(), Person: elder.ID, Relative: daughter.ID}})).Must(t, "no delegate any more")
		if v, err = c.Orders.Get(ctx, daughter.Actor, id); err != nil || len(v.Assignments) != 1 || v.Code != "" || v.Near {
			t.Errorf("kin without delegation sees %+v, %v, want who comes, no code and no door", v, err)
		}
		consent(true)
		for _, who := range []citytest.Person{daughter, stranger} {
			if _, err := c.Orders.Get(ctx, who.Actor, id); errs.CodeOf(err) != "order.not_found" {
				t.Errorf("without consent and delegation: got %v, want order.not_found", err)
			}
		}
	})
}
