package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/web/page"
)

// site is a city's pages with somebody who reads them, without a browser.
type site struct {
	*citytest.City
	t    *testing.T
	base string
}

func newSite(t *testing.T) *site {
	t.Helper()
	c := citytest.New(t, store.SQLite)
	c.Config.SignIn.Inbox = "open"
	return newSiteOf(t, c)
}

// newSiteOf serves a city's pages under the settings that it has now.
func newSiteOf(t *testing.T, c *citytest.City) *site {
	t.Helper()
	srv := httptest.NewServer(c.Pages())
	t.Cleanup(srv.Close)
	return &site{City: c, t: t, base: srv.URL}
}

// reader is a browser's cookies.
type reader struct {
	*site
	client *http.Client
}

// as is somebody who has signed in; nobody when p is the zero Person.
func (s *site) as(p citytest.Person) *reader {
	s.t.Helper()
	return s.asFor(p, time.Hour)
}

// asFor is as, with a session that lasts so long.
func (s *site) asFor(p citytest.Person, ttl time.Duration) *reader {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r := &reader{s, &http.Client{Jar: jar}}
	if p.ID == "" {
		return r
	}
	token, err := s.Identity.IssueToken(s.t.Context(), identity.ActorID(p.Actor.ID), ttl, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(s.base)
	if err != nil {
		s.t.Fatal(err)
	}
	jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token, Path: "/"}})
	return r
}

type answer struct {
	*http.Response
	body string
}

func (r *reader) do(req *http.Request, err error) answer {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	if req.Header.Get("Accept-Language") == "" {
		req.Header.Set("Accept-Language", "en")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp, string(body)}
}

func (r *reader) get(path string) answer {
	r.t.Helper()
	return r.do(http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, nil))
}

func (r *reader) post(path string, form url.Values) answer {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r.do(req, err)
}

func (a answer) is(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s: got %d, want %d\n%s", a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s: got %s, want %q in it", a.Request.URL.Path, a.body, text)
		}
	}
}

func TestAPageNeedsItsReader(t *testing.T) {
	s := newSite(t)
	nobody := s.as(citytest.Person{})
	for _, path := range []string{"/elder/", "/elder/help", "/elder/visits", "/elder/hours", "/elder/station", "/volunteer/", "/volunteer/visits", "/volunteer/passbook"} {
		nobody.get(path).is(t, http.StatusUnauthorized, "Please sign in first")
	}
	nobody.get("/").is(t, http.StatusOK, "Lend a hand today")
	nobody.get("/public/").is(t, http.StatusOK, "Lend a hand today")
	nobody.get("/public/join").is(t, http.StatusOK, "How to join")
	nobody.get("/public/figures").is(t, http.StatusOK, "Redemption rate")
	nobody.get("/public/nothing").is(t, http.StatusNotFound, "There is no such page")
	nobody.get("/sign-in").is(t, http.StatusOK, "Mobile number", "Staff sign in here")
	nobody.post("/sign-in", url.Values{"account": {"x"}}).is(t, http.StatusNotFound)
	s.as(s.Person(50, s.Home())).get("/volunteer/").is(t, http.StatusOK, "Become a volunteer")
	s.as(s.Person(50, s.Home())).get("/desk/").is(t, http.StatusForbidden)
	clerk := s.as(s.Staff(identity.PointStaff, s.Home()))
	clerk.get("/desk/").is(t, http.StatusOK, "Nobody is waiting")
	clerk.get("/desk/?place="+string(s.Community("320102002", 0))).is(t, http.StatusForbidden)
}

