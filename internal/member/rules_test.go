package member

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/policy"
)

func rulesOf(t interface{ Fatalf(string, ...any) }, toml string) policy.Rules {
	d, err := policy.Parse([]byte(toml))
	if err != nil {
		t.Fatalf("rules: %v", err)
	}
	return policy.Of(d, "v")
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]bool{
		"李明": true, "曹桂英": true, "阿卜杜拉·热合曼": true, "Jörg O’Neill": true,
		"王㛃": false, "张䶮": false, "龘龘": false, "李喆": false, "朱镕基": false, "김": false,
	} {
		if got := printable(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestKeyElder(t *testing.T) {
	rules := policy.Of(policy.Nanjing(), "v")
	alone := Attributes{LivesAlone: true}
	for _, c := range []struct {
		name string
		a    Attributes
		age  int
		want bool
	}{
		{"80 and alone", alone, 80, true},
		{"79 and alone", alone, 79, false},
		{"80, alone, a child near", Attributes{LivesAlone: true, ChildrenNear: true}, 80, false},
		{"60, alone, on allowance, half disabled", Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityHalf}, 60, true},
		{"59, alone, on allowance, half disabled", Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityHalf}, 59, false},
		{"70, alone, on allowance, healthy", Attributes{LivesAlone: true, Allowance: true}, 70, false},
		{"70, with others, on allowance, disabled", Attributes{Allowance: true, Disability: policy.DisabilityFull}, 70, false},
		{"60, left behind in the country", Attributes{RuralLeftBehind: true}, 60, true},
	} {
		birth := clock.Day(time.Date(2020-c.age, 10, 12, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		got, w, err := decideKeyElder(rules, c.a, birth, "2020-10-12")
		if got != c.want || err != nil {
			t.Errorf("%s: got %v %v, want %v", c.name, got, err, c.want)
		}
		if w.Rule != keyElderRule || w.Version != "v" || len(w.Values) < 7 {
			t.Errorf("%s: why is %+v, want rule, version and every value", c.name, w)
		}
	}
}

// TestTurning: on the day before the turning birthday the answer is the old one, on the day it is the other, and before it never changes.
func TestTurning(t *testing.T) {
	rules := policy.Of(policy.Nanjing(), "v")
	var known turns
	rapid.Check(t, func(t *rapid.T) {
		a := Attributes{LivesAlone: rapid.Bool().Draw(t, "alone"), ChildrenNear: rapid.Bool().Draw(t, "near"), Allowance: rapid.Bool().Draw(t, "allowance"),
			Disability: rapid.SampledFrom([]policy.Disability{policy.DisabilityNone, policy.DisabilityHalf, policy.DisabilityFull}).Draw(t, "disability")}
		birth := clock.DayOf(time.Date(1930, 1, 1, 4, 0, 0, 0, time.UTC)).Add(rapid.IntRange(0, 20000).Draw(t, "birth"))
		on := clock.Day("2020-10-12")
		now, _, _ := decideKeyElder(rules, a, birth, on)
		day := known.turning(rules, a, birth, on)
		for probe := on; probe < "2031-01-01"; probe = probe.Add(97) {
			then, _, _ := decideKeyElder(rules, a, birth, probe)
			if (day == "" || probe < day) && then != now {
				t.Fatalf("born %s, %+v: the answer changes by %s, turning says %q", birth, a, probe, day)
			}
		}
		if day == "" {
			return
		}
		before, _, _ := decideKeyElder(rules, a, birth, day.Add(-1))
		after, _, _ := decideKeyElder(rules, a, birth, day)
		if before != now || after == now {
			t.Fatalf("born %s, %+v: around %s got %v then %v, want %v then %v", birth, a, day, before, after, now, !now)
		}
	})
}

func TestBirthdayAgreesWithAge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := clock.Day("1920-01-01").Add(rapid.IntRange(0, 36000).Draw(t, "birth"))
		years := rapid.IntRange(1, oldest).Draw(t, "years")
		day := birthday(birth, years)
		if clock.AgeAt(birth, day) != years || clock.AgeAt(birth, day.Add(-1)) != years-1 {
			t.Fatalf("born %s: %d years on %s, AgeAt says %d and %d the day before", birth, years, day, clock.AgeAt(birth, day), clock.AgeAt(birth, day.Add(-1)))
		}
	})
}

func TestSuspension(t *testing.T) {
	rules := rulesOf(t, "")
	start := time.Date(2020, 10, 1, 0, 0, 0, 0, time.UTC)
	on := func(days ...int) (at []time.Time) {
		for _, d := range days {
			at = append(at, start.AddDate(0, 0, d))
		}
		return at
	}
	for _, c := range []struct {
		name string
		at   []time.Time
		want time.Time
	}{
		{"none", nil, time.Time{}},
		{"two", on(0, 1), time.Time{}},
		{"three in the window", on(0, 45, 90), start.AddDate(0, 0, 120)},
		{"three, one too old", on(0, 45, 91), time.Time{}},
		{"four, the last three count", on(0, 100, 110, 120), start.AddDate(0, 0, 150)},
	} {
		got, suspended := suspension(rules, c.at)
		if suspended != !c.want.IsZero() || !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDecideReview(t *testing.T) {
	for _, c := range []struct {
		name    string
		state   VolunteerState
		reviews int
		approve bool
		levels  int
		want    VolunteerState
		code    string
	}{
		{"first of two", VolunteerApplied, 0, true, 2, VolunteerReviewed, ""},
		{"second of two", VolunteerReviewed, 1, true, 2, VolunteerStudying, ""},
		{"one is enough", VolunteerApplied, 0, true, 1, VolunteerStudying, ""},
		{"no at the second", VolunteerReviewed, 1, false, 2, VolunteerRejected, ""},
		{"already studying", VolunteerStudying, 2, true, 2, VolunteerStudying, "member.volunteer_not_waiting"},
		{"rejected", VolunteerRejected, 0, true, 2, VolunteerRejected, "member.volunteer_not_waiting"},
	} {
		got, err := decideReview(Volunteer{State: c.state, Reviews: c.reviews}, c.approve, c.levels)
		if got != c.want || errs.CodeOf(err) != c.code {
			t.Errorf("%s: got %s %v, want %s %q", c.name, got, err, c.want, c.code)
		}
	}
}

func TestCheckAge(t *testing.T) {
	rules := rulesOf(t, "")
	const today = clock.Day("2020-10-12")
	person := func(birth clock.Day) Person { return Person{ID: PersonID(birth), Birth: birth, State: PersonActive} }
	adult, child := person("1980-01-01"), person("2004-01-01")
	for _, c := range []struct {
		name     string
		p        Person
		guardian *Person
		want     string
	}{
		{"18 today", person("2002-10-12"), nil, ""},
		{"18 tomorrow", person("2002-10-13"), nil, "member.guardian_needed"},
		{"with an adult", child, &adult, ""},
		{"with another child", child, &child, "member.guardian_unfit"},
	} {
		err := checkAge(c.p, c.guardian, rules, today)
		if errs.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if e, ok := err.(*errs.Error); ok && e.Why == nil {
			t.Errorf("%s: the refusal does not say why", c.name)
		}
	}
}
