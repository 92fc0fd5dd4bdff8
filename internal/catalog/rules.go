package catalog

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/training"
)

// Bounds of an item's form; English texts may be twice as long as Chinese ones. They keep pages and columns sane; what a visit may last is policy and checked with the order.
const (
	longestName   = 40
	longestText   = 600
	mostPoints    = 20
	mostPeople    = 20
	longestMinute = 24 * 60
)

// check finds every bad field that can be seen in the spec and in the list of courses.
func check(s Spec, courses map[string]training.Course) error {
	var f errs.Fields
	if !validCode(s.Code) {
		f.Add("code", "catalog.code_malformed")
	}
	oneOf(&f, "category", s.Category, Categories())
	oneOf(&f, "class", s.Class, Classes())
	oneOf(&f, "risk", s.Risk, Risks())
	if len(s.Urgencies) == 0 {
		f.Add("urgencies", "catalog.urgency_missing")
	}
	for i, u := range s.Urgencies {
		path := "urgencies." + strconv.Itoa(i)
		if slices.Contains(s.Urgencies[:i], u) {
			f.Add(path, "catalog.listed_twice")
			continue
		}
		oneOf(&f, path, u, Urgencies())
	}
	text(&f, "name_zh", s.NameZH, longestName, true)
	text(&f, "name_en", s.NameEN, 2*longestName, true)
	text(&f, "description_zh", s.DescriptionZH, longestText, true)
	text(&f, "description_en", s.DescriptionEN, 2*longestText, true)
	text(&f, "never_zh", s.NeverZH, longestText, false)
	text(&f, "never_en", s.NeverEN, 2*longestText, false)
	if s.Volunteers < 1 || s.Volunteers > mostPeople {
		f.Add("volunteers", "catalog.out_of_range", "from", 1, "to", mostPeople)
	}
	if _, known := courses[s.Course]; s.Course != "" && !known {
		f.Add("course", "catalog.course_unknown")
	}
	shortest, usual, longest := s.Shortest.Int64(), s.Usual.Int64(), s.Longest.Int64()
	if shortest < 1 || shortest > longestMinute {
		f.Add("shortest", "catalog.out_of_range", "from", 1, "to", longestMinute)
	}
	if usual < max(shortest, 1) {
		f.Add("usual", "catalog.usual_below_shortest")
	}
	if longest < max(usual, 1) {
		f.Add("longest", "catalog.longest_below_usual")
	} else if longest > longestMinute {
		f.Add("longest", "catalog.out_of_range", "from", 1, "to", longestMinute)
	}
	hoursOfDay(&f, s)
	points(&f, "steps", s.Steps)
	points(&f, "outcomes", s.Outcomes)
	return f.Err("catalog.item_invalid")
}

func hoursOfDay(f *errs.Fields, s Spec) {
	if s.From < 0 || s.From > 23 {
		f.Add("from_hour", "catalog.out_of_range", "from", 0, "to", 23)
	}
	switch {
	case s.Until < 1 || s.Until > 24:
		f.Add("until_hour", "catalog.out_of_range", "from", 1, "to", 24)
	case s.Until <= s.From:
		f.Add("until_hour", "catalog.until_before_from")
	case int64(s.Until-s.From)*60 < s.Longest.Int64():
		f.Add("until_hour", "catalog.day_too_short")
	}
}

func points(f *errs.Fields, path string, list []Point) {
	if len(list) > mostPoints {
		f.Add(path, "catalog.too_many_points", "most", mostPoints)
		return
	}
	for i, p := range list {
		at := path + "." + strconv.Itoa(i)
		if !validCode(p.Code) {
			f.Add(at+".code", "catalog.code_malformed")
		} else if slices.ContainsFunc(list[:i], func(o Point) bool { return o.Code == p.Code }) {
			f.Add(at+".code", "catalog.listed_twice")
		}
		text(f, at+".zh", p.ZH, longestName, true)
		text(f, at+".en", p.EN, 2*longestName, true)
	}
}

func oneOf[T ~string](f *errs.Fields, path string, v T, allowed []T) {
	if !slices.Contains(allowed, v) {
		names := make([]string, len(allowed))
		for i, a := range allowed {
			names[i] = string(a)
		}
		f.Add(path, "catalog.not_a_choice", "choices", strings.Join(names, ", "))
	}
}

func text(f *errs.Fields, path, s string, most int, needed bool) {
	switch {
	case !utf8.ValidString(s):
		f.Add(path, "catalog.text_malformed")
	case needed && strings.TrimSpace(s) == "":
		f.Add(path, "catalog.text_missing")
	case utf8.RuneCountInString(s) > most:
		f.Add(path, "catalog.text_too_long", "most", most)
	}
}

// validCode reports whether a code is 2 to 40 lower-case letters, digits and underscores that begin with a letter.
func validCode(code string) bool {
	if len(code) < 2 || len(code) > 40 || code[0] < 'a' || code[0] > 'z' {
		return false
	}
	for _, c := range []byte(code) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// effective decides from when a publication counts: at once for the zero time, otherwise at a time that has not begun.
func effective(now, asked time.Time) (time.Time, error) {
	if asked.IsZero() {
		return now, nil
	}
	if asked.Before(now) {
		return time.Time{}, errs.Invalid("catalog.item_invalid", errs.Field{Path: "effective_from", Code: "catalog.effective_in_past"})
	}
	return asked.UTC().Truncate(time.Microsecond), nil
}

// at returns the version that counts at a time: the newest of those that have taken effect. versions rise by number.
func at(versions []*Item, when time.Time) *Item {
	for _, v := range slices.Backward(versions) {
		if !v.EffectiveFrom.After(when) {
			return v
		}
	}
	return nil
}

// equal reports whether two specs say the same, byte by byte.
func equal(a, b Spec) bool { return a.digest() == b.digest() }

// digest covers every field, so that a retried publication can be told from another one.
func (s Spec) digest() [32]byte {
	w := canon.New("timebank/service-item", 1)
	for _, t := range []string{s.Code, string(s.Category), string(s.Class), s.NameZH, s.NameEN, s.DescriptionZH, s.DescriptionEN, s.NeverZH, s.NeverEN, string(s.Risk), s.Course} {
		w.Str(t)
	}
	w.List(len(s.Urgencies))
	for _, u := range s.Urgencies {
		w.Str(string(u))
	}
	for _, n := range []int64{int64(s.Volunteers), s.Shortest.Int64(), s.Usual.Int64(), s.Longest.Int64(), int64(s.From), int64(s.Until)} {
		w.Int(n)
	}
	w.Bool(s.FamilyPresence).Bool(s.Agreement).Bool(s.Insurance)
	for _, list := range [][]Point{s.Steps, s.Outcomes} {
		w.List(len(list))
		for _, p := range list {
			w.Str(p.Code)
			w.Str(p.ZH)
			w.Str(p.EN)
		}
	}
	return w.Digest()
}

// FitsHours reports whether a visit that begins at start and lasts d lies within the item's hours of one civil day.
func (s Spec) FitsHours(start time.Time, d time.Duration) bool {
	midnight := clock.DayOf(start).Start()
	from, until := midnight.Add(time.Duration(s.From)*time.Hour), midnight.Add(time.Duration(s.Until)*time.Hour)
	return !start.Before(from) && !start.Add(d).After(until)
}