func TestAnEmptyPageSaysWhatOneCanDo(t *testing.T) {
	s := newSite(t)
	elder, volunteer := s.as(s.KeyElder(s.Home())), s.as(s.Volunteer(s.Home()))
	elder.get("/elder/visits").is(t, http.StatusOK, "You have not asked for anybody yet", "Ask for help")
	elder.get("/elder/hours").is(t, http.StatusOK, "Nothing yet")
	elder.get("/elder/station").is(t, http.StatusOK, "There is no service point in", "tel:12349")
	volunteer.get("/volunteer/").is(t, http.StatusOK, "Nobody nearby is waiting")
	volunteer.get("/volunteer/visits").is(t, http.StatusOK, "You have not taken an order yet")
	volunteer.get("/volunteer/passbook").is(t, http.StatusOK, "0 of 5 stars", "honour.star_hours")
}

func TestNobodySeesTheVisitOfAnother(t *testing.T) {
	s := newSite(t)
	elder, other := s.KeyElder(s.Home()), s.KeyElder(s.Home())
	volunteer := s.Volunteer(s.Home())
	id := string(s.Place(elder.Actor, elder))
	s.as(elder).get("/elder/visits/"+id).is(t, http.StatusOK, "Looking for somebody")
	s.as(other).get("/elder/visits/"+id).is(t, http.StatusNotFound)
	// Who could take it has no visit page before it is taken.
	s.as(volunteer).get("/volunteer/visits/"+id).is(t, http.StatusNotFound)
	s.as(volunteer).get("/elder/visits/"+id).is(t, http.StatusNotFound)
}

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

func TestAFormSentTwiceHasOneEffect(t *testing.T) {
	s := newSite(t)
	p := s.KeyElder(s.Home())
	elder := s.as(p)
	form := elder.get("/elder/help/smartphone_lesson/confirm?day=" + s.Tomorrow().Format(time.DateOnly) + "&at=09:00")
	form.is(t, http.StatusOK, "Is this right?")
	values := url.Values{"key": {keyField.FindStringSubmatch(form.body)[1]}, "item": {"smartphone_lesson"}, "day": {s.Tomorrow().Format(time.DateOnly)}, "at": {"09:00"}}
	first, second := elder.post("/elder/help", values), elder.post("/elder/help", values)
	first.is(t, http.StatusOK, "We are finding somebody for you")
	if first.Request.URL.Path != second.Request.URL.Path {
		t.Errorf("the same form twice: got orders at %s and %s, want one", first.Request.URL.Path, second.Request.URL.Path)
	}
	values.Del("key")
	elder.post("/elder/help", values).is(t, http.StatusUnprocessableEntity, "The form did not arrive whole")
	values.Set("key", "another-key")
	values.Set("at", "23:30")
	elder.post("/elder/help", values).is(t, http.StatusUnprocessableEntity, "Some things need correcting")
}

func TestAVolunteerLearnsWhyNot(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	first := s.Place(elder.Actor, elder)
	s.Claim(v, first)
	s.Place(elder.Actor, elder)
	s.as(v).get("/volunteer/").is(t, http.StatusOK, "checkin.overlap", "Who can change it")
	visit := "/volunteer/visits/" + string(first)
	s.Clock.Set(s.Order(first).Start)
	reader := s.as(v)
	reader.get(visit).is(t, http.StatusOK, "Check in and start the clock")
	code := s.Proof(first)[0].Value
	// The digits alone are one proof, and the rule asks for two.
	reader.post(visit+"/check-in", url.Values{"key": {"check-in-1"}, "code": {code}}).is(t, http.StatusUnprocessableEntity, "checkin.min_factors")
	reader.post(visit+"/check-in", url.Values{"key": {"check-in-2"}, "code": {"1"}}).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
}

