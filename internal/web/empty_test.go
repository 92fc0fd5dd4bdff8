package web_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/web"
)

// lists are the pages that list something, by who opens them; in a city where nothing has happened each of them is empty. The others of the door
// are walked as well.
var lists = map[string][]string{
	"recipient": {"/elder/visits", "/elder/family", "/elder/hours", "/elder/hours/give", "/account/messages", "/inbox"},
	"volunteer": {"/volunteer/", "/volunteer/visits", "/volunteer/calendar", "/volunteer/passbook", "/volunteer/certificates", "/volunteer/teams"},
	"relative":  {"/family/"},
	"desk":      {"/desk/", "/desk/reviews", "/desk/follow-ups", "/desk/complaints", "/desk/teams", "/desk/slips", "/desk/people/{nobody}"},
	"city":      {"/office/waiting", "/office/hours", "/office/regions", "/office/rules", "/office/figure?code=figure.completed", "/office/people"},
	"community": {"/office/waiting", "/office/people"},
}

var (
	param = regexp.MustCompile(`\{[^}]*\}`)
	// bare is a list or a table with nothing in it; what is found while typing, and the page that works without a net, are filled by their scripts.
	bare   = regexp.MustCompile(`<(?:ul|ol|dl|tbody)(?:>|\s[^>]*>)\s*</(?:ul|ol|dl|tbody)>`)
	filled = regexp.MustCompile(`<ul class="cards" data-today></ul>|<ol class="cards picks"[^>]*></ol>`)
	next   = regexp.MustCompile(`<(?:a|button) [^>]*class="button`)
)

// undesigned lists what a page shows instead of saying that there is nothing, and what to do next.
func undesigned(status int, body string) (faults []string) {
	if status/100 == 4 {
		_, main, _ := strings.Cut(body, "<main")
		main, _, _ = strings.Cut(main, "</main>")
		if !strings.Contains(main, `class="trouble"`) && !strings.Contains(main, `role="alert"`) && !strings.Contains(main, "<form") {
			faults = append(faults, "a refusal is not told")
		}
		if !strings.Contains(main, `<details class="why">`) {
			faults = append(faults, "a refusal does not say why")
		}
		if !next.MatchString(main) {
			faults = append(faults, "a refusal leads nowhere")
		}
		return faults
	}
	for _, one := range bare.FindAllString(filled.ReplaceAllString(body, ""), -1) {
		faults = append(faults, "a bare "+one)
	}
	for _, one := range strings.Split(body, `<div class="empty">`)[1:] {
		one, _, _ = strings.Cut(one, "</div>")
		if !next.MatchString(one) || strings.Contains(one, `href=""`) {
			faults = append(faults, "an empty state without a next step: "+one)
		}
	}
	return faults
}

