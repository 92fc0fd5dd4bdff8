package member_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
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
	box, err := pii.NewBox(pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Index: [32]byte{2}, Random: id.Seeded(2)})
	if err != nil {
		t.Fatal(err)
	}
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
	w.timers.Handle(member.TimerKeyElder, w.s.Birthday)
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

func TestRegisterPersons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		place := region.Point{LatE6: 32_060_000, LonE6: 118_790_000}
		full := []member.Purpose{member.PurposeIdentity, member.PurposeLocation, member.PurposeIdentity}
		good := member.RegisterCmd{Actor: w.desk, Key: "1", Name: "曹桂英", IDNumber: idNumber("1938-02-03", 2), Phone: "025-83638888",
			Address: "迈皋桥街道 1 号 203 室", Region: w.home, Point: &place, Consents: full}
		twin, glyph, far, young := good, good, good, good
		twin.Key, twin.Name = "2", "曹桂花"
		glyph.Key, glyph.Name, glyph.IDNumber = "3", "李喆", idNumber("1940-01-01", 4)
		far.Key, far.IDNumber, far.Region = "4", idNumber("1941-01-01", 4), w.elsewhere
		young.Key, young.IDNumber = "5", idNumber("2021-01-01", 4)
		bad := member.RegisterCmd{Actor: w.desk, Key: "6", Name: "", IDNumber: "123", Phone: "1", Address: strings.Repeat("长", 201),
			Region: w.tree.City(), Point: &region.Point{LatE6: 91_000_000}, Consents: []member.Purpose{"fun"}}
		itself := good
		itself.Actor, itself.Key, itself.IDNumber = identity.Actor{ID: "stranger", At: clk.Now()}, "7", idNumber("1980-01-01", 9)

		out, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{good, twin, glyph, far, young, bad})
		wants(t, "register", out, err, "", "member.identity_taken", "", "identity.not_allowed", "member.person_invalid", "member.person_invalid")
		if e, ok := out[5].Err.(*errs.Error); ok {
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Path)
			}
			if want := "name id_number phone address region point consents.0 consents consents"; strings.Join(got, " ") != want {
				t.Errorf("bad fields: got %q, want %q", got, want)
			}
		}
		if len(out[0].Value.Warnings) != 0 || len(out[2].Value.Warnings) != 1 || out[2].Value.Warnings[0] != member.WarnGlyph {
			t.Errorf("warnings: got %v and %v, want one of the second", out[0].Value.Warnings, out[2].Value.Warnings)
		}
		again, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{good, twin, glyph})
		wants(t, "again", again, err, "", "member.identity_taken", "")
		if !again[0].Replayed || again[0].Value.Person != out[0].Value.Person || len(again[2].Value.Warnings) != 1 {
			t.Errorf("the same command again: got %+v, want the first run's result %+v", again, out)
		}
		other := good
		other.Phone = "13800000000"
		reused, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{other})
		wants(t, "the key with another input", reused, err, "idempotency.key_reused")

		// Somebody who signed in and is nobody yet registers itself and becomes that person.
		var stranger identity.ActorID
		storetest.Write(t, db, func(tx *store.Tx) error {
			ids, err := identity.Register(tx, []string{""})
			stranger = ids[0]
			return err
		})
		itself.Actor.ID = string(stranger)
		mine, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{itself})
		wants(t, "oneself", mine, err, "")
		if mine[0].Value.Actor != stranger {
			t.Errorf("actor: got %s, want the stranger's own", mine[0].Value.Actor)
		}
		second := itself
		second.Key, second.IDNumber = "8", idNumber("1980-01-02", 9)
		twice, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{second})
		wants(t, "oneself twice", twice, err, "identity.actor_bound")

		who := out[0].Value.Person
		p, d, err := w.s.Details(ctx, w.desk, who)
		if err != nil || d.Name.Reveal() != "曹桂英" || d.Phone.Reveal() == "" || d.Address.Reveal() != "迈皋桥街道 1 号 203 室" || p.Birth != "1938-02-03" ||
			p.Sex != pii.Female || !p.HasPoint || p.Point != place {
			t.Errorf("details: got %+v %+v %v", p, d, err)
		}
		if _, _, err := w.s.Details(ctx, w.self(out[2].Value.Person), who); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a stranger looks: got %v, want a refusal", err)
		}
		if _, _, err := w.s.Details(ctx, w.self(who), who); err != nil {
			t.Errorf("a person looks at itself: %v", err)
		}
		stationed, err := w.s.RegisterPoints(ctx, []member.RegisterPointCmd{{Actor: identity.System, Key: w.key(), Name: "迈皋桥服务点", Kind: member.PointCommunity, Region: w.home, Phone: "025-85550001"}})
		wants(t, "a station", stationed, err, "")
		nobody := idNumber("1939-09-09", 9)
		for _, c := range []struct {
			what   string
			by     identity.Actor
			number string
			reason member.LookUpReason
			found  int
			field  string // the bad one
		}{
			{"the own desk", w.desk, good.IDNumber, "", 1, ""}, {"the own desk, by phone", w.desk, "025 8363 8888", "", 3, ""},
			{"nobody, at the own desk", w.desk, nobody, "", 0, "reason member.look_up_reason_missing"},
			{"another district's desk", w.far, good.IDNumber, "", 0, "reason member.look_up_reason_missing"},
			{"nobody, at another district's desk", w.far, nobody, "", 0, "reason member.look_up_reason_missing"},
			{"for no reason of the list", w.far, good.IDNumber, "curious", 0, "reason member.look_up_reason_unknown"},
			{"no number", w.far, "12", "", 0, "number member.neither_id_number_nor_phone"},
			{"another district's desk, for a reason", w.far, good.IDNumber, member.LookUpCaller, 1, ""},
			{"another district's desk, by phone", w.far, "025 8363 8888", member.LookUpDanger, 3, ""},
			{"nobody, for a reason", w.far, nobody, member.LookUpRegister, 0, ""},
		} {
			found, err := w.s.LookUp(ctx, c.by, c.number, c.reason)
			var e *errs.Error
			if c.field != "" && (!errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Path+" "+e.Fields[0].Code != c.field) || c.field == "" && err != nil || len(found) != c.found {
				t.Errorf("%s: got %v %v, want %d, %q", c.what, found, err, c.found, c.field)
			}
			for _, one := range found[:min(len(found), 1)] {
				if one.Person != who || one.Name.String() != "曹**" || one.District != w.tree.District(w.home) || one.Station.Phone != "025-85550001" {
					t.Errorf("%s: got %+v", c.what, one)
				}
				if own := c.by.ID == "desk"; (one.Own != nil) != own {
					t.Errorf("%s: the record itself is shown: %v, want %v", c.what, one.Own != nil, own)
				}
			}
		}
		if _, err := w.s.LookUp(ctx, w.self(who), good.IDNumber, member.LookUpCaller); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a citizen looks up: got %v, want a refusal", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, string(who))
			var looks []string
			for _, e := range trail {
				if e.Action == "member.look" {
					looks = append(looks, e.Actor+" "+e.After)
				}
				if strings.Contains(fmt.Sprintf("%+v", e), "曹") {
					t.Errorf("the trail names a person: %+v", e)
				}
			}
			slices.Sort(looks)
			if want := []string{"desk details", "desk id_index", "desk phone_index", "far id_index masked caller", "far phone_index masked danger"}; !slices.Equal(looks, want) {
				t.Errorf("looks in the trail: got %q, want %q", looks, want)
			}
			vain, err := audit.Of(tx, string(w.elsewhere))
			if err != nil || len(vain) != 1 || vain[0].Action != "member.look_up" || vain[0].After != "id_index nobody register" {
				t.Errorf("a search that found nobody: got %+v %v", vain, err)
			}
			var name, number []byte
			if err := tx.QueryRow("SELECT name, id_number FROM person WHERE id = $1", string(who)).Scan(&name, &number); err != nil {
				return err
			}
			if bytes.Contains(name, []byte("曹")) || bytes.Contains(number, []byte("320102")) {
				t.Error("the database holds personal data in clear")
			}
			return err
		})
	})
}

