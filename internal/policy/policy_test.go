package policy

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/why"
)

var update = flag.Bool("update", false, "write docs/policy.md")

func TestDocs(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "policy.md")
	if *update {
		if err := os.WriteFile(file, Markdown(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, Markdown()) {
		t.Errorf("docs/policy.md differs from the registry; run go test ./internal/policy -run TestDocs -update")
	}
}

func TestRegistry(t *testing.T) {
	books := map[Book]int{}
	for _, p := range Params() {
		books[p.Book]++
		if p.ZH == "" || p.EN == "" || !strings.HasSuffix(p.EN, ".") || !strings.HasSuffix(p.ZH, "。") {
			t.Errorf("%s: want one sentence in each language, got %q and %q", p.Key, p.ZH, p.EN)
		}
		if depth(p.Owner) < 0 || p.Ref == "" || p.Origin == "" || p.Shape().ZH == "" || p.Shape().EN == "" {
			t.Errorf("%s: owner %q, reference %q, origin %q, shape %q: want all", p.Key, p.Owner, p.Ref, p.Origin, p.Shape())
		}
		if p.Origin != Ours && p.Place == "" {
			t.Errorf("%s: %s by nobody", p.Key, p.Origin)
		}
	}
	for _, b := range Books() {
		if books[b] == 0 {
			t.Errorf("rule book %s has no parameter", b)
		}
	}
	if len(books) != 9 {
		t.Errorf("got %d rule books, want 9", len(books))
	}
}

// Every leaf field of Values must belong to exactly one parameter, or a new field would silently stay zero.
func TestEveryFieldHasAParameter(t *testing.T) {
	var leaves func(rt reflect.Type) int
	leaves = func(rt reflect.Type) int {
		n := 0
		for i := range rt.NumField() {
			if f := rt.Field(i); f.Type == reflect.TypeFor[PerLevel]() {
				n += leaves(f.Type)
			} else {
				n++
			}
		}
		return n
	}
	if got, want := len(Params()), leaves(reflect.TypeFor[Values]()); got != want {
		t.Errorf("registry has %d parameters, Values has %d fields", got, want)
	}
	a, b := Defaults().Values(), Values{}
	for _, p := range registry {
		p.cell.copy(&a, &b)
	}
	if x, y := (Draft{values: a, has: allSet()}), (Draft{values: b, has: allSet()}); x.Text() != y.Text() {
		t.Errorf("copying every parameter lost one:\n%s", cmp.Diff(x.Text(), y.Text()))
	}
}

func allSet() map[string]bool {
	m := map[string]bool{}
	for _, p := range registry {
		m[p.Key] = true
	}
	return m
}

func TestDefaults(t *testing.T) {
	v := Defaults().Values()
	checks := []struct {
		name      string
		got, want any
	}{
		{"step", v.TimeStep, 15},
		{"rounding", v.TimeRounding, RoundDown},
		{"per order", v.TimeMaxPerOrder, hours.Of(240)},
		{"per day", v.TimeMaxPerDay, hours.Of(480)},
		{"pair month", v.TimeMaxPerPairMonth, hours.Of(1200)},
		{"cap", v.AccountCap, hours.Of(90000)},
		{"redeem age", v.RedeemMinAge, 60},
		{"transfer", v.TransferMaxPerYear, hours.Of(12000)},
		{"claim window", v.OrderClaimWindow, 30 * time.Minute},
		{"moves", v.OrderMaxMoves, 3},
		{"asks", v.FamilyAsksPerDay, 5},
		{"messages", v.FamilyMessagesPerDay, 10},
		{"pictures", v.OrderMaxPhotos, 8},
		{"invitations", v.TeamInvitesPerDay, 50},
		{"invitation", v.TeamInviteWithin, 14 * 24 * time.Hour},
		{"escalate street", v.OrderEscalateAfter.At(Street), 120 * time.Minute},
		{"escalate city", v.OrderEscalateAfter.At(City), 480 * time.Minute},
		{"funding", v.OrderFunding.Slice(), []Funding{FundGrant, FundSaved, FundGift, FundPool, FundFund}},
		{"confirm", v.ConfirmAutoAfter, 48 * time.Hour},
		{"credit", v.CreditDelay, 24 * time.Hour},
		{"undo", v.UndoWindow, 10 * time.Minute},
		{"factors", v.CheckInMinFactors, 2},
		{"stars", v.HonourStarHours.Reached(650), 3},
	}
	for _, c := range checks {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	got := Check(Defaults())
	if len(got) != 1 || got[0].Key != "grant.key_elder_monthly" || !got[0].Blocker {
		t.Errorf("blockers of the defaults: got %v, want the monthly grant alone", got)
	}
}

func TestNanjing(t *testing.T) {
	if got := Check(Nanjing()); len(got) != 0 {
		t.Errorf("problems of nanjing.toml: got %v, want none", got)
	}
	if got := Nanjing().Values().GrantKeyElderMonthly; got != hours.Of(180) {
		t.Errorf("demo grant: got %v, want 3h", got)
	}
	again, err := Parse([]byte(Nanjing().Text()))
	if err != nil {
		t.Fatalf("parse the canonical text: %v", err)
	}
	if diff := cmp.Diff(Nanjing().Text(), again.Text()); diff != "" {
		t.Errorf("canonical text is not a fixed point:\n%s", diff)
	}
	if again.Digest() != Nanjing().Digest() {
		t.Errorf("digest: got %s, want %s", again.Digest(), Nanjing().Digest())
	}
}

func fields(t *testing.T, err error) map[string]string {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an errs.Error", err)
	}
	out := map[string]string{}
	for _, f := range e.Fields {
		out[f.Path] = f.Code
	}
	return out
}

func TestParseReportsAllBadFields(t *testing.T) {
	_, err := Parse([]byte(`
time.step_minutes = 25
time.rounding = "sideways"
time.max_per_order = -1
time.max_per_day = 3.5
account.cap = "lots"
acount.cap = 5
brand.name = ""
undo.window = "9m"
credit.delay = 24
key_elder.rule = "age + 1"
order.funding = ["grant", "grant"]
checkin.methods = ["face", "code"]
honour.star_hours = [300, 100]
redeem.min_age = 55
confirm.auto_after = "90m30s"
`))
	want := map[string]string{
		"time.step_minutes":       "policy.step_not_in_hour",
		"time.rounding":           "policy.not_a_choice",
		"time.max_per_order":      "policy.out_of_range",
		"time.max_per_day":        "policy.wrong_type",
		"account.cap":             "policy.wrong_type",
		"acount.cap":              "policy.unknown_key",
		"brand.name":              "policy.bad_text",
		"undo.window":             "policy.out_of_range",
		"credit.delay":            "policy.wrong_type",
		"key_elder.rule":          "policy.bad_expression",
		"order.funding":           "policy.repeated",
		"checkin.methods":         "policy.not_a_choice",
		"honour.star_hours":       "policy.wrong_type",
		"redeem.min_age_hardship": "policy.above",
		"confirm.auto_after":      "policy.wrong_type",
	}
	if diff := cmp.Diff(want, fields(t, err)); diff != "" {
		t.Errorf("bad fields (-want +got):\n%s", diff)
	}
	if errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("kind: got %v, want Invalid", errs.KindOf(err))
	}
}

