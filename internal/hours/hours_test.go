package hours_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/hours"
)

const limit = int64(1) << 40

var (
	_ driver.Valuer = hours.Minutes{}
	_ sql.Scanner   = &hours.Minutes{}
)

func minutes() *rapid.Generator[hours.Minutes] {
	return rapid.Map(rapid.Int64Range(-limit/2, limit/2), hours.Of)
}

func overflows(f func()) (yes bool) {
	defer func() {
		if r := recover(); r != nil {
			err, ok := r.(error)
			yes = ok && errs.KindOf(err) == errs.Internal && errs.CodeOf(err) == "hours.overflow"
		}
	}()
	f()
	return false
}

func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := minutes().Draw(t, "a"), minutes().Draw(t, "b")
		if a.Add(b) != b.Add(a) || a.Add(b).Sub(b) != a || a.Sub(b) != b.Sub(a).Neg() {
			t.Fatal("addition is not that of the integers")
		}
		if a.Cmp(b) != a.Sub(b).Sign() || a.Add(a.Neg()) != hours.Zero {
			t.Fatal("order does not follow the difference")
		}
		if lo, hi := hours.Min(a, b), hours.Max(a, b); lo.Cmp(hi) > 0 || lo.Add(hi) != a.Add(b) {
			t.Fatalf("min %v, max %v", lo, hi)
		}
	})
}

func TestOutOfRangePanics(t *testing.T) {
	top := hours.Of(limit)
	for name, f := range map[string]func(){
		"of":        func() { hours.Of(limit + 1) },
		"of min":    func() { hours.Of(math.MinInt64) },
		"add":       func() { top.Add(hours.Of(1)) },
		"sub":       func() { top.Neg().Sub(hours.Of(1)) },
		"times":     func() { hours.Of(3).Times(limit / 2) },
		"times big": func() { top.Times(math.MinInt64) },
		"step zero": func() { top.RoundDown(hours.Zero) },
		"step neg":  func() { top.RoundNearest(hours.Of(-15)) },
		"round up":  func() { top.RoundUp(hours.Of(7)) },
	} {
		if !overflows(f) {
			t.Errorf("%s: did not panic with hours.overflow", name)
		}
	}
	if top.Sub(top) != hours.Zero || !top.Sub(top).IsZero() {
		t.Error("the limit itself is not within range")
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ a, n, want int64 }{{120, 2, 240}, {-120, 2, -240}, {120, -2, -240}, {-3, -5, 15}, {0, math.MinInt64, 0}, {limit, 1, limit}} {
		if got := hours.Of(c.a).Times(c.n).Int64(); got != c.want {
			t.Errorf("%d × %d: got %d, want %d", c.a, c.n, got, c.want)
		}
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct{ m, step, down, up, nearest int64 }{
		{0, 15, 0, 0, 0}, {7, 15, 0, 15, 0}, {8, 15, 0, 15, 15}, {15, 15, 15, 15, 15}, {44, 15, 30, 45, 45},
		{30, 60, 0, 60, 60}, {29, 60, 0, 60, 0}, {-7, 15, 0, -15, 0}, {-8, 15, 0, -15, -15}, {-30, 60, 0, -60, -60}, {5, 1, 5, 5, 5},
	} {
		a, step := hours.Of(c.m), hours.Of(c.step)
		if d, u, n := a.RoundDown(step).Int64(), a.RoundUp(step).Int64(), a.RoundNearest(step).Int64(); d != c.down || u != c.up || n != c.nearest {
			t.Errorf("%d by %d: got %d %d %d, want %d %d %d", c.m, c.step, d, u, n, c.down, c.up, c.nearest)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, step := minutes().Draw(t, "a"), hours.Of(rapid.Int64Range(1, 600).Draw(t, "step"))
		for _, r := range []func(hours.Minutes, hours.Minutes) hours.Minutes{hours.Minutes.RoundDown, hours.Minutes.RoundUp, hours.Minutes.RoundNearest} {
			got := r(a, step)
			if got.Int64()%step.Int64() != 0 || r(a.Neg(), step) != got.Neg() || r(got, step) != got {
				t.Fatalf("%v by %v gives %v", a, step, got)
			}
		}
	})
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		s    string
		m    int64
		text string
	}{
		{"12h45m", 765, "12h45m"}, {"12h", 720, "12h"}, {"45m", 45, "45m"}, {"90m", 90, "1h30m"}, {"0m", 0, "0m"}, {"0h", 0, "0m"}, {"-1h30m", -90, "-1h30m"},
		{"-0m", 0, "0m"}, {"007h05m", 425, "7h5m"}, {"1500h", 90000, "1500h"}, {"1h0m", 60, "1h"},
	} {
		got, err := hours.Parse(c.s)
		if err != nil || got.Int64() != c.m || got.String() != c.text {
			t.Errorf("%q: got %v, %v, want %s", c.s, got, err, c.text)
		}
	}
	for s, code := range map[string]string{
		"": "hours.malformed", "-": "hours.malformed", "h": "hours.malformed", "m": "hours.malformed", "12": "hours.malformed", "1.5h": "hours.malformed",
		"1h60m": "hours.malformed", "1h5": "hours.malformed", "h5m": "hours.malformed", "5m1h": "hours.malformed", "+1h": "hours.malformed", "1h-5m": "hours.malformed", "1h 5m": "hours.malformed",
		"１h": "hours.malformed", "1h5m5m": "hours.malformed", "--1h": "hours.malformed", "1H": "hours.malformed",
		"99999999999999999999h": "hours.out_of_range", "1099511627777m": "hours.out_of_range", "1099511627776h": "hours.out_of_range",
	} {
		if got, err := hours.Parse(s); errs.CodeOf(err) != code || got != hours.Zero {
			t.Errorf("%q: got %v, %v, want %s", s, got, err, code)
		}
	}
}

func TestTextAndJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := minutes().Draw(t, "a")
		if got, err := hours.Parse(a.String()); err != nil || got != a {
			t.Fatalf("%v came back as %v, %v", a, got, err)
		}
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var got hours.Minutes
		if err := json.Unmarshal(b, &got); err != nil || got != a {
			t.Fatalf("%s came back as %v, %v", b, got, err)
		}
	})
}

func TestJSON(t *testing.T) {
	b, err := json.Marshal(map[string]hours.Minutes{"balance": hours.Of(765)})
	if want := `{"balance":{"minutes":765}}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	for _, s := range []string{
		`null`, `765`, `"12h45m"`, `{}`, `[]`, `{"minutes":null}`, `{"minutes":"5"}`, `{"minutes":1.0}`, `{"minutes":1e3}`, `{"minutes":1E3}`, `{"Minutes":1}`,
		`{"minutes":1,"minutes":2}`, `{"minutes":1,"x":2}`, `{"minutes":{"minutes":1}}`, `{"minutes":1099511627777}`, `{"minutes":9223372036854775808}`,
	} {
		got := hours.Of(7)
		err := json.Unmarshal([]byte(s), &got)
		if code := errs.CodeOf(err); !strings.HasPrefix(code, "hours.") || got != hours.Of(7) {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	if err := new(hours.Minutes).UnmarshalJSON([]byte(`{"minutes":1} {}`)); err == nil {
		t.Error("a second value was accepted")
	}
}

func TestScan(t *testing.T) {
	var m hours.Minutes
	if err := m.Scan(int64(-15)); err != nil || m != hours.Of(-15) {
		t.Errorf("got %v, %v", m, err)
	}
	for _, v := range []any{nil, "15", 1.5, []byte("15"), true, limit + 1} {
		if err := m.Scan(v); err == nil || m != hours.Of(-15) {
			t.Errorf("%v was taken as %v", v, m)
		}
	}
	if v, err := m.Value(); err != nil || v != int64(-15) {
		t.Errorf("got %v, %v, want -15", v, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"12h45m", "-1h", "0m", "90m", "h", "1h60m", "99999999999999999999m"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := hours.Parse(s)
		if err != nil {
			if errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("%q: %v is not an input error", s, err)
			}
			return
		}
		if b, err := hours.Parse(a.String()); err != nil || b != a {
			t.Fatalf("%q is %v, which is %v, %v", s, a, b, err)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"minutes":765}`, ` { "minutes" : -0 } `, `{"minutes":1.5}`, `null`, `{"minutes":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var a hours.Minutes
		if err := json.Unmarshal(b, &a); err != nil {
			return
		}
		out, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var c hours.Minutes
		if err := json.Unmarshal(out, &c); err != nil || c != a {
			t.Fatalf("%s is %v, which is %v, %v", b, a, c, err)
		}
	})
}