func TestRecipients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		// 79 today and 80 in ten days; 85; 70.
		soon, old, young := w.person("1940-10-22"), w.person("1935-01-01"), w.person("1950-01-01")
		alone := member.Attributes{LivesAlone: true}
		ill := member.Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityHalf}
		apply := func(by identity.Actor, p member.PersonID, a member.Attributes, consents ...member.Purpose) member.ApplyRecipientCmd {
			return member.ApplyRecipientCmd{Actor: by, Key: w.key(), Person: p, Attributes: a, Consents: consents}
		}
		out, err := w.s.ApplyRecipients(ctx, []member.ApplyRecipientCmd{
			apply(w.self(soon), soon, alone), apply(w.desk, old, alone), apply(w.desk, young, ill), apply(w.far, young, ill),
			apply(w.desk, young, ill, member.PurposeHealth, member.PurposeAllowance), apply(w.desk, old, alone), apply(w.desk, "nobody", alone),
		})
		wants(t, "apply", out, err, "", "", "member.recipient_invalid", "identity.not_allowed", "", "member.recipient_exists", "member.person_unknown")

		review := func(by identity.Actor, p member.PersonID, approve bool, reason string, assessed *member.Attributes) member.ReviewRecipientCmd {
			return member.ReviewRecipientCmd{Actor: by, Key: w.key(), Person: p, Approve: approve, Reason: reason, Assessed: assessed}
		}
		notIll := member.Attributes{}
		done, err := w.s.ReviewRecipients(ctx, []member.ReviewRecipientCmd{
			review(w.self(soon), soon, true, "", nil), review(w.desk, soon, true, "", nil), review(w.manager, soon, true, "", nil),
			review(w.manager, old, true, "", nil), review(w.manager, old, true, "", nil), review(w.manager, young, false, "", nil),
			review(w.street, young, true, "", &notIll),
		})
		wants(t, "review", done, err, "member.own_case", "identity.not_allowed", "", "", "member.recipient_not_waiting", "member.recipient_invalid", "")
		for i, want := range map[int]bool{2: false, 3: true, 6: false} {
			if done[i].Value.KeyElder != want || done[i].Value.State != member.RecipientApproved {
				t.Errorf("review %d: got %+v, want key elder %v", i, done[i].Value, want)
			}
		}
		r := w.recipient(old)
		if !r.KeyElder || r.PolicyVersion == "" || r.KeyElderBasis.Rule != "key_elder.rule" || r.KeyElderBasis.Version != string(r.PolicyVersion) || !r.MayAsk() {
			t.Errorf("the decision does not say why: %+v", r)
		}
		assessed, err := w.s.Assess(ctx, []member.AssessCmd{{Actor: w.desk, Key: w.key(), Person: young, Attributes: ill},
			{Actor: w.desk, Key: w.key(), Person: old, Attributes: member.Attributes{LivesAlone: true, ChildrenNear: true}}})
		wants(t, "assess", assessed, err, "", "")
		if !assessed[0].Value.KeyElder || assessed[1].Value.KeyElder {
			t.Errorf("assess: got %+v, want the first to be a key elder now and the second no longer", assessed)
		}

		// Each look at what a visit found out is an entry, the person's own excepted; a list that shows only where people stand is none.
		looks := func() (n int) {
			storetest.Read(t, db, func(tx *store.Tx) error {
				if _, err := member.Standings(tx, []member.PersonID{young}); err != nil {
					return err
				}
				return tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND after = 'attributes'", string(young)).Scan(&n)
			})
			return n
		}
		card := w.self(young)
		card.ByCard = true
		for i, c := range []struct {
			by    identity.Actor
			code  string
			looks int
		}{{w.desk, "", 1}, {w.street, "", 2}, {w.self(young), "", 2}, {card, "", 3}, {w.far, "identity.not_allowed", 3}, {w.self(old), "identity.not_allowed", 3}} {
			r, known, err := w.s.Assessed(ctx, c.by, young)
			if errs.CodeOf(err) != c.code || c.code == "" && (!known || r.Attributes != ill || r.KeyElderBasis.Rule == "") {
				t.Errorf("look %d at what a visit found out: got %+v %v %v, want %q", i, r, known, err, c.code)
			}
			if got := looks(); got != c.looks {
				t.Errorf("look %d: got %d entries, want %d", i, got, c.looks)
			}
		}
		if _, known, err := w.s.Assessed(ctx, w.desk, w.person("1950-02-02")); known || err != nil {
			t.Errorf("who never applied: got %v %v", known, err)
		}

		clk.Set(clock.Day("1940-10-22").Start().AddDate(80, 0, 0).Add(-time.Second))
		w.run()
		if w.recipient(soon).KeyElder {
			t.Error("a key elder a second before its 80th birthday")
		}
		clk.Advance(time.Hour * 2)
		w.run()
		if !w.recipient(soon).KeyElder {
			t.Error("no key elder on its 80th birthday")
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			first, err := member.KeyElders(tx, "", 1)
			if err != nil || len(first) != 1 {
				t.Fatalf("key elders: got %v %v, want one", first, err)
			}
			rest, err := member.KeyElders(tx, first[0].Person.ID, 9)
			if len(rest) != 1 {
				t.Errorf("the other key elders: got %v, want one", rest)
			}
			n, err2 := member.Count(tx, w.tree.City())
			if n.Persons != 4 || n.Recipients != 3 || n.KeyElders != 2 {
				t.Errorf("counts: got %+v", n)
			}
			return errors.Join(err, err2)
		})
	})
}

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
			{Actor: w.street, Key: "s2", Person: child, Until: clk.Now().Add(time.Hour), Reason: "x"}, {Actor: w.street, Key: "s3", Person: chen}})
		wants(t, "suspend", suspended, err, "", "member.volunteer_not_certified", "member.suspension_invalid")
	})
}

