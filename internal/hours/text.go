package hours

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// String gives the amount as people in the office read it: "12h45m", "12h", "45m", "0m", "-1h30m".
func (a Minutes) String() string {
	n := abs(a.m)
	b := make([]byte, 0, 20)
	if a.m < 0 {
		b = append(b, '-')
	}
	if h := n / 60; h > 0 {
		b = append(strconv.AppendUint(b, h, 10), 'h')
	}
	if m := n % 60; m > 0 || n == 0 {
		b = append(strconv.AppendUint(b, m, 10), 'm')
	}
	return string(b)
}

// Parse reads "12h45m", "12h", "45m" or "90m", with a minus sign in front of a negative amount; after hours the minutes are below 60.
// Errors have the code hours.malformed or hours.out_of_range.
func Parse(s string) (Minutes, error) {
	rest, negative := strings.CutPrefix(s, "-")
	var total int64
	h, m, hasHours := strings.Cut(rest, "h")
	if hasHours {
		n, err := count(h)
		if err != nil {
			return Zero, err
		}
		total, rest = n*60, m
	}
	if rest != "" || !hasHours {
		digits, ok := strings.CutSuffix(rest, "m")
		if !ok {
			return Zero, errFormat
		}
		n, err := count(digits)
		if err != nil {
			return Zero, err
		}
		if hasHours && n >= 60 {
			return Zero, errFormat
		}
		total += n
	}
	if negative {
		total = -total
	}
	return Try(total)
}

// count reads plain digits, small enough that sixty times as many cannot wrap.
func count(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, errFormat
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > limit {
		return 0, errRange
	}
	return n, nil
}

// MarshalJSON writes {"minutes":765}.
func (a Minutes) MarshalJSON() ([]byte, error) {
	b := strconv.AppendInt([]byte(`{"minutes":`), a.m, 10)
	return append(b, '}'), nil
}

// UnmarshalJSON reads exactly {"minutes":765}: a fraction, an exponent, null, another or a repeated member is refused with the code
// hours.malformed, an amount outside ±2^40 with hours.out_of_range.
func (a *Minutes) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var n json.Number
	for i := range 4 {
		t, err := d.Token()
		if err != nil {
			return errFormat.With(err)
		}
		ok := true
		switch i {
		case 0:
			ok = t == json.Delim('{')
		case 1:
			ok = t == "minutes"
		case 2:
			n, ok = t.(json.Number)
		case 3:
			ok = t == json.Delim('}')
		}
		if !ok {
			return errFormat
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return errFormat
	}
	if strings.ContainsAny(n.String(), ".eE") {
		return errFormat
	}
	m, err := n.Int64()
	if err != nil {
		return errRange.With(err)
	}
	v, err := Try(m)
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// Value gives the amount to a database as its number of minutes.
func (a Minutes) Value() (driver.Value, error) { return a.m, nil }

// Scan takes the amount from a BIGINT column; NULL and every other type are refused with the code hours.malformed.
func (a *Minutes) Scan(src any) error {
	m, ok := src.(int64)
	if !ok {
		return errFormat
	}
	v, err := Try(m)
	if err != nil {
		return err
	}
	*a = v
	return nil
}