func TestParseSyntaxAndShape(t *testing.T) {
	for in, want := range map[string]map[string]string{
		"time = \n":                {"toml": "policy.not_toml"},
		"time = 5":                 {"time": "policy.unknown_key"},
		"[time.step_minutes]\na=1": {"time.step_minutes": "policy.wrong_type"},
		strings.Repeat("#", 70000): {"toml": "policy.too_long"},
		"\"time.step_minutes\" = 30\n[time]\nstep_minutes = 15\nrounding = \"down\"": {"time.step_minutes": "policy.key_twice"},
	} {
		_, err := Parse([]byte(in))
		if diff := cmp.Diff(want, fields(t, err)); diff != "" {
			t.Errorf("Parse(%.20q) (-want +got):\n%s", in, diff)
		}
	}
}

func TestCheckFile(t *testing.T) {
	rep, err := CheckFile(bytes.NewReader([]byte("account.cap = \"1000h\"\n")))
	if err != nil || !rep.Publishable() || rep.Live() || rep.Digest == "" {
		t.Fatalf("good file: got %+v, %v; want publishable, not live", rep, err)
	}
	want := []Change{{"account.cap", "1500h", "1000h"}}
	if diff := cmp.Diff(want, rep.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	rep, err = CheckFile(bytes.NewReader([]byte("acount.cap = 1\n")))
	if err != nil || rep.Publishable() || len(rep.Problems) != 1 {
		t.Fatalf("bad file: got %+v, %v; want one problem", rep, err)
	}
	if got := rep.Problems[0].String(); !strings.Contains(got, "nearest=account.cap") {
		t.Errorf("problem: got %q, want the nearest key named", got)
	}
}

func TestKeyElder(t *testing.T) {
	rules := Of(Nanjing(), "v")
	for _, c := range []struct {
		name string
		a    Attributes
		want bool
	}{
		{"80 alone", Attributes{Age: 80, LivesAlone: true}, true},
		{"79 alone", Attributes{Age: 79, LivesAlone: true}, false},
		{"85 alone, child near", Attributes{Age: 85, LivesAlone: true, ChildrenNear: true}, false},
		{"60 allowance half alone", Attributes{Age: 60, Allowance: true, Disability: DisabilityHalf, LivesAlone: true}, true},
		{"60 allowance alone", Attributes{Age: 60, Allowance: true, LivesAlone: true}, false},
		{"59 allowance full alone", Attributes{Age: 59, Allowance: true, Disability: DisabilityFull, LivesAlone: true}, false},
		{"70 left behind", Attributes{Age: 70, RuralLeftBehind: true}, true},
	} {
		got, err := rules.KeyElder(c.a)
		if err != nil || got != c.want {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if got, err := (Rules{}).KeyElder(Attributes{Age: 99}); got || err != nil {
		t.Errorf("zero rules: got %v, %v; want false", got, err)
	}
}

func TestCompileExprRefuses(t *testing.T) {
	for name, src := range map[string]string{
		"empty":        "",
		"not bool":     "age",
		"unknown name": "income < 100",
		"wrong types":  "age >= '80'",
		"divides by 0": "100 / (age - 60) > 1",
		"loop":         "[1,2,3].exists(x, x == age)",
		"too long":     strings.Repeat("age > 1 && ", 200) + "true",
		"deep":         strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200),
		"control":      "age > 1\x00",
	} {
		if _, err := CompileExpr(src); err == nil {
			t.Errorf("%s: %q compiled, want an error", name, src)
		}
	}
}

func TestWhy(t *testing.T) {
	got := Of(Defaults(), "v1").Why("account.cap", why.Value{Name: "account.balance", Value: "1490h"})
	want := why.Why{Rule: "account.cap", Version: "v1", Owner: "city",
		Values: []why.Value{{Name: "account.cap", Value: "1500h"}, {Name: "account.balance", Value: "1490h"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("why (-want +got):\n%s", diff)
	}
}

func TestRound(t *testing.T) {
	v := Defaults().Values()
	for _, c := range []struct {
		by   Rounding
		want int64
	}{{RoundDown, 45}, {RoundNearest, 60}, {RoundUp, 60}} {
		v.TimeRounding = c.by
		if got := v.Round(hours.Of(55)); got != hours.Of(c.want) {
			t.Errorf("Round(55) %s: got %v, want %d minutes", c.by, got, c.want)
		}
	}
}

func override(t *testing.T, level Level, text string) Draft {
	t.Helper()
	d, err := ParseOverride(level, []byte(text))
	if err != nil {
		t.Fatalf("ParseOverride: %v", err)
	}
	return d
}

func TestCheckOverride(t *testing.T) {
	base := Of(Defaults(), "v")
	for _, c := range []struct {
		name, text string
		level      Level
		want       []string
	}{
		{"stricter", "time.max_per_day = 300\ncheckin.methods = [\"code\", \"qr\"]\nredeem.min_age = 65", Street, nil},
		{"equal", "time.max_per_day = 480", Street, nil},
		{"looser number", "time.max_per_day = 500", Street, []string{"time.max_per_day policy.loosens"}},
		{"looser set", "transfer.to = [\"lineal\", \"friend\"]", Street, []string{"transfer.to policy.loosens"}},
		{"looser choice", "checkin.overlap = \"flag\"", Street, []string{"checkin.overlap policy.loosens"}},
		{"owner sets freely", "order.radius_m = 9000", District, nil},
		{"below the owner", "order.radius_m = 9000", Street, []string{"order.radius_m policy.loosens"}},
		{"contradiction", "checkin.methods = [\"code\"]", Street, []string{"checkin.min_factors policy.too_few_methods"}},
		{"all at once", "redeem.min_age = 50\ncredit.delay = \"1h\"", Street,
			[]string{"credit.delay policy.loosens", "redeem.min_age policy.loosens", "redeem.min_age_hardship policy.above"}},
	} {
		var got []string
		for _, p := range checkOverride(base, c.level, override(t, c.level, c.text)) {
			got = append(got, p.Key+" "+p.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	_, err := ParseOverride(District, []byte("brand.name = \"x\"\ntime.step_minutes = 30"))
	if diff := cmp.Diff(map[string]string{"brand.name": "policy.not_narrowable", "time.step_minutes": "policy.not_narrowable"}, fields(t, err)); diff != "" {
		t.Errorf("not narrowable (-want +got):\n%s", diff)
	}
}
