package training

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// school is a city with rules, courses, and volunteers who have been reviewed but for the last one, who only applied.
type school struct {
	db         *store.DB
	clk        *clock.Fake
	training   *Service
	volunteers []member.PersonID
	trainer    identity.Actor
	stranger   identity.Actor
}

// idNumber makes a valid identity number of somebody born in 1960 or a little later.
func idNumber(n int) string {
	body := fmt.Sprintf("320113%04d%02d%02d%03d", 1960+n/336000, 1+n/28000%12, 1+n/1000%28, n%1000)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * w
	}
	return body + string("10X98765432"[sum%11])
}

func newSchool(t testing.TB, db *store.DB, clk *clock.Fake, volunteers int) *school {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	regions, rules := region.New(db), policy.New(db)
	row := func(code, name string, level region.Level, parent string) region.Row {
		return region.Row{Code: code, System: region.Official, Name: name, Level: level, Administrative: parent, Reporting: parent}
	}
	_, err := regions.Import(ctx, region.Dataset{From: region.Beginning, Rows: []region.Row{
		row("320100", "南京市", region.City, ""), row("320113", "栖霞区", region.District, "320100"), row("320106", "鼓楼区", region.District, "320100"),
		row("320113004", "迈皋桥街道", region.Street, "320113"), row("320113004001", "第一社区", region.Community, "320113004")}})
	must(err)
	p, err := rules.Propose(ctx, policy.Founder("ann"), policy.ProposeCmd{TOML: []byte(policy.Nanjing().Text()), Reason: "test"})
	must(err)
	_, err = rules.Approve(ctx, policy.Founder("bob"), policy.DecideCmd{Proposal: p.ID})
	must(err)
	tree, err := regions.Today(ctx)
	must(err)
	home, _ := tree.ByCode("320113004001")
	staff := func(id, code string) identity.Actor {
		r, _ := tree.ByCode(code)
		return identity.Actor{ID: id, At: clk.Now(), Origin: "test", Grants: []identity.Grant{{Role: identity.Reviewer, Region: r.ID, From: clk.Now().Add(-time.Hour)}}}
	}
	w := &school{db: db, clk: clk, training: New(db, regions, rules), trainer: staff("trainer", "320113"), stranger: staff("stranger", "320106")}
	must(w.training.Define(ctx, DefineCmd{Actor: identity.System, Courses: Defaults()}))

	members := member.New(db, regions, rules, box(t), nil)
	var register []member.RegisterCmd
	for n := range volunteers {
		register = append(register, member.RegisterCmd{Actor: identity.System, Name: "张三", IDNumber: idNumber(n), Region: home.ID, Consents: member.Purposes()})
	}
	people, err := members.RegisterPersons(ctx, register)
	must(err)
	var apply []member.ApplyVolunteerCmd
	for _, p := range people {
		must(p.Err)
		w.volunteers = append(w.volunteers, p.Value.Person)
		apply = append(apply, member.ApplyVolunteerCmd{Actor: identity.System, Person: p.Value.Person})
	}
	applied, err := members.ApplyVolunteers(ctx, apply)
	must(err)
	for range 2 {
		var review []member.ReviewVolunteerCmd
		for i, a := range applied {
			must(a.Err)
			if i < volunteers-1 {
				review = append(review, member.ReviewVolunteerCmd{Actor: identity.System, Person: w.volunteers[i], Approve: true})
			}
		}
		reviewed, err := members.ReviewVolunteers(ctx, review)
		must(err)
		for _, r := range reviewed {
			must(r.Err)
		}
	}
	return w
}

func (w *school) attendance(n int, key, course, session string, minutes int64) RecordAttendanceCmd {
	return RecordAttendanceCmd{Actor: w.trainer, Key: key, Volunteer: w.volunteers[n], Course: course, Session: session, Mode: Offline,
		Minutes: hours.Of(minutes), OccurredAt: w.clk.Now().Add(-time.Hour)}
}

func (w *school) exam(n int, key, course string, score int) RecordExamCmd {
	return RecordExamCmd{Actor: w.trainer, Key: key, Volunteer: w.volunteers[n], Course: course, Score: score, OccurredAt: w.clk.Now()}
}

func (w *school) attend(t *testing.T, cmds ...RecordAttendanceCmd) []identity.Result[Progress] {
	t.Helper()
	out, err := w.training.RecordAttendance(t.Context(), cmds)
	if err != nil {
		t.Fatalf("record attendance: %v", err)
	}
	return out
}

