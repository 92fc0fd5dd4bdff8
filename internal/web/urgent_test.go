package web_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/order"
)

// Who asks for help in need sees the way to the ambulance first, and a volunteer sees the request before all that is nearer.
func TestHelpInNeedComesFirst(t *testing.T) {
	s := newSite(t)
	near, elder, v := s.KeyElder(s.Home()), s.KeyElder(s.Community("320113003", 1)), s.Volunteer(s.Home())
	s.Place(near.Actor, near)
	r := s.as(elder)
	const ambulance = `href="tel:120"`
	r.get("/elder/help/urgent_visit").is(t, http.StatusOK, ambulance, "call 120 first")
	if calm := r.get("/elder/help/" + citytest.Lesson); strings.Contains(calm.body, ambulance) {
		t.Error("a lesson is no help in need")
	}
	day := s.Clock.Now().Add(2 * time.Hour).In(clock.Zone)
	when := url.Values{"item": {"urgent_visit"}, "day": {day.Format(time.DateOnly)}, "at": {day.Format("15:04")}}
	r.get("/elder/help/urgent_visit/confirm?"+when.Encode()).is(t, http.StatusOK, ambulance)
	when.Set("key", "in-need-1")
	placed := r.post("/elder/help", when)
	placed.is(t, http.StatusOK, ambulance)
	citytest.Got(s.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: s.Key(), Order: order.ID(path.Base(placed.Request.URL.Path)), Approve: true, Insurance: "POLICY-1"}})).
		Must(t, "the first request is reviewed")
	board := s.as(v).get("/volunteer/")
	board.is(t, http.StatusOK, "Needed at once", "Requests nearby: 2.")
	first, second := strings.Index(board.body, "An urgent visit"), strings.Index(board.body, `id="offer-2"`)
	if first < 0 || first > second {
		t.Errorf("the urgent visit stands at %d, the second card at %d", first, second)
	}
	// Whose it is, is masked before the place is taken.
	_, cards, _ := strings.Cut(board.body, `id="offer-1"`)
	if cards, _, _ = strings.Cut(cards, "</ol>"); strings.Count(cards, "张**") != 2 || strings.Contains(cards, "张测试") {
		t.Errorf("whose the requests are: %s", cards)
	}
}
