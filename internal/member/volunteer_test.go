package member_test

import (
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestVolunteers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		chen, child := w.person("1990-01-01"), w.person("2005-01-01")
		out, err := w.s.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{
			{Actor: w.self(chen), Key: "a", Person: chen}, {Actor: w.self(chen), Key: "b", Person: chen}, {Actor: w.self(child), Key: "c", Person: child},
			{Actor: w.self(child), Key: "d", Person: child, Guardian: chen}, {Actor: w.self(chen), Key: "e", Person: child},
		})
		wants(t, "apply", out, err, "", "member.volunteer_exists", "member.guardian_needed", "", "identity.not_allowed")
		if v := w.volunteer(child); v.Guardian != chen {
			t.Errorf("guardian: got %q, want %q", v.Guardian, chen)
		}
		review := func(by identity.Actor, p member.PersonID, approve bool, reason string) member.ReviewVolunteerCmd {
			return member.ReviewVolunteerCmd{Actor: by, Key: w.key(), Person: p, Approve: approve, Reason: reason}
		}
		both := w.district
		both.Grants = append([]identity.Grant{w.street.Grants[0]}, both.Grants...)
		done, err := w.s.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{
			review(w.self(chen), chen, true, ""), review(w.far, chen, true, ""), review(both, chen, true, ""), review(both, chen, true, ""),
			review(w.street, chen, true, ""), review(w.district, child, true, ""), review(w.street, child, false, ""), review(w.street, child, false, "no consent of the school"),
		})
		wants(t, "review", done, err, "member.own_case", "identity.not_allowed", "", "member.reviewed_already", "identity.not_allowed", "identity.not_allowed",
			"member.reason_missing", "")
		if done[2].Value != member.VolunteerReviewed || done[7].Value != member.VolunteerRejected {
			t.Errorf("states: got %s and %s", done[2].Value, done[7].Value)
		}
		second := w.district
		second.ID, second.Person = "another of the district", "another person"
		done, err = w.s.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{review(second, chen, true, ""), review(second, chen, true, "")})
		wants(t, "second review", done, err, "", "member.volunteer_not_waiting")
		storetest.Write(t, db, func(tx *store.Tx) error {
			failed, err := member.Certify(tx, identity.System, []member.PersonID{chen, child, "nobody", chen})
			if errs.CodeOf(failed[1]) != "member.volunteer_not_studying" || errs.CodeOf(failed[2]) != "member.volunteer_unknown" || failed[0] != nil || failed[3] != nil {
				t.Errorf("certify: got %v", failed)
			}
			return err
		})
		if v := w.volunteer(chen); !v.Serves(clk.Now()) || v.State != member.VolunteerCertified {
			t.Errorf("after certification: got %+v", v)
		}

		rules := policy.Of(policy.Nanjing(), "v")
		for n, day := range []int{0, 0, 30, 60} {
			at := storetest.Epoch.AddDate(0, 0, day)
			clk.Set(at)
			storetest.Write(t, db, func(tx *store.Tx) error { return member.RecordNoShow(tx, chen, at, rules) })
			if got, want := w.volunteer(chen).State, member.VolunteerCertified; n < 3 && got != want {
				t.Errorf("after no-show %d: got %s, want %s", n, got, want)
			}
		}
		v := w.volunteer(chen)
		if v.State != member.VolunteerSuspended || v.Serves(clk.Now()) || !v.SuspendedUntil.Equal(clk.Now().AddDate(0, 0, 30)) || v.SuspendedFor != "penalty.no_show_count" {
			t.Errorf("after three no-shows: got %+v", v)
		}
		clk.Set(v.SuspendedUntil)
		w.run()
		if v := w.volunteer(chen); v.State != member.VolunteerCertified || !v.Serves(clk.Now()) {
			t.Errorf("after the suspension: got %+v", v)
		}
		suspended, err := w.s.Suspend(ctx, []member.SuspendCmd{{Actor: w.street, Key: "s1", Person: chen, Until: clk.Now().Add(time.Hour), Reason: "complaint"},
			{Actor: w.street, Key: "s2", Person: child, Until: clk.Now().Add(time.Hour), Reason: "x"}, {Actor: w.street, Key: "s3", Person: chen},
			{Actor: w.street, Key: "s4", Person: chen, Until: clk.Now().AddDate(10, 0, 1), Reason: "for ever"}})
		wants(t, "suspend", suspended, err, "", "member.volunteer_not_certified", "member.suspension_invalid", "member.suspension_invalid")
	})
}
