package order

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/photo"
	"timebank/internal/policy"
	"timebank/internal/region"
)

func nanjing(t testing.TB, change ...func(*policy.Values)) policy.Rules {
	t.Helper()
	r := policy.Of(policy.Nanjing(), "v")
	for _, c := range change {
		c(&r.Values)
	}
	return r
}

func lesson() catalog.Item {
	return catalog.Item{Spec: catalog.Spec{Code: "smartphone", Volunteers: 1, Shortest: hours.Of(15), Usual: hours.Of(30), Longest: hours.Of(120),
		From: 8, Until: 20, Urgencies: []catalog.Urgency{catalog.Everyday}}, Version: 1}
}

func local(hour, minute int) time.Time {
	return time.Date(2020, 10, 12, hour, minute, 0, 0, clock.Zone)
}

func TestCounted(t *testing.T) {
	for _, c := range []struct {
		name    string
		in, out time.Time
		change  func(*policy.Values)
		want    int64
	}{
		{"whole steps are kept", local(9, 0), local(9, 30), nil, 30},
		{"what does not fill a step is rounded down", local(9, 0), local(9, 44), nil, 30},
		{"less than a step is nothing", local(9, 0), local(9, 14), nil, 0},
		{"seconds do not make a minute", local(9, 0), local(9, 29).Add(59 * time.Second), nil, 15},
		{"the item's longest visit bounds", local(9, 0), local(14, 0), nil, 120},
		{"the policy's longest order bounds", local(9, 0), local(14, 0), func(v *policy.Values) { v.TimeMaxPerOrder = hours.Of(60) }, 60},
		{"a city may round up", local(9, 0), local(9, 16), func(v *policy.Values) { v.TimeRounding = policy.RoundUp }, 30},
		{"over midnight", local(23, 45), local(24, 15), nil, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := nanjing(t)
			if c.change != nil {
				c.change(&r.Values)
			}
			if got := counted(c.in, c.out, visit{longest: lesson().Longest}, r).Int64(); got != c.want {
				t.Errorf("got %d minutes, want %d", got, c.want)
			}
		})
	}
}

func TestCreditedIsWholeMinutesAndEqualWithoutWeights(t *testing.T) {
	r := nanjing(t)
	rapid.Check(t, func(t *rapid.T) {
		m := hours.Of(rapid.Int64Range(0, 480).Draw(t, "minutes"))
		at := local(rapid.IntRange(0, 23).Draw(t, "hour"), 0)
		if got := credited(m, at, rapid.Bool().Draw(t, "skilled"), r); got != m {
			t.Fatalf("without weights %v minutes are credited as %v", m, got)
		}
		w := r
		w.WeightNightPermille = rapid.IntRange(1000, 2000).Draw(t, "night")
		if got := credited(m, at, false, w); got.Cmp(m) < 0 {
			t.Fatalf("a weight above one took minutes away: %v of %v", got, m)
		}
	})
	holiday := nanjing(t, func(v *policy.Values) {
		v.WeightHolidayPermille, v.TimeHolidays = 2000, policy.DaysOf(clock.DayOf(local(9, 0)))
	})
	if got := credited(hours.Of(45), local(9, 0), false, holiday).Int64(); got != 90 {
		t.Errorf("45 minutes on a holiday at 2.0 are %d, want 90", got)
	}
	if got := credited(hours.Of(45), local(33, 0), false, holiday).Int64(); got != 45 {
		t.Errorf("45 minutes on the day after the holiday are %d, want 45", got)
	}
	night := nanjing(t, func(v *policy.Values) { v.WeightNightPermille = 1500 })
	if got := credited(hours.Of(45), local(23, 0), false, night).Int64(); got != 68 {
		t.Errorf("45 minutes at night at 1.5 are %d, want 68 (67.5, halves up)", got)
	}
}

func TestGrade(t *testing.T) {
	for _, c := range []struct {
		name  string
		proof proof
		by    ConfirmedBy
		want  Grade
	}{
		{"code and a recipient's word", byVolunteer | byRecipient, ByRecipient, BothSides},
		{"code and silence", byVolunteer | byRecipient, ByTimeOut, BothSides},
		{"place alone and a recipient's word", byVolunteer, ByRecipient, BothSides},
		{"place alone and a daughter's word", byVolunteer, ByFamily, BothSides},
		{"place alone and the desk's word", byVolunteer, ByDesk, Witnessed},
		{"code and the desk's word", byVolunteer | byRecipient, ByDesk, Witnessed},
		{"a call-back", byStation, ByTimeOut, Witnessed},
		{"place alone and silence", byVolunteer, ByTimeOut, OneSide},
		{"paper stays paper", byPaper, ByRecipient, OnPaper},
	} {
		if got := gradeOf(c.proof, c.by); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSilenceNeverConfirmsWhatOneSideSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sides := byRecipient | byStation
		var as []*Assignment
		alone := false
		for range rapid.IntRange(1, 3).Draw(t, "volunteers") {
			p := proof(rapid.IntRange(0, 15).Draw(t, "proof"))
			as = append(as, &Assignment{State: CheckedOut, proof: p})
			alone = alone || p&sides == 0
		}
		if got := mayTimeOut(as, sides); got == alone {
			t.Fatalf("mayTimeOut is %v although alone is %v", got, alone)
		}
	})
}