func (w *school) sit(t *testing.T, cmds ...RecordExamCmd) []identity.Result[Progress] {
	t.Helper()
	out, err := w.training.RecordExam(t.Context(), cmds)
	if err != nil {
		t.Fatalf("record exam: %v", err)
	}
	return out
}

func (w *school) state(t *testing.T, n int) (state member.VolunteerState) {
	t.Helper()
	storetest.Read(t, w.db, func(tx *store.Tx) error {
		all, err := member.LoadVolunteers(tx, w.volunteers)
		state = all[w.volunteers[n]].State
		return err
	})
	return state
}

func TestHoursAndExamCertify(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newSchool(t, db, clk, 3)
		got := w.attend(t, w.attendance(0, "a1", "induction", "day 1", 120), w.attendance(1, "a2", "induction", "day 1", 120),
			w.attendance(0, "a3", "induction", "day 2", 120))
		for i, want := range []int64{120, 120, 240} {
			if got[i].Err != nil || got[i].Value.Attended != hours.Of(want) || got[i].Value.Certified {
				t.Errorf("attendance %d: got %+v, want %d minutes and no certification yet", i, got[i], want)
			}
		}
		exams := w.sit(t, w.exam(0, "e1", "induction", 80), w.exam(1, "e2", "induction", 100))
		if exams[0].Err != nil || !exams[0].Value.Certified || w.state(t, 0) != member.VolunteerCertified {
			t.Errorf("hours and exam: got %+v and state %s, want certified", exams[0], w.state(t, 0))
		}
		if exams[1].Err != nil || exams[1].Value.Certified || w.state(t, 1) != member.VolunteerStudying {
			t.Errorf("half the hours: got %+v and state %s, want studying", exams[1], w.state(t, 1))
		}
		if late := w.attend(t, w.attendance(1, "a4", "induction", "day 2", 120)); !late[0].Value.Certified || w.state(t, 1) != member.VolunteerCertified {
			t.Errorf("the missing hours after the exam: got %+v and state %s, want certified", late[0], w.state(t, 1))
		}
		if again := w.sit(t, w.exam(0, "e1", "induction", 80)); !again[0].Replayed || !again[0].Value.Certified {
			t.Errorf("the same key: got %+v, want the first run's result", again[0])
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			trail, err := audit.Of(tx, string(w.volunteers[0]))
			recorded, decided := 0, 0
			for _, e := range trail {
				if strings.Contains(e.After, " certified by ") {
					decided++
				}
				if e.Actor == "trainer" && (e.Action == "training.attend" || e.Action == "training.exam") {
					recorded++
				}
			}
			if recorded != 3 || decided != 1 {
				t.Errorf("the trail has %d facts of training and %d decisions with their rules, want 3 and 1", recorded, decided)
			}
			return err
		})
	})
}

func TestRefusalsStandAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newSchool(t, db, clk, 3)
		good := w.attendance(0, "good", "induction", "day 1", 60)
		bad := func(key string, change func(*RecordAttendanceCmd)) RecordAttendanceCmd {
			c := w.attendance(0, key, "induction", "day 2", 60)
			change(&c)
			return c
		}
		own := w.trainer
		own.Person = string(w.volunteers[0])
		got := w.attend(t, good,
			bad("twice", func(c *RecordAttendanceCmd) { c.Session = "day 1" }),
			bad("fields", func(c *RecordAttendanceCmd) { c.Mode, c.Minutes = "", hours.Of(0) }),
			bad("elsewhere", func(c *RecordAttendanceCmd) { c.Actor = w.stranger }),
			bad("oneself", func(c *RecordAttendanceCmd) { c.Actor = own }),
			bad("nobody", func(c *RecordAttendanceCmd) { c.Volunteer = id.From[member.Person]([16]byte{1}) }),
			bad("applied", func(c *RecordAttendanceCmd) { c.Volunteer = w.volunteers[2] }),
			bad("", func(c *RecordAttendanceCmd) {}),
			bad("last", func(c *RecordAttendanceCmd) {}))
		for i, want := range []string{"", "training.attended_already", "training.attendance_invalid", "identity.not_allowed", "training.not_for_oneself",
			"training.volunteer_unknown", "training.not_reviewed", "idempotency.key_missing", ""} {
			if code := errs.CodeOf(got[i].Err); code != want {
				t.Errorf("command %d: got %v, want %q", i, got[i].Err, want)
			}
		}
		if got[8].Value.Attended != hours.Of(120) {
			t.Errorf("got %s in all, want the two good ones", got[8].Value.Attended)
		}
		if twice := w.attend(t, bad("later", func(c *RecordAttendanceCmd) { c.Session = "day 1" })); !errors.Is(twice[0].Err, errAttended) {
			t.Errorf("the same session in another transaction: got %v, want %v", twice[0].Err, errAttended)
		}
	})
}

