package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
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
	asked := there.post("/desk/call", url.Values{"who": {"13912345678"}})
	asked.is(t, http.StatusOK, "Nobody with this number lives in your own place", "Why are you looking beyond your own place?", `name="who" value="13912345678"`)
	if unknown := there.post("/desk/call", url.Values{"who": {"13987654321"}}); strings.ReplaceAll(unknown.body, "13987654321", "13912345678") != asked.body {
		t.Error("the question tells whether the number is known elsewhere")
	}
	seen := there.post("/desk/call", url.Values{"who": {"13912345678"}, "reason": {"caller"}})
	seen.is(t, http.StatusOK, "李**", s.Tree.Name(s.Tree.District(s.Home())), "At home elsewhere")
	for _, hidden := range []string{string(elder.ID), s.Tree.Name(s.Home()), "85", "key elder"} {
		if strings.Contains(seen.body, hidden) {
			t.Errorf("another district is shown %q", hidden)
		}
	}
	there.get(placed.Request.URL.Path).is(t, http.StatusNotFound)
	shown := clerk.post(person+"/show", url.Values{"key": {"show-it-1"}})
	shown.is(t, http.StatusOK, "李国强", "13912345678")
	if regexp.MustCompile(`\d{17}[\dX]`).MatchString(shown.body) {
		t.Error("the identity number is shown in clear")
	}
}

// A call is written down with the order that it asks for: seen on the order's page and the person's with who took it, its words by a look.
func TestTheDeskKeepsWhatACallWasAbout(t *testing.T) {
	s := newSite(t)
	elder, taker := s.KeyElder(s.Home()), s.Staff(identity.PointStaff, s.Home())
	citytest.Got(s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: taker.ID, Name: "孙小梅", Reason: "test"}})).Must(t, "name")
	clerk, person := s.as(taker), "/desk/people/"+string(elder.ID)
	form := url.Values{"key": {"call-with-1"}, "item": {"smartphone_lesson"}, "about": {"service"}, "words": {"女儿在上海，想学视频"}}
	clerk.post(person+"/order", form).is(t, http.StatusUnprocessableEntity, "Please choose the day and the hour", "女儿在上海，想学视频")
	form.Set("when", string(clock.DayOf(s.Clock.Now()).Add(1))+" 09:00")
	placed := clerk.post(person+"/order", form)
	placed.is(t, http.StatusOK, "Placed.", "asks for a visit", "taken by 孙**")
	if strings.Contains(placed.body, "女儿在上海") {
		t.Error("the words stand on the page without a look")
	}
	read := regexp.MustCompile(`action="(/desk/calls/[^"]+)"`).FindStringSubmatch(placed.body)
	if read == nil {
		t.Fatal("there is no way to the words")
	}
	clerk.post(read[1], url.Values{"key": {"read-call-1"}, "back": {placed.Request.URL.Path}}).is(t, http.StatusOK, "女儿在上海，想学视频", `href="`+placed.Request.URL.Path)
	s.as(s.Staff(identity.PointStaff, s.Community("320102002", 0))).post(read[1], url.Values{"key": {"read-call-2"}}).is(t, http.StatusNotFound)
	long := url.Values{"key": {"note-call-1"}, "note-about": {"news"}, "note-words": {strings.Repeat("长", 501)}}
	clerk.post(placed.Request.URL.Path+"/calls", long).is(t, http.StatusUnprocessableEntity, "too long", "长长长")
	long.Set("note-words", "住院了")
	clerk.post(placed.Request.URL.Path+"/calls", long).is(t, http.StatusOK, "The call is written down", "news of the person")
	clerk.post(person+"/calls", url.Values{"key": {"note-call-2"}, "note-about": {"hours"}}).is(t, http.StatusOK, "about the passbook", "The order of this call")
}

