package web_test

import (
	"archive/zip"
	"bytes"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/print/printtest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/web"
)

// planted are personal values of the old person and of the volunteer who visits it that stand nowhere else.
var planted = map[string]string{
	"elder's name": "甄金雀", "elder's phone": "13876543219", "elder's door": "金丝雀胡同七十七号", "elder's complaint": plantedComplaint, "elder's letter": plantedLetter, "elder's call": plantedCall,
	"volunteer's name": "尤白鸽", "volunteer's phone": "13765432198", "volunteer's door": "白鸽弄八十八号",
}

// The words that the fixture's people say.
const (
	plantedComplaint = "金丝雀说没有来过"
	plantedLetter    = "金丝雀周日回来"
	plantedCall      = "金丝雀住院了"
)

// plant gives the old person and its volunteer values that stand nowhere else, and returns all of them.
func (f *fixture) plant(t *testing.T) map[string]string {
	t.Helper()
	all := maps.Clone(planted)
	for who, of := range map[string]citytest.Person{"elder": f.elder, "volunteer": f.server} {
		corrected, err := f.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: f.Key(), Person: of.ID, Name: all[who+"'s name"], Phone: all[who+"'s phone"],
			Address: all[who+"'s door"], Reason: "planted"}})
		citytest.Must(t, corrected, err)
		storetest.Read(t, f.DB, func(tx *store.Tx) error {
			d, err := f.Members.Open(tx, of.ID)
			all[who+"'s number"] = d.IDNumber.Reveal()
			return err
		})
	}
	return all
}

// onlyRead are the forms that change nothing but the trail: they are sent for good, so that what they answer is seen.
var onlyRead = []string{"POST /desk/people/{id}/show", "POST /desk/people/{id}/passbook", "POST /desk/people/{id}/card", "POST /desk/people/{id}/data/copy", "POST /account/data/copy", "POST /desk/call", "POST /elder/hours.pdf",
	"POST /volunteer/passbook.pdf", "POST /public/proof", "POST /public/check", "POST /public/points"}

// outside reports whether somebody has no business with the people of the place.
func outside(a citytest.Asker) bool {
	return slices.Contains([]string{"nobody", "citizen", "recipient", "volunteer", "team_manager", "call_out", "next_year"}, a.Name) || strings.HasPrefix(a.Name, "elsewhere/")
}

// lookedAt reports whether a value is seen with an entry in the trail alone.
func lookedAt(what string) bool {
	return strings.HasSuffix(what, "number") || strings.HasSuffix(what, "door") || strings.HasSuffix(what, "phone") || strings.HasSuffix(what, "call") || strings.HasSuffix(what, "complaint")
}

// TestEachValueIsShownToWhomItIsFor plants personal values, lets everybody ask for every page, file and document, and holds where each value was
// seen by whom against a golden file that a person can read. Whoever has no business with these people sees none of them anywhere, and while nothing
// can be written into the trail nobody sees what is seen with an entry alone.
func TestEachValueIsShownToWhomItIsFor(t *testing.T) {
	f := newFixture(t)
	values := f.plant(t)
	pages := f.Pages()
	needs := web.Patterns()
	var seen citytest.Matrix
	n, rehearsing := 0, false
	var kept, tried []string
	ask := func(pattern string, a citytest.Asker, token string) {
		n++
		method, path, body := f.request(pattern)
		if strings.HasPrefix(path, "/live/") {
			return // a stream has no end and says nothing but that something changed
		}
		if pattern == "POST /desk/call" {
			// A whole number is found wherever its person lives, for a reason.
			body = url.Values{"place": {string(f.Home())}, "who": {values["elder's number"]}, "reason": {"caller"}, "key": {"planted-call"}}.Encode()
		}
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.RemoteAddr, r.TLS = fmt.Sprintf("10.%d.%d.%d:4000", n>>16&255, n>>8&255, n&255), &tls.ConnectionState{}
		r.Header.Set("Accept-Language", i18n.Chinese)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", f.mediaType(pattern))
		}
		if card := f.cards[a.Name+a.Level]; card != "" && strings.Contains(pattern, "/desk/card") {
			r.AddCookie(&http.Cookie{Name: "__Host-card", Value: card})
		}
		if token != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		head := fmt.Sprint(w.Header())
		text := html.UnescapeString(inClear(t, w.Body.Bytes()))
		for what, value := range values {
			if pattern == "POST /desk/call" && what == "elder's number" {
				text = strings.Replace(text, `value="`+value+`"`, "", 1) // the field holds what was typed
			}
			if rehearsing && a.ID != f.elder.ID && a.ID != f.server.ID && lookedAt(what) && strings.Contains(text, value) {
				t.Errorf("%s shows the %s to %s%s without an entry in the trail", pattern, what, a.Name, a.Level)
			}
			if strings.Contains(head, value) || strings.Contains(head, url.QueryEscape(value)) {
				t.Errorf("%s tells %s%s the %s in its head: %s", pattern, a.Name, a.Level, what, head)
			}
			if !strings.Contains(text, value) || rehearsing && slices.Contains(kept, pattern) {
				continue
			}
			seen.Note(what+" at "+pattern, a, citytest.Yes)
			if outside(a) {
				t.Errorf("%s shows the %s to %s%s", pattern, what, a.Name, a.Level)
			}
		}
	}
	every := func(a citytest.Asker, token string, patterns []string) {
		for _, pattern := range patterns {
			if needs[pattern] || a.Actor.ID == "" {
				ask(pattern, a, token)
			}
			f.Clock.Advance(20 * time.Millisecond)
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(needs)) {
		if strings.HasPrefix(pattern, "GET ") || slices.Contains(onlyRead, pattern) {
			kept = append(kept, pattern)
		} else {
			tried = append(tried, pattern)
		}
	}
	for _, a := range f.cast {
		token := ""
		if a.Actor.ID != "" {
			var err error
			if token, err = f.Identity.IssueToken(t.Context(), identity.ActorID(a.Actor.ID), 24*time.Hour, "test"); err != nil {
				t.Fatal(err)
			}
		}
		f.WithKinSeeing(f.elder.ID, a.Name != "blind_kin", func() {
			every(a, token, kept)
			rehearsing = true
			f.Rehearse(func() {
				every(a, token, tried)
				every(a, token, kept)
			})
			rehearsing = false
		})
	}
	file := filepath.Join("testdata", "shown.golden")
	if *update {
		if err := os.WriteFile(file, []byte(seen.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen.Golden(t, string(want))
}

// inClear is what stands in an answer for whoever opens it.
func inClear(t *testing.T, b []byte) string {
	t.Helper()
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return printtest.Text(t, b)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		book, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, part := range book.File {
			r, err := part.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&all, r); err != nil {
				t.Fatal(err)
			}
			_ = r.Close()
		}
		return all.String()
	}
	return string(b)
}
