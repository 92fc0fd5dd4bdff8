package catalog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/training"
)

func courses() map[string]training.Course {
	all := map[string]training.Course{}
	for _, c := range training.Defaults() {
		all[c.Code] = c
	}
	return all
}

func sample() Spec {
	return Spec{Code: "chess_visit", Category: Comfort, Class: ClassCompany, Urgencies: []Urgency{Everyday},
		NameZH: "下棋", NameEN: "A game of chess", DescriptionZH: "上门陪老人下棋。", DescriptionEN: "Play chess at home.",
		Risk: RiskLow, Volunteers: 1, Shortest: hours.Of(30), Usual: hours.Of(60), Longest: hours.Of(120), From: 8, Until: 20,
		Outcomes: []Point{{"needed_again", "还需要再来", "Needed again"}}}
}

func TestDefaultCatalogueIsAdmitted(t *testing.T) {
	categories := map[Category]bool{}
	for _, s := range Default() {
		if err := check(s, courses()); err != nil {
			t.Errorf("%s: %v", s.Code, err)
		}
		if err := rules.judge(s); err != nil {
			t.Errorf("%s: %v", s.Code, err)
		}
		categories[s.Category] = true
	}
	for _, c := range Categories() {
		if !categories[c] {
			t.Errorf("the default catalogue has no item of category %s", c)
		}
	}
}

func TestCheckNamesEveryBadField(t *testing.T) {
	bad := Spec{Code: "Bad Code", Category: "gold", Class: "x", Urgencies: []Urgency{Everyday, Everyday, "soon"}, NameZH: " ", NameEN: strings.Repeat("a", 81),
		DescriptionZH: "\xff", DescriptionEN: "ok", Risk: "none", Volunteers: 21, Course: "nowhere", Shortest: hours.Of(0), Usual: hours.Of(-1),
		Longest: hours.Of(-2), From: 24, Until: 25,
		Steps: []Point{{"a", "一", "one"}, {"step", "二", ""}, {"step", "三", "three"}}}
	var e *errs.Error
	if err := check(bad, courses()); !errors.As(err, &e) {
		t.Fatalf("check = %v, want an invalid item", err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Path+" "+f.Code)
	}
	want := []string{
		"code catalog.code_malformed", "category catalog.not_a_choice", "class catalog.not_a_choice", "risk catalog.not_a_choice",
		"urgencies.1 catalog.listed_twice", "urgencies.2 catalog.not_a_choice", "name_zh catalog.text_missing", "name_en catalog.text_too_long",
		"description_zh catalog.text_malformed", "volunteers catalog.out_of_range", "course catalog.course_unknown",
		"shortest catalog.out_of_range", "usual catalog.usual_below_shortest", "longest catalog.longest_below_usual",
		"from_hour catalog.out_of_range", "until_hour catalog.out_of_range",
		"steps.0.code catalog.code_malformed", "steps.1.en catalog.text_missing", "steps.2.code catalog.listed_twice"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bad fields (-want +got):\n%s", d)
	}
}

func TestForbiddenWorkIsRefusedWithItsKind(t *testing.T) {
	for _, c := range []struct {
		name, path, kind string
		change           func(*Spec)
	}{
		{"an injection", "name_zh", "injection", func(s *Spec) { s.NameZH = "上门打针" }},
		{"spread by blanks", "name_zh", "injection", func(s *Spec) { s.NameZH = "上门打 针" }},
		{"English in capitals", "name_en", "injection", func(s *Spec) { s.NameEN = "INJECTIONS at home" }},
		{"English in a Chinese text", "description_zh", "bank_card", func(s *Spec) { s.DescriptionZH = "代管 credit  card" }},
		{"wound care in a step", "steps.0", "wound_care", func(s *Spec) { s.Steps = []Point{{"wound", "处理伤口", "Look after it"}} }},
		{"cash in an outcome", "outcomes.0", "cash", func(s *Spec) { s.Outcomes[0] = Point{"paid", "取款完成", "Done"} }},
		{"height", "description_en", "height", func(s *Spec) { s.DescriptionEN = "Change the light-bulb." }},
		{"gas", "description_en", "gas", func(s *Spec) { s.DescriptionEN = "Check the gas." }},
		{"electricity", "description_zh", "electricity", func(s *Spec) { s.DescriptionZH = "修理电路。" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sample()
			c.change(&s)
			err := rules.judge(s)
			if !errors.Is(err, errForbidden) {
				t.Fatalf("judge = %v, want %v", err, errForbidden)
			}
			e := err.(*errs.Error)
			if e.Fields[0].Path != c.path || e.Why.Values[0].Name != c.kind || e.Why.Owner != "city" || e.Why.Version == "" {
				t.Errorf("got field %s and why %s, want field %s and kind %s", e.Fields[0].Path, e.Why, c.path, c.kind)
			}
		})
	}
	t.Run("said as what is never done", func(t *testing.T) {
		s := sample()
		s.NeverZH, s.NeverEN, s.DescriptionEN = "不打针。", "No injections.", "A gastronomer's chess."
		if err := rules.judge(s); err != nil {
			t.Errorf("judge = %v, want it admitted", err)
		}
	})
}