// Companies and teams at the desk: registered with who answers for them, members join, one is sent in the team's name, what it earns is the team's and
// can only be donated, with the time to take that back; then the member leaves and the hours stay.
func TestTheDeskSeesToTeams(t *testing.T) {
	s := newSite(t)
	elder, helper, boss := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Person(50, s.Home())
	for who, name := range map[member.PersonID]string{helper.ID: "陈晓燕", boss.ID: "何经理"} {
		citytest.Got(s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: who, Name: name, Reason: "test"}})).Must(t, "name")
	}
	manager := s.Staff(identity.PointManager, s.Home())
	desk := s.as(manager)
	s.as(s.Staff(identity.PointStaff, s.Home())).get("/desk/teams").is(t, http.StatusForbidden)
	desk.get("/desk/teams").is(t, http.StatusOK, "No team is registered yet", "group.use")
	form := url.Values{"key": {"team-one-1"}, "name": {"苏宁志愿队"}, "kind": {"company"}, "region": {string(s.Home())}, "manager": {"查无此人"}}
	desk.post("/desk/teams", form).is(t, http.StatusUnprocessableEntity, "Nobody was found", `value="苏宁志愿队"`)
	form.Set("manager", "何经理")
	made := desk.post("/desk/teams", form)
	made.is(t, http.StatusOK, "The team is registered", "苏宁志愿队", "何**", "company", "Nobody belongs to it yet")
	path := made.Request.URL.Path
	id := path[strings.LastIndex(path, "/")+1:]
	desk.post(path+"/join", url.Values{"key": {"team-join-1"}, "who": {"何经理"}}).is(t, http.StatusNotFound, "volunteer")
	desk.post(path+"/join", url.Values{"key": {"team-join-2"}, "who": {"陈晓燕"}}).is(t, http.StatusOK, "The member has joined", "陈** leaves")
	desk.get("/desk/teams").is(t, http.StatusOK, "苏宁志愿队", "1 member")

	order := s.Place(elder.Actor, elder)
	at := "/desk/orders/" + string(order)
	desk.get(at).is(t, http.StatusOK, "the team: 苏宁志愿队")
	desk.post(at+"/dispatch", url.Values{"key": {"send-team-1"}, "volunteer": {string(helper.ID)}, "team-" + string(helper.ID): {id}, "agreed": {"yes"}}).is(t, http.StatusOK, "for “苏宁志愿队”")
	s.Serve(helper, order, 90)
	s.Confirm(elder.Actor, order)
	s.Pass(26 * time.Hour)
	desk = s.as(manager)
	desk.get(path).is(t, http.StatusOK, "Can be donated", "1 h 30 min", `value="30"`)
	desk.post(path+"/give", url.Values{"key": {"team-give-1"}, "hours": {"2"}, "minutes": {"0"}}).is(t, http.StatusUnprocessableEntity, "There is not enough time in the account")
	desk.post(path+"/give", url.Values{"key": {"team-give-2"}, "hours": {"one"}}).is(t, http.StatusUnprocessableEntity, "Please write a number")
	given := desk.post(path+"/give", url.Values{"key": {"team-give-3"}, "hours": {"1"}, "minutes": {"30"}})
	given.is(t, http.StatusOK, "1 h 30 min on their way to the pool")
	pending := regexp.MustCompile(`name="pending" value="([^"]+)"`).FindStringSubmatch(given.body)
	desk.post(path+"/undo", url.Values{"key": {"team-undo-1"}, "pending": {pending[1]}}).is(t, http.StatusOK, "Donate for the team")
	desk.post(path+"/give", url.Values{"key": {"team-give-4"}, "hours": {"1"}, "minutes": {"30"}}).is(t, http.StatusOK, "on their way")
	s.Pass(26 * time.Hour)
	desk = s.as(manager)
	desk.post(path+"/leave", url.Values{"key": {"team-leave-1"}, "member": {string(helper.ID)}}).is(t, http.StatusOK, "The member has left", "Nobody belongs to it yet", "Served altogether")
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
	clerk.post("/desk/reviews/recipient/"+id, url.Values{"key": {"review-1"}, "answer": {"yes"}, "lives_alone-" + id: {"yes"}}).is(t, http.StatusOK, "Your decision is written down")
	looks := func() (n int) {
		storetest.Read(t, s.DB, func(tx *store.Tx) error {
			return tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND after = 'attributes'", id).Scan(&n)
		})
		return n
	}
	// The page says why, from what a home visit found out: each time that it is shown is an entry.
	before := looks()
	for n := range 2 {
		clerk.get("/desk/people/"+id).is(t, http.StatusOK, "key elder", "key_elder.rule")
		if got := looks(); got != before+n+1 {
			t.Errorf("shown %d times: got %d entries", n+1, got-before)
		}
	}
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
	// A refused form stands there again with what was typed.
	second.post(path+"/complain", url.Values{"key": {"complain-2"}, "complaint-category": {string(feedback.Poor)}, "complaint-words": {"还有一件事"}}).
		is(t, http.StatusConflict, "还有一件事", "a colleague was quicker")
	waiting := complaintLink.FindStringSubmatch(s.as(s.Staff(identity.PointManager, s.Home())).get("/desk/complaints").body)
	if waiting == nil {
		t.Fatal("the complaint does not open")
	}
	boss := s.as(s.Staff(identity.PointManager, s.Home()))
	boss.post(waiting[1], url.Values{"key": {"decide-1"}, "decision": {"perhaps"}, "reason": {"问过双方"}}).is(t, http.StatusUnprocessableEntity, ">问过双方</textarea>")
	boss.post(waiting[1]+"/up", url.Values{"key": {"pass-up-1"}}).is(t, http.StatusUnprocessableEntity, "up-reason-error")
	boss.post(waiting[1]+"/up", url.Values{"key": {"pass-up-2"}, "up-reason": {"志愿者是本站的人"}}).is(t, http.StatusOK, "is with the level above now", "the street", "Passed up because", "志愿者是本站的人")
	boss.post(waiting[1], url.Values{"key": {"decide-2"}, "decision": {"release"}, "reason": {"好"}}).is(t, http.StatusForbidden)
	street := s.as(s.Staff(identity.Reviewer, s.Tree.StreetOf(s.Home())))
	street.get("/office/waiting").is(t, http.StatusOK, "passed up by hand: 志愿者是本站的人")
	office := strings.Replace(waiting[1], "/desk/", "/office/", 1)
	street.get(office).is(t, http.StatusOK, "Passed up because", "Pass it up now")
	street.post(office+"/up", url.Values{"key": {"pass-up-3"}, "up-reason": {"区里的事"}}).is(t, http.StatusOK)
	s.as(s.Staff(identity.Reviewer, s.Tree.District(s.Home()))).get("/office/waiting").is(t, http.StatusOK, "passed up by hand: 区里的事")
	second.get("/desk/").is(t, http.StatusOK, "Complaints 1 · the first has 120 h left")
	second.get("/desk/?for=volunteer").is(t, http.StatusOK, "1 more orders wait for something else")
}

