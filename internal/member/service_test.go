package member_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/timer"
)

// idNumber makes a valid identity number for a birth date and a sequence number of three digits.
func idNumber(birth clock.Day, seq int) string {
	s := "320102" + strings.ReplaceAll(string(birth), "-", "") + fmt.Sprintf("%03d", seq)
	sum := 0
	for i := range len(s) {
		sum = (sum + int(s[i]-'0')) * 2 % 11
	}
	return s + "0123456789X"[(12-sum)%11:][:1]
}

// world is Nanjing with its rules in force and staff of one community.
type world struct {
	t         testing.TB
	db        *store.DB
	clk       *clock.Fake
	s         *member.Service
	tree      *region.Tree
	home      region.ID // a community
	elsewhere region.ID // a community of another district
	timers    *timer.Service
	seq       int

	desk, manager, street, district, far identity.Actor
}

func newWorld(t testing.TB, db *store.DB, clk *clock.Fake) *world {
	t.Helper()
	regions, policies := region.New(db), policy.New(db)
	if _, err := regions.Import(t.Context(), region.Nanjing()); err != nil {
		t.Fatalf("import the regions: %v", err)
	}
	tree, err := regions.Today(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := policies.Propose(t.Context(), policy.Founder("ann"), policy.ProposeCmd{TOML: policy.NanjingTOML(), Reason: "test"})
	if err != nil {
		t.Fatalf("propose the rules: %v", err)
	}
	if _, err := policies.Approve(t.Context(), policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID, Reason: "test"}); err != nil {
		t.Fatalf("approve the rules: %v", err)
	}
	box := piitest.Box(t, pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Index: [32]byte{2}, Random: id.Seeded(2)})
	w := &world{t: t, db: db, clk: clk, s: member.New(db, regions, policies, box, nil), tree: tree, timers: timer.New(db, 0)}
	all := tree.Communities()
	w.home = all[0].ID
	path := tree.Path(w.home)
	for _, c := range all {
		if !tree.Contains(path[1], c.ID) {
			w.elsewhere = c.ID
			break
		}
	}
	staff := func(name string, role identity.Role, at region.ID, point string) identity.Actor {
		return identity.Actor{ID: name, Person: "person-" + name, At: clk.Now(), Origin: "test",
			Grants: []identity.Grant{{Role: role, Region: at, Point: point, From: clk.Now()}}}
	}
	w.desk = staff("desk", identity.PointStaff, w.home, "p1")
	w.manager = staff("manager", identity.PointManager, w.home, "p1")
	w.street = staff("street", identity.Reviewer, path[2], "")
	w.district = staff("district", identity.Reviewer, path[1], "")
	w.far = staff("far", identity.PointManager, w.elsewhere, "p2")
	w.timers.Handle(member.TimerMove, w.s.TakeEffect)
	w.timers.Handle(member.TimerHomes, func(_ *store.Tx, due []timer.Timer) ([]error, error) { return make([]error, len(due)), nil })
	w.timers.Handle(member.TimerKeyElder, w.s.Birthday)
	w.timers.Handle(policy.TimerBegins, w.s.RulesBegan)
	w.timers.Handle(member.TimerSuspensionEnd, member.EndSuspensions)
	return w
}

// wants holds the codes of results against what is wanted, "" for done.
func wants[R any](t testing.TB, what string, out []identity.Result[R], err error, want ...string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for i, r := range out {
		if got := errs.CodeOf(r.Err); got != want[i] {
			t.Errorf("%s, command %d: got %v, want %q", what, i, r.Err, want[i])
		}
	}
}

func (w *world) key() string { w.seq++; return fmt.Sprintf("k%d", w.seq) }

// person registers somebody born on a day in the home community.
func (w *world) person(birth clock.Day) member.PersonID {
	w.t.Helper()
	key := w.key()
	out, err := w.s.RegisterPersons(w.t.Context(), []member.RegisterCmd{{Actor: w.desk, Key: key, Name: "李明", IDNumber: idNumber(birth, w.seq),
		Region: w.home, Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation}}})
	wants(w.t, "register", out, err, "")
	return out[0].Value.Person
}

func (w *world) self(p member.PersonID) identity.Actor {
	return identity.Actor{ID: "actor of " + string(p), Person: string(p), At: w.clk.Now(), Origin: "test"}
}

func (w *world) volunteer(p member.PersonID) (v member.Volunteer) {
	w.t.Helper()
	storetest.Read(w.t, w.db, func(tx *store.Tx) error {
		all, err := member.LoadVolunteers(tx, []member.PersonID{p})
		v = all[p]
		return err
	})
	return v
}

func (w *world) recipient(p member.PersonID) (r member.Recipient) {
	w.t.Helper()
	storetest.Read(w.t, w.db, func(tx *store.Tx) error {
		all, err := member.LoadRecipients(tx, []member.PersonID{p})
		r = all[p]
		return err
	})
	return r
}

// certified makes a volunteer that serves.
func (w *world) certified(p member.PersonID) {
	w.t.Helper()
	ctx := w.t.Context()
	a, err := w.s.ApplyVolunteers(ctx, []member.ApplyVolunteerCmd{{Actor: w.self(p), Key: w.key(), Person: p}})
	wants(w.t, "apply", a, err, "")
	r, err := w.s.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: w.manager, Key: w.key(), Person: p, Approve: true}})
	wants(w.t, "first review", r, err, "")
	r, err = w.s.ReviewVolunteers(ctx, []member.ReviewVolunteerCmd{{Actor: w.district, Key: w.key(), Person: p, Approve: true}})
	wants(w.t, "second review", r, err, "")
	storetest.Write(w.t, w.db, func(tx *store.Tx) error {
		failed, err := member.Certify(tx, identity.System, []member.PersonID{p, p})
		return errors.Join(append(failed, err)...)
	})
}

func (w *world) run() {
	w.t.Helper()
	if _, err := w.timers.Run(w.t.Context(), w.clk.Now()); err != nil {
		w.t.Fatal(err)
	}
	storetest.Read(w.t, w.db, func(tx *store.Tx) error {
		parked, err := timer.ListParked(tx)
		for _, p := range parked {
			w.t.Errorf("parked timer: %s %s", p.Kind, p.Problem)
		}
		return err
	})
}
