package identity_test

import (
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

// world is a city with an administrator of the city, a reviewer of the city, the manager of a point and a plain citizen.
type world struct {
	db                              *store.DB
	clk                             *clock.Fake
	s                               *identity.Service
	tree                            *region.Tree
	path                            []region.ID
	elsewhere                       region.ID
	admin, second, manager, citizen identity.ActorID
}

func newWorld(t *testing.T, db *store.DB, clk *clock.Fake) *world {
	t.Helper()
	regions, tree := nanjing(t, db)
	w := &world{db: db, clk: clk, s: identity.New(db, regions, identity.Limits{Idle: time.Hour, Absolute: 24 * time.Hour}), tree: tree}
	w.path, w.elsewhere = line(tree)
	storetest.Write(t, db, func(tx *store.Tx) error {
		ids, err := identity.Register(tx, []string{"person-admin", "person-second", "person-manager", "person-citizen"})
		if err == nil {
			w.admin, w.second, w.manager, w.citizen = ids[0], ids[1], ids[2], ids[3]
		}
		return err
	})
	for _, r := range w.grants(t, []identity.GrantRoleCmd{
		{Actor: identity.System, To: w.admin, Role: identity.Administrator, Region: tree.City()},
		{Actor: identity.System, To: w.second, Role: identity.Reviewer, Region: tree.City()},
		{Actor: identity.System, To: w.manager, Role: identity.PointManager, Region: w.path[3], Point: "point-1"},
	}) {
		if r.Err != nil {
			t.Fatalf("grant by the system: %v", r.Err)
		}
	}
	return w
}

func (w *world) grants(t *testing.T, cmds []identity.GrantRoleCmd) []identity.Result[identity.GrantID] {
	t.Helper()
	out, err := w.s.GrantRoles(t.Context(), cmds)
	if err != nil {
		t.Fatalf("grant roles: %v", err)
	}
	return out
}

func (w *world) actor(t *testing.T, of identity.ActorID) identity.Actor {
	t.Helper()
	a, err := w.s.Actor(t.Context(), of, "test")
	if err != nil {
		t.Fatalf("load an actor: %v", err)
	}
	return a
}

func TestGrantRoles(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		admin, manager, citizen := w.actor(t, w.admin), w.actor(t, w.manager), w.actor(t, w.citizen)
		day := 24 * time.Hour
		var bare identity.ActorID
		storetest.Write(t, db, func(tx *store.Tx) error {
			made, err := identity.Register(tx, []string{""})
			bare = made[0]
			return err
		})
		cases := []struct {
			name string
			cmd  identity.GrantRoleCmd
			want string
		}{
			{"an administrator below", identity.GrantRoleCmd{Actor: admin, To: w.citizen, Role: identity.Dispatcher, Region: w.path[2], Until: clk.Now().Add(day)}, ""},
			{"a manager lets staff in", identity.GrantRoleCmd{Actor: manager, To: w.citizen, Role: identity.PointStaff, Region: w.path[3], Point: "point-1"}, ""},
			{"a manager at another point", identity.GrantRoleCmd{Actor: manager, To: w.citizen, Role: identity.PointStaff, Region: w.path[3], Point: "point-2"}, "identity.not_allowed"},
			{"a manager makes an administrator", identity.GrantRoleCmd{Actor: manager, To: w.citizen, Role: identity.Administrator, Region: w.path[3]}, "identity.not_allowed"},
			{"to itself", identity.GrantRoleCmd{Actor: admin, To: w.admin, Role: identity.Reviewer, Region: w.path[1]}, "identity.grant_to_self"},
			{"a citizen", identity.GrantRoleCmd{Actor: citizen, To: w.admin, Role: identity.Reviewer, Region: w.path[1]}, "identity.not_allowed"},
			{"everything wrong", identity.GrantRoleCmd{Actor: admin, To: "nobody", Role: "king", Region: "nowhere", Point: "x", From: clk.Now().Add(-day), Until: clk.Now().Add(-2 * day)}, "identity.grant_invalid"},
			{"an account that is nobody's", identity.GrantRoleCmd{Actor: admin, To: bare, Role: identity.Reviewer, Region: w.path[1]}, "identity.grant_invalid"},
			{"no key", identity.GrantRoleCmd{Actor: admin, To: w.citizen, Role: identity.Auditor, Region: w.path[1]}, "idempotency.key_missing"},
			{"nobody", identity.GrantRoleCmd{Key: "k", To: w.citizen, Role: identity.Auditor, Region: w.path[1]}, "identity.nobody"},
		}
		var cmds []identity.GrantRoleCmd
		for _, c := range cases {
			if c.want != "idempotency.key_missing" {
				c.cmd.Key = c.name
			}
			cmds = append(cmds, c.cmd)
		}
		out := w.grants(t, cmds)
		for i, c := range cases {
			if got := errs.CodeOf(out[i].Err); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
		if e, ok := out[6].Err.(*errs.Error); !ok || len(e.Fields) != 6 {
			t.Errorf("bad fields: got %v, want all six", out[6].Err)
		}
		now := w.actor(t, w.citizen)
		if !now.Is(identity.Dispatcher) || now.May(identity.OrderDispatch, w.path[3], w.tree) != nil || !now.AtPoint("point-1") {
			t.Errorf("the new roles do not hold: %+v", now.Grants)
		}
		clk.Advance(day)
		if later := w.actor(t, w.citizen); later.Is(identity.Dispatcher) {
			t.Error("a role holds after its end")
		}

		admin = w.actor(t, w.admin)
		gone, err := w.s.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{
			{Actor: w.actor(t, w.manager), Key: "r1", Grant: out[1].Value, Reason: "left"},
			{Actor: admin, Key: "r2", Grant: out[0].Value, Reason: "is over"},
			{Actor: admin, Key: "r3", Grant: "unknown", Reason: "x"},
			{Actor: admin, Key: "r4", Grant: out[0].Value, Reason: " \u3000"},
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "identity.grant_over", "identity.grant_unknown", "identity.revoke_invalid"} {
			if got := errs.CodeOf(gone[i].Err); got != want {
				t.Errorf("revocation %d: got %q, want %q", i, got, want)
			}
		}
		if e, ok := gone[3].Err.(*errs.Error); !ok || len(e.Fields) != 1 || e.Fields[0].Path != "reason" || e.Fields[0].Code != "identity.reason_missing" {
			t.Errorf("a reason of spaces: got %v, want the field named", gone[3].Err)
		}
		if w.actor(t, w.citizen).Is(identity.PointStaff) {
			t.Error("a revoked role holds")
		}
	})
}

