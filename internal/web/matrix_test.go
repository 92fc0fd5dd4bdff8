package web_test

import (
	"crypto/tls"
	"flag"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMatrixOfPages lets everybody ask for every page and send every form, about people who live in one community, and holds the answers against a
// golden file that a person can read. "oneself" is the old person, "server" the volunteer who visits it, "acting_kin" its relative who may act for it
// and see its visits, "blind_kin" one who may act where the person has not consented to relatives seeing. Nothing that anybody asks for stays.
func TestMatrixOfPages(t *testing.T) {
	f := newFixture(t)
	pages := f.Pages()
	tokens := map[string]string{}
	for _, a := range f.cast {
		if a.Actor.ID == "" {
			continue
		}
		token, err := f.Identity.IssueToken(t.Context(), identity.ActorID(a.Actor.ID), 24*time.Hour, "test")
		if err != nil {
			t.Fatal(err)
		}
		tokens[a.Name+a.Level] = token
	}
	n := 0
	ask := func(m *citytest.Matrix, pattern string, a citytest.Asker) {
		n++
		method, path, body := f.request(pattern)
		if strings.HasPrefix(path, "/live/") {
			m.Note(pattern, a, streamed) // a stream has no end; who may follow one is held by its own tests
			return
		}
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		// Each asks from an address of its own, so that no limit stands before a right.
		r.RemoteAddr, r.TLS = fmt.Sprintf("10.%d.%d.%d:4000", n>>16&255, n>>8&255, n&255), &tls.ConnectionState{}
		r.Header.Set("Accept-Language", i18n.English)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", f.mediaType(pattern))
		}
		if token := tokens[a.Name+a.Level]; token != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
		}
		if card := f.cards[a.Name+a.Level]; card != "" && strings.Contains(pattern, "/desk/card") {
			r.AddCookie(&http.Cookie{Name: "__Host-card", Value: card})
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		for _, missing := range unexplained(w) {
			t.Errorf("%s, asked by %s: %s", pattern, a.Name, missing)
		}
		m.Note(pattern, a, classOf(w))
	}
	var all citytest.Matrix
	needs := web.Patterns()
	patterns := slices.Sorted(maps.Keys(needs))
	f.WithKinSeeing(f.elder.ID, true, func() {
		f.Rehearse(func() {
			for _, pattern := range patterns {
				for _, a := range f.cast {
					if (needs[pattern] || a.Actor.ID == "") && a.Name != "blind_kin" {
						ask(&all, pattern, a)
					}
				}
				// As much time as keeps the limit of an account away.
				f.Clock.Advance(100 * time.Millisecond)
			}
		})
	})
	f.WithKinSeeing(f.elder.ID, false, func() {
		f.Rehearse(func() {
			for _, pattern := range patterns {
				if needs[pattern] {
					ask(&all, pattern, f.cast[len(f.cast)-1])
				}
				f.Clock.Advance(100 * time.Millisecond)
			}
		})
	})
	for _, pattern := range patterns {
		switch succeeds, why := all.Answers(pattern, citytest.Yes), noneSucceeds[pattern]; {
		case succeeds && why != "":
			t.Errorf("somebody succeeds at %s, and noneSucceeds says %q: take it out there", pattern, why)
		case !succeeds && why == "":
			t.Errorf("nobody succeeds at %s: complete the fixture, or say in noneSucceeds which test sees it through", pattern)
		}
	}
	told := testNames(t)
	for pattern, why := range noneSucceeds {
		if _, known := needs[pattern]; !known {
			t.Errorf("noneSucceeds names %s, which is no route", pattern)
		}
		if _, test, _ := strings.Cut(why, ": "); !told[test] {
			t.Errorf("noneSucceeds leaves %s to %q, which is no test", pattern, test)
		}
	}
	file := filepath.Join("testdata", "matrix.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all.Golden(t, string(want))
}

// unexplained lists what a page tells without "why?" beside it: a refusal, or a figure.
func unexplained(w *httptest.ResponseRecorder) (missing []string) {
	const why = `<details class="why">`
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return nil
	}
	body := w.Body.String()
	if refused := w.Code/100 == 4; refused && !strings.Contains(body, why) {
		missing = append(missing, fmt.Sprintf("refused with %d and no why", w.Code))
	}
	for _, figure := range strings.Split(body, `<div class="figure">`)[1:] {
		figure, _, _ = strings.Cut(figure, "<h2")
		if !strings.Contains(figure, why) {
			missing = append(missing, "a figure without a why: "+figure)
		}
	}
	return missing
}

// testNames are the tests of the pages and of the rooms beside them.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, where := range []string{"*_test.go", "e2e/*_test.go", "../*/*_test.go"} {
		files, err := filepath.Glob(where)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(text, -1) {
				names[string(found[1])] = true
			}
		}
	}
	return names
}

// streamed stands for what is asked for by nobody here.
const streamed citytest.Class = "stream"

// noneSucceeds are the routes at which nobody of the cast can succeed, and which test sees them through.
var noneSucceeds = map[string]string{
	"GET /live/{of}/{id}":            "a stream has no end: TestAStreamIsForWhoMaySeeThePage",
	"GET /inbox":                     "only where the installation opens it: TestTheInboxIsClosedUnlessItIsADemo",
	"GET /sign-in/city":              "needs the city's provider: TestComingInFromTheCitysAppOnThePages",
	"GET /sign-in/return":            "needs the city's provider: TestComingInFromTheCitysAppOnThePages",
	"POST /desk/orders/{id}/restore": "only whoever cancelled: TestTheDeskTakesItsCancellationBack",
	"POST /sign-in":                  "only in a demonstration: TestTheDeskServesACallByKeysAlone",
	"POST /sign-in/choice":           "needs the choice that a code has led to: TestWhoSharesATelephoneChooses",
	"POST /sign-in/code":             "needs the code of a message: TestComingInByACode",
	"POST /sign-in/enrol":            "needs what an invitation has begun: TestStaffComesInAndShowsItsSecondFactorAgain",
	"POST /sign-in/invitation":       "needs an invitation, good once: TestStaffComesInAndShowsItsSecondFactorAgain",
	"POST /account/email/confirm":    "needs the code of a letter: TestAnAddressCountsOnceItsCodeCameBack",
}

func classOf(w *httptest.ResponseRecorder) citytest.Class {
	at := w.Header().Get("Location")
	switch {
	case w.Code == http.StatusUnauthorized, strings.HasPrefix(at, "/sign-in?"):
		return citytest.SignIn
	case w.Code/100 == 2, w.Code/100 == 3, strings.Contains(w.Body.String(), citytest.TakenBack),
		strings.Contains(w.Body.String(), html.EscapeString(i18n.Text(i18n.English, citytest.TakenBack))):
		return citytest.Yes
	case w.Code == http.StatusForbidden:
		return citytest.No
	case w.Code == http.StatusNotFound:
		return citytest.None
	case w.Code == http.StatusConflict, w.Code == http.StatusUnprocessableEntity, w.Code == http.StatusTooManyRequests:
		return citytest.Refused
	}
	return citytest.Class(fmt.Sprint(w.Code))
}
