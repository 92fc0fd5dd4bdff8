package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"timebank/internal/identity"
	"timebank/internal/order"
)

// A visit is moved on the old person's page, on the relative's and at the desk; the volunteer sees what it was and what it is, and answers.
func TestAVisitIsMovedOnThePages(t *testing.T) {
	s := newSite(t)
	elder, volunteer, officer := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Staff(identity.PointStaff, s.Home())
	acting, seeing := s.Relative(elder, true), s.Relative(elder, false)
	visit := s.Place(elder.Actor, elder)
	s.Claim(volunteer, visit)
	old, helper, desk := s.as(elder), s.as(volunteer), s.as(officer)
	day := func(n int) string { return s.Clock.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	to := func(key string, n int, at string) url.Values {
		return url.Values{"key": {key}, "day": {day(n)}, "at": {at}}
	}

	old.get("/elder/visits/"+string(visit)).is(t, http.StatusOK, "Another time", "/elder/visits/"+string(visit)+"/move")
	form := old.get("/elder/visits/" + string(visit) + "/move")
	form.is(t, http.StatusOK, "To when?", "The time it has now", "Move it to this time", "Tomorrow 14:00")
	old.post("/elder/visits/"+string(visit)+"/move", to("move-key-1", 3, "03:00")).is(t, http.StatusUnprocessableEntity, "To when?", `aria-invalid="true"`)
	old.post("/elder/visits/"+string(visit)+"/move", url.Values{"key": {"move-key-2"}, "day": {"x"}}).is(t, http.StatusUnprocessableEntity, "To when?")
	old.post("/elder/visits/"+string(visit)+"/move", to("move-key-3", 3, "15:00")).is(t, http.StatusOK, "The time is changed")

	page := helper.get("/volunteer/visits/" + string(visit))
	page.is(t, http.StatusOK, "This visit has another time: it was", "now it is", "15:00", "Please answer before")
	helper.get("/volunteer/").is(t, http.StatusOK, "Please answer by")
	helper.post("/volunteer/visits/"+string(visit)+"/answer", url.Values{"key": {"yes-key-1"}, "accept": {"yes"}}).is(t, http.StatusOK)
	if o := s.Order(visit); o.State != order.Accepted {
		t.Errorf("after the yes: %s", o.State)
	}

	from := s.as(acting)
	from.get("/family/visits/"+string(visit)).is(t, http.StatusOK, "Another time", "Move it to this time")
	from.post("/family/visits/"+string(visit)+"/move", to("move-key-4", 4, "04:00")).is(t, http.StatusUnprocessableEntity, `aria-invalid="true"`, " open")
	from.post("/family/visits/"+string(visit)+"/move", to("move-key-5", 4, "10:00")).is(t, http.StatusOK, "The time is changed")
	s.as(seeing).post("/family/visits/"+string(visit)+"/move", to("move-key-6", 5, "10:00")).is(t, http.StatusForbidden)

	desk.get("/desk/orders/"+string(visit)).is(t, http.StatusOK, "Move it to another time", "Whoever was coming is asked again")
	desk.post("/desk/orders/"+string(visit)+"/move", to("move-key-7", 5, "02:00")).is(t, http.StatusUnprocessableEntity, `href="#at"`, " open")
	desk.post("/desk/orders/"+string(visit)+"/move", to("move-key-8", 5, "14:30")).is(t, http.StatusOK, "The time is changed", "Moved to another time", "14:30")

	// Once somebody has come there is nothing to move.
	helper.post("/volunteer/visits/"+string(visit)+"/answer", url.Values{"key": {"yes-key-2"}, "accept": {"yes"}}).is(t, http.StatusOK)
	s.Serve(volunteer, visit, 60)
	s.as(elder).get("/elder/visits/"+string(visit)+"/move").is(t, http.StatusConflict)
}
