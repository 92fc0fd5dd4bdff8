package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"timebank/internal/clock"
	"timebank/internal/hours"
)

// bad is why a written value was refused: a code of this package and its parameters.
type bad struct {
	code   string
	params []any
}

func notA(want Text) *bad { return &bad{code: "policy.wrong_type", params: []any{"want", want.EN}} }

// cell ties a parameter to its field of Values, whatever the field's type.
type cell interface {
	decode(raw any, into *Values) *bad
	text(v *Values) string // a TOML literal; equal values have equal text
	show(v *Values) string // for people
	start(v *Values) bool  // writes the default; false when there is none
	copy(from, to *Values)
	stricter(n Narrow, base, over *Values) bool // equal counts as stricter
	tighten(n Narrow, base, over, into *Values) bool
	shape() Text // what a file may write
}

// scalar is a cell of one value. Its rank orders values for narrowing; nil when it has no order.
type scalar[T any] struct {
	at      func(*Values) *T
	def     T
	has     bool // there is a default
	parse   func(any) (T, *bad)
	literal func(T) string
	human   func(T) string
	rank    func(T) int64
	form    Text
}

func (c scalar[T]) decode(raw any, into *Values) *bad {
	v, b := c.parse(raw)
	if b == nil {
		*c.at(into) = v
	}
	return b
}

func (c scalar[T]) text(v *Values) string { return c.literal(*c.at(v)) }

func (c scalar[T]) show(v *Values) string {
	if c.human != nil {
		return c.human(*c.at(v))
	}
	return c.literal(*c.at(v))
}

func (c scalar[T]) start(v *Values) bool {
	if c.has {
		*c.at(v) = c.def
	}
	return c.has
}

func (c scalar[T]) copy(from, to *Values) { *c.at(to) = *c.at(from) }

func (c scalar[T]) stricter(n Narrow, base, over *Values) bool {
	switch {
	case c.text(base) == c.text(over):
		return true
	case c.rank == nil:
		return false
	case n == Lower:
		return c.rank(*c.at(over)) <= c.rank(*c.at(base))
	case n == Higher:
		return c.rank(*c.at(over)) >= c.rank(*c.at(base))
	}
	return false
}

func (c scalar[T]) tighten(n Narrow, base, over, into *Values) bool {
	if c.text(base) == c.text(over) || !c.stricter(n, base, over) {
		c.copy(base, into)
		return false
	}
	c.copy(over, into)
	return true
}

func (c scalar[T]) shape() Text { return c.form }

// list is a cell of an ordered list of choices.
type list[T ~string] struct {
	at      func(*Values) *List[T]
	allowed []T
	least   int
	def     []T
}

func (c list[T]) decode(raw any, into *Values) *bad {
	items, ok := raw.([]any)
	if !ok {
		return notA(c.shape())
	}
	var out List[T]
	for _, it := range items {
		s, ok := it.(string)
		if !ok {
			return notA(c.shape())
		}
		if !slices.Contains(c.allowed, T(s)) {
			return &bad{"policy.not_a_choice", []any{"got", s, "choices", join(c.allowed)}}
		}
		if out.Has(T(s)) {
			return &bad{"policy.repeated", []any{"got", s}}
		}
		out.items = append(out.items, T(s))
	}
	if out.Len() < c.least {
		return &bad{"policy.too_few", []any{"least", c.least}}
	}
	*c.at(into) = out
	return nil
}