func TestKin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		mother, daughter, friend := w.person("1940-01-01"), w.person("1970-01-01"), w.person("1941-01-01")
		add := func(by identity.Actor, p, r member.PersonID, rel member.Relation, confirmed bool) member.AddKinCmd {
			return member.AddKinCmd{Actor: by, Key: w.key(), Person: p, Relative: r, Relation: rel, Confirmed: confirmed}
		}
		out, err := w.s.AddKin(ctx, []member.AddKinCmd{
			add(w.self(daughter), daughter, mother, member.Child, false), add(w.self(friend), daughter, mother, member.Parent, false),
			add(w.self(daughter), daughter, mother, member.Parent, true), add(w.self(daughter), daughter, mother, member.Parent, false),
			add(w.self(mother), mother, daughter, member.Child, false), add(w.self(mother), mother, mother, "cousin", false),
			add(identity.System, friend, mother, member.Spouse, true),
		})
		wants(t, "add", out, err, "member.kin_invalid", "identity.not_allowed", "member.kin_invalid", "", "member.kin_exists", "member.kin_invalid", "")
		may := func(payer, to member.PersonID, allowed ...policy.Relation) (ok bool) {
			storetest.Read(t, db, func(tx *store.Tx) error {
				var err error
				ok, err = member.MayBenefit(tx, payer, to, policy.ListOf(allowed...), 60)
				return err
			})
			return ok
		}
		if may(daughter, mother, policy.RelLineal) {
			t.Error("kin that only one side has named counts already")
		}
		confirm := func(by identity.Actor, p, r member.PersonID) member.ConfirmKinCmd {
			return member.ConfirmKinCmd{Actor: by, Key: w.key(), Person: p, Relative: r}
		}
		done, err := w.s.ConfirmKin(ctx, []member.ConfirmKinCmd{confirm(w.self(daughter), daughter, mother), confirm(w.self(friend), mother, daughter),
			confirm(w.desk, mother, daughter), confirm(w.self(mother), mother, daughter), confirm(w.self(mother), mother, "nobody")})
		wants(t, "confirm", done, err, "member.both_sides_confirm", "identity.not_allowed", "", "member.kin_confirmed", "member.kin_unknown")
		for _, c := range []struct {
			name      string
			payer, to member.PersonID
			allowed   policy.Relation
			want      bool
		}{
			{"the mother", daughter, mother, policy.RelLineal, true},
			{"the daughter, below 60", mother, daughter, policy.RelLineal, false},
			{"a stranger", daughter, friend, policy.RelLineal, false},
			{"the spouse where only lineal kin may", mother, friend, policy.RelLineal, false},
			{"the spouse", mother, friend, policy.RelSpouse, true},
			{"oneself", daughter, daughter, policy.RelSelf, true},
			{"a friend where friends may", daughter, friend, policy.RelFriend, true},
			{"nobody", daughter, "nobody", policy.RelFriend, false},
		} {
			if got := may(c.payer, c.to, c.allowed); got != c.want {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}

		given, err := w.s.Delegate(ctx, []member.DelegateCmd{{Actor: w.self(daughter), Key: "d1", Person: mother, Relative: daughter, Allow: true},
			{Actor: w.self(mother), Key: "d2", Person: mother, Relative: daughter, Allow: true}})
		wants(t, "delegate", given, err, "identity.not_allowed", "")
		acts := func(want bool) {
			t.Helper()
			storetest.Read(t, db, func(tx *store.Tx) error {
				yes, err := member.IsDelegate(tx, mother, daughter)
				no, err2 := member.IsDelegate(tx, daughter, mother)
				if yes != want || no {
					t.Errorf("delegate: got %v one way and %v the other, want %v and never", yes, no, want)
				}
				return errors.Join(err, err2)
			})
		}
		// To act takes the yes of both.
		acts(false)
		act := func(by member.PersonID, willing bool, want string) {
			t.Helper()
			taken, err := w.s.ActFor(ctx, []member.ActForCmd{{Actor: w.self(by), Key: w.key(), Person: daughter, Relative: mother, Willing: willing}})
			wants(t, "act for", taken, err, want)
		}
		act(mother, true, "identity.not_allowed")
		act(daughter, true, "")
		acts(true)
		act(daughter, false, "")
		acts(false)
		act(daughter, true, "")
		heirs, err := w.s.NameHeir(ctx, []member.NameHeirCmd{{Actor: w.self(mother), Key: "h1", Person: mother, Heir: daughter},
			{Actor: w.self(daughter), Key: "h2", Person: daughter, Heir: friend}})
		wants(t, "heir", heirs, err, "", "member.kin_not_confirmed")
	})
}

func TestTeamsAndPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		boss, chen := w.person("1980-01-01"), w.person("1990-01-01")
		w.certified(chen)
		teams, err := w.s.RegisterTeams(ctx, []member.RegisterTeamCmd{
			{Actor: w.self(boss), Key: "1", Name: "南京某公司", Kind: member.TeamCompany, Region: w.home, Manager: boss},
			{Actor: w.self(chen), Key: "2", Name: "x", Kind: member.TeamSchool, Region: w.home, Manager: boss},
			{Actor: w.manager, Key: "3", Name: " ", Kind: "army", Region: "nowhere", Manager: boss},
		})
		wants(t, "teams", teams, err, "", "identity.not_allowed", "member.team_invalid")
		team := teams[0].Value
		join := func(by identity.Actor, p member.PersonID, leave bool) member.JoinTeamCmd {
			return member.JoinTeamCmd{Actor: by, Key: w.key(), Team: team, Person: p, Leave: leave}
		}
		joined, err := w.s.JoinTeams(ctx, []member.JoinTeamCmd{join(w.self(boss), chen, false), join(w.self(boss), chen, false), join(w.self(chen), chen, true),
			join(w.self(boss), boss, false), join(w.self(chen), chen, false), join(w.manager, chen, true)})
		wants(t, "join", joined, err, "", "member.in_team_already", "", "member.volunteer_unknown", "identity.not_allowed", "member.not_in_team")
		clk.Advance(time.Second)
		joined, err = w.s.JoinTeams(ctx, []member.JoinTeamCmd{join(w.manager, chen, false)})
		wants(t, "join again", joined, err, "")
		storetest.Read(t, db, func(tx *store.Tx) error {
			in, err := member.InTeam(tx, team, chen)
			all, err2 := member.TeamMembers(tx, team)
			if !in || len(all) != 1 {
				t.Errorf("members: got %v %v, want one", in, all)
			}
			return errors.Join(err, err2)
		})

		city := identity.Actor{ID: "city", Person: "c", At: clk.Now(), Grants: []identity.Grant{{Role: identity.Administrator, Region: w.tree.City()}}}
		points, err := w.s.RegisterPoints(ctx, []member.RegisterPointCmd{
			{Actor: city, Key: "1", Name: "驿站", Kind: member.PointCommunity, Region: w.home}, {Actor: city, Key: "2", Name: "驿站", Kind: member.PointCommunity, Region: w.home},
			{Actor: w.manager, Key: "3", Name: "别的", Kind: member.PointCommunity, Region: w.home}, {Actor: city, Key: "4", Kind: "tent", Region: w.tree.City()},
		})
		wants(t, "points", points, err, "", "member.point_exists", "identity.not_allowed", "member.point_invalid")
		storetest.Read(t, db, func(tx *store.Tx) error {
			list, err := member.PointsIn(tx, w.tree.Path(w.home)[1])
			if len(list) != 1 || list[0].ID != points[0].Value {
				t.Errorf("points of the district: got %v", list)
			}
			return err
		})
	})
}

func TestLifeGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		today := clock.DayOf(clk.Now())
		tian, li := w.person("1955-01-01"), w.person("1935-01-01")
		w.certified(tian)
		where := func() region.ID { return w.volunteer(tian).Person.Region }
		move := func(from clock.Day, to region.ID) []identity.Result[identity.Nothing] {
			t.Helper()
			out, err := w.s.Move(ctx, []member.MoveCmd{{Actor: w.self(tian), Key: w.key(), Person: tian, Region: to, Address: "新街口 2 号", From: from}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		wants(t, "yesterday", move(today.Add(-1), w.elsewhere), nil, "member.move_invalid")
		wants(t, "in a month", move(today.Add(30), w.elsewhere), nil, "")
		wants(t, "no, in a week", move(today.Add(7), w.elsewhere), nil, "")
		if where() != w.home {
			t.Error("moved before the day")
		}
		clk.Set(today.Add(7).Start())
		w.run()
		if where() != w.elsewhere {
			t.Error("not moved on the day")
		}
		wants(t, "back at once", move(today.Add(7), w.home), nil, "")
		if where() != w.home {
			t.Error("not moved at once")
		}
		stay := func() []identity.Result[identity.Nothing] {
			t.Helper()
			out, err := w.s.Stay(ctx, []member.StayCmd{{Actor: w.self(tian), Key: w.key(), Person: tian}, {Actor: w.self(li), Key: w.key(), Person: tian}})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		wants(t, "no move to take back", stay(), nil, "member.no_move_planned", "identity.not_allowed")
		wants(t, "away next week", move(today.Add(14), w.elsewhere), nil, "")
		wants(t, "not after all", stay(), nil, "", "identity.not_allowed")
		clk.Set(today.Add(14).Start())
		w.run()
		if where() != w.home {
			t.Error("moved although the move was taken back")
		}
		if _, d, err := w.s.Details(ctx, w.self(tian), tian); err != nil || d.Address.Reveal() != "新街口 2 号" {
			t.Errorf("address: got %v %v", d, err)
		}

		out, err := w.s.Correct(ctx, []member.CorrectCmd{
			{Actor: w.self(li), Key: "c1", Person: li, Phone: "13812345678", Reason: "new phone"}, {Actor: w.self(li), Key: "c2", Person: li, Name: "李四", Reason: "x"},
			{Actor: w.desk, Key: "c3", Person: li, Name: "李四", IDNumber: idNumber("1936-01-01", 777), Reason: "misread"},
			{Actor: w.desk, Key: "c4", Person: tian, IDNumber: idNumber("1936-01-01", 777), Reason: "x"}, {Actor: w.desk, Key: "c5", Person: li, Phone: "1"},
		})
		wants(t, "correct", out, err, "", "identity.not_allowed", "", "member.identity_taken", "member.person_invalid")
		if p, d, err := w.s.Details(ctx, w.self(li), li); err != nil || d.Name.Reveal() != "李四" || d.Phone.Reveal() != "13812345678" || p.Birth != "1936-01-01" {
			t.Errorf("corrected: got %+v %+v %v", p, d, err)
		}

		given, err := w.s.Consent(ctx, []member.ConsentCmd{{Actor: w.self(li), Key: "p1", Person: li, Purpose: member.PurposeCredit},
			{Actor: w.self(li), Key: "p2", Person: li, Purpose: member.PurposeIdentity, Withdraw: true}, {Actor: w.self(tian), Key: "p3", Person: li, Purpose: member.PurposeKin},
			{Actor: w.self(li), Key: "p4", Person: li, Purpose: "fun"}})
		wants(t, "consent", given, err, "", "member.consent_required", "identity.not_allowed", "member.purpose_unknown")
		now := clock.DayOf(clk.Now())
		ended, err := w.s.End(ctx, []member.EndCmd{
			{Actor: w.self(li), Key: "e1", Person: li, How: member.PersonDead, On: now, Document: "x"}, {Actor: w.manager, Key: "e2", Person: li, How: "gone", On: now.Add(1)},
			{Actor: w.manager, Key: "e3", Person: li, How: member.PersonDead, On: now, Document: "certificate 7"}, {Actor: w.self(tian), Key: "e4", Person: tian, How: member.PersonLeft, On: now},
			{Actor: w.manager, Key: "e5", Person: li, How: member.PersonDead, On: now, Document: "again"},
		})
		wants(t, "end", ended, err, "member.own_case", "member.end_invalid", "", "", "member.person_not_active")
		if v := w.volunteer(tian); v.State != member.VolunteerLeft || v.Serves(clk.Now()) {
			t.Errorf("who left still serves: %+v", v)
		}
		var heard []string
		w.timers.Handle(member.TimerEnded, func(_ *store.Tx, due []timer.Timer) ([]error, error) {
			heard = nil
			for _, d := range due {
				heard = append(heard, d.Ref+" "+d.Arg)
			}
			return make([]error, len(due)), nil
		})
		w.run()
		if want := []string{string(li) + " dead", string(tian) + " left"}; strings.Join(heard, ",") != strings.Join(want, ",") {
			t.Errorf("others heard %v, want %v", heard, want)
		}
	})
}

// TestOneNumberOnePerson: of many who register the same identity number at once, one is registered and the others hear why not.
func TestOneNumberOnePerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		const clerks = 8
		codes := make(chan string, clerks)
		var all sync.WaitGroup
		for n := range clerks {
			all.Go(func() {
				out, err := w.s.RegisterPersons(t.Context(), []member.RegisterCmd{{Actor: w.desk, Key: fmt.Sprint("clerk", n), Name: "李明",
					IDNumber: idNumber("1940-01-01", 1), Region: w.home, Consents: []member.Purpose{member.PurposeIdentity}}})
				if err == nil {
					err = out[0].Err
				}
				codes <- errs.CodeOf(err)
			})
		}
		all.Wait()
		close(codes)
		got := map[string]int{}
		for c := range codes {
			got[c]++
		}
		if got[""] != 1 || got["member.identity_taken"] != clerks-1 {
			t.Errorf("got %v, want one registered and %d member.identity_taken", got, clerks-1)
		}
	})
}

