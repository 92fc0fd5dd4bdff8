package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// Somebody brings a certificate that says something wrong. The manager of the station takes it back by its number, for a reason, and whoever checks it
// hears of it; the number on another person's page finds nothing.
func TestTheStationTakesACertificateBack(t *testing.T) {
	s := newSite(t)
	volunteer, other := s.Volunteer(s.Home()), s.Volunteer(s.Home())
	citytest.Got(s.Certificates.Issue(t.Context(), []certificate.IssueCmd{{Actor: volunteer.Actor, Key: s.Key(), Person: volunteer.ID, Purpose: certificate.ForWork,
		Naming: certificate.MaskedName, Months: 3}})).Must(t, "certificate")
	var number string
	storetest.Read(t, s.DB, func(tx *store.Tx) error {
		list, err := s.Certificates.Of(tx, s.Tree, volunteer.Actor, volunteer.ID, "", 1)
		number = list[0].Number
		return err
	})
	standing := func() (state certificate.State) {
		storetest.Read(t, s.DB, func(tx *store.Tx) (err error) {
			state, _, err = certificate.Standing(tx, number)
			return err
		})
		return state
	}
	r := s.as(s.Staff(identity.PointManager, s.Home()))
	at := func(of citytest.Person) string { return "/desk/people/" + string(of.ID) + "/data" }
	r.get(at(volunteer)).is(t, http.StatusOK, "A certificate says something wrong")
	if clerk := s.as(s.Staff(identity.PointStaff, s.Home())).get(at(volunteer)); strings.Contains(clerk.body, "A certificate says something wrong") {
		t.Error("a clerk who may not take certificates back is offered to")
	}
	r.post(at(volunteer)+"/certificate", url.Values{"key": {"takeback-key-1"}, "certificate": {"nothing"}, "certificate_reason": {"hours of a colleague"}}).is(t, http.StatusUnprocessableEntity, "There is no such certificate", "hours of a colleague")
	r.post(at(other)+"/certificate", url.Values{"key": {"takeback-key-2"}, "certificate": {number}, "certificate_reason": {"hours of a colleague"}}).is(t, http.StatusUnprocessableEntity, "There is no such certificate")
	r.post(at(volunteer)+"/certificate", url.Values{"key": {"takeback-key-3"}, "certificate": {number}, "certificate_reason": {" "}}).is(t, http.StatusUnprocessableEntity)
	if state := standing(); state != certificate.Valid {
		t.Fatalf("after three refusals the certificate is %s", state)
	}
	r.post(at(volunteer)+"/certificate", url.Values{"key": {"takeback-key-4"}, "certificate": {" " + number + " "}, "certificate_reason": {"hours of a colleague"}}).is(t, http.StatusOK)
	if state := standing(); state != certificate.Revoked {
		t.Errorf("the certificate is %s, want it taken back", state)
	}
}

// A clerk has lost the telephone that it was signed in on. The administrator of the place sees where the account is signed in, ends it, and the
// telephone is out; an administrator of another district sees nothing.
func TestAnOfficeSignsALostDeviceOut(t *testing.T) {
	s := newSite(t)
	clerk := s.Staff(identity.PointStaff, s.Home())
	lost := s.as(clerk)
	lost.get("/desk/").is(t, http.StatusOK)
	path := "/office/actors/" + clerk.Actor.ID
	s.as(s.Staff(identity.Administrator, s.Tree.District(s.Community("320102002", 0)))).get(path).is(t, http.StatusForbidden)
	office := s.as(s.Staff(identity.Administrator, s.Home()))
	if list := office.get("/office/people?place=" + string(s.Home())); !strings.Contains(list.body, path) {
		t.Error("no way from the roles to where they are signed in")
	}
	office.get(path).is(t, http.StatusOK, "Sign out everywhere")
	office.post(path+"/sign-out", url.Values{"key": {"takeback-key-5"}, "place": {string(s.Home())}}).is(t, http.StatusOK, "This account is signed in nowhere now")
	s.Clock.Advance(time.Second)
	lost.get("/desk/").is(t, http.StatusUnauthorized)
}

// What cannot be taken back is not promised: the pages that explain say exactly what can.
func TestOnlyWhatCanBeTakenBackIsPromised(t *testing.T) {
	s := newSite(t)
	r := s.as(s.KeyElder(s.Home()))
	r.get("/elder/how").is(t, http.StatusOK, "asked for help, that you cancelled, and that you were helped", "cannot be taken back: call the station")
	r.get("/public/help").is(t, http.StatusOK, "A rating, a complaint and a check-in cannot: call the station")
}
