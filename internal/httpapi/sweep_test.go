package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/store"
)

// fields are the paths of all values inside of a body, as they are told of: "factors.0.value".
func (s *schema) fields(path string, visit func(path string, s *schema)) {
	if s == nil {
		return
	}
	if path != "" {
		visit(path, s)
		path += "."
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		s.Properties[name].fields(path+name, visit)
	}
	s.Items.fields(path+"0", visit)
}

// idPattern is how the description writes an identifier.
const idPattern = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"

// with puts a value into a body of JSON, at a path.
func with(body any, path string, value any) any {
	first, rest, more := strings.Cut(path, ".")
	if more {
		value = with(within(body, first), rest, value)
	}
	if first == "0" {
		return []any{value}
	}
	out := m{}
	if old, ok := body.(m); ok {
		maps.Copy(out, old)
	}
	out[first] = value
	return out
}

func within(body any, name string) any {
	switch body := body.(type) {
	case m:
		return body[name]
	case []any:
		if len(body) > 0 {
			return body[0]
		}
	}
	return nil
}

// plain is a body as JSON has it.
func plain(t testing.TB, body any) (out any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// parameter sets a value of the address.
func parameter(t testing.TB, path, name, value string) string {
	t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// dated tells how a value writes a day: "" when it is neither day nor moment nor month.
func (s *schema) dated(day string) string {
	switch {
	case s.Format == "date":
		return day
	case s.Format == "date-time":
		return day + "T00:00:00+08:00"
	case strings.HasSuffix(s.Pattern, "-(0[1-9]|1[0-2])$"):
		return day[:7]
	}
	return ""
}

// onDay makes the calls that differ from one in one day, month or moment each, with the field as an answer names it.
func (w *world) onDay(o operation, c call, day string, send func(field string, s *schema, c call)) {
	w.t.Helper()
	for name, s := range o.query {
		if value := s.dated(day); value != "" {
			one := c
			one.path = parameter(w.t, c.path, name, value)
			send("query."+name, s, one)
		}
	}
	o.content.fields("", func(path string, s *schema) {
		if value := s.dated(day); value != "" {
			one := c
			one.body = with(plain(w.t, c.body), path, value)
			send(path, s, one)
		}
	})
}

// TestDaysOutOfRangeAreNamed sends years that no calendar of ours has into every day, month and moment of every operation.
func TestDaysOutOfRangeAreNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.everything()
		w.token(p)
		before, asked := w.rows(), 0
		for _, day := range []string{"0000-01-01", "0001-01-01", clock.Earliest.Add(-1).String(), clock.Latest.Add(1).String(), "9999-12-31"} {
			for _, o := range w.operations {
				w.onDay(o, call{as: &p, method: o.method, path: o.dummy()}, day, func(field string, s *schema, c call) {
					asked++
					code := clock.CodeOutOfRange
					if s.Format == "" {
						code = "api.malformed"
					}
					if got := w.send(c); got.status != http.StatusUnprocessableEntity || !slices.Contains(got.fields(), field+" "+code) {
						t.Errorf("%s with %s on %s: got %.300s", o.id, field, day, got)
					}
				})
			}
		}
		if asked < 100 {
			t.Errorf("only %d days were asked about", asked)
		}
		if more := written(before, w.rows()); len(more) > 0 {
			t.Errorf("rows were written: %s", show(more))
		}
	})
}

// spoilt are texts that PostgreSQL does not keep.
var spoilt = map[string]string{"U+0000": "a\x00b", "bytes that are no UTF-8": "a\xffb"}

