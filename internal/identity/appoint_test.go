package identity_test

import (
	"errors"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// TestAppoint: nobody chooses alone who may be the second person of what they propose.
func TestAppoint(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		admin := w.actor(t, w.admin)
		reviewer := identity.GrantRoleCmd{Actor: admin, Key: "alone", To: w.citizen, Role: identity.Reviewer, Region: w.path[1]}
		if got := errs.CodeOf(w.grants(t, []identity.GrantRoleCmd{reviewer})[0].Err); got != identity.CodeAppoint {
			t.Errorf("granted alone: got %q", got)
		}
		appoint := func(key string, change func(*identity.AppointCmd)) (identity.ProposalID, error) {
			cmd := identity.AppointCmd{GrantRoleCmd: reviewer, Reason: "knows the work"}
			cmd.Key = key
			if change != nil {
				change(&cmd)
			}
			return w.s.Appoint(t.Context(), cmd)
		}
		_, err := appoint("everything wrong", func(c *identity.AppointCmd) { c.Region, c.Reason = "nowhere", " " })
		if e, ok := errors.AsType[*errs.Error](err); !ok || len(e.Fields) != 2 || e.Fields[1].Path != "reason" {
			t.Errorf("everything wrong: got %v, want region and reason named", err)
		}
		for want, change := range map[string]func(*identity.AppointCmd){
			"identity.grant_invalid": func(c *identity.AppointCmd) { c.Reason = " " },
			"identity.grant_to_self": func(c *identity.AppointCmd) { c.To = w.admin },
			"identity.not_allowed":   func(c *identity.AppointCmd) { c.Actor = w.actor(t, w.second) },
		} {
			if _, err := appoint("bad "+want, change); errs.CodeOf(err) != want {
				t.Errorf("appoint: got %v, want %s", err, want)
			}
		}
		approve := func(by identity.ActorID, key string, which identity.ProposalID) error {
			_, err := w.s.ApproveAppointment(t.Context(), identity.ApproveAppointmentCmd{Actor: w.actor(t, by), Key: key, Proposal: which})
			return err
		}
		// An appointment of the second person itself: neither the first nor the second may approve it.
		own, err := appoint("of the second", func(c *identity.AppointCmd) { c.To, c.Role = w.second, identity.Administrator })
		if err != nil {
			t.Fatal(err)
		}
		which, err := appoint("good", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			by    identity.ActorID
			which identity.ProposalID
			want  string
		}{{w.admin, which, "identity.second_person_needed"}, {w.manager, which, "identity.not_allowed"}, {w.citizen, which, "identity.grant_to_self"},
			{w.second, own, "identity.grant_to_self"}, {w.second, "unknown", "identity.proposal_unknown"}} {
			if err := approve(c.by, "bad"+string(c.by)+string(c.which), c.which); errs.CodeOf(err) != c.want {
				t.Errorf("approve by %s: got %v, want %s", c.by, err, c.want)
			}
		}
		if len(w.actor(t, w.citizen).Grants) != 0 {
			t.Error("an appointment holds before it is approved")
		}
		clk.Advance(time.Hour)
		for range 2 { // sent twice it has one effect
			if err := approve(w.second, "yes", which); err != nil {
				t.Fatal(err)
			}
		}
		now := w.actor(t, w.citizen)
		if len(now.Grants) != 1 || now.May(identity.MemberReviewSecond, w.path[2], w.tree) != nil {
			t.Errorf("after two persons: %+v", now.Grants)
		}
		if err := approve(w.second, "again", which); errs.CodeOf(err) != "identity.proposal_decided" {
			t.Errorf("approved again: %v", err)
		}
		led := func() (yes bool) {
			storetest.Read(t, db, func(tx *store.Tx) (err error) {
				yes, err = identity.CanDecide(tx, w.tree)
				return err
			})
			return yes
		}
		if !led() {
			t.Error("an administrator and a reviewer of the city do not decide")
		}
		gone, err := w.s.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{{Actor: admin, Key: "gone", Grant: w.actor(t, w.second).Grants[0].ID, Reason: "left"}})
		if err != nil || gone[0].Err != nil {
			t.Fatal(err, gone)
		}
		if led() {
			t.Error("one decides alone")
		}
	})
}

// TestNeedsTwo: whatever approves what others propose is among the roles that two give, and what approves nothing is not.
func TestNeedsTwo(t *testing.T) {
	for _, c := range []struct {
		role identity.Role
		at   region.Level
		want bool
	}{{identity.Administrator, region.City, true}, {identity.Reviewer, region.City, true}, {identity.Administrator, region.District, true}, {identity.Reviewer, region.Street, true},
		{identity.Administrator, region.Community, false}, {identity.Reviewer, region.Community, false}, {identity.Dispatcher, region.City, false}, {identity.Auditor, region.City, false},
		{identity.PointManager, region.Street, false}} {
		if got := identity.NeedsTwo(c.role, c.at); got != c.want {
			t.Errorf("%s at a %s: got %v", c.role, c.at, got)
		}
	}
}
