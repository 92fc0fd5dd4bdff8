package policy_test

import (
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

var path = []string{"city", "qixia", "maigaoqiao", "point"}

func publish(t *testing.T, s *policy.Service, text string, from time.Time) policy.Publication {
	t.Helper()
	p, err := s.Propose(t.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: []byte(text), From: from, Reason: "test"})
	if err != nil {
		t.Fatalf("Propose: %v", err)
	}
	v, err := s.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID, Reason: "agreed"})
	if err != nil {
		t.Fatalf("Approve: %v", err)
	}
	return v
}

func overrideCmd(region string, level policy.Level, text string) policy.OverrideCmd {
	n := 0
	for i, r := range path {
		if r == region {
			n = i + 1
		}
	}
	return policy.OverrideCmd{Region: region, Level: level, Path: path[:n], TOML: []byte(text), Reason: "test"}
}

func restrict(t *testing.T, s *policy.Service, cmd policy.OverrideCmd) policy.Publication {
	t.Helper()
	p, err := s.ProposeOverride(t.Context(), policy.Founder("ann"), cmd)
	if err != nil {
		t.Fatalf("ProposeOverride: %v", err)
	}
	v, err := s.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID})
	if err != nil {
		t.Fatalf("Approve: %v", err)
	}
	return v
}

func rulesAt(t *testing.T, db *store.DB, s *policy.Service, at time.Time, path []string) policy.Rules {
	t.Helper()
	var r policy.Rules
	storetest.Read(t, db, func(tx *store.Tx) (err error) {
		r, err = s.Current(tx, at, path)
		return err
	})
	return r
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestVersionsInTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := policy.New(db)
		err := db.Read(t.Context(), "none", func(tx *store.Tx) error {
			problems, err := s.GoLive(tx)
			if len(problems) != 2 {
				t.Errorf("blockers before the first version: got %v, want no version and no grant", problems)
			}
			if err != nil {
				return err
			}
			_, err = s.Current(tx, tx.Now(), nil)
			return err
		})
		wantCode(t, "nothing published", err, "policy.none_in_force")

		first := publish(t, s, "time.max_per_day = 400", time.Time{})
		start := clk.Now()
		second := publish(t, s, string(policy.NanjingTOML()), start.Add(48*time.Hour))
		for _, c := range []struct {
			after   time.Duration
			version policy.VersionID
			perDay  int64
		}{{0, first.ID, 400}, {47 * time.Hour, first.ID, 400}, {48 * time.Hour, second.ID, 480}, {100 * time.Hour, second.ID, 480}} {
			r := rulesAt(t, db, s, start.Add(c.after), path)
			if r.Version != c.version || r.TimeMaxPerDay != hours.Of(c.perDay) {
				t.Errorf("after %v: got version %s with %v a day, want %s with %d", c.after, r.Version, r.TimeMaxPerDay, c.version, c.perDay)
			}
		}
		err = db.Read(t.Context(), "before", func(tx *store.Tx) error {
			_, err := s.Current(tx, start.Add(-time.Second), nil)
			return err
		})
		wantCode(t, "before the first", err, "policy.none_in_force")

		storetest.Read(t, db, func(tx *store.Tx) error {
			r, err := s.ByVersion(tx, first.ID, path)
			if err != nil || r.TimeMaxPerDay != hours.Of(400) {
				t.Errorf("ByVersion: got %v, %v; want 400 minutes a day", r.TimeMaxPerDay, err)
			}
			_, err = s.ByVersion(tx, "nothing", path)
			wantCode(t, "unknown version", err, "policy.not_found")
			problems, err := s.GoLive(tx)
			if err != nil || len(problems) != 1 || problems[0].Key != "grant.key_elder_monthly" {
				t.Errorf("blockers of the first version: got %v, %v; want the grant", problems, err)
			}
			history, err := s.History(tx, "")
			if err != nil || len(history) != 2 || history[0].ID != second.ID || history[0].Digest != policy.Nanjing().Digest() {
				t.Errorf("history: got %+v, %v; want the second version first", history, err)
			}
			return nil
		})
		clk.Advance(49 * time.Hour)
		storetest.Read(t, db, func(tx *store.Tx) error {
			problems, err := s.GoLive(tx)
			if err != nil || len(problems) != 0 {
				t.Errorf("blockers of the second version: got %v, %v; want none", problems, err)
			}
			return nil
		})
	})
}

func TestTwoPersonsAndOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s, ctx := policy.New(db), t.Context()
		cmd := policy.ProposeCmd{Key: "k1", TOML: policy.NanjingTOML(), Reason: "the published rules"}
		p, err := s.Propose(ctx, policy.Founder("ann"), cmd)
		if err != nil {
			t.Fatalf("Propose: %v", err)
		}
		again, err := s.Propose(ctx, policy.Founder("ann"), cmd)
		if err != nil || again.ID != p.ID {
			t.Errorf("same key: got %s, %v; want %s", again.ID, err, p.ID)
		}
		cmd.Reason = "another"
		_, err = s.Propose(ctx, policy.Founder("ann"), cmd)
		wantCode(t, "same key, other input", err, "idempotency.key_reused")

		_, err = s.Approve(ctx, policy.Founder("ann"), policy.DecideCmd{Proposal: p.ID})
		wantCode(t, "own approval", err, "policy.second_person")
		_, err = s.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Proposal: "nothing"})
		wantCode(t, "unknown proposal", err, "policy.not_found")
		v, err := s.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Key: "k2", Proposal: p.ID})
		if err != nil || v.ProposedBy != "ann" || v.ApprovedBy != "bob" || v.Text != policy.Nanjing().Text() {
			t.Fatalf("Approve: got %+v, %v", v, err)
		}
		twice, err := s.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Key: "k2", Proposal: p.ID})
		if err != nil || twice.ID != v.ID {
			t.Errorf("same approval: got %s, %v; want %s", twice.ID, err, v.ID)
		}
		_, err = s.Approve(ctx, policy.Founder("eve"), policy.DecideCmd{Proposal: p.ID})
		wantCode(t, "approved again", err, "policy.already_decided")
		_, err = s.Reject(ctx, policy.Founder("eve"), policy.DecideCmd{Proposal: p.ID, Reason: "no"})
		wantCode(t, "rejected after approval", err, "policy.already_decided")

		_, err = s.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), From: clk.Now().Add(-time.Hour), Reason: "late"})
		wantCode(t, "back-dated", err, "policy.back_dated")
		_, err = s.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), From: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), Reason: "for ever"})
		wantCode(t, "as far ahead as a date goes", err, "policy.too_far")
		_, err = s.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML()})
		wantCode(t, "no reason", err, "policy.bad_text")
		late, err := s.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), From: clk.Now().Add(time.Hour), Reason: "soon"})
		if err != nil {
			t.Fatalf("Propose: %v", err)
		}
		clk.Advance(2 * time.Hour)
		_, err = s.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Proposal: late.ID})
		wantCode(t, "date passed", err, "policy.back_dated")
		_, err = s.Reject(ctx, policy.Founder("ann"), policy.DecideCmd{Proposal: late.ID, Reason: " "})
		wantCode(t, "rejected without a reason", err, "policy.bad_text")
		gone, err := s.Reject(ctx, policy.Founder("ann"), policy.DecideCmd{Proposal: late.ID, Reason: "too late"})
		if err != nil || gone.State != policy.Rejected || gone.Decision != "too late" {
			t.Errorf("withdraw: got %+v, %v", gone, err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			open, err := s.Proposals(tx, policy.Open)
			if err != nil || len(open) != 0 {
				t.Errorf("open proposals: got %v, %v; want none", open, err)
			}
			return nil
		})
	})
}

