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
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
)

// The whole call without a script: find, pick, choose, place. What is typed about a person is in no address, and each page is masked and
// says for whom it is.
func TestTheDeskPlacesAnOrderOnTheTelephone(t *testing.T) {
	s := newSite(t)
	elder, clerk := s.KeyElder(s.Home()), s.as(s.Staff(identity.PointStaff, s.Home()))
	corrected, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: elder.ID, Name: "李国强", Phone: "13912345678", Reason: "test"}})
	citytest.Must(t, corrected, err)
	for _, typed := range []string{"李国", "lgq", "liguo", "5678", "13912345678"} {
		found := clerk.post("/desk/call", url.Values{"who": {typed}})
		found.is(t, http.StatusOK, "李**", "/desk/people/"+string(elder.ID), "key elder")
		if strings.Contains(found.body, "国强") || strings.Contains(found.Request.URL.String(), "5678") {
			t.Errorf("searching for %s: the name or the number is shown in clear", typed)
		}
	}
	clerk.post("/desk/call", url.Values{"who": {"12"}}).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`)
	clerk.post("/desk/call", url.Values{"who": {"王小明"}}).is(t, http.StatusOK, "Nobody of that name or number", "Register somebody new")
	person := "/desk/people/" + string(elder.ID)
	form := clerk.get(person)
	form.is(t, http.StatusOK, "For 李**", "smartphone_lesson")
	key := keyField.FindStringSubmatch(form.body)[1]
	clerk.post(person+"/order", url.Values{"key": {key}, "item": {"smartphone_lesson"}}).is(t, http.StatusUnprocessableEntity, "Please choose the day and the hour")
	when := string(clock.DayOf(s.Clock.Now()).Add(1)) + " 09:00"
	placed := clerk.post(person+"/order", url.Values{"key": {key + "-2"}, "item": {"smartphone_lesson"}, "when": {when}})
	placed.is(t, http.StatusOK, "Placed. Volunteers nearby", "For 李**", "by the desk for the person")
	// Who stands elsewhere learns nothing.
	there := s.as(s.Staff(identity.PointStaff, s.Community("320102002", 0)))
	there.get(person).is(t, http.StatusForbidden)
	there.get(placed.Request.URL.Path).is(t, http.StatusNotFound)
	shown := clerk.post(person+"/show", url.Values{"key": {"show-it-1"}})
	shown.is(t, http.StatusOK, "李国强", "13912345678")
	if regexp.MustCompile(`\d{17}[\dX]`).MatchString(shown.body) {
		t.Error("the identity number is shown in clear")
	}
}

func TestTheDeskRegistersOnePersonOnce(t *testing.T) {
	s := newSite(t)
	clerk := s.as(s.Staff(identity.PointManager, s.Home()))
	number := citytest.IDNumber("1940-05-06", 77)
	form := url.Values{"key": {"register-1"}, "name": {"赵秀英"}, "id_number": {number}, "phone": {"025-83638888"}, "address": {"和平路1号"}, "region": {string(s.Home())}, "asks": {"yes"}}
	clerk.get("/desk/register").is(t, http.StatusOK, "18 characters")
	clerk.post("/desk/register", form).is(t, http.StatusUnprocessableEntity, "The person has to agree first")
	form.Set("consent", "yes")
	bad := url.Values{}
	for k, v := range form {
		bad[k] = v
	}
	bad.Set("id_number", number[:17]+map[bool]string{true: "1", false: "2"}[number[17:] == "2"])
	clerk.post("/desk/register", bad).is(t, http.StatusUnprocessableEntity, `id="id_number-error"`)
	made := clerk.post("/desk/register", form)
	made.is(t, http.StatusOK, "赵**", "waits for review")
	form.Set("key", "register-2")
	form.Set("name", "赵绣英")
	clerk.post("/desk/register", form).is(t, http.StatusConflict, "somebody&#39;s already", "赵**", "Another of the family")
	form.Set("same_phone", "yes")
	clerk.post("/desk/register", form).is(t, http.StatusConflict, "赵**")
	reviews := clerk.get("/desk/reviews")
	reviews.is(t, http.StatusOK, "赵**", "lives alone")
	id := made.Request.URL.Path[strings.LastIndex(made.Request.URL.Path, "/")+1:]
	clerk.post("/desk/reviews/recipient/"+id, url.Values{"key": {"review-1"}, "answer": {"yes"}, "lives_alone": {"yes"}}).is(t, http.StatusOK, "Your decision is written down")
	clerk.get("/desk/people/"+id).is(t, http.StatusOK, "key elder", "key_elder.rule")
}

// The desk sends somebody, says what it has learnt by telephone, and lets another confirm than who placed the order.
func TestTheDeskSeesAnOrderThrough(t *testing.T) {
	citytest.Each(t, seesThrough)
}

func seesThrough(t *testing.T, c *citytest.City) {
	s := newSiteOf(t, c)
	elder, near, far := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Community("320102002", 0))
	mine, other := s.Staff(identity.PointStaff, s.Home()), s.Staff(identity.PointStaff, s.Home())
	id := s.Place(mine.Actor, elder)
	path, clerk := "/desk/orders/"+string(id), s.as(mine)
	open := clerk.get(path)
	open.is(t, http.StatusOK, "Send somebody", string(near.ID), "free and eligible")
	if strings.Contains(open.body, string(far.ID)) {
		t.Error("a volunteer of another district is offered to the dispatcher")
	}
	clerk.post(path+"/dispatch", url.Values{"key": {"dispatch-1"}, "volunteer": {string(near.ID)}, "agreed": {"yes"}}).is(t, http.StatusOK, "Somebody is coming")
	// Two desks on one order: the second is told, and sees how it stands now.
	s.as(other).post(path+"/dispatch", url.Values{"key": {"dispatch-2"}, "volunteer": {string(near.ID)}}).is(t, http.StatusConflict, "a colleague was quicker", "will come")
	s.Clock.Set(s.Order(id).Start)
	clerk, second := s.as(mine), s.as(other)
	clerk.post(path+"/witness", url.Values{"key": {"witness-1"}, "volunteer": {string(near.ID)}, "moment": {"in"}}).is(t, http.StatusOK, "serving")
	s.Clock.Advance(50 * time.Minute)
	clerk.post(path+"/witness", url.Values{"key": {"witness-2"}, "volunteer": {string(near.ID)}, "moment": {"out"}}).is(t, http.StatusOK, "You placed this order", "Let a colleague confirm")
	clerk.post(path+"/confirm", url.Values{"key": {"confirm-1"}}).is(t, http.StatusForbidden, "order.two_persons")
	second.post(path+"/confirm", url.Values{"key": {"confirm-2"}, "call_back": {"yes"}}).is(t, http.StatusOK, "Confirmed for the person", "witnessed by the station")
	second.post(path+"/complain", url.Values{"key": {"complain-1"}, "complaint-category": {string(feedback.CutShort)}, "complaint-words": {"只来了一会儿"}}).
		is(t, http.StatusOK, "The minutes are frozen", "cut short")
	if got := s.Order(id).State; got != order.Disputed {
		t.Errorf("after the complaint: got %s, want %s", got, order.Disputed)
	}
	second.get("/desk/complaints").is(t, http.StatusOK, "cut short", "the community")
	second.get("/desk/").is(t, http.StatusOK, "Complaints 1")
}

// A decision is brought before the level above once, a home visit may come long after the application, and a long list of applications has pages.
func TestTheDeskAppealsAssessesAndTurnsPages(t *testing.T) {
	s := newSite(t)
	elder, volunteer := s.Recipient(83, s.Home()), s.Volunteer(s.Home())
	manager := s.Staff(identity.PointManager, s.Home())
	id := s.Earn(volunteer, elder, 60)
	filed := citytest.Got(s.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: s.Key(), Order: id, Category: feedback.CutShort, Words: "short"}})).Must(t, "complain")
	citytest.Got(s.Feedback.Decide(t.Context(), []feedback.DecideCmd{{Actor: identity.System, Key: s.Key(), Complaint: filed, Decision: feedback.Release, Reason: "seen"}})).Must(t, "decide")
	clerk, path := s.as(manager), "/desk/orders/"+string(id)
	clerk.get(path).is(t, http.StatusOK, "Appeal for the person")
	form := url.Values{"key": {"appeal-one"}, "complaint": {string(filed)}, "appeal-words": {"He stayed ten minutes"}}
	again := clerk.post(path+"/appeal", form)
	again.is(t, http.StatusOK, "on its way to the level above", "frozen")
	if strings.Contains(again.body, "Appeal for the person") {
		t.Error("a second appeal is offered")
	}

	person := "/desk/people/" + string(elder.ID)
	clerk.get(person).is(t, http.StatusOK, "Write down what a home visit found")
	clerk.post(person+"/assess", url.Values{"key": {"assess-one"}, "lives_alone": {"yes"}}).is(t, http.StatusOK, "decided anew", "key elder", `name="lives_alone" value="yes" checked`)

	for range 11 {
		p := s.Person(70, s.Home())
		citytest.Got(s.Members.ApplyRecipients(t.Context(), []member.ApplyRecipientCmd{{Actor: p.Actor, Key: s.Key(), Person: p.ID}})).Must(t, "apply")
	}
	first := clerk.get("/desk/reviews")
	more := regexp.MustCompile(`href="(/desk/reviews\?[^"]*ask=[^"]*)"`).FindStringSubmatch(first.body)
	if n := strings.Count(first.body, "/desk/reviews/recipient/"); n != 10 || more == nil {
		t.Fatalf("the first page has %d applications, and the next is at %v", n, more)
	}
	if rest := clerk.get(strings.ReplaceAll(more[1], "&amp;", "&")); strings.Count(rest.body, "/desk/reviews/recipient/") != 1 {
		t.Errorf("the second page has %d applications, want 1", strings.Count(rest.body, "/desk/reviews/recipient/"))
	}
}
