package web_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/print/printtest"
	"timebank/internal/region"
)

func TestEverybodyFindsAServicePoint(t *testing.T) {
	s := newSite(t)
	point, err := s.Members.RegisterPoints(t.Context(), []member.RegisterPointCmd{{Actor: identity.System, Key: s.Key(), Name: "和平路服务点", Kind: member.PointCommunity, Region: s.Home()}})
	citytest.Must(t, point, err)
	nobody := s.as(citytest.Person{})
	nobody.get("/public/points").is(t, http.StatusOK, "Choose a district", "栖霞区")
	nobody.get("/public/points?in="+string(s.Tree.ReportingDistrict(s.Home()))).is(t, http.StatusOK, "和平路服务点", "Choose a street")
	nobody.get("/public/points?in="+string(s.Community("320102002", 0))).is(t, http.StatusOK, "0 service points")
	at, ok := s.Tree.Point(s.Home())
	if !ok {
		t.Fatal("the home has no point")
	}
	place := url.Values{"lat": {strconv.FormatInt(at.LatE6, 10)}, "lon": {strconv.FormatInt(at.LonE6, 10)}}
	nobody.post("/public/points", place).is(t, http.StatusOK, "Nearest to you", "和平路服务点", "50 m")
	nobody.post("/public/points", url.Values{"lat": {"91000000"}, "lon": {"0"}}).is(t, http.StatusUnprocessableEntity, "Your place is not known")
	nobody.post("/public/points", url.Values{}).is(t, http.StatusUnprocessableEntity, "Choose a district")
}

func TestOpenFiguresAreCountedAnewAfterAWhile(t *testing.T) {
	s := newSite(t)
	nobody := s.as(citytest.Person{})
	volunteers := func(period string) string {
		t.Helper()
		a := nobody.get("/public/figures.csv?period=" + period)
		a.is(t, http.StatusOK)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if row[0] == "figure.volunteers" {
				return row[3]
			}
		}
		t.Fatalf("no figure.volunteers in %v", rows)
		return ""
	}
	if got := volunteers("all"); got != "0" {
		t.Errorf("volunteers of an empty city: got %s, want 0", got)
	}
	s.Volunteer(s.Home())
	if got := volunteers("all"); got != "0" {
		t.Errorf("volunteers right after one more: got %s, want the 0 that was counted a moment ago", got)
	}
	if got := volunteers("month"); got != "0" {
		t.Errorf("volunteers beside another period: got %s, want the same 0, since how things stand knows no period", got)
	}
	s.Clock.Advance(5 * time.Minute)
	if got := volunteers("all"); got != "1" {
		t.Errorf("volunteers after five minutes: got %s, want 1", got)
	}
	nobody.get("/public/figures?period=last").is(t, http.StatusOK, "Redemption rate", `aria-current="true">Last month`, "Who may redeem when", "Public pool and guarantee fund")
}

// Minutes are shown as they are: cut down to hours, districts would not add up to the city.
func TestOpenFiguresShowHoursAndMinutes(t *testing.T) {
	s := newSite(t)
	s.Earn(s.Volunteer(s.Home()), s.KeyElder(s.Home()), 75)
	nobody := s.as(citytest.Person{})
	page := nobody.get("/public/figures")
	if n := strings.Count(page.body, "1 h 15 min"); n < 4 {
		t.Errorf("got the 75 minutes %d times, want them as minutes served, earned, of the district and by the year: %s", n, page.body)
	}
	page.is(t, http.StatusOK, "as a share of the time saved in the same period")
	nobody.get("/public/figures.csv").is(t, http.StatusOK, ",minutes,75,")
}

// A certificate is checked by the server as by the page itself: a changed byte is refused, and what was taken back or has ended is said.
func TestACertificateOfServiceIsCheckedByAnybody(t *testing.T) {
	s := newSite(t)
	elder, v, other := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home())
	s.Earn(v, elder, 90)
	r, nobody := s.as(v), s.as(citytest.Person{})
	r.get("/volunteer/certificates").is(t, http.StatusOK, "It never shows your identity number", "You have not taken out a certificate yet", "Work or an employer")
	form := url.Values{"key": {"certificate-1"}, "purpose": {"work"}, "naming": {"masked"}, "months": {"3"}}
	bad := url.Values{"key": {"certificate-0"}, "purpose": {"work"}, "naming": {"masked"}, "months": {"99"}}
	r.post("/volunteer/certificates", bad).is(t, http.StatusUnprocessableEntity, "Please choose one of the periods")
	made := r.post("/volunteer/certificates", form)
	made.is(t, http.StatusOK, "Your certificate is ready", `class="qr"`, "1 h 30 min", "张**", "valid")
	at := regexp.MustCompile(`/volunteer/certificates/[0-9a-z]{20,}`).FindString(made.body)
	text := r.get(at + "/file").body
	if !strings.HasPrefix(text, "320100.timebank/certificate\ncertificate 1\n") {
		t.Fatalf("the file: got %q", text)
	}
	if pdf := r.get(at + "/pdf"); pdf.StatusCode != http.StatusOK || !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Errorf("for paper: got %d and %d bytes", pdf.StatusCode, len(pdf.body))
	} else if sheet := printtest.Text(t, []byte(pdf.body)); !strings.HasSuffix(strings.Join(strings.Fields(sheet), ""), "1/1") {
		t.Errorf("the certificate takes more than one sheet: %s", sheet)
	}
	for _, path := range []string{"", "/file", "/pdf"} {
		s.as(other).get(at+path).is(t, http.StatusNotFound)
	}
	// A browser sends line ends as two characters.
	check := func(text string) answer {
		return nobody.post("/public/check", url.Values{"receipt": {strings.ReplaceAll(text, "\n", "\r\n")}})
	}
	check(text).is(t, http.StatusOK, "not one letter was changed", "张**", "1 h 30 min", "valid")
	check(strings.Replace(text, "minutes 90", "minutes 900", 1)).is(t, http.StatusUnprocessableEntity, "The signature is wrong")
	check(strings.Replace(text, "certificate 1", "certificate 2", 1)).is(t, http.StatusUnprocessableEntity, "The signature is wrong")
	check(text[:90]).is(t, http.StatusUnprocessableEntity, "The signature is wrong")
	number := regexp.MustCompile(`number (\w+)`).FindStringSubmatch(text)[1]
	nobody.get("/public/certificates/"+number).is(t, http.StatusOK, `"state":"valid"`)
	nobody.get("/public/certificates/none").is(t, http.StatusOK, `"state":"unknown"`)
	s.Clock.Advance(100 * 24 * time.Hour)
	check(text).is(t, http.StatusOK, "past its last day")
	s.as(v).get(at+"/pdf").is(t, http.StatusConflict, "take out another")
	s.as(other).post(at+"/revoke", url.Values{"key": {"revoke-another"}}).is(t, http.StatusNotFound)
	s.as(v).post(at+"/revoke", url.Values{"key": {"revoke-mine-1"}}).is(t, http.StatusOK, "taken back")
	check(text).is(t, http.StatusOK, "taken back", "Taken back on")
	nobody.get("/public/certificates/"+number).is(t, http.StatusOK, `"state":"revoked"`)
}