func TestOverrides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s, ctx := policy.New(db), t.Context()
		_, err := s.ProposeOverride(ctx, policy.Founder("ann"), overrideCmd("qixia", policy.District, "redeem.min_age = 65"))
		wantCode(t, "override before the city", err, "policy.none_in_force")
		city := publish(t, s, "", time.Time{})
		at := clk.Advance(time.Hour)
		district := restrict(t, s, overrideCmd("qixia", policy.District, "redeem.min_age = 65\ntime.max_per_day = 300"))

		_, err = s.ProposeOverride(ctx, policy.Founder("ann"), overrideCmd("maigaoqiao", policy.Street, "redeem.min_age = 62\ntime.max_per_day = 400"))
		wantCode(t, "looser than the district", err, "policy.loosens")
		if e := err.(*errs.Error); len(e.Fields) != 2 {
			t.Errorf("bad fields: got %v, want both", e.Fields)
		}
		_, err = s.ProposeOverride(ctx, policy.Founder("ann"), policy.OverrideCmd{Region: "x", Level: policy.Street, Path: path, Reason: "r"})
		wantCode(t, "region outside its path", err, "policy.bad_region")
		restrict(t, s, overrideCmd("maigaoqiao", policy.Street, "time.max_per_day = 240"))

		r := rulesAt(t, db, s, at, path)
		if r.RedeemMinAge != 65 || r.TimeMaxPerDay != hours.Of(240) {
			t.Errorf("street: got age %d and %v a day, want 65 and 4h", r.RedeemMinAge, r.TimeMaxPerDay)
		}
		if w := r.Why("redeem.min_age"); w.Owner != "district" || w.Version == "" {
			t.Errorf("why: got %v, want the district as owner", w)
		}
		if r.SetBy("time.max_per_day") != policy.Street || r.SetBy("account.cap") != policy.City {
			t.Errorf("set by: got %s and %s", r.SetBy("time.max_per_day"), r.SetBy("account.cap"))
		}
		other := rulesAt(t, db, s, at, []string{"city", "gulou"})
		if other.RedeemMinAge != 60 || other.Version != r.Version {
			t.Errorf("elsewhere: got age %d in version %s, want 60 in %s", other.RedeemMinAge, other.Version, r.Version)
		}

		storetest.Read(t, db, func(tx *store.Tx) error {
			before, err := s.ByVersion(tx, city.ID, path)
			if err != nil || before.RedeemMinAge != 60 {
				t.Errorf("as of the city's version: got age %d, %v; want 60", before.RedeemMinAge, err)
			}
			then, err := s.ByVersion(tx, district.ID, path)
			if err != nil || then.RedeemMinAge != 65 || then.TimeMaxPerDay != hours.Of(300) {
				t.Errorf("as of the district's version: got %d, %v, %v; want 65, 5h", then.RedeemMinAge, then.TimeMaxPerDay, err)
			}
			return nil
		})

		clk.Advance(time.Hour)
		publish(t, s, "redeem.min_age = 70\nredeem.min_age_hardship = 60\ntime.max_per_order = 200", time.Time{})
		if r := rulesAt(t, db, s, clk.Now(), path); r.RedeemMinAge != 70 || r.TimeMaxPerDay != hours.Of(240) {
			t.Errorf("after a stricter city: got %d and %v, want 70 and 4h", r.RedeemMinAge, r.TimeMaxPerDay)
		}
		restrict(t, s, overrideCmd("maigaoqiao", policy.Street, ""))
		if r := rulesAt(t, db, s, clk.Now(), path); r.TimeMaxPerDay != hours.Of(300) {
			t.Errorf("withdrawn override: got %v a day, want the district's 5h", r.TimeMaxPerDay)
		}
		if r := rulesAt(t, db, s, at, path); r.TimeMaxPerDay != hours.Of(240) {
			t.Errorf("the past after a withdrawal: got %v a day, want 4h", r.TimeMaxPerDay)
		}
	})
}

func TestPublishedVersionsCannotChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := policy.New(db)
		v := publish(t, s, "", time.Time{})
		for _, text := range []string{
			"UPDATE policy_version SET text = text WHERE id = $1",
			"DELETE FROM policy_version WHERE id = $1",
			"UPDATE policy_proposal SET reason = 'x' WHERE id = (SELECT proposal_id FROM policy_version WHERE id = $1)",
			"DELETE FROM policy_proposal WHERE id = (SELECT proposal_id FROM policy_version WHERE id = $1)",
		} {
			err := db.Write(t.Context(), "tamper", func(tx *store.Tx) error {
				_, err := tx.Exec(text, string(v.ID))
				return err
			})
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want the database to refuse", text, err)
			}
		}
	})
}

