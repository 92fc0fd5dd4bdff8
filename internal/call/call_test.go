package call_test

import (
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/call"
	"timebank/internal/catalog"
	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/order"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// A call is kept with the order that it asks for, both or neither; its words are sealed, opened by who takes calls there with an entry in the
// trail, and destroyed when evidence is.
func TestACallIsKeptWithItsOrder(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		elder, desk := c.Recipient(82, c.Home()), c.Staff(identity.PointStaff, c.Home())
		colleague, other := c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Community("320102002", 0))
		ask := func(by identity.Actor, reason call.Reason, item string) citytest.Outcome[order.ID] {
			return citytest.Got(c.Calls.Ask(ctx, []call.AskCmd{{Reason: reason, Words: "女儿周末视频", Place: order.PlaceCmd{Actor: by, Key: c.Key(), Recipient: elder.ID, Item: item,
				Start: c.Tomorrow(), Urgency: catalog.Everyday}}}))
		}
		ask(other.Actor, call.ForService, citytest.Lesson).Refused(t, "another point", "identity.not_allowed")
		ask(elder.Actor, call.ForService, citytest.Lesson).Refused(t, "the person itself", "identity.not_allowed")
		ask(desk.Actor, "gossip", citytest.Lesson).Refused(t, "no reason", "call.invalid")
		ask(desk.Actor, call.ForService, "nothing").Refused(t, "no such service", "catalog.item_unknown")
		list := func(by identity.Actor, f call.Filter) []call.Call {
			t.Helper()
			f.Limit = 10
			all, err := c.Calls.List(ctx, by, f)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if left := list(desk.Actor, call.Filter{Person: elder.ID}); len(left) != 0 {
			t.Errorf("orders that were refused left calls: %+v", left)
		}
		id := ask(desk.Actor, call.ForService, citytest.Lesson).Must(t, "ask")
		if o := c.Order(id); o.PlacedAs != order.ByStation || o.PlacedBy != desk.Actor.ID {
			t.Errorf("the order: %+v", o)
		}
		about := citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: colleague.Actor, Key: c.Key(), Person: elder.ID, Order: id, Reason: call.ForChange, Words: " 改到下午 "}})).Must(t, "note")
		citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: desk.Actor, Key: c.Key(), Person: elder.ID, Reason: call.ForNews}})).Must(t, "news")
		citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: desk.Actor, Key: c.Key(), Person: desk.ID, Order: id, Reason: call.ForNews}})).Refused(t, "about somebody else's order", "order.not_found")
		citytest.Got(c.Calls.Note(ctx, []call.NoteCmd{{Actor: desk.Actor, Key: c.Key(), Person: elder.ID, Reason: call.ForNews, Words: strings.Repeat("长", call.LongestWords+1)}})).
			Refused(t, "too long", "call.invalid")
		calls := list(colleague.Actor, call.Filter{Order: id})
		if len(calls) != 2 || calls[0].ID != about || calls[0].TakenBy != colleague.Actor.ID || calls[1].Reason != call.ForService || !calls[1].HasWords {
			t.Errorf("about the order: got %+v", calls)
		}
		if all := list(desk.Actor, call.Filter{Person: elder.ID}); len(all) != 3 {
			t.Errorf("about the person: got %+v", all)
		}
		if rest := list(desk.Actor, call.Filter{Person: elder.ID, Before: about}); len(rest) != 1 {
			t.Errorf("before the second: got %+v", rest)
		}
		if _, err := c.Calls.List(ctx, other.Actor, call.Filter{Order: id, Limit: 1}); err == nil {
			t.Error("another point lists the calls")
		}
		read := func(by identity.Actor) string {
			t.Helper()
			words, err := c.Calls.Words(ctx, by, about)
			if err != nil {
				t.Fatal(err)
			}
			return words
		}
		if got := read(desk.Actor); got != "改到下午" {
			t.Errorf("the words: got %q", got)
		}
		for _, who := range []identity.Actor{other.Actor, elder.Actor} {
			if _, err := c.Calls.Words(ctx, who, about); err == nil {
				t.Error("who takes no calls there reads the words")
			}
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			for action, want := range map[string]int{"call.look": 1, "call.note": 3} {
				if found, _, err := audit.Search(tx, audit.Filter{Action: action}, 0, 100); err != nil || len(found) != want {
					t.Errorf("%s: %d entries, %v, want %d", action, len(found), err, want)
				}
			}
			own, err := c.Calls.PersonalData(tx, elder.ID)
			if len(own.Calls) != 3 || own.Calls[1].Words != "改到下午" {
				t.Errorf("the person's copy: %+v", own)
			}
			return err
		})
		// What is from before the days of evidence is gone, in the night.
		c.Pass(181 * 24 * time.Hour)
		if got := read(desk.Actor); got != "" {
			t.Errorf("after its days: got %q", got)
		}
		if all := list(desk.Actor, call.Filter{Person: elder.ID}); len(all) != 3 || all[1].HasWords {
			t.Errorf("after its days: got %+v", all)
		}
		twin := c.Person(82, c.Home())
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			if err := call.Merge(tx, twin.ID, elder.ID); err != nil {
				return err
			}
			if own, err := c.Calls.PersonalData(tx, twin.ID); err != nil || len(own.Calls) != 3 {
				t.Errorf("after the merge: %+v, %v", own, err)
			}
			return call.Erase(tx, twin.ID)
		})
		if all := list(desk.Actor, call.Filter{Person: elder.ID}); len(all) != 0 {
			t.Errorf("after the erasure: got %+v", all)
		}
	})
}
