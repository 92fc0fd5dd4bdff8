package clock

import (
	"time"

	"timebank/internal/errs"
)

const monthLayout = "2006-01"

// Earliest and Latest bound every day that comes in from outside, and with it every month and moment (default, ours): nobody who lives was born
// before, no rule looks further ahead, and what is reckoned from a day between them, a century on either side, still has a year of four digits.
const (
	Earliest Day = "1800-01-01"
	Latest   Day = "2199-12-31"
)

// CodeOutOfRange says of a day, a month or a moment that it lies outside of [Earliest, Latest].
const CodeOutOfRange = "clock.out_of_range"

var (
	errDay   = errs.Invalid("clock.day_malformed")
	errMonth = errs.Invalid("clock.month_malformed")
	errRange = errs.Invalid(CodeOutOfRange)
)

// Day is a civil day in Zone, "2006-01-02"; days compare and sort as strings. Get one from ParseDay or DayOf: the methods of a Day with
// any other text panic, because a malformed day that got past its parser is a programming error.
type Day string

// Month is a civil month in Zone, "2006-01"; months compare and sort as strings. What is said of Day's methods holds for it too.
type Month string

// ParseDay reads a day of the form "2006-01-02" that exists in the calendar, from Earliest to Latest; the error has the code
// clock.day_malformed or CodeOutOfRange.
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", errDay
	}
	if d := Day(s); Earliest <= d && d <= Latest {
		return d, nil
	}
	return "", errRange
}

// ParseMonth reads a month of the form "2006-01", within the same bounds; the error has the code clock.month_malformed or CodeOutOfRange.
func ParseMonth(s string) (Month, error) {
	if _, err := time.Parse(monthLayout, s); err != nil {
		return "", errMonth
	}
	if m := Month(s); Earliest.Month() <= m && m <= Latest.Month() {
		return m, nil
	}
	return "", errRange
}

// DayOf returns the civil day in Zone that contains the instant.
func DayOf(t time.Time) Day { return Day(t.In(Zone).Format(time.DateOnly)) }

// MonthOf returns the civil month in Zone that contains the instant.
func MonthOf(t time.Time) Month { return Month(t.In(Zone).Format(monthLayout)) }

// date returns midnight UTC of the day, a stand-in for calendar arithmetic that no change of offset can disturb.
func (d Day) date() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		panic(errDay.With(err))
	}
	return t
}

// Start returns the first instant of the day in Zone, as UTC.
func (d Day) Start() time.Time {
	y, m, n := d.date().Date()
	t := time.Date(y, m, n, 0, 0, 0, 0, Zone)
	// Summer time of 1940–1949 began and ended at midnight, where time.Date may land in the day before.
	if DayOf(t) < d {
		t = t.Add(time.Hour)
	}
	return t.UTC()
}

// End returns the first instant after the day, as UTC: a day is the half-open interval [Start, End).
func (d Day) End() time.Time { return d.Add(1).Start() }

// Add returns the day n days later, or earlier when n is negative.
func (d Day) Add(n int) Day { return Day(d.date().AddDate(0, 0, n).Format(time.DateOnly)) }

// Sub returns how many days d lies after o; it is negative when d is the earlier one.
func (d Day) Sub(o Day) int { return int(d.date().Sub(o.date()) / (24 * time.Hour)) }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return d.date().Weekday() }

// Month returns the month that the day lies in.
func (d Day) Month() Month { return Month(d.date().Format(monthLayout)) }

// String returns the day as "2006-01-02".
func (d Day) String() string { return string(d) }

// UnmarshalText reads a day as ParseDay does, so that JSON never brings in a malformed one.
func (d *Day) UnmarshalText(b []byte) error {
	v, err := ParseDay(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// First returns the first day of the month.
func (m Month) First() Day {
	t, err := time.Parse(monthLayout, string(m))
	if err != nil {
		panic(errMonth.With(err))
	}
	return Day(t.Format(time.DateOnly))
}

// Last returns the last day of the month.
func (m Month) Last() Day { return m.Add(1).First().Add(-1) }

// Start returns the first instant of the month in Zone, as UTC.
func (m Month) Start() time.Time { return m.First().Start() }

// End returns the first instant after the month, as UTC: a month is the half-open interval [Start, End).
func (m Month) End() time.Time { return m.Add(1).Start() }

// Add returns the month n months later, or earlier when n is negative.
func (m Month) Add(n int) Month {
	return Month(m.First().date().AddDate(0, n, 0).Format(monthLayout))
}

// String returns the month as "2006-01".
func (m Month) String() string { return string(m) }

// UnmarshalText reads a month as ParseMonth does, so that JSON never brings in a malformed one.
func (m *Month) UnmarshalText(b []byte) error {
	v, err := ParseMonth(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

// AgeAt returns the completed years of life on a day, negative before birth. Who was born on 29 February grows a year older on
// 1 March of a common year (default: nobody published the case, and the later day is the stricter one).
func AgeAt(birth, on Day) int {
	b, o := birth.date(), on.date()
	age := o.Year() - b.Year()
	if o.Month() < b.Month() || o.Month() == b.Month() && o.Day() < b.Day() {
		age--
	}
	return age
}
