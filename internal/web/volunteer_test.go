package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/web/ui"
)

func TestTheHallSaysWhatItsFiltersHide(t *testing.T) {
	s := newSite(t)
	elder, v, desk := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Staff(identity.PointStaff, s.Home())
	another := s.KeyElder(s.Home())
	s.Place(elder.Actor, elder)
	offered := s.Place(another.Actor, another)
	r := s.as(v)
	r.get("/volunteer/?what=meals").is(t, http.StatusOK, "The filter hides 2: 2 of another kind", "order.radius_m")
	r.get("/volunteer/?day="+string(clock.DayOf(s.Clock.Now()))).is(t, http.StatusOK, "2 on another day")
	r.get("/volunteer/?view=map").is(t, http.StatusOK, `class="near"`, `href="#offer-1"`, "1.0 km")
	citytest.Got(s.Orders.Dispatch(t.Context(), []order.DispatchCmd{{Actor: desk.Actor, Key: s.Key(), Order: offered, Volunteer: v.ID}})).Must(t, "dispatch")
	invited := r.get("/volunteer/")
	invited.is(t, http.StatusOK, "You are asked to go", "Please answer by", "order.claim_window")
	r.post("/volunteer/visits/"+string(offered)+"/answer", url.Values{"key": {"answer-no-1"}, "accept": {"no"}}).is(t, http.StatusOK, "Requests nearby: 2.")
}

// A telephone that kept a check-in without a network says when that was.
func TestACheckInThatATelephoneKept(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	id := s.Place(elder.Actor, elder)
	s.Claim(v, id)
	began := s.Order(id).Start
	s.Clock.Set(began.Add(2 * time.Hour))
	r, proof := s.as(v), s.Proof(id)
	check := func(way, key string, at time.Time) answer {
		return r.post("/volunteer/visits/"+string(id)+"/"+way, url.Values{"key": {key}, "code": {proof[0].Value}, "method": {"qr"}, "occurred_at": {strconv.FormatInt(at.UnixMilli(), 10)},
			"lat": {strconv.FormatInt(proof[1].Point.LatE6, 10)}, "lon": {strconv.FormatInt(proof[1].Point.LonE6, 10)}, "outcome": []string{"video_call_works"}[:map[string]int{"check-out": 1}[way]]})
	}
	page := r.get("/volunteer/visits/" + string(id))
	page.is(t, http.StatusOK, "data-keep-today", "uri.amap.com/marker?coordinate=gaode", `href="geo:`, "data-next=", "tel:120", "The limits of this service")
	check("check-in", "kept-on-the-phone-1", began).is(t, http.StatusOK, "Going on")
	check("check-in", "kept-on-the-phone-1", began).is(t, http.StatusOK, "Going on")
	check("check-out", "kept-on-the-phone-2", began.Add(time.Hour)).is(t, http.StatusOK, "How was it?")
	if a := s.Order(id).Assignments[0]; !a.In.Equal(began) || a.Minutes.Int64() != 60 {
		t.Errorf("counted: got %s from %s, want 1h from %s", a.Minutes, a.In, began)
	}
	r.post("/volunteer/visits/"+string(id)+"/rate", url.Values{"key": {"rate-it-1"}, "stars": {"5"}, "tag": {"friendly"}}).is(t, http.StatusOK, "You gave ★★★★★")
	r.post("/volunteer/visits/"+string(id)+"/trouble", url.Values{"key": {"trouble-1"}, "category": {"nobody_home"}}).is(t, http.StatusOK, "The station answers")
	if got, _ := strconv.ParseInt(r.get("/volunteer/now").body, 10, 64); got != s.Clock.Now().UnixMilli() {
		t.Errorf("our clock: got %d, want %d", got, s.Clock.Now().UnixMilli())
	}
}

