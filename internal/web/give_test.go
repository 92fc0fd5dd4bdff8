package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/member"
)

// An old person who has helped others gives an hour to a parent in three taps, takes it back, and donates another.
func TestAnOldPersonGivesSavedHoursAway(t *testing.T) {
	s := newSite(t)
	giver, elder := s.Person(66, s.Home()), s.KeyElder(s.Home())
	s.Certify(giver)
	mother, child := s.Person(90, s.Home()), s.Person(40, s.Home())
	for what, relative := range map[member.Relation]member.PersonID{member.Parent: mother.ID, member.Child: child.ID} {
		citytest.Got(s.Members.AddKin(t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: s.Key(), Person: giver.ID, Relative: relative, Relation: what, Confirmed: true}})).
			Must(t, "kin")
	}
	s.as(giver).get("/elder/hours/give?to=all").is(t, http.StatusOK, "You have no saved hours of your own")
	s.Earn(giver, elder, 90)
	r := s.as(giver)
	first := r.get("/elder/hours/give")
	first.is(t, http.StatusOK, "To whom?", "1 h 30 min", "?to="+string(mother.ID), "?to=all", "cannot be given your hours now", "transfer.to")
	if strings.Contains(first.body, "?to="+string(child.ID)) {
		t.Error("a child of 40 is offered, whom the rules do not allow")
	}
	second := r.get("/elder/hours/give?to=" + string(mother.ID))
	second.is(t, http.StatusOK, "How much?", "minutes=60")
	if strings.Contains(second.body, "minutes=120") {
		t.Error("more is offered than there is")
	}
	third := r.get("/elder/hours/give?to=" + string(mother.ID) + "&minutes=60")
	third.is(t, http.StatusOK, "Yes, give them", "arrive after")
	r.get("/elder/hours/give?to="+string(child.ID)+"&minutes=60").is(t, http.StatusNotFound)
	form := url.Values{"key": {"give-an-hour-1"}, "to": {string(mother.ID)}, "minutes": {"60"}}
	r.post("/elder/hours/give", form).is(t, http.StatusOK, "credit.delay", "For how long anything that moves hours can be undone")
	given := r.post("/elder/hours/give", form)
	given.is(t, http.StatusOK)
	undo := regexp.MustCompile(`/elder/hours/[0-9a-z]+/undo`).FindAllString(given.body, -1)
	if len(undo) != 1 {
		t.Fatalf("a form sent twice left %d gifts, want 1", len(undo))
	}
	r.post("/elder/hours/give", url.Values{"key": {"give-too-much"}, "to": {"all"}, "minutes": {"60"}}).is(t, http.StatusUnprocessableEntity, `role="alert"`)
	r.post(undo[0], url.Values{"key": {"undo-my-gift"}}).is(t, http.StatusOK)
	r.post("/elder/hours/give", url.Values{"key": {"donate-an-hour"}, "to": {"all"}, "minutes": {"60"}}).is(t, http.StatusOK, "/undo")
	s.as(child).post("/elder/hours/give", url.Values{"key": {"give-anothers"}, "to": {"all"}, "minutes": {"30"}}).is(t, http.StatusUnprocessableEntity)
}
