package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/feedback"
	"timebank/internal/hours"
	"timebank/internal/i18n"
	"timebank/internal/identity"
	"timebank/internal/order"
)

// A visit is cancelled for a reason: the volunteer who was coming, the person, its daughter, the station and the office read who did it and why, and
// nobody else reads anything.
func TestTheSidesReadWhoCancelledAndWhy(t *testing.T) {
	s := newSite(t)
	elder, volunteer, stranger := s.Recipient(83, s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home())
	daughter, clerk := s.Daughter(elder, s.Home()), s.Staff(identity.PointStaff, s.Home())
	id := s.Place(elder.Actor, elder)
	s.Claim(volunteer, id)
	citytest.Got(s.Orders.Cancel(t.Context(), []order.OrderCmd{{Actor: clerk.Actor, Key: s.Key(), Order: id, Reason: "she is in hospital"}})).Must(t, "cancel")
	for at, p := range map[string]citytest.Person{"/volunteer/visits/": volunteer, "/elder/visits/": elder, "/family/visits/": daughter, "/desk/orders/": clerk} {
		s.as(p).get(at+string(id)).is(t, http.StatusOK, "Cancelled by", "the station", "she is in hospital")
	}
	s.as(s.Staff(identity.Administrator, s.Tree.District(s.Home()))).get("/desk/orders/"+string(id)).is(t, http.StatusOK, "she is in hospital")
	s.as(volunteer).get("/volunteer/visits").is(t, http.StatusOK, string(id), "Cancelled")
	s.as(stranger).get("/volunteer/visits/"+string(id)).is(t, http.StatusNotFound)
	s.as(s.Staff(identity.PointStaff, s.Community("320102002", 0))).get("/desk/orders/"+string(id)).is(t, http.StatusNotFound)
}

// cells are what was done, and what it led to, in the table of an order's history.
var cells = regexp.MustCompile(`<td[^>]*>([^<]*)</td>`)

