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
	if got := volunteers("month"); got != "1" {
		t.Errorf("volunteers of another period: got %s, want 1", got)
	}
	s.Clock.Advance(5 * time.Minute)
	if got := volunteers("all"); got != "1" {
		t.Errorf("volunteers after five minutes: got %s, want 1", got)
	}
	nobody.get("/public/figures?period=last").is(t, http.StatusOK, "Redemption rate", `aria-current="true">Last month`, "Who may redeem when", "Public pool and guarantee fund")
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
