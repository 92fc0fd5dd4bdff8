package web_test

import (
	"crypto/tls"
	"encoding/xml"
	"fmt"
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
	"timebank/internal/i18n"
	"timebank/internal/identity"
)

// sent is a form as it stands on a page: what it would send when it is pressed as it is.
type sent struct {
	post   bool
	action string
	fields url.Values
}

// ways are the links and the forms of a page.
func ways(t *testing.T, body string) (links []string, forms []sent) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var form *sent
	var list, area string
	for {
		token, err := d.Token()
		if err != nil {
			return links, forms
		}
		switch e := token.(type) {
		case xml.StartElement:
			at := map[string]string{}
			for _, a := range e.Attr {
				at[a.Name.Local] = a.Value
			}
			_, checked := at["checked"]
			_, selected := at["selected"]
			switch e.Name.Local {
			case "a":
				links = append(links, at["href"])
			case "form":
				form = &sent{at["method"] == "post", at["action"], url.Values{}}
			case "input", "button":
				if form == nil || at["name"] == "" {
					continue
				}
				if either := at["type"] == "radio" || at["type"] == "checkbox"; !either || checked || !form.fields.Has(at["name"]) {
					form.fields.Set(at["name"], at["value"])
				}
			case "select":
				list = at["name"]
			case "option":
				if form != nil && list != "" && (selected || !form.fields.Has(list)) {
					form.fields.Set(list, at["value"])
				}
			case "textarea":
				area = at["name"]
				if form != nil {
					form.fields.Set(area, "")
				}
			}
		case xml.CharData:
			if form != nil && area != "" {
				form.fields.Set(area, form.fields.Get(area)+string(e))
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "form":
				if form != nil {
					forms = append(forms, *form)
				}
				form = nil
			case "select":
				list = ""
			case "textarea":
				area = ""
			}
		}
	}
}

var (
	anID   = regexp.MustCompile(`[0-9a-z]{26}`)
	suffix = regexp.MustCompile(`-[0-9a-z]{26}$`)
)

// shape is an address without what is different from one row to the next.
func shape(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	for _, period := range []string{"when", "from", "to"} {
		q.Del(period)
	}
	return anID.ReplaceAllString(u.Path, "*") + "?" + strings.Join(slices.Sorted(maps.Keys(q)), "&")
}

// walker is somebody who goes through its doors and presses everything.
type walker struct {
	*fixture
	t     *testing.T
	pages http.Handler
	n     int
}

func (w *walker) ask(token, method, path string, form url.Values) *httptest.ResponseRecorder {
	w.t.Helper()
	w.n++
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(form.Encode()))
	r.RemoteAddr, r.TLS = fmt.Sprintf("10.%d.%d.%d:4000", w.n>>16&255, w.n>>8&255, w.n&255), &tls.ConnectionState{}
	r.Header.Set("Accept-Language", i18n.English)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
	// As much time as keeps the limit of an account away.
	w.Clock.Advance(100 * time.Millisecond)
	out := httptest.NewRecorder()
	w.pages.ServeHTTP(out, r)
	return out
}

// fill writes something into what a form leaves empty, as the matrix of pages does.
func (w *walker) fill(f sent) url.Values {
	w.t.Helper()
	_, _, body := w.request("POST " + f.action)
	usual, err := url.ParseQuery(body)
	if err != nil {
		w.t.Fatal(err)
	}
	known := url.Values{}
	for name, values := range usual {
		known[suffix.ReplaceAllString(name, "")] = values
	}
	out := maps.Clone(f.fields)
	for name := range out {
		if out.Get(name) == "" {
			if out.Set(name, "test"); known.Has(suffix.ReplaceAllString(name, "")) {
				out.Set(name, known.Get(suffix.ReplaceAllString(name, "")))
			}
		}
	}
	return out
}

// Every officer of every level, and the staff of a point, goes from its doors to every page that a link leads to and presses every button that it
// is shown: no link leads to a page that refuses it, and no form is shown that it may not send. Who works elsewhere meets nothing of this place
// on the way.
func TestNoPageOffersWhatItRefuses(t *testing.T) {
	w := &walker{fixture: newFixture(t), t: t}
	w.pages = w.Pages()
	ours := map[string]string{string(w.elder.ID): "the elder", string(w.server.ID): "the volunteer", string(w.applicant.ID): "the applicant", string(w.Home()): "the community"}
	for _, id := range w.orders {
		ours[string(id)] = "an order"
	}
	for _, who := range w.cast {
		role := identity.Role(strings.TrimPrefix(who.Name, "elsewhere/"))
		if !slices.Contains(identity.Roles(), role) {
			continue
		}
		t.Run(who.Name+"-"+who.Level, func(t *testing.T) {
			w.t = t
			token, err := w.Identity.IssueToken(t.Context(), identity.ActorID(who.Actor.ID), 24*time.Hour, "test")
			if err != nil {
				t.Fatal(err)
			}
			todo, from, often := []string{"/office/", "/desk/", "/account"}, map[string]string{}, map[string]int{}
			var forms []sent
			visited := 0
			for len(todo) > 0 {
				path := todo[0]
				todo = todo[1:]
				page := w.ask(token, http.MethodGet, path, nil)
				visited++
				// A form to look something up says what it misses when nothing is written into it.
				if empty := strings.HasSuffix(path, "="); page.Code != http.StatusOK && !(empty && page.Code == http.StatusUnprocessableEntity) {
					t.Errorf("%s leads to %s, which answers %d", from[path], path, page.Code)
					continue
				}
				if strings.HasPrefix(who.Name, "elsewhere/") {
					for id, what := range ours {
						if strings.Contains(page.Body.String(), id) {
							t.Errorf("%s names %s %s of another district", path, what, id)
						}
					}
				}
				if !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") {
					continue
				}
				links, found := ways(t, page.Body.String())
				for _, f := range found {
					if f.post {
						// The frame's own forms stand on every page, and leave it.
						if f.action != "/settings" && f.action != "/sign-out" {
							from[f.action] = path
							forms = append(forms, f)
						}
						continue
					}
					links = append(links, f.action+"?"+f.fields.Encode())
				}
				for _, link := range links {
					link, _, _ = strings.Cut(link, "#")
					inside := slices.ContainsFunc([]string{"/office/", "/desk/", "/account", "/step-up", "/public/"}, func(door string) bool { return strings.HasPrefix(link, door) })
					if _, known := from[link]; known || !inside || often[shape(link)] >= 2 {
						continue
					}
					often[shape(link)]++
					from[link] = path
					todo = append(todo, link)
				}
			}
			if visited < 12 {
				t.Errorf("only %d pages were found", visited)
			}
			w.Rehearse(func() {
				for _, f := range forms {
					// A new key that is none is refused like a wrong one, and so is a transaction or a person that is none.
					if f.action == "/account/passkeys" || f.fields.Has("r-tx") || f.fields.Has("drop") || often["POST "+shape(f.action)] >= 2 {
						continue
					}
					// The card at hand is of somebody who lives here, and a desk elsewhere may not act for it.
					if f.action == "/desk/card" && strings.HasPrefix(who.Name, "elsewhere/") {
						continue
					}
					often["POST "+shape(f.action)]++
					answer := w.ask(token, http.MethodPost, f.action, w.fill(f))
					if class := classOf(answer); class != citytest.Yes && class != citytest.Refused {
						t.Errorf("%s shows a form to %s, which answers %s: %s", from[f.action], f.action, class, w.fill(f).Encode())

					}
				}
			})
			t.Logf("%d pages, %d forms", visited, len(forms))
		})
	}
}
