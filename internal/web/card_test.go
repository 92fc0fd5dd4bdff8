package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/signin"
)

// printed is a card of somebody, with today's word.
func (s *site) printed(by, of citytest.Person) (code, word string) {
	s.t.Helper()
	card, err := s.SignIn.PrintCard(s.t.Context(), signin.PrintCardCmd{Actor: by.Actor, Person: of.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range card.Sheet {
		if d.Day == clock.DayOf(s.Clock.Now()) {
			word = d.Word
		}
	}
	return card.Code, word
}

// Mrs Cao has no telephone. She comes to the desk with her card and says the word: without a script the desk orders for her on her hours, takes
// it back, and ends. What the one has ordered with her card another confirms with her card.
func TestTheDeskActsForTheHolderOfACard(t *testing.T) {
	s := newSite(t)
	cao, one, two := s.KeyElder(s.Home()), s.Staff(identity.PointStaff, s.Home()), s.Staff(identity.PointStaff, s.Home())
	citytest.Got(s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: cao.ID, Name: "曹秀英", Reason: "test"}})).Must(t, "name")
	code, word := s.printed(s.Staff(identity.PointManager, s.Home()), cao)
	clerk := s.as(one)
	clerk.get("/desk/card").is(t, http.StatusOK, "Code on the card", "Word of the day")
	missing := clerk.post("/desk/card/order", url.Values{"key": {"card-none-1"}, "item": {citytest.Lesson}})
	missing.is(t, http.StatusUnprocessableEntity, "No card is in use", "Word of the day")
	clerk.post("/desk/card", url.Values{"code": {code}, "word": {"错词"}}).is(t, http.StatusUnprocessableEntity, "The card or the word is not right")
	open := clerk.post("/desk/card", url.Values{"code": {code}, "word": {word}})
	open.is(t, http.StatusOK, "Acting for 曹**", citytest.Lesson, "Hours that can be used")
	if at := open.Request.URL.String(); strings.Contains(at, code) || strings.Contains(open.body, "秀英") {
		t.Errorf("%s names the card or shows the name in clear", at)
	}
	clerk.post("/desk/card/order", url.Values{"key": {"card-order-0"}, "item": {citytest.Lesson}}).is(t, http.StatusUnprocessableEntity, "Please choose the day and the hour", "Acting for 曹**")
	when := string(clock.DayOf(s.Clock.Now()).Add(1)) + " 09:00"
	form := url.Values{"key": {"card-order-1"}, "item": {citytest.Lesson}, "when": {when}}
	for range 2 {
		clerk.post("/desk/card/order", form).is(t, http.StatusOK, "Placed. Volunteers nearby", "Acting for 曹**")
	}
	list, err := s.Orders.List(t.Context(), identity.System, order.Filter{Recipient: cao.ID})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d orders %v, want the one that was sent twice", len(list), err)
	}
	if list[0].PlacedBy != one.Actor.ID || list[0].PlacedAs != order.BySelf || list[0].Payer != cao.ID {
		t.Errorf("placed by %s as %s, paid by %s; want the desk's hand and her own request and hours", list[0].PlacedBy, list[0].PlacedAs, list[0].Payer)
	}
	visit := "/desk/card/visits/" + string(list[0].ID)
	clerk.post(visit+"/cancel", url.Values{"key": {"card-cancel-1"}}).is(t, http.StatusOK, "Cancelled")
	neighbour := s.KeyElder(s.Home())
	other := s.Place(neighbour.Actor, neighbour)
	clerk.post("/desk/card/visits/"+string(other)+"/cancel", url.Values{"key": {"card-cancel-2"}}).is(t, http.StatusNotFound)

	// A visit that she has had: who ordered it does not confirm it, a colleague with her card does.
	helper := s.Volunteer(s.Home())
	s.Clock.Advance(time.Second)
	clerk.post("/desk/card/order", url.Values{"key": {"card-order-2"}, "item": {citytest.Lesson}, "when": {when}}).is(t, http.StatusOK, "Placed.")
	list, err = s.Orders.List(t.Context(), identity.System, order.Filter{Recipient: cao.ID})
	if err != nil {
		t.Fatal(err)
	}
	id := list[0].ID
	citytest.Got(s.Orders.Review(t.Context(), []order.ReviewCmd{{Actor: identity.System, Key: s.Key(), Order: id, Approve: true}})).Must(t, "review")
	s.Claim(helper, id)
	s.Serve(helper, id, 60)
	word = s.wordOf(cao, one)
	clerk, visit = s.as(one), "/desk/card/visits/"+string(id)
	clerk.post("/desk/card", url.Values{"code": {code}, "word": {word}}).is(t, http.StatusOK, "a colleague has to confirm it")
	clerk.post(visit+"/confirm", url.Values{"key": {"card-confirm-1"}}).is(t, http.StatusForbidden)
	colleague := s.as(two)
	colleague.post("/desk/card", url.Values{"code": {code}, "word": {word}}).is(t, http.StatusOK, "The person says it was done")
	colleague.post(visit+"/confirm", url.Values{"key": {"card-confirm-2"}}).is(t, http.StatusOK, "Acting for 曹**", "Take the confirmation back")
	colleague.post(visit+"/undo", url.Values{"key": {"card-undo-1"}}).is(t, http.StatusOK, "The person says it was done")
	colleague.post(visit+"/wrong", url.Values{"key": {"card-wrong-1"}, "category-" + string(id): {"poor"}}).is(t, http.StatusOK, "Acting for 曹**")
	if o := s.Order(id); o.State != order.Disputed {
		t.Errorf("got %s, want disputed", o.State)
	}
	colleague.post("/desk/card/end", url.Values{"key": {"card-end-1"}}).is(t, http.StatusOK, "The card is put away", "Word of the day")
}