// One record is a look without a second factor anew (docs/decisions/0019); changing it asks for one, and the identity number prints its mask. Each
// look is an entry, refused ones change nothing.
func TestWhatALookAsksFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		who := w.person("1940-01-01")
		signedIn := w.desk
		signedIn.Session = "a session whose second factor was shown long ago"
		for n := range 2 {
			_, d, err := w.s.Details(ctx, signedIn, who)
			if err != nil || d.Name.Reveal() != "李明" {
				t.Errorf("a look at one record: got %v %v", d, err)
			}
			if shown := fmt.Sprint(d.IDNumber); !strings.Contains(shown, "**********") {
				t.Errorf("the identity number prints %q", shown)
			}
			storetest.Read(t, db, func(tx *store.Tx) error {
				var looks int
				err := tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND actor = 'desk' AND after = 'details'", string(who)).Scan(&looks)
				if looks != n+1 {
					t.Errorf("entries after %d looks: got %d", n+1, looks)
				}
				return err
			})
		}
		corrected, err := w.s.Correct(ctx, []member.CorrectCmd{{Actor: signedIn, Key: "c1", Person: who, Phone: "13812345678", Reason: "new phone"}})
		wants(t, "a change", corrected, err, identity.CodeStepUp)
		signedIn.SteppedUp = clk.Now().Add(time.Minute)
		corrected, err = w.s.Correct(ctx, []member.CorrectCmd{{Actor: signedIn, Key: "c2", Person: who, Phone: "13812345678", Reason: "new phone"}})
		wants(t, "a change with the second factor", corrected, err, "")
		if _, _, err := w.s.Details(ctx, w.far, who); errs.KindOf(err) != errs.Forbidden {
			t.Errorf("a look from another district: got %v", err)
		}
	})
}
