package division_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/division"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// Two persons merge a community into its neighbour. Before the day nothing changes; from the day on the neighbour's office answers for the elder who
// lives where there was another community, and for its open request, and nobody loses a minute of the record.
func TestTwoPersonsMergeACommunityAndItsPeopleAreServedOn(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ends, goesOn := c.Home(), c.Community("320113003", 1)
		one, two := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Reviewer, c.Tree.City())
		elder, helper, office := c.KeyElder(ends), c.Volunteer(goesOn), c.Staff(identity.Dispatcher, goesOn)
		c.Narrow(ends, `order.max_moves = 0`, `time.max_per_day = "7h"`)
		c.Narrow(goesOn, `time.max_per_day = "6h"`)
		open := c.Place(elder.Actor, elder)
		day := clock.DayOf(c.Clock.Now()).Add(1)
		cmd := division.ProposeCmd{Actor: one.Actor, Key: c.Key(), Reason: "decree 7", Change: division.Change{Kind: division.Merge, Region: goesOn, Merged: []region.ID{ends}, From: day}}
		first, err := c.Divisions.Propose(t.Context(), cmd)
		if err != nil {
			t.Fatalf("propose: %v", err)
		}
		if again, err := c.Divisions.Propose(t.Context(), cmd); err != nil || again != first {
			t.Fatalf("the same attempt again: got %s, %v, want %s", again, err, first)
		}
		other := cmd
		other.Change.From = day.Add(1)
		if _, err := c.Divisions.Propose(t.Context(), other); errs.CodeOf(err) != "idempotency.key_reused" {
			t.Errorf("the same key for another day: got %v", err)
		}
		for who, code := range map[*citytest.Person]string{&one: "identity.second_person_needed", &office: "identity.not_allowed", &elder: "identity.not_allowed"} {
			if err := c.Divisions.Approve(t.Context(), division.ApproveCmd{Actor: who.Actor, Key: c.Key(), Proposal: first}); errs.CodeOf(err) != code {
				t.Errorf("approved by who must not: got %v, want %s", err, code)
			}
		}
		endings := func() (all []division.Ending) {
			storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
				tree, err := c.Regions.Tree(tx)
				if err != nil {
					return err
				}
				all, err = c.Divisions.Endings(tx, tree, cmd.Change)
				return err
			})
			return all
		}
		said := map[string]string{}
		for _, e := range endings() {
			if e.Region == ends {
				said[e.Key] = e.Value + " then " + e.Then
			}
		}
		if want := map[string]string{"order.max_moves": "0 then 3", "time.max_per_day": "7h then 6h"}; !maps.Equal(said, want) {
			t.Errorf("the rules that end with it: got %v, want %v", said, want)
		}
		approve := division.ApproveCmd{Actor: two.Actor, Key: c.Key(), Proposal: first}
		for range 2 {
			if err := c.Divisions.Approve(t.Context(), approve); err != nil {
				t.Fatalf("approve: %v", err)
			}
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			entries, err := audit.Of(tx, string(ends))
			found := 0
			for _, e := range entries {
				if e.Action == "region.merge" && e.Actor == two.Actor.ID && strings.Contains(e.Before, `"code"`) && strings.Contains(e.After, "decree 7") && strings.Contains(e.After, string(goesOn)) {
					found++
				}
			}
			if found != 1 {
				t.Errorf("the trail says %d times that it ends, want once: %+v", found, entries)
			}
			return err
		})
		may := func() error {
			tree, err := c.Regions.Today(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return office.Actor.May(identity.OrderDispatch, ends, tree)
		}
		if err := may(); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("before the day: got %v, want that the neighbour may not", err)
		}
		c.PassTo(day.Start().Add(time.Hour))
		if err := may(); err != nil {
			t.Errorf("from the day on: %v", err)
		}
		// What was placed before keeps its rules; what is placed now stands under those of the neighbour, and none of its own is left.
		fresh := c.Place(elder.Actor, elder)
		for id, code := range map[order.ID]string{open: "order.moved_too_often", fresh: ""} {
			moved, err := c.Orders.Reschedule(t.Context(), []order.RescheduleCmd{{Actor: elder.Actor, Key: c.Key(), Order: id, Start: c.Order(id).Start.Add(time.Hour)}})
			if err != nil || errs.CodeOf(moved[0].Err) != code {
				t.Errorf("moved after the merger: got %v, %v, want %q", err, moved[0].Err, code)
			}
		}
		if left := endings(); len(left) != 0 {
			t.Errorf("after its end it has rules of its own: %+v", left)
		}
		c.Claim(helper, open)
		if got := c.Order(open).Region; got != ends {
			t.Errorf("the order's region: got %s, want the one under which it was placed", got)
		}
	})
}

// What one person may not do alone, or must not do at all, is refused, and a proposal lapses when its day begins.
func TestWhatIsNoChangeOfTheDivisionsIsRefused(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		street := c.Tree.StreetOf(c.Home())
		one, two := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Administrator, c.Tree.City())
		district := c.Staff(identity.Administrator, c.Tree.District(street))
		day := clock.DayOf(c.Clock.Now()).Add(2)
		name := division.Change{Kind: division.Recode, Region: street, Code: "320113003", System: region.Official, Name: "新街道", From: day}
		propose := func(by citytest.Person, change division.Change) (identity.ProposalID, error) {
			return c.Divisions.Propose(t.Context(), division.ProposeCmd{Actor: by.Actor, Key: c.Key(), Change: change, Reason: "decree 8"})
		}
		past := name
		past.From = "2020-01-01"
		for _, refused := range []struct {
			by     citytest.Person
			change division.Change
			code   string
		}{{district, name, "identity.not_allowed"}, {one, division.Change{Kind: "split", Region: street, From: day}, "division.kind_unknown"}, {one, past, "region.recode_invalid"},
			{one, division.Change{Kind: division.Move, Region: street, From: day}, "region.move_invalid"}} {
			if _, err := propose(refused.by, refused.change); errs.CodeOf(err) != refused.code {
				t.Errorf("%+v: got %v, want %s", refused.change, err, refused.code)
			}
		}
		first, err := propose(one, name)
		if err != nil {
			t.Fatal(err)
		}
		second, err := propose(one, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Divisions.Approve(t.Context(), division.ApproveCmd{Actor: two.Actor, Key: c.Key(), Proposal: first}); err != nil {
			t.Fatal(err)
		}
		// The second one says what is decided already: it is refused, and stays open for its proposer to take back.
		if err := c.Divisions.Approve(t.Context(), division.ApproveCmd{Actor: two.Actor, Key: c.Key(), Proposal: second}); errs.CodeOf(err) != "region.recode_invalid" {
			t.Errorf("what is decided already: got %v", err)
		}
		state := func(which identity.ProposalID) (s identity.ProposalState) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				p, err := identity.LoadProposal(tx, which)
				s = p.State
				return err
			})
			return s
		}
		if got := state(second); got != identity.Open {
			t.Errorf("after a refused approval: got %s, want open", got)
		}
		c.PassTo(day.Start().Add(time.Minute))
		if got := state(second); got != identity.Expired {
			t.Errorf("on its day: got %s, want lapsed", got)
		}
		tree, err := c.Regions.Today(t.Context())
		if err != nil || tree.Name(street) != "新街道" {
			t.Errorf("the name on its day: got %s, %v", tree.Name(street), err)
		}
	})
}