// Without scripts a home is put on the map by steps and by coordinates; nothing is kept before the reader says so.
func TestAHomeIsPutOnTheMapWithoutScripts(t *testing.T) {
	s := newSite(t)
	elder, desk := s.Recipient(80, s.Home()), s.Staff(identity.PointStaff, s.Home())
	r, middle := s.as(elder), region.Point{}
	middle, _ = s.Tree.Point(s.Home())
	mark := func(a answer) (p region.Point) {
		t.Helper()
		for name, into := range map[string]*int64{"lat": &p.LatE6, "lon": &p.LonE6} {
			found := regexp.MustCompile(`name="` + name + `" value="(-?\d+)"`).FindStringSubmatch(a.body)
			if found == nil {
				t.Fatalf("no %s on the page: %d", name, a.StatusCode)
			}
			*into, _ = strconv.ParseInt(found[1], 10, 64)
		}
		return p
	}
	form := func(p region.Point, do, typed string) url.Values {
		return url.Values{"key": {"pin-" + do + "-" + typed + strconv.FormatInt(p.LatE6, 10)}, "lat": {strconv.FormatInt(p.LatE6, 10)}, "lon": {strconv.FormatInt(p.LonE6, 10)}, "do": {do}, "typed": {typed}}
	}
	r.get("/account").is(t, http.StatusOK, "/account/home")
	at := mark(r.get("/account/home"))
	east := r.post("/account/home", form(at, "far_east", ""))
	if got := region.DistanceMetres(at, mark(east)); got < 190 || got > 210 {
		t.Errorf("a long step: got %d m, want 200", got)
	}
	north := mark(r.post("/account/home", form(mark(east), "north", "")))
	if got := north.LatE6 - at.LatE6; got < 170 || got > 190 {
		t.Errorf("a short step north: got %d millionths of a degree, want 180", got)
	}
	if still := mark(r.get("/account/home")); still != at {
		t.Errorf("looking kept %v", still)
	}
	r.post("/account/home", form(at, "keep", "32.9, 118.8")).is(t, http.StatusUnprocessableEntity, "too far from the community", "home.reach_m")
	r.post("/account/home", form(at, "look", "over there")).is(t, http.StatusUnprocessableEntity, "Please write latitude and longitude")
	r.post("/account/home", form(north, "keep", "")).is(t, http.StatusOK, "The place is kept")
	clerk := s.as(desk)
	clerk.get("/desk/people/"+string(elder.ID)).is(t, http.StatusOK, "/home")
	page := clerk.get("/desk/people/" + string(elder.ID) + "/home")
	page.is(t, http.StatusOK, "This is the place on record")
	if got := mark(page); got != north {
		t.Errorf("the desk sees %v, want %v", got, north)
	}
	typed := strconv.FormatFloat(float64(middle.LatE6)/1e6, 'f', 6, 64) + " " + strconv.FormatFloat(float64(middle.LonE6)/1e6, 'f', 6, 64)
	clerk.post("/desk/people/"+string(elder.ID)+"/home", form(north, "keep", typed)).is(t, http.StatusOK, "The place is kept")
	if got := mark(r.get("/account/home")); got != middle {
		t.Errorf("typed at the desk: got %v, want %v", got, middle)
	}
	s.as(s.Person(30, s.Home())).get("/desk/people/"+string(elder.ID)+"/home").is(t, http.StatusForbidden)
}

func TestAnImitationCannotBeKnownByItsLook(t *testing.T) {
	s := newSite(t)
	nobody := s.as(citytest.Person{})
	nobody.get("/public/official").is(t, http.StatusOK, "has not named its addresses yet", "We never ask for money")
	s.Config.Pages.Official, s.Config.Pages.Record = "time.example.cn, www.time.example.cn", "苏ICP备00000000号"
	again := newSiteOf(t, s.City).as(citytest.Person{})
	again.get("/public/official").is(t, http.StatusOK, "www.time.example.cn", "not one of them", "苏ICP备00000000号")
	for path, want := range map[string]string{"/public/help": "do not open", "/public/privacy": "for 10 years"} {
		nobody.get(path).is(t, http.StatusOK, want)
	}
}