// wordOf is today's word of the card that somebody has.
func (s *site) wordOf(of, by citytest.Person) string {
	s.t.Helper()
	sheet, err := s.SignIn.PrintSheet(s.t.Context(), signin.PrintCardCmd{Actor: by.Actor, Person: of.ID})
	if err != nil {
		s.t.Fatal(err)
	}
	return sheet[0].Word
}

// What a card opens belongs to the member of the staff who took it: not to a colleague's browser, not to who has signed out, not to anybody whose
// role has ended, and to nobody a few minutes later.
func TestACardLiesOnOneDeskAlone(t *testing.T) {
	s := newSite(t)
	cao, one, two := s.Recipient(84, s.Home()), s.Staff(identity.PointStaff, s.Home()), s.Staff(identity.PointStaff, s.Home())
	code, word := s.printed(s.Staff(identity.PointManager, s.Home()), cao)
	use := url.Values{"code": {code}, "word": {word}}
	home, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	taken := func(r *reader) *http.Cookie {
		t.Helper()
		r.post("/desk/card", use).is(t, http.StatusOK, "Acting for ")
		for _, c := range r.client.Jar.Cookies(home) {
			if c.Name == "card" {
				return c
			}
		}
		t.Fatal("no card lies on the desk")
		return nil
	}
	carry := func(r *reader, c *http.Cookie) {
		r.client.Jar.SetCookies(home, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
	}

	s.as(cao).post("/desk/card", use).is(t, http.StatusForbidden)
	s.as(s.Staff(identity.PointStaff, s.Community("320102002", 0))).post("/desk/card", use).is(t, http.StatusForbidden)
	s.as(s.Staff(identity.Auditor, s.Home())).get("/desk/card").is(t, http.StatusForbidden)

	clerk, colleague := s.as(one), s.as(two)
	card := taken(clerk)
	carry(colleague, card)
	colleague.get("/desk/card").is(t, http.StatusOK, "Word of the day")
	// The card of the next one ends that of the one before.
	next := taken(clerk)
	if next.Value == card.Value {
		t.Fatal("one session for two cards")
	}
	carry(clerk, card)
	clerk.get("/desk/card").is(t, http.StatusOK, "Word of the day")

	carry(clerk, next)
	clerk.get("/desk/card").is(t, http.StatusOK, "Acting for ")
	clerk.post("/sign-out", url.Values{"key": {"sign-out-1"}})
	again := s.as(one)
	carry(again, next)
	again.get("/desk/card").is(t, http.StatusOK, "Word of the day")

	taken(again)
	s.Clock.Advance(identity.DefaultLimits.Card)
	again.get("/desk/card").is(t, http.StatusOK, "Word of the day")

	s.Clock.Advance(time.Hour)
	late := s.as(one)
	taken(late)
	actor, err := s.Identity.Actor(t.Context(), identity.ActorID(one.Actor.ID), "test")
	if err != nil {
		t.Fatal(err)
	}
	citytest.Got(s.Identity.RevokeRoles(t.Context(), []identity.RevokeRoleCmd{{Actor: identity.System, Key: s.Key(), Grant: actor.Grants[0].ID, Reason: "test"}})).Must(t, "revoke")
	late.get("/desk/card").is(t, http.StatusForbidden)
}
