package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestTheStationSeesWhoWasTold(t *testing.T) {
	s := newSite(t)
	elder, unreached, staff := s.KeyElder(s.Home()), s.KeyElder(s.Home()), s.Staff(identity.PointStaff, s.Home())
	visit := s.Place(staff.Actor, elder)
	notice := func(who member.PersonID, cause string) {
		storetest.Write(t, s.DB, func(tx *store.Tx) error {
			_, err := s.Notify.Tell(tx, notify.Notice{Person: who, Kind: "order.coming", About: string(visit), Cause: cause, Urgent: true, Life: s.Tomorrow().Sub(s.Clock.Now())})
			return err
		})
	}
	notice(elder.ID, "1")
	desk := s.as(staff)
	desk.get("/desk/orders/"+string(visit)).is(t, http.StatusOK, "Who was told", "Somebody comes", "Text message", "Waits to be sent")
	// A landline takes no text message: the desk is asked to call.
	if _, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: unreached.ID, Phone: "025-83638888", Reason: "test"}}); err != nil {
		t.Fatal(err)
	}
	notice(unreached.ID, "2")
	desk.get("/desk/orders/"+string(visit)).is(t, http.StatusOK, "Not delivered", "Please call")

	// The person sees the same, and chooses how it is told.
	me := s.as(elder)
	account := me.get("/account")
	account.is(t, http.StatusOK, "How I am told", "Somebody comes", "Waits to be sent")
	key := keyField.FindStringSubmatch(account.body)[1]
	me.post("/account/email", url.Values{"key": {key + "-mail-1"}, "address": {"nobody"}}).is(t, http.StatusUnprocessableEntity, "This is not a mail address")
	me.post("/account/email", url.Values{"key": {key + "-mail-2"}, "address": {"elder@example.org"}}).is(t, http.StatusOK, "on its way to your mailbox", "e***@example.org")
	me.post("/account/email/confirm", url.Values{"key": {key + "-code"}, "code": {"000000"}}).is(t, http.StatusUnprocessableEntity, "wrong or too old")
	me.post("/account/told", url.Values{"key": {key + "-way"}, "way": {"none"}}).is(t, http.StatusOK, "Saved.")
	me.post("/account/email/remove", url.Values{"key": {key + "-gone"}}).is(t, http.StatusOK, "The address is removed")
}