// TestWhatCannotBeKeptIsRefused puts texts that a database does not keep into every variable of every path, every parameter and every text of a body.
func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.everything()
		w.token(p)
		before := w.rows()
		for what, text := range spoilt {
			for _, o := range w.operations {
				refused := func(field string, c call) {
					if got := w.send(c); got.status != http.StatusUnprocessableEntity || got.code() != "api.input_invalid" || !slices.Equal(got.fields(), []string{field + " api.not_text"}) {
						t.Errorf("%s with %s in %s: got %.300s", o.id, what, field, got)
					}
				}
				c := call{as: &p, method: o.method, path: o.dummy()}
				if o.body {
					c.body = m{}
				}
				for name := range o.holes {
					one, filled := c, o
					filled.path = strings.Replace(o.path, "{"+name+"}", url.PathEscape(text), 1)
					one.path = filled.dummy()
					refused("path."+name, one)
				}
				for name := range o.query {
					one := c
					one.path = parameter(t, c.path, name, text)
					refused("query."+name, one)
				}
				one := c
				one.path = parameter(t, c.path, text, "1")
				if got := w.send(one); got.status != http.StatusUnprocessableEntity || !slices.Equal(got.fields(), []string{"query api.not_text"}) {
					t.Errorf("%s with %s as the name of a parameter: got %.300s", o.id, what, got)
				}
				o.content.fields("", func(path string, _ *schema) {
					one := c
					whole, err := json.Marshal(with(m{}, path, "here"))
					if err != nil {
						t.Fatal(err)
					}
					one.body = strings.Replace(string(whole), "here", strings.ReplaceAll(text, "\x00", `\u0000`), 1)
					if got := w.send(one); got.status != http.StatusBadRequest || got.code() != "api.json_malformed" {
						t.Errorf("%s with %s in %s: got %.300s", o.id, what, path, got)
					}
				})
			}
		}
		if more := written(before, w.rows()); len(more) > 0 {
			t.Errorf("rows were written: %s", show(more))
		}
	})
}

// TestCursorsThatNoListGaveAreRefused sends such a cursor to every list: what is none, one that was cut off, and one with the mark of another list.
func TestCursorsThatNoListGaveAreRefused(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	p := w.everything()
	asked := 0
	for _, o := range w.operations {
		if o.query["after"] == nil {
			continue
		}
		asked++
		for _, cursor := range []string{"x", ".", nothing, nothing + ".", "." + nothing, nothing + ".000000000000", "1.2.1", "-1"} {
			c := call{as: &p, method: o.method, path: parameter(t, o.dummy(), "after", cursor)}
			for _, name := range o.asks {
				c.path = parameter(t, c.path, name, nothing)
			}
			if got := w.send(c); got.status != http.StatusUnprocessableEntity || !slices.Equal(got.fields(), []string{"query.after api.cursor_unknown"}) {
				t.Errorf("%s after %q: got %.300s", o.id, cursor, got)
			}
			c.path = parameter(t, c.path, "limit", "x")
			if got := w.send(c); !slices.Equal(got.fields(), []string{"query.after api.cursor_unknown", "query.limit api.not_an_integer"}) {
				t.Errorf("%s after %q with a bad limit besides: got %.300s", o.id, cursor, got)
			}
		}
	}
	if asked < 9 {
		t.Errorf("only %d lists have pages", asked)
	}
}

// atTheEdges sends again what the steps of a scenario have carried out, on the first and on the last day that there is: whatever the rules say
// of it, the database has nothing left to refuse.
func (w *world) atTheEdges() {
	w.t.Helper()
	for _, one := range w.done {
		for _, day := range []clock.Day{clock.Earliest, clock.Latest} {
			w.onDay(one.operation, one.call, string(day), func(field string, _ *schema, c call) {
				if c.key != "none" {
					c.key = ""
				}
				if got := w.send(c); got.status >= http.StatusInternalServerError || got.code() == "store.constraint" {
					w.t.Errorf("%s with %s on %s: got %.300s", one.id, field, day, got)
				}
			})
		}
	}
}

