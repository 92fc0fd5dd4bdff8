package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/print/printtest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// noted is the last entry of an action in the trail.
func (s *site) noted(action string) (last audit.Recorded) {
	s.t.Helper()
	storetest.Read(s.t, s.DB, func(tx *store.Tx) error {
		all, err := audit.After(tx, 0, 1_000_000)
		for _, e := range all {
			if e.Action == action {
				last = e
			}
		}
		return err
	})
	return last
}

// Somebody takes a copy of everything with it, corrects what is wrong, and leaves, without anybody's help; each copy and each change is noted.
func TestOneSeesCorrectsAndEndsWhatIsKeptAboutOneself(t *testing.T) {
	s := newSite(t)
	li := s.Person(66, s.Home())
	me := s.as(li)
	me.get("/account").is(t, http.StatusOK, "/account/data")
	page := me.get("/account/data")
	page.is(t, http.StatusOK, "A copy of everything", "Something is wrong", "I want to leave")
	key := page.found(t, `name="key" value="([^"]+)-pdf"`)
	pdf := me.post("/account/data/copy", url.Values{"key": {key + "-pdf"}})
	if text := printtest.Text(t, []byte(pdf.body)); pdf.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(text, "测试") {
		t.Errorf("on paper: %s\n%s", pdf.Header, text)
	}
	var copied struct{ Person member.PersonID }
	if machines := me.post("/account/data/copy", url.Values{"key": {key + "-json"}, "as": {"json"}}); json.Unmarshal([]byte(machines.body), &copied) != nil || copied.Person != li.ID {
		t.Errorf("for machines: %s", machines.body)
	}
	if e := s.noted("member.export"); e.Actor != li.Actor.ID || e.Ref != string(li.ID) || !strings.Contains(e.Origin, " machine address=") || !strings.Contains(e.Origin, " session=") {
		t.Errorf("the copy is noted as %+v", e)
	}

	me.post("/account/data/correct", url.Values{"key": {key + "-wrong"}, "phone": {"12"}}).is(t, http.StatusUnprocessableEntity, `href="#phone"`, `value="12"`)
	me.post("/account/data/correct", url.Values{"key": {key + "-right"}, "phone": {"13912345670"}}).is(t, http.StatusOK, "Saved.")
	storetest.Read(t, s.DB, func(tx *store.Tx) error {
		d, err := s.Members.Open(tx, li.ID)
		if d.Phone.Reveal() != "13912345670" {
			t.Errorf("the number is %s", d.Phone)
		}
		return err
	})

	me.post("/account/data/leave", url.Values{"key": {key + "-hasty"}}).is(t, http.StatusUnprocessableEntity, "Please tick that you are sure")
	me.post("/account/data/leave", url.Values{"key": {key + "-leave"}, "sure": {"yes"}}).is(t, http.StatusOK, "You have left", "Your hours are safe")
	if e := s.noted("member.end"); e.Before != "active" || !strings.HasPrefix(e.After, "left ") {
		t.Errorf("leaving is noted as %+v", e)
	}
}

// The station corrects after it has seen papers, prints the copy, and records that somebody has left or died; the office destroys what names whoever is
// gone, and makes one record of two with a second person.
func TestTheStationSeesToARecord(t *testing.T) {
	s := newSite(t)
	li, double := s.Person(66, s.Home()), s.Person(66, s.Home())
	clerk, manager := s.Staff(identity.PointStaff, s.Home()), s.Staff(identity.PointManager, s.Home())
	office, second := s.Staff(identity.Administrator, s.Tree.City()), s.Staff(identity.Reviewer, s.Tree.City())
	at := func(who member.PersonID) string { return "/desk/people/" + string(who) + "/data" }
	send := func(r *reader, path, what string, pairs ...string) answer {
		form := url.Values{"key": {"record-" + what}}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return r.post(path, form)
	}
	desk := s.as(clerk)
	desk.get("/desk/people/"+string(li.ID)).is(t, http.StatusOK, at(li.ID))
	shown := desk.get(at(li.ID))
	shown.is(t, http.StatusOK, "Correct the record", "Leaves the time bank")
	for _, not := range []string{"Record a death", "A copy for the person", "Destroy what names", "Two records are one person"} {
		if strings.Contains(shown.body, not) {
			t.Errorf("the desk is offered %q", not)
		}
	}
	send(desk, at(li.ID)+"/correct", "1", "name", "李国强").is(t, http.StatusUnprocessableEntity, `href="#reason"`, "Please give the reason", `value="李国强"`)
	send(desk, at(li.ID)+"/correct", "2", "name", "李国强", "reason", "identity card seen").is(t, http.StatusOK, "Saved.", "李**")
	send(desk, at(clerk.ID)+"/correct", "3", "name", "李国强", "reason", "identity card seen").is(t, http.StatusForbidden)
	send(desk, at(li.ID)+"/copy", "4").is(t, http.StatusForbidden)
	send(desk, at(li.ID)+"/end", "5", "how", "left", "left_on", string(clock.DayOf(s.Clock.Now()))).is(t, http.StatusUnprocessableEntity, `href="#left_document"`)

	printed := send(s.as(manager), at(li.ID)+"/copy", "6")
	if text := printtest.Text(t, []byte(printed.body)); !strings.Contains(text, "李国强") {
		t.Errorf("the copy says %s", text)
	}
	if e := s.noted("member.export"); e.Actor != manager.Actor.ID || e.OnBehalf != string(li.ID) {
		t.Errorf("the copy is noted as %+v", e)
	}

	admin := s.as(office)
	send(admin, at(li.ID)+"/merge", "7", "drop", string(double.ID), "merge_reason", " ").is(t, http.StatusUnprocessableEntity, `href="#merge_reason"`)
	send(admin, at(li.ID)+"/merge", "8", "drop", string(double.ID), "merge_reason", "one card, two records").is(t, http.StatusOK, "Saved.")
	waiting := s.as(second).get("/office/hours")
	waiting.is(t, http.StatusOK, "Make one record of two", string(li.ID), string(double.ID), "one card, two records")
	proposal := regexp.MustCompile(`/office/proposals/([^/]+)/approve`).FindStringSubmatch(waiting.body)[1]
	send(admin, "/office/proposals/"+proposal+"/approve", "9").is(t, http.StatusForbidden)
	send(s.as(second), "/office/proposals/"+proposal+"/approve", "10").is(t, http.StatusOK, "It is done")
	desk.get("/desk/people/"+string(double.ID)).is(t, http.StatusOK, "")

	send(admin, at(li.ID)+"/erase", "11").is(t, http.StatusUnprocessableEntity)
	send(desk, at(li.ID)+"/end", "12", "how", "left", "left_on", string(clock.DayOf(s.Clock.Now())), "left_document", "letter of 2 May").is(t, http.StatusOK, "Saved.")
	if e := s.noted("member.end"); e.OnBehalf != string(li.ID) || !strings.Contains(e.After, "letter of 2 May") {
		t.Errorf("leaving is noted as %+v", e)
	}
	s.Pass(1)
	send(admin, at(li.ID)+"/erase", "13").is(t, http.StatusOK, "Saved.")
	if e := s.noted("member.erase"); e.OnBehalf != string(li.ID) || e.After != "erased" {
		t.Errorf("erasure is noted as %+v", e)
	}
	died := s.Person(80, s.Home())
	send(s.as(manager), at(died.ID)+"/end", "14", "how", "dead", "died_on", string(clock.DayOf(s.Clock.Now())), "died_document", "certificate 9").is(t, http.StatusOK, "Saved.")
}