func TestPresence(t *testing.T) {
	o := &Order{CheckCode: "042137", Point: region.Point{LatE6: 32_060_000, LonE6: 118_780_000}}
	here := region.Point{LatE6: 32_060_500, LonE6: 118_780_500}
	far := region.Point{LatE6: 32_160_000, LonE6: 118_780_000}
	refuse := nanjing(t, func(v *policy.Values) { v.CheckInOutside = policy.Refuse })
	flag := nanjing(t, func(v *policy.Values) { v.CheckInOutside = policy.Flag })
	code := Factor{Method: ByCode, Value: "042137"}
	place := Factor{Method: ByPlace, Point: here}
	away := Factor{Method: ByPlace, Point: far}
	for _, c := range []struct {
		name    string
		factors []Factor
		station bool
		rules   policy.Rules
		code    string
		proof   proof
		flags   string
	}{
		{"two factors", []Factor{code, place}, false, refuse, "", byVolunteer | byRecipient, ""},
		{"one factor is not enough", []Factor{code}, false, refuse, "order.too_few_factors", 0, ""},
		{"the same factor twice is one", []Factor{code, code}, false, refuse, "order.too_few_factors", 0, ""},
		{"a wrong code", []Factor{{Method: ByCode, Value: "000000"}, place}, false, refuse, "order.evidence_invalid", 0, ""},
		{"outside is refused", []Factor{code, away}, false, refuse, "order.outside", 0, ""},
		{"outside is flagged", []Factor{code, away}, false, flag, "", byVolunteer | byRecipient, "checkin.max_distance_m"},
		{"a volunteer cannot call back", []Factor{code, {Method: ByCallBack}}, false, refuse, "order.evidence_invalid", 0, ""},
		{"the station can, alone", []Factor{{Method: ByCallBack}}, true, refuse, "", byStation, ""},
		{"paper is the station's", []Factor{{Method: ByPaper, Value: "S-1"}}, true, refuse, "", byPaper, ""},
		{"a face is not a method", []Factor{code, {Method: "face"}}, false, refuse, "order.evidence_invalid", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _, flagged, err := presence(o, c.factors, c.station, c.rules)
			if errs.CodeOf(err) != c.code {
				t.Fatalf("got code %q (%v), want %q", errs.CodeOf(err), err, c.code)
			}
			if p != c.proof || flagged != c.flags {
				t.Errorf("got proof %d and flags %q, want %d and %q", p, flagged, c.proof, c.flags)
			}
		})
	}
}

func TestEveryBadFieldOfAPlacementIsNamed(t *testing.T) {
	item := lesson()
	item.FamilyPresence = true
	p := placement{now: local(9, 0), start: local(7, 0), length: hours.Of(500), item: item, rules: nanjing(t)}
	err := p.check(&PlaceCmd{Urgency: catalog.AtOnce})
	e, ok := err.(*errs.Error)
	if !ok {
		t.Fatalf("got %v", err)
	}
	var paths []string
	for _, f := range e.Fields {
		paths = append(paths, f.Path+":"+f.Code)
	}
	slices.Sort(paths)
	want := []string{"family_present:order.family_needed", "minutes:order.length_not_allowed", "start:order.hour_not_allowed", "start:order.start_in_past",
		"urgency:order.urgency_not_offered"}
	if !slices.Equal(paths, want) {
		t.Errorf("got %v\nwant %v", paths, want)
	}
}

func TestTheDayEndsAtMidnightInTheCity(t *testing.T) {
	day := []*Assignment{{ID: "a", State: CheckedOut, Start: local(21, 0), End: local(23, 0), Minutes: hours.Of(120)}}
	o := &Order{Start: local(24, 0).Add(9 * time.Hour), Minutes: hours.Of(120)}
	r := nanjing(t, func(v *policy.Values) { v.TimeMaxPerDay = hours.Of(150) })
	if _, err := takeable(o, day, "", r); err != nil {
		t.Errorf("the next civil day is a new day: %v", err)
	}
	o.Start = local(18, 0)
	if _, err := takeable(o, day, "", r); errs.CodeOf(err) != "order.over_day" {
		t.Errorf("240 of 150 minutes a day: %v", err)
	}
	r.LimitsOver = policy.Flag
	if f, err := takeable(o, day, "", r); err != nil || f != "time.max_per_day" {
		t.Errorf("flagged %q, %v", f, err)
	}
}

func TestLevelsClimbToTheFundAndNoFurther(t *testing.T) {
	l := Community
	var way []Level
	for range 6 {
		way = append(way, l)
		l = l.next()
	}
	if want := []Level{Community, Street, District, City, Fund, Fund}; !slices.Equal(way, want) {
		t.Errorf("got %v, want %v", way, want)
	}
}

func TestWhatIsKeptOfTheCamerasPlace(t *testing.T) {
	o := &Order{Point: region.Point{LatE6: 32_060_000, LonE6: 118_770_000}}
	near, far := &photo.Place{LatE6: 32_060_100, LonE6: 118_770_000}, &photo.Place{LatE6: 32_160_000, LonE6: 118_770_000}
	unused := func(v *policy.Values) { v.CheckInMethods = policy.ListOf(policy.Factor(ByCode), policy.Factor(ByQR)) }
	for name, c := range map[string]struct {
		at    *photo.Place
		rules policy.Rules
		want  Whereabouts
	}{
		"nothing said":                 {nil, nanjing(t), Nowhere},
		"near":                         {near, nanjing(t), Inside},
		"eleven kilometres away":       {far, nanjing(t), Outside},
		"a policy that uses no places": {far, nanjing(t, unused), Nowhere},
	} {
		if got := whereabouts(o, c.at, c.rules); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