// What must be insured is published with the number of the insurance.
func TestTheDeskReviewsWithItsPapers(t *testing.T) {
	s := newSite(t)
	elder, clerk := s.KeyElder(s.Home()), s.as(s.Staff(identity.PointStaff, s.Home()))
	placed, err := s.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: elder.Actor, Key: s.Key(), Recipient: elder.ID, Item: "going_out_walk", Start: s.Tomorrow(),
		Urgency: catalog.Everyday}})
	id := citytest.Must(t, placed, err)[0].Value.ID
	board := clerk.get("/desk/")
	board.is(t, http.StatusOK, "Number of the insurance policy", "Checked, publish")
	clerk.post("/desk/orders/"+string(id)+"/publish", url.Values{"key": {"publish-1"}}).is(t, http.StatusUnprocessableEntity)
	clerk.post("/desk/orders/"+string(id)+"/publish", url.Values{"key": {"publish-2"}, "insurance-" + string(id): {"PICC-7"}}).
		is(t, http.StatusOK, "Published. Volunteers nearby can take it")
	if got := s.Order(id).State; got != order.Published {
		t.Errorf("after the review: got %s, want %s", got, order.Published)
	}
}

// Whoever comes sees the door on the day alone, and each look is in the trail.
func TestTheDoorIsShownOnTheDay(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	corrected, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: elder.ID, Address: "和平路12号", Reason: "test"}})
	citytest.Must(t, corrected, err)
	id := s.Place(elder.Actor, elder)
	s.Claim(v, id)
	before := s.as(v).get("/volunteer/visits/" + string(id))
	before.is(t, http.StatusOK, "Shown on the day")
	if strings.Contains(before.body, "和平路") {
		t.Error("the door is shown the day before")
	}
	s.Clock.Set(s.Order(id).Start.Add(-time.Hour))
	s.as(v).get("/volunteer/visits/"+string(id)).is(t, http.StatusOK, "和平路12号")
	view, err := s.Orders.Get(t.Context(), identity.System, id)
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	for _, h := range view.History {
		if h.Action == string(identity.OrderSeeDoor) && h.Actor == v.Actor.ID {
			looks++
		}
	}
	if looks != 1 {
		t.Errorf("looks at the door in the trail: got %d, want 1", looks)
	}
}

func TestWhatAnotherSiteSendsIsRefused(t *testing.T) {
	s := newSite(t)
	elder := s.KeyElder(s.Home())
	id := s.Place(elder.Actor, elder)
	r := s.as(elder)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/elder/visits/"+string(id)+"/cancel", strings.NewReader("key=from-elsewhere"))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	r.do(req, err).is(t, http.StatusForbidden, "came from another site")
	if got := s.Order(id).State; got != order.Published {
		t.Errorf("after a foreign form: got %s, want %s", got, order.Published)
	}
}