func TestRiskAsksForCare(t *testing.T) {
	s := sample()
	s.Category, s.Class, s.Risk = Bathing, ClassLiving, RiskHigh
	err := rules.judge(s)
	if !errors.Is(err, errUnsafe) {
		t.Fatalf("judge = %v, want %v", err, errUnsafe)
	}
	if got := len(err.(*errs.Error).Fields); got != 4 {
		t.Errorf("got %d bad fields, want volunteers, course, agreement and insurance", got)
	}
	s.Risk = RiskLow
	if err := rules.judge(s); !errors.Is(err, errUnsafe) || err.(*errs.Error).Fields[0].Code != "catalog.risk_too_low" {
		t.Errorf("bathing at low risk: judge = %v, want catalog.risk_too_low", err)
	}
	s.Risk, s.Volunteers, s.Course, s.Agreement, s.Insurance = RiskHigh, 2, "bathing", true, true
	if err := rules.judge(s); err != nil {
		t.Errorf("judge = %v, want it admitted", err)
	}
}

func TestFitsHours(t *testing.T) {
	s := sample()
	s.From, s.Until = 8, 20
	at := func(h, m int) time.Time { return time.Date(2020, 10, 12, h, m, 0, 0, clock.Zone) }
	for _, c := range []struct {
		start time.Time
		d     time.Duration
		want  bool
	}{
		{at(8, 0), time.Hour, true}, {at(7, 59), time.Hour, false}, {at(19, 0), time.Hour, true}, {at(19, 1), time.Hour, false},
		{at(8, 0).UTC(), 12 * time.Hour, true}, {at(23, 0), time.Hour, false},
	} {
		if got := s.FitsHours(c.start, c.d); got != c.want {
			t.Errorf("FitsHours(%s, %s) = %v, want %v", c.start, c.d, got, c.want)
		}
	}
	s.From, s.Until = 0, 24
	if !s.FitsHours(at(23, 0), time.Hour) || s.FitsHours(at(23, 0), 61*time.Minute) {
		t.Error("a visit may last until midnight and not beyond")
	}
}

// The version that counts is the newest that has taken effect, whatever was planned before it.
func TestNewestEffectiveVersionCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offsets := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 8).Draw(t, "offsets")
		var versions []*Item
		start := time.Unix(0, 0).UTC()
		for n, o := range offsets {
			versions = append(versions, &Item{Version: n + 1, EffectiveFrom: start.Add(time.Duration(o) * time.Hour)})
		}
		when := start.Add(time.Duration(rapid.IntRange(-1, 21).Draw(t, "when")) * time.Hour)
		want := 0
		for _, v := range versions {
			if !v.EffectiveFrom.After(when) && v.Version > want {
				want = v.Version
			}
		}
		got := 0
		if v := at(versions, when); v != nil {
			got = v.Version
		}
		if got != want {
			t.Fatalf("got version %d, want %d", got, want)
		}
	})
}

func TestParseRefusesUnknownKeys(t *testing.T) {
	for _, text := range []string{"[[item]]\nprice = 3", "[[item]]\ncode = 3", "not toml"} {
		if _, err := Parse(text); errs.CodeOf(err) != "catalog.file_invalid" {
			t.Errorf("Parse(%q) = %v, want catalog.file_invalid", text, err)
		}
	}
}