// The trail keeps codes; the page of an order says every line of it in words, in both languages.
func TestTheHistoryOfAnOrderIsInWords(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.Publish(`time.exclude_travel = false`)
	elder, one, other := s.Recipient(83, s.Home()), s.Volunteer(s.Home()), s.Volunteer(s.Home())
	clerk, manager := s.Staff(identity.PointStaff, s.Home()), s.Staff(identity.PointManager, s.Home())
	s.Earn(one, elder, 60)
	cmd := func(by citytest.Person, id order.ID) []order.OrderCmd {
		return []order.OrderCmd{{Actor: by.Actor, Key: s.Key(), Order: id, Reason: "test"}}
	}
	// Asked and not coming, taken, given back, handed up, moved, served with a way, rated, looked at, disputed, decided, called back, taken back.
	id := s.Place(elder.Actor, elder)
	offer := func(to citytest.Person) {
		citytest.Got(s.Orders.Dispatch(ctx, []order.DispatchCmd{{Actor: clerk.Actor, Key: s.Key(), Order: id, Volunteer: to.ID}})).Must(t, "ask")
	}
	s.Clock.Set(s.Tomorrow().Add(-time.Hour))
	offer(one)
	citytest.Got(s.Orders.Answer(ctx, []order.AnswerCmd{{Actor: one.Actor, Key: s.Key(), Order: id}})).Must(t, "no")
	s.Claim(one, id)
	citytest.Got(s.Orders.Withdraw(ctx, cmd(one, id))).Must(t, "give back")
	citytest.Got(s.Orders.Escalate(ctx, cmd(manager, id))).Must(t, "hand up")
	s.Claim(other, id)
	citytest.Got(s.Orders.Cancel(ctx, cmd(elder, id))).Must(t, "cancel")
	citytest.Got(s.Orders.UndoCancel(ctx, cmd(elder, id))).Must(t, "take it back")
	start := s.Order(id).Start.Add(26 * time.Hour)
	citytest.Got(s.Orders.Reschedule(ctx, []order.RescheduleCmd{{Actor: elder.Actor, Key: s.Key(), Order: id, Start: start}})).Must(t, "move")
	citytest.Got(s.Orders.Answer(ctx, []order.AnswerCmd{{Actor: other.Actor, Key: s.Key(), Order: id, Accept: true}})).Must(t, "yes")
	s.as(clerk).post("/desk/orders/"+string(id)+"/calls", url.Values{"key": {"history-call-1"}, "note-about": {"news"}, "note-words": {"好"}})
	s.Clock.Set(start)
	s.as(other).get("/volunteer/visits/"+string(id)).is(t, http.StatusOK)
	citytest.Got(s.Orders.CheckIn(ctx, []order.CheckCmd{{Actor: other.Actor, Key: s.Key(), Order: id, Factors: s.Proof(id)}})).Must(t, "in")
	s.Clock.Advance(time.Hour)
	citytest.Got(s.Orders.CheckOut(ctx, []order.CheckCmd{{Actor: other.Actor, Key: s.Key(), Order: id, Factors: s.Proof(id), Travel: hours.Of(20)}})).Must(t, "out")
	s.Confirm(elder.Actor, id)
	citytest.Got(s.Orders.UndoConfirm(ctx, cmd(elder, id))).Must(t, "not yet")
	s.Confirm(elder.Actor, id)
	citytest.Got(s.Feedback.Rate(ctx, []feedback.RateCmd{{Actor: elder.Actor, Key: s.Key(), Order: id, Of: other.ID, Stars: 5}})).Must(t, "rate")
	s.Pass(25 * time.Hour)
	s.Pass(24 * time.Hour)
	citytest.Got(s.Feedback.RecordFollowUp(ctx, []feedback.RecordCmd{{Actor: manager.Actor, Key: s.Key(), Order: id, Result: feedback.ResultOK}})).Must(t, "call back")
	citytest.Got(s.Orders.Dispute(ctx, cmd(elder, id))).Must(t, "dispute")
	citytest.Got(s.Orders.Decide(ctx, []order.DecideCmd{{Actor: manager.Actor, Key: s.Key(), Order: id, Uphold: true, Reason: "test"}})).Must(t, "decide")
	if err := s.TakeBack(id); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Minute)
	if state := s.Order(id).State; state != order.Void {
		t.Fatalf("the order is %s, want void", state)
	}
	view, err := s.Orders.Get(ctx, identity.System, id)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, h := range view.History {
		seen[h.Action] = true
	}
	if len(seen) < 20 {
		t.Errorf("the history has %d kinds of acts, too few to say anything: %v", len(seen), seen)
	}
	for lang, raw := range map[string]*regexp.Regexp{"zh-CN": regexp.MustCompile(`[A-Za-z]`), "en": regexp.MustCompile(`[a-z]+_[a-z]+|\b[a-z]+\.[a-z_]+\b|published:|accepted:|T\d\d:|^(street|community)$`)} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/desk/orders/"+string(id), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", lang)
		page := s.as(clerk).do(req, nil)
		_, table, _ := strings.Cut(page.body, ">"+i18n.Text(lang, "page.desk.history")+"<")
		table, _, _ = strings.Cut(table, "</table>")
		lines := cells.FindAllStringSubmatch(table, -1)
		if len(lines) != 2*len(view.History) {
			t.Errorf("%s: got %d cells for %d acts", lang, len(lines), len(view.History))
		}
		for i, line := range lines {
			if raw.MatchString(line[1]) || i%2 == 0 && line[1] == "" {
				t.Errorf("%s: %s reads %q", lang, view.History[i/2].Action, line[1])
			}
		}
	}
}

// What the desk has cancelled by mistake it takes back, as long as the rules give time; a colleague is not offered what it may not do.
func TestTheDeskTakesItsCancellationBack(t *testing.T) {
	s := newSite(t)
	elder := s.Recipient(83, s.Home())
	id := s.Place(elder.Actor, elder)
	path := "/desk/orders/" + string(id)
	clerk, colleague := s.as(s.Staff(identity.PointStaff, s.Home())), s.as(s.Staff(identity.PointStaff, s.Home()))
	button := `action="` + path + `/restore"`
	clerk.post(path+"/cancel", url.Values{"key": {"cancel-mine-1"}, "cancel-reason": {"the wrong line"}}).is(t, http.StatusOK, button, "You can take it back until")
	if strings.Contains(colleague.get(path).body, button) {
		t.Error("a colleague is offered to take it back")
	}
	colleague.post(path+"/restore", url.Values{"key": {"restore-its-1"}}).is(t, http.StatusForbidden)
	clerk.post(path+"/restore", url.Values{"key": {"restore-mine-1"}}).is(t, http.StatusOK, "It is as before")
	if o := s.Order(id); o.State != order.Submitted { // the first of all that this person asks for is looked at
		t.Errorf("the order is %s, want submitted", o.State)
	}
	clerk.post(path+"/cancel", url.Values{"key": {"cancel-mine-2"}, "cancel-reason": {"the wrong line"}}).is(t, http.StatusOK, button)
	s.Pass(time.Hour)
	if strings.Contains(clerk.get(path).body, button) {
		t.Error("the time is over, and the button is still there")
	}
}