func (c list[T]) text(v *Values) string {
	quoted := make([]string, 0, c.at(v).Len())
	for it := range c.at(v).All() {
		quoted = append(quoted, strconv.Quote(string(it)))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (c list[T]) show(v *Values) string { return join(c.at(v).items) }

func (c list[T]) start(v *Values) bool { *c.at(v) = ListOf(c.def...); return true }

func (c list[T]) copy(from, to *Values) { *c.at(to) = *c.at(from) }

func (c list[T]) stricter(n Narrow, base, over *Values) bool {
	if c.text(base) == c.text(over) {
		return true
	}
	if n != Subset {
		return false
	}
	for it := range c.at(over).All() {
		if !c.at(base).Has(it) {
			return false
		}
	}
	return true
}

// tighten intersects, because the base may have lost an item since the override was published. What would leave too few items is
// not applied.
func (c list[T]) tighten(n Narrow, base, over, into *Values) bool {
	var both List[T]
	for it := range c.at(base).All() {
		if c.at(over).Has(it) {
			both.items = append(both.items, it)
		}
	}
	if n != Subset || both.Len() < c.least || both.Len() == c.at(base).Len() {
		c.copy(base, into)
		return false
	}
	*c.at(into) = both
	return true
}

func (c list[T]) shape() Text {
	return Text{fmt.Sprintf("列表，可选 %s（至少 %d 项）", join(c.allowed), c.least), fmt.Sprintf("list of %s (at least %d)", join(c.allowed), c.least)}
}

func join[T ~string](items []T) string {
	parts := make([]string, len(items))
	for i, it := range items {
		parts[i] = string(it)
	}
	return strings.Join(parts, ", ")
}

func whole(at func(*Values) *int, low, high, def int) cell {
	form := Text{fmt.Sprintf("整数 %d–%d", low, high), fmt.Sprintf("whole number %d–%d", low, high)}
	return scalar[int]{at: at, def: def, has: true, form: form, literal: strconv.Itoa,
		rank: func(n int) int64 { return int64(n) },
		parse: func(raw any) (int, *bad) {
			n, ok := raw.(int64)
			if !ok {
				return 0, notA(form)
			}
			if n < int64(low) || n > int64(high) {
				return 0, &bad{"policy.out_of_range", []any{"got", n, "low", low, "high", high}}
			}
			return int(n), nil
		}}
}

// mustMinutes and minutes are amounts of hours; a file writes whole minutes or "12h45m".
func minutes(at func(*Values) *hours.Minutes, high, def int64) cell {
	c := mustMinutes(at, high)
	c.def, c.has = hours.Of(def), true
	return c
}

func mustMinutes(at func(*Values) *hours.Minutes, high int64) scalar[hours.Minutes] {
	form := Text{fmt.Sprintf("整分钟数 0–%d，或如 \"12h45m\" 的文字", high), fmt.Sprintf("whole minutes 0–%d, or text such as \"12h45m\"", high)}
	return scalar[hours.Minutes]{at: at, form: form,
		literal: func(m hours.Minutes) string { return strconv.FormatInt(m.Int64(), 10) },
		human:   hours.Minutes.String,
		rank:    hours.Minutes.Int64,
		parse: func(raw any) (hours.Minutes, *bad) {
			var n int64
			switch r := raw.(type) {
			case int64:
				n = r
			case string:
				m, err := hours.Parse(r)
				if err != nil {
					return hours.Minutes{}, notA(form)
				}
				n = m.Int64()
			default:
				return hours.Minutes{}, notA(form)
			}
			if n < 0 || n > high {
				return hours.Minutes{}, &bad{"policy.out_of_range", []any{"got", n, "low", 0, "high", high}}
			}
			return hours.Of(n), nil
		}}
}

func span(at func(*Values) *time.Duration, low, high, def time.Duration) cell {
	form := Text{fmt.Sprintf("%q 到 %q 之间的文字，精确到分钟", brief(low), brief(high)), fmt.Sprintf("text %q to %q in whole minutes", brief(low), brief(high))}
	return scalar[time.Duration]{at: at, def: def, has: true, form: form, human: brief,
		literal: func(d time.Duration) string { return strconv.Quote(brief(d)) },
		rank:    func(d time.Duration) int64 { return int64(d) },
		parse: func(raw any) (time.Duration, *bad) {
			s, ok := raw.(string)
			if !ok {
				return 0, notA(form)
			}
			d, err := time.ParseDuration(s)
			if err != nil || d%time.Minute != 0 {
				return 0, notA(form)
			}
			if d < low || d > high {
				return 0, &bad{"policy.out_of_range", []any{"got", brief(d), "low", brief(low), "high", brief(high)}}
			}
			return d, nil
		}}
}

// brief writes whole minutes as "48h", "30m" or "1h30m".
func brief(d time.Duration) string {
	h, m := d/time.Hour, d%time.Hour/time.Minute
	switch {
	case d == 0:
		return "0m"
	case m == 0:
		return fmt.Sprintf("%dh", h)
	case h == 0:
		return fmt.Sprintf("%dm", m)
	}
	return fmt.Sprintf("%dh%dm", h, m)
}

func yesNo(at func(*Values) *bool, def bool) cell {
	form := Text{"true（是）或 false（否）", "true or false"}
	return scalar[bool]{at: at, def: def, has: true, form: form, literal: strconv.FormatBool,
		rank: func(b bool) int64 {
			if b {
				return 1
			}
			return 0
		},
		parse: func(raw any) (bool, *bad) {
			b, ok := raw.(bool)
			if !ok {
				return false, notA(form)
			}
			return b, nil
		}}
}

// choice lists its choices from the least strict to the strictest, so that Higher is a direction.
func choice[T ~string](at func(*Values) *T, def T, choices ...T) cell {
	form := Text{"其中之一：" + join(choices), "one of " + join(choices)}
	return scalar[T]{at: at, def: def, has: true, form: form,
		literal: func(v T) string { return strconv.Quote(string(v)) },
		human:   func(v T) string { return string(v) },
		rank:    func(v T) int64 { return int64(slices.Index(choices, v)) },
		parse: func(raw any) (T, *bad) {
			s, ok := raw.(string)
			if !ok {
				return "", notA(form)
			}
			if !slices.Contains(choices, T(s)) {
				return "", &bad{"policy.not_a_choice", []any{"got", s, "choices", join(choices)}}
			}
			return T(s), nil
		}}
}

func words(at func(*Values) *string, most int, def string) cell {
	form := Text{fmt.Sprintf("1–%d 个字的文字", most), fmt.Sprintf("text of 1–%d characters", most)}
	return scalar[string]{at: at, def: def, has: true, form: form, literal: quote,
		human: func(s string) string { return s },
		parse: func(raw any) (string, *bad) {
			s, ok := raw.(string)
			if !ok || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
				return "", notA(form)
			}
			if n := utf8.RuneCountInString(s); strings.TrimSpace(s) != s || n < 1 || n > most {
				return "", &bad{"policy.bad_text", []any{"most", most}}
			}
			return s, nil
		}}
}

// quote writes a TOML basic string; callers have refused control characters other than tab and line feed.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(s) + `"`
}