// In a city where nothing has happened everybody opens every page: where there is nothing it says so and what to do next, and what one may not see,
// or what is not there, is told with why and a way on.
func TestWhereThereIsNothingThePageSaysSo(t *testing.T) {
	s := newSite(t)
	empty := s.Community("320113003", 1)
	staff := func(role identity.Role, place region.ID) citytest.Person { return s.Staff(role, place) }
	people := map[string]citytest.Person{"recipient": s.Recipient(82, empty), "volunteer": s.Volunteer(s.Community("320102002", 0)), "relative": s.Person(45, empty),
		"desk": staff(identity.PointManager, empty), "city": staff(identity.Administrator, s.Tree.City()), "district": staff(identity.Administrator, s.Tree.District(empty)),
		"street": staff(identity.Administrator, s.Tree.StreetOf(empty)), "community": staff(identity.Administrator, empty), "": {}}
	nobody := string(people["relative"].ID)
	patterns := slices.Sorted(maps.Keys(web.Patterns()))
	for _, who := range slices.Sorted(maps.Keys(people)) {
		t.Run(who, func(t *testing.T) {
			r := &reader{&site{City: s.City, t: t, base: s.base}, s.asFor(people[who], 24*time.Hour).client}
			for _, pattern := range patterns {
				path, isPage := strings.CutPrefix(pattern, "GET ")
				if !isPage || strings.HasPrefix(path, "/live/") || strings.HasPrefix(path, "/sign-in/") {
					continue
				}
				path = param.ReplaceAllString(strings.TrimSuffix(path, "{$}"), strings.Repeat("0", 26))
				// As much time as keeps the limits of an address and of an account away.
				s.Clock.Advance(time.Second)
				a := r.get(path)
				if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
					continue
				}
				for _, fault := range undesigned(a.StatusCode, a.body) {
					t.Errorf("%s (%d): %s", path, a.StatusCode, fault)
				}
			}
			for _, path := range lists[who] {
				s.Clock.Advance(time.Second)
				a := r.get(strings.ReplaceAll(path, "{nobody}", nobody))
				a.is(t, http.StatusOK)
				if !strings.Contains(a.body, `<div class="empty">`) {
					t.Errorf("%s lists nothing and does not say so", path)
				}
				for _, fault := range undesigned(a.StatusCode, a.body) {
					t.Errorf("%s: %s", path, fault)
				}
			}
		})
	}
}

// A measure that finds nothing would pass as well.
func TestABarePageIsFound(t *testing.T) {
	for body, want := range map[string]string{
		`<main><ul class="cards"> </ul></main>`:                                           "a bare",
		`<main><table><tbody></tbody></table></main>`:                                     "a bare",
		`<main><div class="empty"><p>Nothing.</p></div></main>`:                           "without a next step",
		`<main><div class="empty"><p>Nothing.</p><a class="button" href="/">Go</a></div>`: "",
		`<ul class="cards"><li>one</li></ul>`:                                             "",
	} {
		if got := strings.Join(undesigned(http.StatusOK, body), " "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	if got := undesigned(http.StatusForbidden, "<main><h1>No</h1></main>"); len(got) != 3 {
		t.Errorf("a bare refusal: got %q, want three faults", got)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusConflict)
	_, _ = w.WriteString(`<dl class="figures"><div class="figure"><dd>7</dd></div></dl>`)
	if got := unexplained(w); len(got) != 2 {
		t.Errorf("a refusal and a figure without a why: got %q", got)
	}
}

// Whoever is offered something, or has hours set aside, reads why: the rule stands beside it on every page of the loop.
func TestOffersAndHoldsSayWhy(t *testing.T) {
	f := newFixture(t)
	s := newSiteOf(t, f.City)
	offered := f.Order(f.orders["/answer"])
	waiting := f.orders["/claim"]
	f.WithKinSeeing(f.elder.ID, true, func() {
		for _, one := range []struct {
			who        citytest.Person
			path, rule string
		}{
			{f.asked, "/volunteer/", "order.claim_window"}, {f.asked, "/volunteer/visits/" + string(offered.ID), "order.funding"}, {f.free, "/volunteer/", "order.radius_m"},
			{f.elder, "/elder/visits/" + string(waiting), "order.funding"}, {f.elder, "/elder/hours", "order.funding"}, {f.server, "/volunteer/passbook", "credit.delay"},
			{f.named("acting_kin"), "/family/visits/" + string(waiting), "order.funding"}, {f.giver, "/family/people/" + string(f.elder.ID) + "/gift", "transfer.to"},
		} {
			page := s.as(one.who).get(one.path)
			page.is(t, http.StatusOK, `<details class="why">`, "<code>"+one.rule+"</code>")
		}
	})
}

// named is somebody of the cast.
func (f *fixture) named(name string) citytest.Person {
	f.t.Helper()
	i := slices.IndexFunc(f.cast, func(a citytest.Asker) bool { return a.Name == name })
	if i < 0 {
		f.t.Fatalf("nobody is called %s", name)
	}
	return f.cast[i].Person
}