var complaintLink = regexp.MustCompile(`href="(/desk/complaints/[^"?]+)"`)

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

// Whoever decides on a complaint reads what it is about, with names masked and no heading over nothing, in the same words at the desk and in the
// office; the volunteer whom it is about reads that somebody else asked, and not that it complained itself.
func TestADecidingPageSaysWhatTheComplaintIsAbout(t *testing.T) {
	s := newSite(t)
	elder, helper := s.KeyElder(s.Home()), s.Volunteer(s.Home())
	for who, name := range map[member.PersonID]string{elder.ID: "李国强", helper.ID: "陈晓燕"} {
		citytest.Got(s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: who, Name: name, Reason: "test"}})).Must(t, "name")
	}
	id := s.Served(helper, elder)
	filed := citytest.Got(s.Feedback.Complain(t.Context(), []feedback.ComplainCmd{{Actor: elder.Actor, Key: s.Key(), Order: id, Category: feedback.Poor}})).Must(t, "complain")
	reviewer := s.as(s.Staff(identity.Reviewer, s.Home()))
	for _, door := range []string{"/desk", "/office"} {
		shown := reviewer.get(door + "/complaints/" + string(filed))
		shown.is(t, http.StatusOK, "<dt>Who complained</dt><dd>李**</dd>", "<dt>About whom</dt><dd>陈**</dd>", "<dt>Which service</dt>", "<dt>When the visit was</dt>",
			s.Order(id).Start.In(clock.Zone).Format("15:04"), `href="/desk/orders/`+string(id)+`"`, "The service stands, its hours are paid", "The service does not count, its hours go back")
		for _, wrong := range []string{"What was said", ">" + string(id), "国强", "晓燕"} {
			if strings.Contains(shown.body, wrong) {
				t.Errorf("%s shows %q", door, wrong)
			}
		}
	}
	accused := s.as(helper).get("/volunteer/visits/" + string(id))
	accused.is(t, http.StatusOK, "The other side has a question about this visit", "you will be asked")
	if strings.Contains(accused.body, "what you reported") {
		t.Error("the volunteer is told that it complained itself")
	}
}

// The board says what an order waits for, and not only whose it is by now: what nobody has approved is no matter of finding a volunteer.
func TestTheBoardSaysWhatAnOrderWaitsFor(t *testing.T) {
	s := newSite(t)
	officer := s.Staff(identity.Dispatcher, s.Tree.StreetOf(s.Home()))
	first, second := s.KeyElder(s.Home()), s.KeyElder(s.Home())
	citytest.Got(s.Orders.Place(t.Context(), []order.PlaceCmd{{Actor: first.Actor, Key: s.Key(), Recipient: first.ID, Item: citytest.Lesson, Start: s.Tomorrow().AddDate(0, 0, 3),
		Urgency: catalog.Everyday}})).Must(t, "an order that has to be looked at")
	s.Pass(70 * time.Minute)
	s.Place(second.Actor, second)
	s.as(officer).get("/desk/").is(t, http.StatusOK, "Somebody has to look at it and approve it before anybody is looked for. The clock has brought it to: the street", "Who acts now: the community")
}
