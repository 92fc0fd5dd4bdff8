package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/web/page"
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
	s.deliver()
	code := s.as(elder).get("/inbox").found(t, `elder@example.org[\s\S]*?([0-9]{6})`)
	me.post("/account/email/confirm", url.Values{"key": {key + "-code-2"}, "code": {code}}).is(t, http.StatusOK, "e***@example.org", `<option value="email"`)
	me.post("/account/told", url.Values{"key": {key + "-by-mail"}, "way": {"email"}}).is(t, http.StatusOK, "Saved.", `<option value="email" selected`)
	me.post("/account/told", url.Values{"key": {key + "-way"}, "way": {"none"}}).is(t, http.StatusOK, "Saved.")
	me.post("/account/email/remove", url.Values{"key": {key + "-gone"}}).is(t, http.StatusOK, "The address is removed")
}

// What one was told is listed page by page with what became of it; the place in WeChat that the city's app told is taken back and allowed again.
func TestOneSeesWhatOneWasTold(t *testing.T) {
	s := newSite(t)
	elder := s.KeyElder(s.Home())
	for i := range page.ToldMost + 3 {
		storetest.Write(t, s.DB, func(tx *store.Tx) error {
			_, err := s.Notify.Tell(tx, notify.Notice{Person: elder.ID, Kind: "order.moved", About: "o", Cause: strconv.Itoa(i), Urgent: true, Life: time.Hour})
			return err
		})
	}
	s.deliver()
	me := s.as(elder)
	account := me.get("/account")
	account.is(t, http.StatusOK, "At another time", "In the demonstration")
	rest := me.get(account.found(t, `href="(/account/messages\?after=[^"]+)"`))
	rest.is(t, http.StatusOK, "What I was told lately", "At another time", "goes back a month")
	if n := strings.Count(rest.body, "Text message"); n != 3 {
		t.Errorf("the second page has %d messages, want 3", n)
	}
	s.as(s.Person(40, s.Home())).get("/account/messages").is(t, http.StatusOK, "told nothing in the last month")

	storetest.Write(t, s.DB, func(tx *store.Tx) error {
		people, err := member.LoadPersons(tx, []member.PersonID{elder.ID})
		if err != nil {
			return err
		}
		return s.Notify.Vouched(tx, people[elder.ID], notify.WeChat, "oWx5abcdefgh", "test")
	})
	me.get("/account").is(t, http.StatusOK, "has told us your WeChat", `<option value="wechat"`)
	me.post("/account/wechat/remove", url.Values{"key": {"wechat-key-1"}}).is(t, http.StatusOK, "not kept again", "You do not want to be told in WeChat")
	me.post("/account/wechat/allow", url.Values{"key": {"wechat-key-2"}}).is(t, http.StatusOK, "It counts from the next time")
}

// Where a way gives no receipt the words say so, and nobody takes "sent" for "read".
func TestMailIsSaidToHaveNoReceipt(t *testing.T) {
	r := &page.Request{Lang: "en"}
	for by, want := range map[notify.Channel]string{notify.Email: "mail has no receipt", notify.SMS: "Sent", notify.WeChat: "Sent"} {
		if got := r.ToldState(notify.Status{Channel: by, State: "sent"}); !strings.Contains(got, want) {
			t.Errorf("sent by %s: %q, want %q", by, got, want)
		}
	}
}