func TestThePassbookGivesTakesBackAndIsTheReadersOwn(t *testing.T) {
	s := newSite(t)
	elder, v, other := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home())
	s.Earn(v, elder, 90)
	if _, err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := s.as(v)
	book := r.get("/volunteer/passbook")
	book.is(t, http.StatusOK, "1 h 30 min", "You turn 60 on", "certified volunteers serve", "redeem.min_age", "<progress")
	at := regexp.MustCompile(`/volunteer/receipts/[0-9a-z]+`).FindString(book.body)
	r.get(at).is(t, http.StatusOK, `class="qr"`, "of the public record")
	r.get(at+"/file").is(t, http.StatusOK, "c2sp.org/tlog-proof")
	s.as(other).get(at).is(t, http.StatusNotFound)
	s.as(other).get(at+"/file").is(t, http.StatusNotFound)
	r.get("/volunteer/passbook.csv").is(t, http.StatusOK, "\ufeff", "90")
	if a := r.get("/volunteer/passbook.xlsx"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.body, "PK") {
		t.Errorf("the workbook: got %d and %d bytes", a.StatusCode, len(a.body))
	}
	r.get("/volunteer/passbook/give").is(t, http.StatusOK, "you can only donate", "1 h 30 min can be used now")
	r.post("/volunteer/passbook/give", url.Values{"key": {"give-too-much"}, "hours": {"9"}, "way": {"donate"}}).is(t, http.StatusUnprocessableEntity, `role="alert"`)
	r.post("/volunteer/passbook/give", url.Values{"key": {"give-to-a-stranger"}, "hours": {"1"}, "way": {"transfer"}, "to": {string(other.ID)}}).
		is(t, http.StatusUnprocessableEntity, "transfer.to")
	for name, bad := range map[string]url.Values{"a part in the wrong field": {"hours": {"1.5"}}, "no minutes of an hour": {"minutes": {"75"}}, "nothing": {"hours": {""}, "minutes": {"0"}}} {
		bad.Set("key", "give-wrong-"+name[:4])
		bad.Set("way", "donate")
		if a := r.post("/volunteer/passbook/give", bad); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%s: got %d", name, a.StatusCode)
		}
	}
	r.get("/volunteer/passbook/give").is(t, http.StatusOK, `<option value="15"`, `<option value="45"`)
	given := r.post("/volunteer/passbook/give", url.Values{"key": {"give-an-hour"}, "hours": {"1"}, "minutes": {"15"}, "way": {"donate"}})
	given.is(t, http.StatusOK, "You can still take it back", "Takes effect", "1 h 15 min")
	pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(given.body)[1]
	s.as(other).post("/volunteer/passbook/undo", url.Values{"key": {"undo-of-another"}, "pending": {pending}}).is(t, http.StatusConflict)
	if after := r.post("/volunteer/passbook/undo", url.Values{"key": {"undo-my-gift"}, "pending": {pending}}); strings.Contains(after.body, `name="pending"`) {
		t.Error("what was taken back is still pending")
	}
}

// Whoever has saved hours finds where to spend them: for itself once it is old enough to ask, and for each relative for whom it acts.
func TestThePassbookLeadsToWhereHoursAreSpent(t *testing.T) {
	s := newSite(t)
	young, old := s.Volunteer(s.Home()), s.Volunteer(s.Home())
	s.as(young).get("/volunteer/passbook").is(t, http.StatusOK, "Use my hours", `href="/family/"`)
	s.Approve(old)
	mother := s.KeyElder(s.Home())
	citytest.Got(s.Members.AddKin(t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: s.Key(), Person: mother.ID, Relative: old.ID, Relation: member.Child, Confirmed: true}})).Must(t, "a child")
	order := "/family/people/" + string(mother.ID) + "/order?own=yes"
	if book := s.as(old).get("/volunteer/passbook"); strings.Contains(book.body, order) {
		t.Error("it may not act for its mother yet")
	}
	citytest.Got(s.Members.Delegate(t.Context(), []member.DelegateCmd{{Actor: mother.Actor, Key: s.Key(), Person: mother.ID, Relative: old.ID, Allow: true}})).Must(t, "may act")
	citytest.Got(s.Members.ActFor(t.Context(), []member.ActForCmd{{Actor: old.Actor, Key: s.Key(), Person: old.ID, Relative: mother.ID, Willing: true}})).Must(t, "acts")
	r := s.as(old)
	r.get("/volunteer/passbook").is(t, http.StatusOK, `href="/elder/help"`, `href="`+order+`"`)
	form := r.get(order)
	form.is(t, http.StatusOK, `name="own" value="yes" checked`, `<option value="" selected>Please choose</option>`)
	if strings.Contains(strings.Split(form.body, `name="day"`)[0], `" selected>`+"A") {
		t.Error("a service is chosen by nobody")
	}
	sent := url.Values{"key": {"nothing-chosen"}, "day": {s.Tomorrow().Format(time.DateOnly)}, "at": {"10:00"}, "item": {""}}
	r.post(strings.TrimSuffix(order, "?own=yes"), sent).is(t, http.StatusUnprocessableEntity, `href="#item"`, "Please choose what is needed")
}

