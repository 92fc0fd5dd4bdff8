package web_test

import (
	"crypto/tls"
	"flag"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/family"
	"timebank/internal/feedback"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
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
			return // a stream has no end; who may follow one is held by its own tests
		}
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		// Each asks from an address of its own, so that no limit stands before a right.
		r.RemoteAddr, r.TLS = fmt.Sprintf("10.%d.%d.%d:4000", n>>16&255, n>>8&255, n&255), &tls.ConnectionState{}
		r.Header.Set("Accept-Language", i18n.English)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if token := tokens[a.Name+a.Level]; token != "" {
			r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
		}
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
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

// fixture is an old person with visits in every state and all that pages are about.
type fixture struct {
	*citytest.City
	elder, server, applicant citytest.Person
	// number is the identity number of a volunteer, by which it is found.
	number string
	// free is a volunteer without a visit, plain a citizen who has applied for nothing.
	free, plain citytest.Person
	cast        []citytest.Asker
	// orders by the end of the routes that are about them; "" is one that waits for its confirmation.
	orders map[string]order.ID
	// ids fill what a route names, by the beginning of its path.
	ids map[string]string
}

func newFixture(t *testing.T) *fixture {
	c := citytest.New(t, store.SQLite)
	ctx := t.Context()
	f := &fixture{City: c, elder: c.KeyElder(c.Home()), server: c.Volunteer(c.Home()), applicant: c.Person(70, c.Home()), orders: map[string]order.ID{}, ids: map[string]string{}}
	applied, err := c.Members.ApplyRecipients(ctx, []member.ApplyRecipientCmd{{Actor: f.applicant.Actor, Key: c.Key(), Person: f.applicant.ID,
		Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})
	citytest.Must(t, applied, err)
	kin, acting, blind := c.Relative(f.elder, false), c.Relative(f.elder, true), c.Relative(f.elder, true)
	for _, one := range [][2]citytest.Person{{f.elder, acting}, {acting, f.elder}} {
		citytest.Got(c.Family.Line(ctx, []family.LineCmd{{Actor: one[0].Actor, Key: c.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
	}
	said := citytest.Got(c.Family.Send(ctx, []family.SendCmd{{Actor: acting.Actor, Key: c.Key(), From: acting.ID, To: f.elder.ID, Words: plantedLetter}})).Must(t, "message")
	noted := citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: identity.System, Key: c.Key(), Person: f.elder.ID, Reason: call.ForNews, Words: plantedCall}})).Must(t, "call")
	squad := citytest.Got(c.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: identity.System, Key: c.Key(), Name: "本地的队", Kind: member.TeamSchool, Region: c.Home(),
		Manager: f.server.ID}})).Must(t, "team")
	citytest.Got(c.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: identity.System, Key: c.Key(), Team: squad, Person: f.server.ID}})).Must(t, "join")
	settled := c.Earn(f.server, f.elder, 60)
	done, told, confirmed := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	others := []citytest.Person{f.server, c.Volunteer(c.Home()), c.Volunteer(c.Home())}
	for i, id := range []order.ID{done, told, confirmed} {
		c.Claim(others[i], id)
	}
	c.Clock.Set(c.Order(done).Start)
	check := func(v citytest.Person, id order.ID, do func([]order.CheckCmd) error) {
		t.Helper()
		if err := do([]order.CheckCmd{{Actor: v.Actor, Key: c.Key(), Order: id, Factors: c.Proof(id)}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range []order.ID{done, told, confirmed} {
		check(others[i], id, func(cmds []order.CheckCmd) error {
			out, err := c.Orders.CheckIn(ctx, cmds)
			citytest.Must(t, out, err)
			return err
		})
	}
	c.Clock.Advance(time.Hour)
	for i, id := range []order.ID{done, told, confirmed} {
		check(others[i], id, func(cmds []order.CheckCmd) error {
			out, err := c.Orders.CheckOut(ctx, cmds)
			citytest.Must(t, out, err)
			return err
		})
	}
	complaint := citytest.Got(c.Feedback.Complain(ctx, []feedback.ComplainCmd{{Actor: f.elder.Actor, Key: c.Key(), Order: told, Category: feedback.Poor, Words: plantedComplaint}})).Must(t, "complain")
	c.Confirm(f.elder.Actor, confirmed)
	accepted, published, cancelled := c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder), c.Place(f.elder.Actor, f.elder)
	c.Claim(f.server, accepted)
	citytest.Got(c.Orders.Cancel(ctx, []order.OrderCmd{{Actor: f.elder.Actor, Key: c.Key(), Order: cancelled, Reason: "pressed by mistake"}})).Must(t, "cancel")
	f.orders = map[string]order.ID{"": done, "/undo": confirmed, "/cancel": published, "/restore": cancelled, "/rate": settled, "/claim": published, "/check-in": accepted,
		"/withdraw": accepted, "/move": accepted, "/publish": published, "/dispatch": published, "/escalate": published, "/decide": told, "/refuse": published}

	insured, err := c.Orders.Place(ctx, []order.PlaceCmd{{Actor: f.elder.Actor, Key: c.Key(), Recipient: f.elder.ID, Item: "going_out_walk", Start: c.Tomorrow(),
		Urgency: catalog.Everyday}})
	reviewed := citytest.Must(t, insured, err)[0].Value.ID
	f.orders["/publish"], f.orders["/refuse"] = reviewed, reviewed
	f.free, f.plain = c.Volunteer(c.Home()), c.Person(66, c.Home())
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := c.Members.Open(tx, f.free.ID)
		f.number = d.IDNumber.Reveal()
		return err
	})
	holder, proposer := c.Staff(identity.Dispatcher, c.Home()), c.Staff(identity.Administrator, c.Tree.City())
	p, err := c.Policies.Propose(ctx, policy.Founder(proposer.Actor.ID), policy.ProposeCmd{Key: c.Key(), TOML: policy.NanjingTOML(), Reason: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f.ids = map[string]string{"{item}": citytest.Lesson, "{code}": citytest.Lesson, "{key}": "account.cap", "{volunteer}": string(f.server.ID), "{person}": string(f.elder.ID),
		"{kind}": "recipient", "{photo}": nothing, "{of}": "order", "/desk/people/": string(f.elder.ID), "/desk/complaints/": string(complaint), "/office/complaints/": string(complaint),
		"/desk/reviews/": string(f.applicant.ID), "/office/volunteers/": string(f.server.ID), "/office/roles/": string(holder.Actor.Grants[0].ID),
		"/office/actors/": holder.Actor.ID, "/office/rules/proposals/": string(p.ID), "/volunteer/receipts/": string(c.Order(settled).SettledBy),
		"/desk/calls/": string(noted), "/desk/teams/": string(squad), "/elder/messages/": string(said), "/family/messages/": string(said), "/elder/family/kin/": string(kin.ID), "/desk/follow-ups/": string(settled)}
	f.cast = append(c.Cast(), citytest.Asker{Name: "oneself", Person: f.elder}, citytest.Asker{Name: "server", Person: f.server},
		citytest.Asker{Name: "kin", Person: kin}, citytest.Asker{Name: "acting_kin", Person: acting}, citytest.Asker{Name: "blind_kin", Person: blind})
	return f
}

// nothing is an id that nothing has.
const nothing = "01h2xcejqtf2nbrexx3vqjhp41"

var hole = regexp.MustCompile(`\{[^}]+\}`)

// request fills a route with what it can be about, and its form with whatever forms of ours ask for.
func (f *fixture) request(pattern string) (method, path, body string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	id := ""
	for begin, value := range f.ids {
		if strings.HasPrefix(path, begin) {
			id = value
		}
	}
	if strings.HasSuffix(path, "/people/{id}/apply") {
		id = string(f.plain.ID)
	}
	if id == "" {
		_, end, _ := strings.Cut(path, "{id}")
		one, ok := f.orders[end]
		if !ok {
			one = f.orders[""]
		}
		id = string(one)
	}
	path = hole.ReplaceAllStringFunc(path, func(name string) string {
		if name == "{id}" {
			return id
		}
		if value, ok := f.ids[name]; ok {
			return value
		}
		return nothing
	})
	home := string(f.Home())
	form := url.Values{"place": {home}, "region": {home}, "level": {"community"}, "code": {"figure.asked"}}
	day := f.Tomorrow().Format(time.DateOnly)
	if strings.HasSuffix(path, "/confirm") && method == http.MethodGet {
		form.Set("day", day)
		form.Set("at", "15:00")
	}
	if method == http.MethodGet {
		return method, path + "?" + form.Encode(), ""
	}
	for name, value := range map[string]string{"key": "matrix-key-1", "item": citytest.Lesson, "day": day, "at": "15:00", "reason": "test", "reason-" + id: "test",
		"reason-a-" + id: "test", "refuse-reason": "test", "cancel-reason": "test", "up-reason": "test", "note-about": "news", "about": "service", "manager": f.number, "member": string(f.server.ID), "reason-r-" + id: "test", "stars": "5", "of": string(f.server.ID), "category": string(feedback.Poor), "words": "好", "minutes": "30", "volunteer": string(f.free.ID), "insurance-" + id: "PICC-7",
		"agree": "yes", "accept": "yes", "decision": "release", "moment": "check_in", "result": "fine", "when": day, "urgency": string(catalog.Everyday), "role": "dispatcher",
		"actor": f.applicant.Actor.ID, "person": string(f.elder.ID), "name": "新站点", "kind": "community", "message": "好", "who": "recipient", "text": "x", "login": "x", "document-" + id: "D-1",
		"provider-" + id: "康养公司", "minutes-" + id: "60", "uphold-" + id: "yes", "purpose": "honour", "give": "yes", "param": "account.cap", "value": "1500h", "hours": "1", "to": string(f.elder.ID)} {
		form.Set(name, value)
	}
	if strings.HasPrefix(path, "/desk/teams") {
		form.Set("kind", string(member.TeamSchool))
		form.Set("who", f.number)
	}
	return method, path, form.Encode()
}