// TestKeysWithinABatch: equal keys in one slice behave as if the commands had come one after another.
func TestKeysWithinABatch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		admin := w.actor(t, w.admin)
		good := identity.GrantRoleCmd{Actor: admin, Key: "same", To: w.citizen, Role: identity.Auditor, Region: w.path[1]}
		other := good
		other.Region = w.path[2]
		bad := good
		bad.Role = "king"
		out := w.grants(t, []identity.GrantRoleCmd{bad, bad, good, good, other})
		want := []string{"identity.grant_invalid", "identity.grant_invalid", "", "", "idempotency.key_reused"}
		for i := range want {
			if got := errs.CodeOf(out[i].Err); got != want[i] {
				t.Errorf("command %d: got %q, want %q", i, got, want[i])
			}
		}
		if out[2].Replayed || !out[3].Replayed || out[2].Value != out[3].Value {
			t.Errorf("one effect: got %+v and %+v", out[2], out[3])
		}
		again := w.grants(t, []identity.GrantRoleCmd{good, other})
		if !again[0].Replayed || again[0].Value != out[2].Value || errs.CodeOf(again[1].Err) != "idempotency.key_reused" {
			t.Errorf("the next day: got %+v", again)
		}
		if n := len(w.actor(t, w.citizen).Grants); n != 1 {
			t.Errorf("grants: got %d, want 1", n)
		}
	})
}

func TestSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		sign := func(of identity.ActorID, ttl time.Duration) string {
			t.Helper()
			token, err := w.s.IssueToken(t.Context(), of, ttl, "this phone")
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		check := func(what, token, want string) {
			t.Helper()
			a, err := w.s.Authenticate(t.Context(), token, "req-1")
			if got := errs.CodeOf(err); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
			if want == "" && (a.ID != string(w.admin) || a.Person != "person-admin" || !a.Is(identity.Administrator) || a.Origin != "req-1 session="+string(a.Session)) {
				t.Errorf("%s: got %+v", what, a)
			}
		}
		token := sign(w.admin, 0)
		check("fresh", token, "")
		check("malformed", "x", "identity.not_signed_in")
		check("changed", strings.Map(func(r rune) rune {
			if r == 'A' {
				return 'B'
			}
			return 'A'
		}, token), "identity.not_signed_in")
		for range 5 {
			clk.Advance(50 * time.Minute)
			check("in use", token, "")
		}
		clk.Advance(time.Hour)
		check("idle", token, "identity.session_ended")

		long := sign(w.admin, 0)
		for range 28 {
			clk.Advance(50 * time.Minute)
			check("all day", long, "")
		}
		clk.Advance(45 * time.Minute)
		check("absolute", long, "identity.session_ended")

		first, second := sign(w.admin, 0), sign(w.admin, 0)
		admin, citizen := w.actor(t, w.admin), w.actor(t, w.citizen)
		list, err := w.s.Sessions(t.Context(), admin, w.admin)
		if err != nil || len(list) != 2 {
			t.Fatalf("sessions: got %v %v, want the two that are open", list, err)
		}
		if _, err := w.s.Sessions(t.Context(), citizen, w.admin); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a stranger lists sessions: got %v", err)
		}
		end := func(by identity.Actor, key string, which identity.SessionID) error {
			t.Helper()
			out, err := w.s.EndSessions(t.Context(), []identity.EndSessionCmd{{Actor: by, Key: key, Of: w.admin, Session: which}})
			if err != nil {
				t.Fatal(err)
			}
			return out[0].Err
		}
		if err := end(citizen, "1", ""); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a stranger signs somebody out: got %v", err)
		}
		if err := end(admin, "2", list[0].ID); err != nil {
			t.Error(err)
		}
		check("the other", first, "")
		check("signed out", second, "identity.session_ended")
		if err := end(admin, "3", ""); err != nil {
			t.Error(err)
		}
		check("signed out everywhere", first, "identity.session_ended")
	})
}

func TestTwoPersons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		admin, second, manager := w.actor(t, w.admin), w.actor(t, w.second), w.actor(t, w.manager)
		draft := identity.Draft{Action: "ledger.reverse", Payload: `{"tx":"t1"}`, Region: w.path[3], Level: region.District,
			Needs: identity.LedgerReverseApprove, Reason: "the visit did not take place", Until: clk.Now().Add(time.Hour)}
		propose := func(by identity.Actor, d identity.Draft) (p identity.ProposalID, err error) {
			err = db.Write(t.Context(), "test", func(tx *store.Tx) error {
				p, err = identity.Propose(tx, by, d)
				return err
			})
			return p, err
		}
		approve := func(by identity.Actor, which identity.ProposalID) (p identity.Proposal, err error) {
			err = db.Write(t.Context(), "test", func(tx *store.Tx) error {
				p, err = identity.Approve(tx, w.tree, by, which)
				return err
			})
			return p, err
		}
		if _, err := propose(identity.System, draft); errs.CodeOf(err) != "identity.person_needed" {
			t.Errorf("the system proposes: got %v", err)
		}
		if _, err := propose(admin, identity.Draft{}); len(err.(*errs.Error).Fields) != 5 {
			t.Errorf("an empty draft: got %v, want five bad fields", err)
		}
		p, err := propose(admin, draft)
		if err != nil {
			t.Fatal(err)
		}
		twin := admin
		twin.ID = "another account of the same person"
		for _, c := range []struct {
			name string
			by   identity.Actor
			want string
		}{
			{"who proposed", admin, "identity.second_person_needed"},
			{"another account of who proposed", twin, "identity.second_person_needed"},
			{"the system", identity.System, "identity.person_needed"},
			{"too low an office", manager, "identity.not_allowed"},
			{"a second person", second, ""},
			{"once more", second, "identity.proposal_decided"},
		} {
			got, err := approve(c.by, p)
			if errs.CodeOf(err) != c.want {
				t.Errorf("%s: got %v, want %q", c.name, err, c.want)
			}
			if e, ok := err.(*errs.Error); ok && c.want == "identity.second_person_needed" && e.Why == nil {
				t.Errorf("%s: the refusal does not say why", c.name)
			}
			if c.want == "" && (got.Payload != draft.Payload || got.State != identity.Approved) {
				t.Errorf("%s: got %+v", c.name, got)
			}
		}

		late, _ := propose(admin, draft)
		mine, _ := propose(admin, draft)
		storetest.Write(t, db, func(tx *store.Tx) error {
			waiting, err := identity.OpenProposals(tx, w.path[0])
			if err != nil || len(waiting) != 2 {
				t.Errorf("open proposals: got %v %v, want two", waiting, err)
			}
			back, err := identity.Refuse(tx, w.tree, admin, mine, "my mistake")
			if back.State != identity.Withdrawn {
				t.Errorf("withdraw: got %+v", back)
			}
			return err
		})
		clk.Advance(2 * time.Hour)
		if _, err := approve(second, late); errs.CodeOf(err) != "identity.proposal_expired" {
			t.Errorf("after its time: got %v", err)
		}
		timers := timer.New(db, 0)
		timers.Handle(identity.TimerProposalExpire, identity.ExpireProposals)
		if n, err := timers.Run(t.Context(), clk.Now()); n != 1 || err != nil {
			t.Errorf("timers: got %d %v, want the one of the proposal that waits", n, err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			got, err := identity.LoadProposal(tx, late)
			if got.State != identity.Expired {
				t.Errorf("state: got %s, want expired", got.State)
			}
			trail, err2 := audit.Of(tx, string(p))
			if len(trail) != 2 || trail[1].Actor != second.ID {
				t.Errorf("audit trail: got %+v", trail)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		// The database holds the rule too.
		for _, text := range []string{
			"UPDATE proposal SET payload = 'x' WHERE id = $1", "UPDATE proposal SET state = 'open', decided_at = NULL WHERE id = $1", "DELETE FROM proposal WHERE id = $1",
		} {
			if err := db.Write(t.Context(), "test", func(tx *store.Tx) error { _, err := tx.Exec(text, string(p)); return err }); !store.Refused(err) {
				t.Errorf("%s: got %v, want a refusal", text, err)
			}
		}
	})
}

func TestARoleForOneCampaignAllowsNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		admin := w.actor(t, w.admin)
		street, snow := w.path[2], "snow-2020"
		grant := func(until time.Time) identity.Result[identity.GrantID] {
			return w.grants(t, []identity.GrantRoleCmd{{Actor: admin, Key: until.String(), To: w.citizen, Role: identity.Dispatcher, Region: street, Campaign: snow, Until: until}})[0]
		}
		if got := errs.CodeOf(grant(time.Time{}).Err); got != "identity.grant_invalid" {
			t.Errorf("without an end: got %q, want identity.grant_invalid", got)
		}
		if r := grant(clk.Now().Add(48 * time.Hour)); r.Err != nil {
			t.Fatal(r.Err)
		}
		helper := w.actor(t, w.citizen)
		for _, c := range []struct {
			name string
			err  error
			want string
		}{
			{"within the call-out", helper.MayIn(snow, identity.OrderDispatch, w.path[3], w.tree), ""},
			{"in everyday work", helper.May(identity.OrderDispatch, w.path[3], w.tree), "identity.not_allowed"},
			{"in another call-out", helper.MayIn("flood-2020", identity.OrderDispatch, w.path[3], w.tree), "identity.not_allowed"},
			{"in another place", helper.MayIn(snow, identity.OrderDispatch, w.elsewhere, w.tree), "identity.not_allowed"},
			{"by another right", helper.MayIn(snow, identity.LedgerIssuePropose, w.path[3], w.tree), "identity.not_allowed"},
			{"an everyday role within it", admin.MayIn(snow, identity.MemberPoint, street, w.tree), ""},
		} {
			if got := errs.CodeOf(c.err); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
		if helper.Is(identity.Dispatcher) {
			t.Error("whoever helps in a call-out passes for a dispatcher")
		}
		clk.Advance(49 * time.Hour)
		helper = w.actor(t, w.citizen)
		if err := helper.MayIn(snow, identity.OrderDispatch, w.path[3], w.tree); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("after its end: got %v", err)
		}
	})
}

func TestEndedSessionsAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		if _, err := w.s.IssueToken(t.Context(), w.admin, 0, "old"); err != nil {
			t.Fatal(err)
		}
		clk.Advance(89 * 24 * time.Hour)
		if n, err := w.s.Forget(t.Context()); n != 0 || err != nil {
			t.Errorf("after less than ninety days: forgot %d, %v", n, err)
		}
		clk.Advance(3 * 24 * time.Hour)
		if _, err := w.s.IssueToken(t.Context(), w.admin, 0, "new"); err != nil {
			t.Fatal(err)
		}
		if n, err := w.s.Forget(t.Context()); n != 1 || err != nil {
			t.Errorf("after more: forgot %d, %v, want the old one", n, err)
		}
	})
}
