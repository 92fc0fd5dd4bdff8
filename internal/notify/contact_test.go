package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/notify"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// flush delivers every message that waits.
func flush(t *testing.T, c *citytest.City) {
	t.Helper()
	var events []store.Event
	storetest.Write(t, c.DB, func(tx *store.Tx) (err error) {
		events, err = store.TakeEvents(tx, 1000)
		return err
	})
	for _, e := range events {
		if e.Topic != notify.Topic {
			continue
		}
		if err := c.Notify.Deliver(t.Context(), notify.ID(e.Ref)); err != nil {
			t.Fatal(err)
		}
	}
}

// last is the newest letter of the inbox.
func last(t *testing.T, c *citytest.City) notify.Letter {
	t.Helper()
	flush(t, c)
	letters, err := c.Notify.Inbox(t.Context(), 1)
	if err != nil || len(letters) != 1 {
		t.Fatalf("the inbox: got %v, %v", letters, err)
	}
	return letters[0]
}

func tell(t *testing.T, c *citytest.City, who citytest.Person, cause string) (fresh bool) {
	t.Helper()
	storetest.Write(t, c.DB, func(tx *store.Tx) (err error) {
		fresh, err = c.Notify.Tell(tx, notify.Notice{Person: who.ID, Kind: "order.placed", Values: map[string]string{"start": "11-24 10:00", "service": "x"}, About: "o",
			Cause: cause, Urgent: true, Life: time.Hour})
		return err
	})
	return fresh
}

func TestAnAddressCountsOnceItsCodeCameBack(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		me, other := c.Person(40, c.Home()), c.Person(40, c.Home())
		const address = "planted.canary@example.org"
		ask := func(by citytest.Person, address string) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Notify.AskEmail(t.Context(), []notify.AskEmailCmd{{Actor: by.Actor, Key: c.Key(), Person: me.ID, Address: address}}))
		}
		confirm := func(code string) citytest.Outcome[identity.Nothing] {
			return citytest.Got(c.Notify.ConfirmEmail(t.Context(), []notify.ConfirmEmailCmd{{Actor: me.Actor, Key: c.Key(), Person: me.ID, Code: code}}))
		}
		ask(other, address).Refused(t, "the address of another", "identity.not_oneself")
		for _, bad := range []string{"", "nobody", "A <a@example.org>", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org"} {
			ask(me, bad).Refused(t, "address "+bad, "notify.address_malformed")
		}
		ask(me, address).Must(t, "ask")
		code := last(t, c)
		if code.To != address || code.Channel != notify.Email || code.Kind != notify.ContactCode {
			t.Errorf("the code goes %+v", code)
		}
		ask(me, address).Refused(t, "again at once", "notify.too_soon")
		for i := range 5 {
			confirm(fmt.Sprintf("%06d", i)).Refused(t, "a guess", "notify.code_wrong")
		}
		confirm(code.Values["code"]).Refused(t, "after five guesses", "notify.code_wrong")
		c.Pass(2 * time.Minute)
		ask(me, address).Must(t, "ask again")
		citytest.Got(c.Notify.Choose(t.Context(), []notify.ChooseCmd{{Actor: me.Actor, Key: c.Key(), Person: me.ID, Channel: notify.Email}})).Must(t, "choose")
		code = last(t, c)
		if tell(t, c, me, "before"); last(t, c).Channel != notify.SMS {
			t.Errorf("before the code came back: got %s, want a text message", last(t, c).Channel)
		}
		confirm(code.Values["code"]).Must(t, "confirm")
		if tell(t, c, me, "after"); last(t, c).To != address {
			t.Errorf("afterwards: got %+v", last(t, c))
		}
		if tell(t, c, me, "after") {
			t.Error("one event was told twice")
		}
		if r, err := c.Notify.ReachOf(t.Context(), me.Actor, me.ID); err != nil || r.Email != "p***@example.org" || !r.Confirmed || r.Choice != notify.Email {
			t.Errorf("the person sees %+v, %v", r, err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			p, err := c.Notify.PersonalData(tx, me.ID)
			if len(p.Contacts) != 1 || p.Contacts[0].Address != address || len(p.Messages) != 2 {
				t.Errorf("the copy holds %+v", p)
			}
			var sealed []byte
			if err == nil {
				err = tx.QueryRow("SELECT address FROM contact WHERE person = $1", string(me.ID)).Scan(&sealed)
			}
			if strings.Contains(string(sealed), "planted") {
				t.Error("the address lies in clear")
			}
			return err
		})
		storetest.Write(t, c.DB, func(tx *store.Tx) error { return c.Notify.Erase(tx, me.ID) })
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			p, err := c.Notify.PersonalData(tx, me.ID)
			if len(p.Contacts)+len(p.Messages) != 0 {
				t.Errorf("after erasure: %+v", p)
			}
			return err
		})
	})
}

func TestReportsChangeAMessageOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		network := &carrier{up: true}
		s := notify.New(db, nil, box(t), network)
		which := send(t, db, s)
		for _, c := range []struct {
			what   string
			report notify.Report
			news   int
			state  string
		}{
			{"before it was taken", notify.Report{Carrier: "pigeon", Reference: "carrier-7", Delivered: true}, 0, "waiting"},
			{"of another carrier", notify.Report{Carrier: "owl", Reference: "carrier-7", Delivered: true}, 0, "sent"},
			{"of a stranger", notify.Report{Carrier: "pigeon", Reference: "carrier-8", Delivered: true}, 0, "sent"},
			{"without a number", notify.Report{Carrier: "pigeon", Delivered: true}, 0, "sent"},
			{"that it failed", notify.Report{Carrier: "pigeon", Reference: "carrier-7", Code: "UNREACHED"}, 1, "failed"},
			{"once more", notify.Report{Carrier: "pigeon", Reference: "carrier-7", Delivered: true}, 0, "failed"},
		} {
			if c.state == "sent" {
				if err := s.Deliver(t.Context(), which); err != nil {
					t.Fatal(err)
				}
			}
			news, err := s.Report(t.Context(), []notify.Report{c.report})
			if m := look(t, db, which); err != nil || news != c.news || m.state != c.state {
				t.Errorf("a report %s: got %d news, state %s, %v, want %d and %s", c.what, news, m.state, err, c.news, c.state)
			}
		}
	})
}

// refuser is a network that will never take a letter.
type refuser struct{ final bool }

func (r refuser) Send(context.Context, notify.Letter) (notify.Taken, error) {
	return notify.Taken{}, notify.Failure{Carrier: "owl", Code: "isv.NONE", Final: r.final}
}

func (refuser) Carries(notify.Channel, notify.Kind) bool { return true }

func TestWhoCannotBeReachedIsNotTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := notify.New(db, nil, box(t), refuser{final: true})
		which := send(t, db, s)
		if err := s.Deliver(t.Context(), which); err != nil {
			t.Errorf("a number that is none: got %v, want no second try", err)
		}
		if m := look(t, db, which); m.state != "failed" || m.content != nil || m.addressee != nil || m.tries != 1 {
			t.Errorf("got %+v, want it failed and empty", m)
		}
		s = notify.New(db, nil, box(t), refuser{})
		which = send(t, db, s)
		for range 2 {
			if err := s.Deliver(t.Context(), which); err == nil || strings.Contains(err.Error(), "138") {
				t.Errorf("a network that is down: got %v, want to be tried again", err)
			}
		}
		if m := look(t, db, which); m.state != "waiting" || m.tries != 2 {
			t.Errorf("got %+v, want it waiting", m)
		}
		// Nobody came back to it: the night ends its wait.
		clk.Advance(time.Hour)
		if _, err := s.Forget(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m := look(t, db, which); m.state != "expired" || m.content != nil {
			t.Errorf("got %+v, want it expired and empty", m)
		}
	})
}
