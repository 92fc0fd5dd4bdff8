package notify_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
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

// prompt is a network that reports the fate of a letter before it says that it took it.
type prompt struct {
	report func(ref string)
	n      int
}

func (p *prompt) Send(context.Context, notify.Letter) (notify.Taken, error) {
	p.n++
	ref := fmt.Sprintf("carrier-%d", p.n)
	p.report(ref)
	return notify.Taken{Carrier: "pigeon", Reference: ref}, nil
}

func (*prompt) Carries(notify.Channel, notify.Kind) bool { return true }

func TestAReportMayComeBeforeItsMessageIsWrittenDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		fails := false
		network := &prompt{}
		s := notify.New(db, nil, box(t), network)
		report := func(ref string, want int) {
			t.Helper()
			r := notify.Report{Carrier: "pigeon", Reference: ref, Delivered: !fails, Code: map[bool]string{true: "UNREACHED"}[fails]}
			if news, err := s.Report(t.Context(), []notify.Report{r}); err != nil || news != want {
				t.Errorf("a report of %s: got %d news, %v, want %d", ref, news, err, want)
			}
		}
		waiting := func() (n int64) {
			storetest.Read(t, db, func(tx *store.Tx) error { return tx.QueryRow("SELECT COUNT(1) FROM message_report").Scan(&n) })
			return n
		}
		network.report = func(ref string) {
			report(ref, 0)
			report(ref, 0) // carriers report more than once
		}
		for _, fails = range []bool{false, true} {
			which := send(t, db, s)
			if err := s.Deliver(t.Context(), which); err != nil {
				t.Fatal(err)
			}
			want := map[bool]string{false: "delivered", true: "failed"}[fails]
			if m := look(t, db, which); m.state != want || m.content != nil || waiting() != 0 {
				t.Errorf("reported before it was written down: %s, %d reports wait, want %s and none", m.state, waiting(), want)
			}
			report(fmt.Sprintf("carrier-%d", network.n), 0)
		}
		// The other order, and what others sent through the same account.
		fails, network.report = false, func(string) {}
		which := send(t, db, s)
		if err := s.Deliver(t.Context(), which); err != nil {
			t.Fatal(err)
		}
		report(fmt.Sprintf("carrier-%d", network.n), 1)
		if m := look(t, db, which); m.state != "delivered" {
			t.Errorf("reported afterwards: %s", m.state)
		}
		report("of-a-stranger", 0)
		if waiting() != 1 {
			t.Errorf("%d reports wait, want the stranger's", waiting())
		}
		clk.Advance(25 * time.Hour)
		if _, err := s.Forget(t.Context()); err != nil || waiting() != 0 {
			t.Errorf("a day later %d reports wait, %v", waiting(), err)
		}
	})
}

// Many reports at the very moment at which their messages are written down: none is lost, whoever comes first.
func TestNoReportIsLostToWhoeverWritesAtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		var all sync.WaitGroup
		var s *notify.Service
		network := &prompt{report: func(ref string) {
			all.Go(func() {
				if _, err := s.Report(t.Context(), []notify.Report{{Carrier: "pigeon", Reference: ref, Delivered: true}}); err != nil {
					t.Error(err)
				}
			})
		}}
		s = notify.New(db, nil, box(t), network)
		sent := make([]notify.ID, 40)
		for i := range sent {
			sent[i] = send(t, db, s)
			if err := s.Deliver(t.Context(), sent[i]); err != nil {
				t.Fatal(err)
			}
		}
		all.Wait()
		for _, which := range sent {
			if m := look(t, db, which); m.state != "delivered" {
				t.Errorf("message %s with %s is %s, want delivered", which, m.reference, m.state)
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