func TestHeadersKeepAPageToItself(t *testing.T) {
	a := newSite(t).as(citytest.Person{}).get("/")
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Content-Language": "en", "Cache-Control": "no-store"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	policy := a.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("content security policy: got %q", policy)
	}
	if regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=`).MatchString(a.body) {
		t.Error("the page has an inline script or style")
	}
}

func TestLanguageAndSizeAreRemembered(t *testing.T) {
	r := newSite(t).as(citytest.Person{})
	r.post("/settings", url.Values{"lang": {"zh-CN"}, "size": {"big"}, "back": {"/public/join"}}).is(t, http.StatusOK, `lang="zh-CN"`, `class="big"`, "怎么参加")
	r.post("/settings", url.Values{"size": {"standard"}, "lang": {"xx"}, "back": {"//elsewhere.example/"}}).is(t, http.StatusOK, `class="standard"`, "今天帮一把")
}

// A form whose sender has lost its session leads back to the page that it stood on, and to no page of another site; nobody has a number to read out.
func TestWhoSignsInAgainComesBackToTheForm(t *testing.T) {
	nobody := newSite(t).as(citytest.Person{})
	stood := "/elder/help/" + citytest.Lesson + "/confirm?day=2020-10-12&at=10%3A00"
	for from, want := range map[string]string{nobody.base + stood: url.QueryEscape(stood), "https://elsewhere.example/elder/": "%2F", "": "%2F"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, nobody.base+"/elder/help", nil)
		if err == nil {
			req.Header.Set("Referer", from)
		}
		a := nobody.do(req, err)
		a.is(t, http.StatusUnauthorized, `href="/sign-in?next=`+want+`"`)
		if strings.Contains(a.body, "page.sign_in_first") || strings.Contains(a.body, "you can give this number") {
			t.Errorf("from %q: the page reads out a code or a number", from)
		}
	}
}

// A visit that waits for a decision does not hide the one that comes.
func TestTheNextVisitIsTheOneThatComes(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	old := s.Served(v, elder)
	filed, err := s.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: s.Key(), Order: old, Category: feedback.Poor}})
	citytest.Must(t, filed, err)
	coming := s.Place(elder.Actor, elder)
	s.as(elder).get("/elder/").is(t, http.StatusOK, `href="/elder/visits/`+string(coming)+`"`)
}

// Nor does one that waits for the recipient's yes: both stand there, for the family too.
func TestWhatWaitsForAYesHidesNoVisit(t *testing.T) {
	s := newSite(t)
	elder, daughter, v := s.KeyElder(s.Home()), s.Person(50, s.Home()), s.Volunteer(s.Home())
	citytest.Got(s.Members.AddKin(t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: s.Key(), Person: elder.ID, Relative: daughter.ID, Relation: member.Child, Confirmed: true}})).Must(t, "a daughter")
	citytest.Got(s.Members.Consent(t.Context(), []member.ConsentCmd{{Actor: elder.Actor, Key: s.Key(), Person: elder.ID, Purpose: member.PurposeKin}})).Must(t, "who may see")
	served := s.Served(v, elder)
	coming := s.Place(elder.Actor, elder)
	s.as(elder).get("/elder/").is(t, http.StatusOK, `href="/elder/visits/`+string(served)+`"`, `href="/elder/visits/`+string(coming)+`"`)
	s.as(daughter).get("/family/").is(t, http.StatusOK, `href="/family/visits/`+string(served)+`"`, `href="/family/visits/`+string(coming)+`"`)
}

// The list of visits goes by when they are, not by when they were asked for: what comes, the soonest first, then what is over, the latest first.
func TestVisitsStandInTheOrderOfTheirTimes(t *testing.T) {
	s := newSite(t)
	elder := s.KeyElder(s.Home())
	place := func(day int) string {
		placed := citytest.Got(s.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: elder.Actor, Key: s.Key(), Recipient: elder.ID, Item: citytest.Lesson,
			Start: s.Tomorrow().AddDate(0, 0, day), Urgency: catalog.Everyday}})).Must(t, "place")
		return string(placed.ID)
	}
	want := make([]string, 14)
	for _, day := range []int{7, 3, 11, 1, 5, 9, 2, 10, 4, 8, 6, 0} {
		id := place(day)
		citytest.Got(s.Orders.Cancel(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: s.Key(), Order: order.ID(id), Reason: "test"}})).Must(t, "cancel")
		want[2+11-day] = id
	}
	want[1], want[0] = place(13), place(12)
	r := s.as(elder)
	first := r.get("/elder/visits")
	link := regexp.MustCompile(`href="/elder/visits/([0-9a-z]+)"`)
	next := regexp.MustCompile(`href="(/elder/visits\?after=[^"]+)"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatalf("no second page: %s", first.body)
	}
	var got []string
	for _, m := range link.FindAllStringSubmatch(first.body+r.get(next[1]).body, -1) {
		got = append(got, m[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyOurOwnPagesAreComeBackTo(t *testing.T) {
	for to, want := range map[string]string{"/elder/": "/elder/", "/elder/visits?after=x": "/elder/visits?after=x", "": "/", "elder": "/", "//x.example": "/",
		"https://x.example/": "/", "/\\x.example": "/", "/a\r\nb": "/"} {
		if got := page.Inside(to); got != want {
			t.Errorf("Inside(%q) = %q, want %q", to, got, want)
		}
	}
}