// A version that was published inside a transaction which is then undone must leave no trace in the cache.
func TestUndoneTransactionLeavesNoCache(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := policy.New(db)
		first := publish(t, s, "time.max_per_day = 400", time.Time{})
		err := db.Write(t.Context(), "undone", func(tx *store.Tx) error {
			if _, err := tx.Exec(`INSERT INTO policy_proposal (id, region_id, level, path, text, digest, reason, proposed_by, proposed_at, state)
				SELECT 'ghost', '', 'city', '', text, digest, 'x', 'ann', proposed_at, 'open' FROM policy_proposal`); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO policy_version (seq, id, proposal_id, region_id, level, effective_from, text, digest,
				proposed_by, approved_by, recorded_at) SELECT seq + 1, 'ghost', 'ghost', '', 'city', effective_from,
				'time.max_per_day = 300', digest, proposed_by, approved_by, recorded_at FROM policy_version`); err != nil {
				return err
			}
			r, err := s.Current(tx, tx.Now(), path)
			if err != nil || r.Version != "ghost" {
				t.Errorf("inside: got version %s, %v; want the ghost", r.Version, err)
			}
			return errs.New(errs.Refused, "test.undone")
		})
		wantCode(t, "undone write", err, "test.undone")
		r := rulesAt(t, db, s, clk.Now(), path)
		if r.Version != first.ID || r.TimeMaxPerDay != hours.Of(400) {
			t.Errorf("got version %s with %v a day, want %s with 400 minutes", r.Version, r.TimeMaxPerDay, first.ID)
		}
		second := publish(t, s, "time.max_per_day = 420", time.Time{})
		if r := rulesAt(t, db, s, clk.Now(), path); r.Version != second.ID || r.TimeMaxPerDay != hours.Of(420) {
			t.Errorf("got version %s with %v a day, want %s with 7h", r.Version, r.TimeMaxPerDay, second.ID)
		}
	})
}

func BenchmarkCurrent(b *testing.B) {
	db, clk := storetest.New(b, store.SQLite)
	s := policy.New(db)
	p, err := s.Propose(b.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), Reason: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := s.Approve(b.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID}); err != nil {
		b.Fatal(err)
	}
	storetest.Read(b, db, func(tx *store.Tx) error {
		v, err := s.View(tx)
		if err != nil {
			return err
		}
		for b.Loop() {
			if _, err := v.At(clk.Now(), path); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestProposedRulesLapse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := policy.New(db)
		timers := timer.New(db, 0)
		timers.Handle(policy.TimerProposalExpire, policy.ExpireProposals)
		begun := 0
		timers.Handle(policy.TimerBegins, func(_ *store.Tx, due []timer.Timer) ([]error, error) {
			begun += len(due)
			return make([]error, len(due)), nil
		})
		propose := func() policy.Proposal {
			p, err := s.Propose(t.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), Reason: "test"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		approve := func(p policy.Proposal) string {
			_, err := s.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID, Reason: "agreed"})
			return errs.CodeOf(err)
		}
		decided, late := propose(), propose()
		if got := approve(decided); got != "" {
			t.Fatalf("in time: got %q", got)
		}
		clk.Set(late.Until())
		if got := approve(late); got != "policy.proposal_expired" {
			t.Errorf("after its time: got %q, want policy.proposal_expired", got)
		}
		if n, err := timers.Run(t.Context(), clk.Now()); n != 2 || begun != 1 || err != nil {
			t.Errorf("timers: got %d, %v, %d of them of rules that begin; want the one that began and the one of the proposal that waits", n, err, begun)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			p, err := s.Proposal(tx, late.ID)
			if p.State != policy.Rejected || p.DecidedBy != "system" {
				t.Errorf("got %s by %q, want it rejected by the system", p.State, p.DecidedBy)
			}
			return err
		})
		if got := approve(late); got != "policy.already_decided" {
			t.Errorf("after it lapsed: got %q", got)
		}
	})
}

// Whoever may not is refused by the use-case itself, whichever edge the command came through.
func TestRulesAreChangedByWhoMay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		s, ctx := policy.New(db), t.Context()
		restricted := map[policy.Act]string{}
		some := func(id string, allowed policy.Act) policy.By {
			return policy.By{ID: id, Origin: "request", May: func(_ *store.Tx, act policy.Act, region string) error {
				restricted[act] = region
				if act != allowed {
					return errs.New(errs.Forbidden, "identity.not_allowed")
				}
				return nil
			}}
		}
		cmd := policy.ProposeCmd{TOML: policy.NanjingTOML(), Reason: "test"}
		for name, by := range map[string]policy.By{"nobody": {}, "an id alone": {ID: "eve"}, "who may decide alone": some("eve", policy.Deciding)} {
			if _, err := s.Propose(ctx, by, cmd); errs.CodeOf(err) != "identity.not_allowed" {
				t.Errorf("%s proposes: got %v", name, err)
			}
		}
		p, err := s.Propose(ctx, some("ann", policy.Proposing), cmd)
		if err != nil {
			t.Fatal(err)
		}
		decide := policy.DecideCmd{Proposal: p.ID, Reason: "test"}
		if _, err := s.Approve(ctx, some("bob", policy.Proposing), decide); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("who may propose alone approves: got %v", err)
		}
		if _, err := s.Reject(ctx, some("bob", policy.Proposing), decide); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("who may propose alone rejects another's: got %v", err)
		}
		if _, err := s.Reject(ctx, some("ann", policy.Proposing), decide); err != nil {
			t.Errorf("the proposer withdraws: %v", err)
		}
		if region, asked := restricted[policy.Deciding]; !asked || region != "" {
			t.Errorf("the city's rules were decided on in %q", region)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, string(p.ID))
			if err != nil || len(trail) == 0 || trail[0].Origin != "request" {
				t.Errorf("the trail does not say from where: %v, %v", trail, err)
			}
			return err
		})
	})
}
