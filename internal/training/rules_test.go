package training

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/member"
)

func catalogue() map[string]Course {
	all := map[string]Course{}
	for _, c := range Defaults() {
		all[c.Code] = c
	}
	return all
}

var (
	noon    = time.Date(2020, 10, 12, 4, 0, 0, 0, time.UTC)
	nanjing = bar{minutes: hours.Of(240), score: 80}
)

func TestCertifiedNeedsReviewHoursAndExam(t *testing.T) {
	for _, c := range []struct {
		name    string
		state   member.VolunteerState
		minutes int64
		exams   []Exam
		want    bool
	}{
		{"all of it", member.VolunteerStudying, 240, []Exam{{"induction", 80, noon}}, true},
		{"a second attempt", member.VolunteerStudying, 240, []Exam{{"induction", 60, noon}, {"induction", 90, noon.Add(time.Hour)}}, true},
		{"a minute short", member.VolunteerStudying, 239, []Exam{{"induction", 100, noon}}, false},
		{"a point short", member.VolunteerStudying, 240, []Exam{{"induction", 79, noon}}, false},
		{"another course's exam", member.VolunteerStudying, 240, []Exam{{"bathing", 100, noon}}, false},
		{"no exam", member.VolunteerStudying, 999, nil, false},
		{"reviewed at one level only", member.VolunteerReviewed, 240, []Exam{{"induction", 100, noon}}, false},
		{"certified already", member.VolunteerCertified, 240, []Exam{{"induction", 100, noon}}, false},
		{"suspended", member.VolunteerSuspended, 240, []Exam{{"induction", 100, noon}}, false},
	} {
		r := record{volunteer: member.Volunteer{State: c.state}, exams: c.exams,
			attendance: []Attendance{{Course: "induction", Session: "1", Minutes: hours.Of(c.minutes)}}}
		if got := r.certified(catalogue(), nanjing); got != c.want {
			t.Errorf("%s: certified = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCertificateAndItsEnd(t *testing.T) {
	bathing := catalogue()["bathing"]
	r := &record{}
	if _, ok := r.certificate(bathing, nanjing, noon); ok {
		t.Error("a certificate for nothing")
	}
	if err := r.attend(Attendance{Course: "bathing", Session: "1", Minutes: hours.Of(180)}); err != nil {
		t.Fatal(err)
	}
	if err := r.sit(Exam{"bathing", 80, noon}); err != nil {
		t.Fatal(err)
	}
	first, ok := r.certificate(bathing, nanjing, noon)
	if !ok {
		t.Fatal("no certificate for minutes and exam")
	}
	if want := clock.Day("2022-10-13").Start(); !first.Until.Equal(want) {
		t.Errorf("good until %s, want %s: two years to the end of the day", first.Until, want)
	}
	if !first.Good(first.Until.Add(-time.Microsecond)) || first.Good(first.Until) || first.Good(noon.Add(-time.Second)) {
		t.Error("a certificate is good from its issue and until its end, exclusive")
	}
	if _, again := r.certificate(bathing, nanjing, noon); again {
		t.Error("the same exam gave a second certificate")
	}
	if err := r.sit(Exam{"bathing", 95, noon.AddDate(1, 11, 0)}); err != nil {
		t.Fatal(err)
	}
	if second, ok := r.certificate(bathing, nanjing, noon.AddDate(1, 11, 0)); !ok || !second.Until.After(first.Until) {
		t.Errorf("a new exam gave %+v, want a later end", second)
	}
	if _, ok := (&record{exams: []Exam{{"induction", 100, noon}}, attendance: []Attendance{{Course: "induction", Minutes: hours.Of(999)}}}).certificate(catalogue()["induction"], nanjing, noon); ok {
		t.Error("the course that certifies gave a certificate of its own")
	}
}

func TestFactsAreRecordedOnce(t *testing.T) {
	r := &record{}
	a, e := Attendance{Course: "bathing", Session: "1", Minutes: hours.Of(60)}, Exam{"bathing", 70, noon}
	if err := errors.Join(r.attend(a), r.sit(e)); err != nil {
		t.Fatal(err)
	}
	if err := r.attend(a); !errors.Is(err, errAttended) {
		t.Errorf("attend again = %v, want %v", err, errAttended)
	}
	if err := r.sit(e); !errors.Is(err, errSat) {
		t.Errorf("sit again = %v, want %v", err, errSat)
	}
}

// In whatever order facts arrive, a volunteer is certified exactly once, and with the fact that completes what is asked for.
func TestCertifiedOnceWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &record{volunteer: member.Volunteer{State: member.VolunteerStudying}}
		times := 0
		for i := range rapid.IntRange(1, 12).Draw(t, "facts") {
			var err error
			if rapid.Bool().Draw(t, "exam") {
				err = r.sit(Exam{"induction", rapid.IntRange(60, 100).Draw(t, "score"), noon.Add(time.Duration(i) * time.Hour)})
			} else {
				err = r.attend(Attendance{Course: "induction", Session: string(rune('a' + i)), Minutes: hours.Of(rapid.Int64Range(1, 200).Draw(t, "minutes"))})
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.certified(catalogue(), nanjing) {
				r.volunteer.State = member.VolunteerCertified
				times++
			}
		}
		_, passed := r.passed("induction", nanjing.score)
		want := 0
		if passed && r.attended("").Cmp(nanjing.minutes) >= 0 {
			want = 1
		}
		if times != want {
			t.Fatalf("certified %d times, want %d", times, want)
		}
	})
}

func TestChecksNameEveryBadField(t *testing.T) {
	paths := func(err error) (got []string) {
		var e *errs.Error
		if errors.As(err, &e) {
			for _, f := range e.Fields {
				got = append(got, f.Path)
			}
		}
		return got
	}
	if d := cmp.Diff([]string{"volunteer", "course", "occurred_at", "session", "mode", "minutes"},
		paths(checkAttendance(&RecordAttendanceCmd{Course: "x", Minutes: hours.Of(1441)}, catalogue(), noon))); d != "" {
		t.Errorf("attendance (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"volunteer", "course", "occurred_at", "score"},
		paths(checkExam(&RecordExamCmd{Score: 101, OccurredAt: noon.Add(time.Second)}, catalogue(), noon))); d != "" {
		t.Errorf("exam (-want +got):\n%s", d)
	}
	var f errs.Fields
	Course{Code: "Ü", Minutes: hours.Of(0), ValidMonths: -1}.check(&f, "")
	if d := cmp.Diff([]string{"code", "name_zh", "name_en", "minutes", "valid_months"}, paths(f.Err("training.course_invalid"))); d != "" {
		t.Errorf("course (-want +got):\n%s", d)
	}
}

func TestProgressIsKeptWithItsKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Progress{hours.Of(rapid.Int64Range(0, 1<<30).Draw(t, "minutes")), rapid.Bool().Draw(t, "certified"), rapid.Bool().Draw(t, "certificate")}
		if got, err := decode(p.encode()); err != nil || got != p {
			t.Fatalf("decode(encode(%+v)) = %+v, %v", p, got, err)
		}
	})
	if _, err := decode("240"); err == nil {
		t.Error("decode of half a result succeeded")
	}
}