func TestAVolunteersOwnPage(t *testing.T) {
	s := newSite(t)
	v, novice := s.Volunteer(s.Home()), s.Person(30, s.Home())
	parent := s.Person(70, s.Home())
	citytest.Got(s.Members.AddKin(t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: s.Key(), Person: v.ID, Relative: parent.ID, Relation: member.Parent, Confirmed: true}})).
		Must(t, "a parent")
	r := s.as(v)
	r.get("/volunteer/me").is(t, http.StatusOK, "Certified, serving", "You have no quiet hours", "Induction for volunteers", "account.over_cap", "parent")
	r.post("/volunteer/me/wishes", url.Values{"key": {"my-wishes-1"}, "quiet_from": {"21"}, "quiet_until": {"7"}, "over_cap": {"honour"}}).is(t, http.StatusOK, "Quiet hours: 21:00 to 7:00")
	r.post("/volunteer/me/wishes", url.Values{"key": {"my-wishes-2"}, "quiet_from": {"25"}, "quiet_until": {"7"}}).is(t, http.StatusUnprocessableEntity, "Give an hour from 0 to 23")
	r.post("/volunteer/me/heir", url.Values{"key": {"my-heir-1"}, "heir": {string(parent.ID)}}).is(t, http.StatusOK, `value="`+string(parent.ID)+`" selected`)
	r.get("/volunteer/help").is(t, http.StatusOK, "Without a network")
	n := s.as(novice)
	n.get("/volunteer/").is(t, http.StatusOK, "Registered is not certified")
	n.post("/volunteer/join", url.Values{"key": {"i-apply-1"}}).is(t, http.StatusOK, "Your station is reviewing the application", "4 h")
}

