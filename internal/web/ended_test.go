package web_test

import (
	"net/http"
	"testing"

	"timebank/internal/citytest"
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
