package web_test

import (
	"cmp"
	"crypto/tls"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/web"
)

// sweeper sends to every route what nobody's form sends.
type sweeper struct {
	*walker
	tokens map[string]string
}

func newSweeper(t *testing.T, engine store.Engine) *sweeper {
	f := newFixtureOn(t, engine)
	return &sweeper{&walker{fixture: f, t: t, pages: f.Pages()}, map[string]string{}}
}

// token is the session of somebody, opened when it is first needed.
func (s *sweeper) token(a citytest.Asker) string {
	s.t.Helper()
	if a.Actor.ID == "" {
		return ""
	}
	if s.tokens[a.Actor.ID] == "" {
		token, err := s.Identity.IssueToken(s.t.Context(), identity.ActorID(a.Actor.ID), 24*time.Hour, "test")
		if err != nil {
			s.t.Fatal(err)
		}
		s.tokens[a.Actor.ID] = token
	}
	return s.tokens[a.Actor.ID]
}

// patterns are all routes but the streams, which have no end.
func patterns() []string {
	all := slices.Sorted(maps.Keys(web.Patterns()))
	return slices.DeleteFunc(all, func(p string) bool { return strings.HasPrefix(p, "GET /live/") })
}

// parts are the path of a request and what it sends, in the address or as a form.
func (s *sweeper) parts(pattern string) (method, path string, values url.Values) {
	s.t.Helper()
	method, path, body := s.request(pattern)
	path, query, _ := strings.Cut(path, "?")
	if method == http.MethodPost {
		query = body
	}
	values, err := url.ParseQuery(query)
	if err != nil && !filed(pattern) {
		s.t.Fatal(err)
	}
	return method, path, values
}

func (s *sweeper) send(token, method, path string, values url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	if method == http.MethodGet {
		return s.ask(token, method, path+"?"+values.Encode(), nil)
	}
	return s.ask(token, method, path, values)
}

// TestWhatCannotBeKeptIsRefusedOnPages puts texts that PostgreSQL does not keep into every value that is sent to a page and into every variable of its address.
func TestWhatCannotBeKeptIsRefusedOnPages(t *testing.T) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			s := newSweeper(t, engine)
			token, words := s.token(citytest.Asker{Person: s.elder}), html.EscapeString(i18n.Text(i18n.English, "page.not_text"))
			for what, text := range map[string]string{"U+0000": "a\x00b", "bytes that are no UTF-8": "a\xffb"} {
				refused := func(pattern, where string, w *httptest.ResponseRecorder) {
					t.Helper()
					if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), words) {
						t.Errorf("%s with %s in %s: got %d, want it refused", pattern, what, where, w.Code)
					}
				}
				for _, pattern := range patterns() {
					if method, path, values := s.parts(pattern); !filed(pattern) {
						for name := range values {
							spoilt := maps.Clone(values)
							spoilt[name] = []string{"good", text}
							refused(pattern, name, s.send(token, method, path, spoilt))
						}
						spoilt := maps.Clone(values)
						spoilt.Set(text, "1")
						refused(pattern, "the name of a value", s.send(token, method, path, spoilt))
					}
					for _, name := range hole.FindAllString(strings.ReplaceAll(pattern, "{$}", ""), -1) {
						method, path, _ := strings.Cut(pattern, " ")
						path = hole.ReplaceAllString(strings.Replace(path, name, url.PathEscape(text), 1), nothing)
						refused(pattern, name, s.send(token, method, path, url.Values{"key": {"sweep-key-1"}}))
					}
				}
				// A form with a picture is read part by part.
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/volunteer/me/portrait", strings.NewReader(strings.Replace(s.picture, "matrix-key-1", text, 1)))
				r.TLS = &tls.ConnectionState{}
				r.Header.Set("Accept-Language", i18n.English)
				r.Header.Set("Content-Type", s.pictureType)
				r.AddCookie(&http.Cookie{Name: "__Host-session", Value: s.token(citytest.Asker{Person: s.server})})
				w := httptest.NewRecorder()
				s.pages.ServeHTTP(w, r)
				refused("POST /volunteer/me/portrait", "key", w)
			}
		})
	}
}

var day = regexp.MustCompile(`\d{4}-\d{2}-\d{2}|^\d{4}$`)

// TestNoDayIsTooMuchForAPage asks every page, as the first whom it answers, for days and months at the edge of what there is and far beyond, and
// sends such days with every form.
func TestNoDayIsTooMuchForAPage(t *testing.T) {
	s := newSweeper(t, store.SQLite)
	extremes := []clock.Day{"0000-01-01", "0001-01-01", clock.Earliest, clock.Latest, "9999-12-31"}
	for _, pattern := range patterns() {
		if filed(pattern) {
			continue
		}
		method, path, values := s.parts(pattern)
		try := func() {
			token := ""
			for _, a := range s.cast {
				token = s.token(a)
				if w := s.send(token, method, path, values); classOf(w) == citytest.Yes {
					break
				}
			}
			for _, extreme := range extremes {
				sent := maps.Clone(values)
				for _, name := range []string{"day", "week", "on", "from", "until", "to", "since", "effective", "w-from", "span"} {
					sent.Set(name, cmp.Or(sent.Get(name), string(extreme)))
				}
				for name := range sent {
					sent.Set(name, day.ReplaceAllStringFunc(sent.Get(name), func(found string) string { return string(extreme)[:len(found)] }))
				}
				sent.Set("month", string(extreme.Month()))
				sent.Set("when", cmp.Or(values.Get("when"), "own"))
				if w := s.send(token, method, path, sent); w.Code >= http.StatusInternalServerError {
					t.Errorf("%s on %s: got %d", pattern, extreme, w.Code)
				}
			}
		}
		if method == http.MethodPost {
			s.Rehearse(try)
		} else {
			try()
		}
	}
}