func rising(at func(*Values) *Steps, def ...int) cell {
	form := Text{"由小到大的整数列表", "list of rising whole numbers"}
	show := func(s Steps) string {
		parts := make([]string, len(s.n))
		for i, n := range s.n {
			parts[i] = strconv.Itoa(n)
		}
		return strings.Join(parts, ", ")
	}
	return scalar[Steps]{at: at, def: Steps{def}, has: true, form: form, human: show,
		literal: func(s Steps) string { return "[" + show(s) + "]" },
		parse: func(raw any) (Steps, *bad) {
			items, ok := raw.([]any)
			if !ok || len(items) > 20 {
				return Steps{}, notA(form)
			}
			var s Steps
			for i, it := range items {
				n, ok := it.(int64)
				if !ok || n < 1 || n > 1_000_000 || (i > 0 && int(n) <= s.n[i-1]) {
					return Steps{}, notA(form)
				}
				s.n = append(s.n, int(n))
			}
			return s, nil
		}}
}

// days is a cell of rising civil days, none by default.
func days(at func(*Values) *Days, most int) cell {
	form := Text{fmt.Sprintf("由早到晚的日期列表，最多 %d 天，如 \"2021-02-12\"", most), fmt.Sprintf("list of at most %d rising days such as \"2021-02-12\"", most)}
	show := func(d Days) string {
		parts := make([]string, len(d.days))
		for i, day := range d.days {
			parts[i] = strconv.Quote(string(day))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return scalar[Days]{at: at, has: true, form: form, literal: show,
		parse: func(raw any) (Days, *bad) {
			items, ok := raw.([]any)
			if !ok || len(items) > most {
				return Days{}, notA(form)
			}
			var d Days
			for i, it := range items {
				s, _ := it.(string)
				day, err := clock.ParseDay(s)
				if err != nil || i > 0 && day <= d.days[i-1] {
					return Days{}, notA(form)
				}
				d.days = append(d.days, day)
			}
			return d, nil
		}}
}