// wrongs are values of a body's field that the description allows and a rule may not.
func (s *schema) wrongs() []any {
	switch {
	case len(s.Enum) > 0 || s.Pattern == idPattern:
		return nil
	case s.Format == "date" || s.Format == "date-time":
		return []any{s.dated(string(clock.Earliest)), s.dated(string(clock.Latest))}
	case s.Type == "string":
		return []any{" ", "x"}
	case s.Type == "integer":
		return []any{0, -1, 900_000_000}
	case s.Type == "boolean":
		return []any{true, false}
	}
	return nil
}

// inTurn are the operations of which one field is read before another can be, each with why.
var inTurn = map[string]string{
	"check-in":    "what proves a moment is judged by the rules of that moment",
	"check-out":   "what proves a moment is judged by the rules of that moment",
	"key-in-slip": "a slip that was not signed tells of no visit",
}

var digits = regexp.MustCompile(`\.\d+`)

// refusedAlone are the operations of which wrongAtOnce has asked.
var refusedAlone sync.Map

// wrongAtOnce spoils the fields of a step's body before the step itself, first each alone and then all of them at once: whatever is named alone is
// named among the others too. It needs a database in which nothing stays of a value that turns out to be right.
func (w *world) wrongAtOnce(s step, c call) {
	w.t.Helper()
	o := w.operations[s.op]
	if w.DB.Engine() != store.SQLite || !o.body || !o.keyed || inTurn[s.op] != "" {
		return
	}
	if _, asked := refusedAlone.LoadOrStore(s.op, true); asked {
		return
	}
	c.key = ""
	w.Rehearse(func() {
		all, named, told := plain(w.t, c.body), map[string]bool{}, map[string]bool{}
		o.content.fields("", func(path string, _ *schema) { told[path] = true })
		o.content.fields("", func(path string, field *schema) {
			for _, value := range field.wrongs() {
				one := c
				one.body = with(plain(w.t, c.body), path, value)
				got := w.send(one)
				if got.status != http.StatusUnprocessableEntity || len(got.fields()) == 0 || got.code() == "api.input_invalid" {
					continue
				}
				for _, f := range got.fields() {
					name, _, _ := strings.Cut(f, " ")
					named[name] = true
					// Consents are given elsewhere, and asked for where something needs them.
					if !told[digits.ReplaceAllString(name, ".0")] && !strings.HasPrefix(name, "path.") && name != "consents" {
						w.t.Errorf("%s with %v in %s names %s, which its body does not have: %s", s.op, value, path, name, got)
					}
				}
				all = with(all, path, value)
				return
			}
		})
		if len(named) < 2 {
			return
		}
		c.body = all
		got := w.send(c)
		for name := range named {
			if !slices.ContainsFunc(got.fields(), func(f string) bool { return strings.HasPrefix(f, name+" ") }) {
				w.t.Errorf("%s with %v leaves out %s, which it names alone: %s", s.op, all, name, got)
			}
		}
	})
}

// TestUnknownIsNotFound asks about things that are not there, as somebody with every role and as a citizen: nobody is given an empty list of
// something that does not exist. What a citizen hears is also what it hears about a thing that exists and is none of its business: see keptOut.
func TestUnknownIsNotFound(t *testing.T) {
	w := newWorld(t, citytest.New(t, store.SQLite))
	p, citizen := w.everything(), w.Person(40, w.Home())
	for _, o := range w.operations {
		named := []string{}
		for name, s := range o.query {
			if s.Pattern == idPattern {
				named = append(named, name)
			}
		}
		if o.method != http.MethodGet || len(o.holes) == 0 && len(named) == 0 {
			continue
		}
		for who, as := range map[string]*citytest.Person{"somebody with every role": &p, "a citizen": &citizen} {
			c := call{as: as, method: o.method, path: o.dummy()}
			for _, name := range append(named, o.asks...) {
				c.path = parameter(t, c.path, name, nothing)
			}
			// What a citizen may not see is an empty list to it, whether it is there or not.
			hidden := as == &citizen && everybody[o.id] != ""
			if got := w.send(c); got.status/100 != 4 && !hidden {
				t.Errorf("%s as %s: got %.300s", o.id, who, got)
			}
		}
	}
}