func TestTheCalendarAndItsFile(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	id := s.Place(elder.Actor, elder)
	s.Claim(v, id)
	r := s.as(v)
	day := string(clock.DayOf(s.Order(id).Start))
	r.get("/volunteer/calendar?month="+day[:7]).is(t, http.StatusOK, "10:00–", "Taken")
	r.get("/volunteer/calendar?week="+day).is(t, http.StatusOK, "10:00–", "The whole month")
	r.get("/volunteer/calendar?month=2031-01").is(t, http.StatusOK, "No visits in this time")
	file := r.get("/volunteer/calendar.ics")
	file.is(t, http.StatusOK, "BEGIN:VCALENDAR\r\n", "DTSTART:"+s.Order(id).Start.UTC().Format("20060102T150405Z")+"\r\n", "STATUS:CONFIRMED", "END:VCALENDAR\r\n")
	for _, line := range strings.Split(file.body, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	if strings.Contains(file.body, "张测试") {
		t.Error("the calendar file names somebody")
	}
}

// What a telephone loads the first time, and what it needs to install the door.
func TestTheVolunteerDoorCanBeInstalledAndIsLight(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	s.Place(elder.Actor, elder)
	r := s.as(v)
	hall := r.get("/volunteer/?view=map")
	hall.is(t, http.StatusOK, `rel="manifest"`, `crossorigin="use-credentials"`)
	total := len(hall.body)
	for _, m := range regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(hall.body, -1) {
		total += len(r.get(m[1]).body)
	}
	if total > 120<<10 {
		t.Errorf("the first load of the hall: %d bytes, at most %d", total, 120<<10)
	}
	manifest := r.get("/volunteer/manifest.webmanifest")
	manifest.is(t, http.StatusOK, `"display":"standalone"`, `"start_url":"/volunteer/"`, `"purpose":"maskable"`, "512x512")
	worker := r.get("/volunteer/worker.js")
	worker.is(t, http.StatusOK, ui.Asset("ui.css"), ui.Asset("app.js"))
	if got := worker.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") {
		t.Errorf("the worker's type: got %q", got)
	}
	for _, m := range regexp.MustCompile(`/static/[^"]+`).FindAllString(worker.body+manifest.body, -1) {
		if a := r.get(m); m != "/static/" && a.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d", m, a.StatusCode)
		}
	}
	if offline := s.as(v).get("/volunteer/offline"); strings.Contains(offline.body, "张") {
		t.Error("the page that telephones keep names the reader")
	}
	if got := s.as(v).post("/sign-out", nil).Request.Response.Header.Get("Clear-Site-Data"); got != `"storage"` {
		t.Errorf("after signing out: Clear-Site-Data is %q", got)
	}
}

// Without a setting nobody is asked for a map; with one the policy opens for its origin, on the pages that show it.
func TestTilesLieUnderTheMapWhereTheSettingsNameThem(t *testing.T) {
	plain := newSite(t)
	v := plain.Volunteer(plain.Home())
	for _, path := range []string{"/volunteer/?view=map", "/account/home"} {
		a := plain.as(v).get(path)
		if strings.Contains(a.body, "<image") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "img-src 'self';") {
			t.Errorf("%s without the setting: policy %s", path, a.Header.Get("Content-Security-Policy"))
		}
	}
	c := citytest.New(t, store.SQLite)
	c.Config.Pages.Tiles, c.Config.Pages.Credit = "https://maps.example/a/{z}/{x}/{y}.png https://maps.example/b/{z}/{x}/{y}.png", "Tianditu GS(2026)1"
	s := newSiteOf(t, c)
	v = s.Volunteer(s.Home())
	for _, path := range []string{"/volunteer/?view=map", "/account/home"} {
		a := s.as(v).get(path)
		a.is(t, http.StatusOK, `<image href="https://maps.example/a/1`, `<image href="https://maps.example/b/1`, "Tianditu GS(2026)1")
		if p := a.Header.Get("Content-Security-Policy"); !strings.Contains(p, "img-src 'self' https://maps.example;") || a.Header.Get("Referrer-Policy") != "strict-origin" {
			t.Errorf("%s: policy %s, referrer %s", path, p, a.Header.Get("Referrer-Policy"))
		}
	}
	if p := s.as(v).get("/volunteer/").Header.Get("Content-Security-Policy"); !strings.Contains(p, "img-src 'self';") {
		t.Errorf("the list: policy %s", p)
	}
	s.as(citytest.Person{}).get("/public/privacy").is(t, http.StatusOK, "maps.example")
}

func TestThePageOfCertificatesSaysWhatIsLeftOut(t *testing.T) {
	s := newSite(t)
	elder, v := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	disputed := s.Earn(v, elder, 60)
	const left = "Visits in dispute now: 1"
	if a := s.as(v).get("/volunteer/certificates"); strings.Contains(a.body, left) {
		t.Error("nothing is in dispute yet")
	}
	citytest.Got(s.Orders.Dispute(t.Context(), []order.OrderCmd{{Actor: elder.Actor, Key: s.Key(), Order: disputed, Reason: "test"}})).Must(t, "dispute")
	s.as(v).get("/volunteer/certificates").is(t, http.StatusOK, left)
}
