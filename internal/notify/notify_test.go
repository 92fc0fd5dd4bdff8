package notify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func box(t testing.TB) *pii.Box {
	t.Helper()
	return piitest.Box(t, pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Random: id.Seeded(1)})
}

// carrier is a network that takes letters when it is up.
type carrier struct {
	up   bool
	took []notify.Letter
}

func (c *carrier) Send(_ context.Context, l notify.Letter) (notify.Taken, error) {
	if !c.up {
		return notify.Taken{}, errors.New("no route")
	}
	c.took = append(c.took, l)
	return notify.Taken{Carrier: "pigeon", Reference: "carrier-7"}, nil
}

func (c *carrier) Carries(notify.Channel, notify.Kind) bool { return true }

func send(t testing.TB, db *store.DB, s *notify.Service) (which notify.ID) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		which, err = s.Send(tx, notify.Message{Channel: notify.SMS, To: "13812345678", Kind: "signin.code", Values: map[string]string{"code": "424242"}, Life: 5 * time.Minute})
		return err
	})
	return which
}

type stored struct {
	state     string
	tries     int64
	addressee []byte
	content   []byte
	reference string
}

func look(t testing.TB, db *store.DB, which notify.ID) (m stored) {
	t.Helper()
	storetest.Read(t, db, func(tx *store.Tx) error {
		return tx.QueryRow("SELECT state, tries, addressee, content, reference FROM message WHERE id = $1", string(which)).
			Scan(&m.state, &m.tries, &m.addressee, &m.content, &m.reference)
	})
	return m
}

func TestAMessageIsSealedUntilACarrierHasTakenIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		network := &carrier{}
		s := notify.New(db, nil, box(t), network)
		which := send(t, db, s)
		if m := look(t, db, which); strings.Contains(string(m.addressee)+string(m.content), "138") || strings.Contains(string(m.content), "4242") {
			t.Error("number or code are readable in the database")
		}
		if err := s.Deliver(t.Context(), which); errs.CodeOf(err) != "notify.not_taken" {
			t.Errorf("without a network: got %v, want notify.not_taken", err)
		}
		network.up = true
		for range 2 {
			if err := s.Deliver(t.Context(), which); err != nil {
				t.Fatal(err)
			}
		}
		if len(network.took) != 1 || network.took[0].To != "13812345678" || network.took[0].Values["code"] != "424242" || network.took[0].ID != which {
			t.Errorf("the carrier took %+v, want the letter once", network.took)
		}
		if m := look(t, db, which); m.state != "sent" || m.tries != 2 || m.content != nil || m.reference != "carrier-7" {
			t.Errorf("after delivery: %+v, want it sent at the second try without its content", m)
		}
		if letters, err := s.Inbox(t.Context(), 10); err != nil || len(letters) != 0 {
			t.Errorf("the inbox shows %v, %v, want nothing that was sent", letters, err)
		}
	})
}

func TestTheInboxShowsWhatWouldHaveBeenSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		s := notify.New(db, nil, box(t), notify.Inbox{})
		first, second, late := send(t, db, s), send(t, db, s), send(t, db, s)
		for _, which := range []notify.ID{first, second} {
			if err := s.Deliver(t.Context(), which); err != nil {
				t.Fatal(err)
			}
		}
		clk.Advance(time.Hour)
		if err := s.Deliver(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		if m := look(t, db, late); m.state != "expired" || m.content != nil {
			t.Errorf("a code that is worth nothing any more: %+v, want it expired", m)
		}
		letters, err := s.Inbox(t.Context(), 10)
		if err != nil || len(letters) != 2 || letters[0].ID != second || letters[1].ID != first || letters[0].Values["code"] != "424242" {
			t.Errorf("the inbox shows %+v, %v, want two letters, newest first", letters, err)
		}
		if err := s.Deliver(t.Context(), "nothing"); errs.CodeOf(err) != "notify.message_unknown" {
			t.Errorf("an unknown message: got %v", err)
		}
	})
}

func TestMessagesAreSealedAnewAndForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		c := &carrier{up: true}
		which := send(t, db, notify.New(db, nil, box(t), c))
		ring := pii.Ring{Active: 1, Keys: map[byte][32]byte{1: {1}}, Random: id.Seeded(2)}
		turned := notify.New(db, nil, piitest.Box(t, ring, 2, 1), c)
		for _, want := range []int{1, 0} {
			storetest.Write(t, db, func(tx *store.Tx) error {
				last, changed, err := turned.Reseal(tx, "", 10)
				if last != string(which) || changed != want {
					t.Errorf("got %d sealed anew up to %q, want %d up to %q", changed, last, want, which)
				}
				return err
			})
		}
		s := notify.New(db, nil, piitest.Box(t, ring, 2), c)
		if err := s.Deliver(t.Context(), which); err != nil || len(c.took) != 1 || c.took[0].To != "13812345678" || c.took[0].Values["code"] != "424242" {
			t.Errorf("under the new key alone: got %+v, %v", c.took, err)
		}
		if n, err := s.Forget(t.Context()); n != 0 || err != nil {
			t.Errorf("at once: forgot %d, %v", n, err)
		}
		clk.Advance(31 * 24 * time.Hour)
		if n, err := s.Forget(t.Context()); n != 1 || err != nil {
			t.Errorf("after a month: forgot %d, %v, want the message", n, err)
		}
	})
}
