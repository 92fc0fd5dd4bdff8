package feedback

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/region"
)

func rules() policy.Rules { return policy.Of(policy.Nanjing(), "v1") }

func TestCauseOf(t *testing.T) {
	none := rules()
	none.FollowUpProxyAll, none.FollowUpFirstVisits, none.FollowUpSamplePercent = false, 0, 0
	all := none
	all.FollowUpSamplePercent = 100
	for _, c := range []struct {
		name  string
		visit order.Visit
		rules policy.Rules
		want  Cause
		asked bool
	}{
		{"kin ordered", order.Visit{ID: "a", PlacedAs: order.ByKin, Nth: 9}, rules(), CauseProxy, true},
		{"the station ordered, a first visit besides", order.Visit{ID: "a", PlacedAs: order.ByStation, Nth: 1}, rules(), CauseProxy, true},
		{"the third visit", order.Visit{ID: "a", PlacedAs: order.BySelf, Nth: 3}, rules(), CauseFirstVisits, true},
		{"proxies are not all asked", order.Visit{ID: "a", PlacedAs: order.ByKin, Nth: 9}, none, CauseSample, false},
		{"everything is in the sample", order.Visit{ID: "a", PlacedAs: order.BySelf, Nth: 9}, all, CauseSample, true},
	} {
		cause, asked := causeOf(c.visit, c.rules)
		if asked != c.asked || asked && cause != c.want {
			t.Errorf("%s: got %s, %v; want %s, %v", c.name, cause, asked, c.want, c.asked)
		}
	}
}

// A visit that is in a sample is in every larger one, so that a stricter rule only ever adds.
func TestSamplesGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := order.Visit{ID: order.ID(rapid.StringN(1, 26, 26).Draw(t, "id")), PlacedAs: order.BySelf, Nth: 100}
		small, large := rules(), rules()
		small.FollowUpSamplePercent = rapid.IntRange(0, 100).Draw(t, "percent")
		large.FollowUpSamplePercent = rapid.IntRange(small.FollowUpSamplePercent, 100).Draw(t, "more")
		_, first := causeOf(v, small)
		if _, second := causeOf(v, large); first && !second {
			t.Fatalf("%s is in %d%% and not in %d%%", v.ID, small.FollowUpSamplePercent, large.FollowUpSamplePercent)
		}
	})
}

func TestTheSampleHasItsShare(t *testing.T) {
	const of = 20_000
	r, n := rules(), 0
	for i := range of {
		if _, asked := causeOf(order.Visit{ID: order.ID(strings.Repeat("x", i%7) + time.Duration(i).String()), PlacedAs: order.BySelf, Nth: 100}, r); asked {
			n++
		}
	}
	if n < of*9/100 || n > of*11/100 {
		t.Errorf("%d of %d visits are sampled, want a tenth", n, of)
	}
}

func TestEveryLevelHasOneAboveItButTheCity(t *testing.T) {
	for _, c := range []struct {
		from, to region.Level
		ok       bool
	}{
		{region.Community, region.Street, true}, {region.Street, region.District, true}, {region.District, region.City, true},
		{region.City, region.City, false},
	} {
		if got, ok := above(c.from); got != c.to || ok != c.ok {
			t.Errorf("above(%s) = %s, %v; want %s, %v", c.from, got, ok, c.to, c.ok)
		}
		if answerWithin(rules(), c.from) <= 0 {
			t.Errorf("the %s has no clock", c.from)
		}
	}
}

func TestClosesAt(t *testing.T) {
	r := rules()
	start := time.Date(2020, 10, 12, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		order order.Order
		from  time.Time
		runs  bool
	}{
		{"paid", order.Order{State: order.Settled, Start: start, SettledAt: start.Add(48 * time.Hour)}, start.Add(48 * time.Hour), true},
		{"paid, then frozen", order.Order{State: order.Disputed, Start: start, SettledAt: start}, start, true},
		{"cancelled", order.Order{State: order.Cancelled, Start: start}, start, true},
		{"not over yet", order.Order{State: order.Awaiting, Start: start}, time.Time{}, false},
	} {
		until, runs := closesAt(&c.order, r)
		if runs != c.runs || runs && !until.Equal(c.from.Add(r.OrderCloseAfter)) {
			t.Errorf("%s: closes at %s, %v; want %s later than %s, %v", c.name, until, runs, r.OrderCloseAfter, c.from, c.runs)
		}
		if err := inTime(&c.order, until.Add(-time.Second), r, "x.late"); c.runs && err != nil {
			t.Errorf("%s, a second before: %v", c.name, err)
		}
		err := inTime(&c.order, c.from.Add(r.OrderCloseAfter), r, "x.late")
		var e *errs.Error
		if c.runs && (!errors.As(err, &e) || e.Why == nil || e.Why.Rule != "order.close_after") {
			t.Errorf("%s, at the end: got %v, want a refusal by order.close_after", c.name, err)
		}
	}
}

func TestChecksNameEveryBadField(t *testing.T) {
	paths := func(err error) (got []string) {
		var e *errs.Error
		if errors.As(err, &e) {
			for _, f := range e.Fields {
				got = append(got, f.Path+" "+f.Code)
			}
		}
		return got
	}
	long := strings.Repeat("长", 1001)
	for _, c := range []struct {
		name string
		err  error
		want []string
	}{
		{"rating", checkRating(&RateCmd{Stars: 6, Tags: []Tag{TagKind, TagKind, TagPrepared}, Words: long}, OfVolunteer), []string{
			"stars feedback.stars_out_of_range", "tags.1 feedback.tag_repeated", "tags.2 feedback.tag_unknown", "words feedback.words_too_long"}},
		{"follow-up without a result", checkRecord(&RecordCmd{}), []string{"result feedback.result_unknown"}},
		{"a problem without a name", checkRecord(&RecordCmd{Result: ResultProblem, Words: long}), []string{
			"note feedback.category_unknown", "words feedback.words_too_long"}},
		{"ok with a problem", checkRecord(&RecordCmd{Result: ResultOK, Note: Poor, Words: "x"}), []string{
			"note feedback.note_not_wanted", "words feedback.note_not_wanted"}},
		{"decision", checkDecision(&DecideCmd{Reason: " \xff"}), []string{
			"decision feedback.decision_unknown", "reason feedback.words_malformed"}},
		{"decision without a reason", checkDecision(&DecideCmd{Decision: Release}), []string{"reason feedback.reason_missing"}},
		{"a good rating", checkRating(&RateCmd{Stars: 1, Tags: Tags(OfRecipient)}, OfRecipient), nil},
	} {
		if d := cmp.Diff(c.want, paths(c.err)); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestResultsAreKeptWithTheirKeys(t *testing.T) {
	for _, r := range []Recorded{{}, {Done: true}, {Done: true, Complaint: "c"}} {
		if got, err := decodeRecorded(r.encode()); err != nil || got != r {
			t.Errorf("decode(encode(%+v)) = %+v, %v", r, got, err)
		}
	}
	if d := (Decided{"o", order.Settled}); true {
		if got, err := decodeDecided(d.encode()); err != nil || got != d {
			t.Errorf("decode(encode(%+v)) = %+v, %v", d, got, err)
		}
	}
	if _, err := decodeRecorded("done"); err == nil {
		t.Error("half a result was read")
	}
	if _, err := decodeDecided("o"); err == nil {
		t.Error("half a decision was read")
	}
}