func TestCertificateOfACourse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newSchool(t, db, clk, 3)
		w.attend(t, w.attendance(0, "a1", "bathing", "day 1", 180))
		got := w.sit(t, w.exam(0, "e1", "bathing", 79), w.exam(1, "e2", "bathing", 100))
		if got[0].Value.Certificate || got[1].Value.Certificate {
			t.Errorf("got %+v, want no certificate below the score or without the minutes", got)
		}
		clk.Advance(time.Hour)
		if got := w.sit(t, w.exam(0, "e3", "bathing", 90)); !got[0].Value.Certificate || got[0].Value.Certified {
			t.Errorf("got %+v, want the course's certificate only", got[0])
		}
		has := func() (held map[member.PersonID]bool) {
			storetest.Read(t, db, func(tx *store.Tx) (err error) {
				held, err = HasAt(tx, w.volunteers, "bathing", tx.Now())
				return err
			})
			return held
		}
		if held := has(); !held[w.volunteers[0]] || len(held) != 1 {
			t.Errorf("Has = %v, want the first volunteer", held)
		}
		clk.Set(clk.Now().AddDate(2, 0, 1))
		if held := has(); len(held) != 0 {
			t.Errorf("after two years Has = %v, want nobody", held)
		}
		if got := w.sit(t, w.exam(0, "e4", "bathing", 85)); !got[0].Value.Certificate || !has()[w.volunteers[0]] {
			t.Errorf("a new exam: got %+v, want a new certificate", got[0])
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			all, err := Certificates(tx, w.volunteers[0])
			if len(all) != 2 {
				t.Errorf("got %d certificates, want both kept", len(all))
			}
			return err
		})
	})
}

func TestDefineCourses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newSchool(t, db, clk, 1)
		course := Defaults()[1]
		course.Minutes = hours.Of(200)
		err := w.training.Define(t.Context(), DefineCmd{Actor: w.trainer, Key: "k", Courses: []Course{course}})
		if errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a district's reviewer: got %v, want identity.not_allowed", err)
		}
		course2 := course
		course2.NameZH = ""
		err = w.training.Define(t.Context(), DefineCmd{Actor: identity.System, Courses: []Course{course, course2}})
		var e *errs.Error
		if !errors.As(err, &e) || len(e.Fields) != 2 {
			t.Errorf("got %v, want the empty name and the repeated code", err)
		}
		if err := w.training.Define(t.Context(), DefineCmd{Actor: identity.System, Courses: []Course{course}}); err != nil {
			t.Fatalf("define: %v", err)
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			all, err := Courses(tx)
			if all[course.Code] != course {
				t.Errorf("got %+v, want %+v", all[course.Code], course)
			}
			trail, err2 := audit.Of(tx, course.Code)
			if len(trail) != 2 {
				t.Errorf("the trail has %d acts, want the first definition and the change", len(trail))
			}
			return errors.Join(err, err2)
		})
	})
}

func TestDatabaseRefusesToChangeAFact(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newSchool(t, db, clk, 2)
		w.attend(t, w.attendance(0, "a", "bathing", "day 1", 180))
		w.sit(t, w.exam(0, "e", "bathing", 90))
		for _, text := range []string{"UPDATE attendance SET minutes = 999", "DELETE FROM exam", "UPDATE exam SET score = 100", "DELETE FROM course_certificate"} {
			err := db.Write(t.Context(), "test", func(tx *store.Tx) error {
				_, err := tx.Exec(text)
				return err
			})
			if !store.Refused(err) {
				t.Errorf("%s: got %v, want a refusal", text, err)
			}
		}
	})
}

func box(t testing.TB) *pii.Box {
	t.Helper()
	return piitest.Box(t, pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Index: [32]byte{2}, Random: id.Seeded(2)})
}
