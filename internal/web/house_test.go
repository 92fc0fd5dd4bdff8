package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// Everybody moves house on a page: the old person, a volunteer, a relative who acts for the person, and the desk. A stranger does not.
func TestMovingHouseOnThePages(t *testing.T) {
	s := newSite(t)
	elder, volunteer, officer := s.KeyElder(s.Home()), s.Volunteer(s.Home()), s.Staff(identity.PointStaff, s.Home())
	acting, seeing, stranger := s.Relative(elder, true), s.Relative(elder, false), s.KeyElder(s.Home())
	away := s.Community("320105002", 0)
	today := clock.DayOf(s.Clock.Now())
	visit := s.Place(elder.Actor, elder)
	s.Claim(volunteer, visit)
	home := func(who member.PersonID) (at string) {
		storetest.Read(t, s.DB, func(tx *store.Tx) error {
			people, err := member.LoadPersons(tx, []member.PersonID{who})
			at = string(people[who].Region)
			return err
		})
		return at
	}
	to := func(key, address string, from clock.Day) url.Values {
		return url.Values{"key": {key}, "do": {"keep"}, "region": {string(away)}, "address": {address}, "from": {string(from)}, "agree": {"yes"}}
	}

	old := s.as(elder)
	old.get("/elder/station").is(t, http.StatusOK, "/elder/house", "Moving house")
	old.get("/elder/house").is(t, http.StatusOK, s.Tree.FullName(s.Home()), "To which district?", "good in the whole city", "/elder/visits/"+string(visit), "go along to the new home")
	district := s.Tree.ReportingDistrict(away)
	street := s.Tree.StreetOf(away)
	old.post("/elder/house", url.Values{"region": {string(district)}}).is(t, http.StatusOK, "To which street?", s.Tree.Name(street))
	old.post("/elder/house", url.Values{"region": {string(street)}}).is(t, http.StatusOK, "To which community?", s.Tree.Name(away))
	old.post("/elder/house", url.Values{"region": {string(away)}}).is(t, http.StatusOK, "First day in the new home", "Another place")
	old.post("/elder/house", to("house-key-1", "中和路8号", today.Add(-1))).is(t, http.StatusUnprocessableEntity, `href="#from"`, `aria-invalid="true"`, "中和路8号")
	old.post("/elder/house", to("house-key-2", "中和路8号", today.Add(7))).is(t, http.StatusOK, "The move is registered")
	old.get("/elder/house").is(t, http.StatusOK, "Registered already", s.Tree.FullName(away))
	old.post("/elder/house", url.Values{"key": {"house-key-3"}, "do": {"stay"}}).is(t, http.StatusOK, "no move")
	old.post("/elder/house", url.Values{"key": {"house-key-4"}, "do": {"stay"}}).is(t, http.StatusConflict, "No move is planned")
	if a := old.get("/elder/house"); strings.Contains(a.body, "Registered already") {
		t.Error("a move that was taken back still stands")
	}

	path := "/family/people/" + string(elder.ID)
	s.WithKinSeeing(elder.ID, false, func() { s.as(acting).get(path+"/house").is(t, http.StatusForbidden) })
	s.WithKinSeeing(elder.ID, true, func() {
		s.as(acting).get(path).is(t, http.StatusOK, path+"/house")
		s.as(acting).get(path+"/house").is(t, http.StatusOK, "/family/visits/"+string(visit))
		s.as(seeing).get(path+"/house").is(t, http.StatusForbidden)
		s.as(seeing).post(path+"/house", to("house-key-5", "", today)).is(t, http.StatusForbidden)
		s.as(acting).post(path+"/house", to("house-key-6", "", today.Add(3))).is(t, http.StatusForbidden)
		s.as(acting).post(path+"/house", url.Values{"key": {"house-key-7"}, "do": {"keep"}, "region": {string(away)}, "from": {string(today.Add(3))}}).is(t, http.StatusOK, "The move is registered")
	})
	s.as(stranger).get(path+"/house").is(t, http.StatusNotFound)
	s.as(stranger).post("/desk/people/"+string(elder.ID)+"/house", to("house-key-8", "", today)).is(t, http.StatusForbidden)

	desk := s.as(officer)
	at := "/desk/people/" + string(elder.ID)
	desk.get(at).is(t, http.StatusOK, at+"/house")
	desk.get(at+"/house").is(t, http.StatusOK, "/desk/orders/"+string(visit), "Registered already")
	moved := desk.post(at+"/house", to("house-key-9", "中和路8号", today))
	moved.is(t, http.StatusOK, "The move is registered")
	if moved.Request.URL.Path != "/desk/call" {
		t.Errorf("the old station is led to %s, where it may not look", moved.Request.URL.Path)
	}
	if got := home(elder.ID); got != string(away) {
		t.Errorf("the old person lives in %s, want %s", got, away)
	}
	// The visit that stands goes along: the volunteer is asked again, the old station sees no more of it, the new one sees it.
	s.Pass(time.Second)
	s.as(volunteer).get("/volunteer/visits/"+string(visit)).is(t, http.StatusOK, "moves house", s.Tree.Name(away), "Please answer before")
	s.as(volunteer).post("/volunteer/visits/"+string(visit)+"/answer", url.Values{"key": {"house-yes"}, "accept": {"yes"}}).is(t, http.StatusOK)
	desk.get("/desk/orders/"+string(visit)).is(t, http.StatusNotFound)
	s.as(s.Staff(identity.PointStaff, away)).get("/desk/orders/"+string(visit)).is(t, http.StatusOK, "Goes along to the new home", "Whoever was coming is asked again")

	mine := s.as(volunteer)
	mine.get("/account").is(t, http.StatusOK, "/account/house")
	mine.get("/account/house").is(t, http.StatusOK, "/volunteer/visits/"+string(visit), "who took it can give it back")
	mine.post("/account/house", to("house-key-10", "", today)).is(t, http.StatusOK, "The move is registered")
	if got := home(volunteer.ID); got != string(away) {
		t.Errorf("the volunteer lives in %s, want %s", got, away)
	}
}
