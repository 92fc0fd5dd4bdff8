package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/print/printtest"
)

// paperOf is the text of a PDF that a form answers with.
func (r *reader) paperOf(path string, form url.Values) string {
	r.t.Helper()
	got := r.post(path, form)
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/pdf" {
		r.t.Fatalf("%s: got %d %s\n%.500s", path, got.StatusCode, got.Header.Get("Content-Type"), got.body)
	}
	return printtest.Text(r.t, []byte(got.body))
}

// A passbook is printed by its owner and by the desk, and a stranger checks a line of it.
func TestAPrintedPassbookIsCheckedByAStranger(t *testing.T) {
	s := newSite(t)
	elder, volunteer := s.Recipient(83, s.Home()), s.Volunteer(s.Home())
	s.Earn(volunteer, elder, 60)
	mine := s.as(volunteer)
	mine.get("/volunteer/passbook").is(t, http.StatusOK, "Print my passbook")
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5}`).FindString(mine.paperOf("/volunteer/passbook.pdf", url.Values{"key": {"print-it-1"}}))
	clerk := s.as(s.Staff(identity.PointStaff, s.Home()))
	person := "/desk/people/" + string(volunteer.ID)
	clerk.get(person).is(t, http.StatusOK, "Print the passbook (A4)", "Print the card for the telephone")
	if text := clerk.paperOf(person+"/passbook", url.Values{"key": {"print-it-2"}, "size": {"small"}}); !strings.Contains(text, code) {
		t.Errorf("the desk prints another code than %s:\n%s", code, text)
	}
	if text := clerk.paperOf("/desk/people/"+string(elder.ID)+"/card", url.Values{"key": {"print-it-3"}}); !strings.Contains(text, "The card of") {
		t.Errorf("the card says:\n%s", text)
	}
	s.as(elder).get("/elder/hours").is(t, http.StatusOK, "Print my passbook")
	s.as(elder).paperOf("/elder/hours.pdf", url.Values{"key": {"print-it-4"}})
	s.as(s.Staff(identity.PointStaff, s.Community("320102002", 0))).post(person+"/passbook", url.Values{"key": {"print-it-5"}}).is(t, http.StatusForbidden)

	stranger := s.as(citytest.Person{})
	stranger.get("/public/proof").is(t, http.StatusOK, "Check a line of a passbook")
	checked := stranger.post("/public/proof", url.Values{"code": {strings.ToLower(code)}})
	checked.is(t, http.StatusOK, "True: "+code, "2020-10-13", "+1 h")
	if strings.Contains(checked.body, "张") {
		t.Error("the check shows a name")
	}
	stranger.post("/public/proof", url.Values{"code": {strings.Repeat("0", 13)}}).is(t, http.StatusOK, "Not true: our book has no line")
	stranger.post("/public/proof", url.Values{"code": {"1234"}}).is(t, http.StatusUnprocessableEntity, `value="1234"`, "One character of this code is wrong")
}

// A power cut at the desk: slips from the drawer, keyed in afterwards, confirmed by a colleague.
func TestTheDeskKeysInWhatWasWrittenOnPaper(t *testing.T) {
	s := newSite(t)
	elder, volunteer := s.Recipient(83, s.Home()), s.Volunteer(s.Home())
	clerk := s.Staff(identity.PointStaff, s.Home())
	for who, phone := range map[member.PersonID]string{elder.ID: "13911112222", volunteer.ID: "13933334444"} {
		corrected, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: who, Phone: phone, Reason: "test"}})
		citytest.Must(t, corrected, err)
	}
	desk := s.as(clerk)
	desk.get("/desk/slips").is(t, http.StatusOK, "Downtime slips", "None were printed yet")
	desk.post("/desk/slips", url.Values{"key": {"slips-one"}, "orders": {"x"}, "visits": {"2"}}).is(t, http.StatusUnprocessableEntity, "At most 100 slips", `value="x"`)
	batch := desk.post("/desk/slips", url.Values{"key": {"slips-two"}, "orders": {"0"}, "visits": {"2"}})
	batch.is(t, http.StatusOK, "The codes are drawn", "blank")
	at := batch.Request.URL.Path
	codes := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{5}`).FindAllString(desk.paperOf(at+"/sheet", url.Values{"key": {"slips-three"}}), -1)
	if len(codes) != 2 {
		t.Fatalf("slips on paper: %v", codes)
	}
	s.Pass(30 * time.Hour)
	desk = s.as(clerk)
	desk.get("/desk/slips/key?code="+strings.Repeat("0", 9)).is(t, http.StatusNotFound, "There is no slip with this code")
	desk.get("/desk/slips/key?code="+codes[0]).is(t, http.StatusOK, "Key in "+codes[0], "signature")
	form := url.Values{"key": {"key-in-one"}, "code": {codes[0]}, "who": {"13911112222"}, "item": {citytest.Lesson}, "day": {string(clock.DayOf(s.Clock.Now()))}, "from": {"25:00"},
		"minutes": {"45"}, "came": {"nobody"}}
	desk.post("/desk/slips/key", form).is(t, http.StatusUnprocessableEntity, `id="from-error"`, `id="came-error"`, `value="13911112222"`, `value="25:00"`)
	form.Set("from", "08:00")
	form.Set("came", "13933334444")
	desk.post("/desk/slips/key", form).is(t, http.StatusUnprocessableEntity, "signature has to stand on the slip", `value="08:00"`)
	form.Set("signed", "yes")
	// Two people of one name: the clerk says which.
	form.Set("who", "张测")
	several := desk.post("/desk/slips/key", form)
	several.is(t, http.StatusUnprocessableEntity, "Several people fit", `name="recipient"`, `value="`+string(elder.ID)+`"`)
	form.Set("recipient", string(elder.ID))
	done := desk.post("/desk/slips/key", form)
	done.is(t, http.StatusOK, "Keyed in. Please let a colleague confirm it")
	id := order.ID(done.Request.URL.Path[strings.LastIndex(done.Request.URL.Path, "/")+1:])
	if o := s.Order(id); o.State != order.Awaiting || o.Recipient != elder.ID {
		t.Errorf("keyed in: %s for %s", o.State, o.Recipient)
	}
	form.Set("key", "key-in-two")
	desk.post("/desk/slips/key", form).is(t, http.StatusConflict, "A slip is good once")
	s.as(s.Staff(identity.PointStaff, s.Home())).get("/desk/slips/key?code="+codes[1]).is(t, http.StatusUnprocessableEntity, "Another service point printed this slip")
	desk.post(at+"/void", url.Values{"key": {"void-one"}, "code": {codes[1]}, "reason": {"torn"}}).is(t, http.StatusOK, "The slip is void", "torn")
	s.as(s.Staff(identity.PointStaff, s.Home())).post("/desk/orders/"+string(id)+"/confirm", url.Values{"key": {"confirm-it"}, "call_back": {"yes"}}).is(t, http.StatusOK, "Confirmed for the person")
	s.Pass(25 * time.Hour)
	s.as(volunteer).get("/volunteer/passbook").is(t, http.StatusOK, "+45 min", "On paper afterwards")
}
