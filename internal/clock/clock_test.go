package clock_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

func TestSystemIsUTCInMicroseconds(t *testing.T) {
	now := clock.System().Now()
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("got %v, want UTC in whole microseconds", now)
	}
	if got := clock.FromMicros(clock.Micros(now)); got != now {
		t.Errorf("through micros: got %v, want %v", got, now)
	}
}

func TestFake(t *testing.T) {
	start := time.Date(2020, 10, 1, 8, 0, 0, 1234, clock.Zone)
	f := clock.NewFake(start)
	if got, want := f.Now(), time.Date(2020, 10, 1, 0, 0, 0, 1000, time.UTC); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				f.Advance(time.Second)
				f.Now()
			}
		})
	}
	wg.Wait()
	if got, want := f.Now(), start.UTC().Truncate(time.Microsecond).Add(800*time.Second); got != want {
		t.Errorf("after 800 seconds: got %v, want %v", got, want)
	}
	f.Set(start.Add(-time.Hour))
	if got := f.Now().Hour(); got != 23 {
		t.Errorf("set back: hour %d, want 23", got)
	}
}

func TestDayAndMonthAreCivil(t *testing.T) {
	late := time.Date(2020, 9, 30, 16, 0, 0, 0, time.UTC) // midnight in the city
	for _, c := range []struct {
		at    time.Time
		day   clock.Day
		month clock.Month
	}{
		{late.Add(-time.Microsecond), "2020-09-30", "2020-09"},
		{late, "2020-10-01", "2020-10"},
	} {
		if d, m := clock.DayOf(c.at), clock.MonthOf(c.at); d != c.day || m != c.month || d.Month() != m {
			t.Errorf("%v: got %v %v, want %v %v", c.at, d, m, c.day, c.month)
		}
	}
	if got := clock.Day("2020-10-01").Start(); got != late {
		t.Errorf("start: got %v, want %v", got, late)
	}
	if got := clock.Month("2020-09").End(); got != late {
		t.Errorf("end of month: got %v, want %v", got, late)
	}
	if got := clock.Month("2020-02").Last(); got != "2020-02-29" {
		t.Errorf("last day: got %v, want 2020-02-29", got)
	}
	if got := clock.Month("2020-11").Add(3); got != "2021-02" {
		t.Errorf("three months on: got %v, want 2021-02", got)
	}
	if got := clock.Day("2020-10-01").Weekday(); got != time.Thursday {
		t.Errorf("got %v, want Thursday", got)
	}
	if got := clock.Day("2021-01-01").Sub("2020-01-01"); got != 366 {
		t.Errorf("got %d days, want 366", got)
	}
}

func TestParse(t *testing.T) {
	for _, s := range []string{"", "2020-1-01", "2020-02-30", "2021-02-29", "20201001", "2020-10-01 ", "2020-10-01T00:00:00Z", "２０２０-10-01"} {
		if d, err := clock.ParseDay(s); err == nil || d != "" || errs.CodeOf(err) != "clock.day_malformed" {
			t.Errorf("day %q: got %q, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2020-13", "2020-1", "2020-10-01", "2020"} {
		if m, err := clock.ParseMonth(s); err == nil || m != "" || errs.CodeOf(err) != "clock.month_malformed" {
			t.Errorf("month %q: got %q, %v", s, m, err)
		}
	}
	for _, s := range []string{"0000-01-01", "0001-01-01", "1799-12-31", "2200-01-01", "9999-12-31"} {
		if d, err := clock.ParseDay(s); err == nil || d != "" || errs.CodeOf(err) != clock.CodeOutOfRange {
			t.Errorf("day %q: got %q, %v", s, d, err)
		}
		if m, err := clock.ParseMonth(s[:7]); err == nil || m != "" || errs.CodeOf(err) != clock.CodeOutOfRange {
			t.Errorf("month %q: got %q, %v", s[:7], m, err)
		}
	}
	for _, d := range []clock.Day{clock.Earliest, clock.Latest} {
		if got, err := clock.ParseDay(string(d)); err != nil || got != d {
			t.Errorf("%s: got %q, %v", d, got, err)
		}
		if got, err := clock.ParseMonth(string(d.Month())); err != nil || got != d.Month() {
			t.Errorf("%s: got %q, %v", d.Month(), got, err)
		}
	}
	var v struct {
		D clock.Day
		M clock.Month
	}
	if err := json.Unmarshal([]byte(`{"D":"2020-10-01","M":"2020-10"}`), &v); err != nil || v.D != "2020-10-01" || v.M != "2020-10" {
		t.Errorf("got %v, %v", v, err)
	}
	for _, s := range []string{`{"D":"2020-10-32"}`, `{"M":"2020-00"}`, `{"D":""}`} {
		if err := json.Unmarshal([]byte(s), &v); err == nil {
			t.Errorf("%s was accepted", s)
		}
	}
}

func TestAgeAt(t *testing.T) {
	for _, c := range []struct {
		birth, on clock.Day
		want      int
	}{
		{"1940-10-02", "2020-10-01", 79},
		{"1940-10-01", "2020-10-01", 80},
		{"1940-09-30", "2020-10-01", 80},
		{"1956-02-29", "2021-02-28", 64},
		{"1956-02-29", "2021-03-01", 65},
		{"1956-02-29", "2020-02-29", 64},
		{"2020-10-01", "2020-10-01", 0},
		{"2020-10-02", "2020-10-01", -1},
	} {
		if got := clock.AgeAt(c.birth, c.on); got != c.want {
			t.Errorf("born %s, on %s: got %d, want %d", c.birth, c.on, got, c.want)
		}
	}
}

func TestMalformedDayPanics(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || errs.CodeOf(err) != "clock.day_malformed" {
			t.Errorf("recovered %v, want clock.day_malformed", err)
		}
	}()
	clock.Day("tomorrow").Start()
}

func TestEveryDayStartsWhereTheLastEnds(t *testing.T) {
	// Straight through the years of summer time at midnight (1940–1949) and at two o'clock (1986–1991).
	for d := clock.Day("1902-01-01"); d < "2060-01-01"; d = d.Add(1) {
		start := d.Start()
		if got := clock.DayOf(start); got != d {
			t.Fatalf("%s starts in %s", d, got)
		}
		if got := clock.DayOf(start.Add(-time.Microsecond)); got != d.Add(-1) {
			t.Fatalf("before %s comes %s", d, got)
		}
	}
}

func TestDayArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := clock.FromMicros(rapid.Int64Range(-1e15, 4e15).Draw(t, "at"))
		n := rapid.IntRange(-40000, 40000).Draw(t, "n")
		d := clock.DayOf(at)
		if at.Before(d.Start()) || !at.Before(d.End()) {
			t.Fatalf("%v is not within %s", at, d)
		}
		if got := d.Add(n).Sub(d); got != n {
			t.Fatalf("%s and %d days: %d apart", d, n, got)
		}
		m := d.Month()
		if d < m.First() || d > m.Last() || m.Add(n%1200).Add(-(n%1200)) != m {
			t.Fatalf("%s does not fit its month %s", d, m)
		}
	})
}
