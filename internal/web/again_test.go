package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/paper"
)

// A request that is there already is not placed a second time by mistake, whoever sends it: the page says so, why, and asks whether one more is meant.
func TestThePagesAskBeforeTheSameIsAskedForTwice(t *testing.T) {
	s := newSite(t)
	elder, clerk := s.Recipient(83, s.Home()), s.Staff(identity.PointStaff, s.Home())
	daughter := s.Daughter(elder, s.Home())
	day := string(clock.DayOf(s.Clock.Now()).Add(1))
	count := func() int {
		list, err := s.Orders.List(t.Context(), elder.Actor, order.Filter{Recipient: elder.ID})
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	corrected, err := s.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: identity.System, Key: s.Key(), Person: elder.ID, Phone: "13911112222", Reason: "test"}})
	citytest.Must(t, corrected, err)
	batch, err := s.Paper.PrintSlips(t.Context(), paper.PrintSlipsCmd{Actor: clerk.Actor, Key: s.Key(), Orders: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, slips, err := s.Paper.Slips(t.Context(), clerk.Actor, batch)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, one := range []struct {
		who  citytest.Person
		path string
		form url.Values
	}{
		{elder, "/elder/help", url.Values{"item": {citytest.Lesson}, "day": {day}, "at": {"09:00"}}},
		{daughter, "/family/people/" + string(elder.ID) + "/order", url.Values{"item": {citytest.Lesson}, "day": {day}, "at": {"09:00"}}},
		{clerk, "/desk/people/" + string(elder.ID) + "/order", url.Values{"item": {citytest.Lesson}, "when": {day + " 09:00"}}},
		{clerk, "/desk/slips/key", url.Values{"code": {slips[0].Code}, "who": {"13911112222"}, "item": {citytest.Lesson}, "day": {day}, "from": {"09:00"}}},
	} {
		r := s.as(one.who)
		send := func(again bool) answer {
			n++
			one.form.Set("key", "again-key-"+string(rune('a'+n)))
			if one.form.Del("one_more"); again {
				one.form.Set("one_more", "yes")
			}
			return r.post(one.path, one.form)
		}
		if count() == 0 {
			send(false).is(t, http.StatusOK)
		}
		before := count()
		refused := send(false)
		refused.is(t, http.StatusUnprocessableEntity, "asked for already at that time", `name="one_more"`, `href="#again"`, "order.asked_once")
		if strings.Contains(refused.body, `value="yes" checked`) {
			t.Errorf("%s: what has to be said is ticked beforehand", one.path)
		}
		if got := count(); got != before {
			t.Errorf("%s: %d orders after the refusal, want %d", one.path, got, before)
		}
		send(true).is(t, http.StatusOK)
		if got := count(); got != before+1 {
			t.Errorf("%s: %d orders after one more was meant, want %d", one.path, got, before+1)
		}
	}
}
