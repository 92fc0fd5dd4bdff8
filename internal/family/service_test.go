package family_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// numbered is a recipient whose identity number the test knows.
func numbered(t *testing.T, c *citytest.City) (p citytest.Person, number string) {
	t.Helper()
	p = c.Recipient(82, c.Home())
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		d, err := c.Members.Open(tx, p.ID)
		number = d.IDNumber.Reveal()
		return err
	})
	return p, number
}

func ask(t *testing.T, c *citytest.City, by citytest.Person, number string) citytest.Outcome[family.AskID] {
	t.Helper()
	return citytest.Got(c.Family.Ask(t.Context(), []family.AskCmd{{Actor: by.Actor, Key: c.Key(), Asker: by.ID, IDNumber: number, Relation: member.Parent, Act: true, Message: true}}))
}

func send(t *testing.T, c *citytest.City, from, to citytest.Person, words string) citytest.Outcome[family.MessageID] {
	t.Helper()
	return citytest.Got(c.Family.Send(t.Context(), []family.SendCmd{{Actor: from.Actor, Key: c.Key(), From: from.ID, To: to.ID, Words: words}}))
}

func read(t *testing.T, c *citytest.City, who citytest.Person, unseen bool) (words []string) {
	t.Helper()
	list, err := c.Family.Messages(t.Context(), who.Actor, family.MessageFilter{Person: who.ID, Unseen: unseen})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		words = append(words, m.Words)
	}
	return words
}

func TestNobodyLearnsByAskingWhoIsRegistered(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		mother, number := numbered(t, c)
		daughter := c.Person(50, c.Home())
		asks := []family.AskID{ask(t, c, daughter, number).Must(t, "ask for somebody known"),
			ask(t, c, daughter, citytest.IDNumber("1938-12-01", 999)).Must(t, "ask for nobody")}
		answered := citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{{Actor: mother.Actor, Key: c.Key(), Ask: asks[0]}}))
		answered.Must(t, "say no")
		seen, err := c.Family.Asked(t.Context(), daughter.Actor, daughter.ID)
		if err != nil || len(seen) != 2 {
			t.Fatalf("got %+v, %v, want two wishes", seen, err)
		}
		seen[0].ID, seen[0].AskedAt, seen[1].ID, seen[1].AskedAt = "", time.Time{}, "", time.Time{}
		if seen[0] != seen[1] {
			t.Errorf("the wish that was refused looks like %+v, the one that nobody got like %+v: want them alike", seen[0], seen[1])
		}
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{{Actor: daughter.Actor, Key: c.Key(), Ask: asks[1], Agree: true}})).Refused(t, "answer oneself", "family.ask_unknown")
		for range 3 {
			ask(t, c, daughter, number).Must(t, "ask again")
		}
		ask(t, c, daughter, number).Refused(t, "a sixth time", "family.asked_too_often")
	})
}

// The city says how often somebody asks and writes in a day, and a refusal names its rule.
func TestTheCitySaysHowMuchAFamilyAsksAndWrites(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`family.asks_per_day = 2`, `family.messages_per_day = 3`)
		mother, number := numbered(t, c)
		daughter := c.Person(50, c.Home())
		because := func(err error, rule, value string) {
			t.Helper()
			named, _ := errors.AsType[*errs.Error](err)
			if w := named.Why; w == nil || w.Rule != rule || len(w.Values) != 1 || w.Values[0].Value != value || w.Version == "" {
				t.Errorf("refused by %+v, want %s = %s of a version", w, rule, value)
			}
		}
		wish := ask(t, c, daughter, number).Must(t, "ask")
		ask(t, c, daughter, number).Must(t, "ask again")
		third := ask(t, c, daughter, number)
		third.Refused(t, "a third time", "family.asked_too_often")
		because(third.Err, "family.asks_per_day", "2")
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{{Actor: mother.Actor, Key: c.Key(), Ask: wish, Agree: true, Message: true}})).Must(t, "say yes")
		for range 3 {
			send(t, c, daughter, mother, "妈，好吗").Must(t, "write")
		}
		fourth := send(t, c, daughter, mother, "妈，好吗")
		fourth.Refused(t, "a fourth time", "family.too_many_messages")
		because(fourth.Err, "family.messages_per_day", "3")
		send(t, c, mother, daughter, "好着呢").Must(t, "the other way")
		c.Pass(24 * time.Hour)
		send(t, c, daughter, mother, "妈，好吗").Must(t, "the next day")
	})
}

func TestMessagesPassWhileBothSidesAgree(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		mother, number := numbered(t, c)
		daughter, stranger := c.Person(50, c.Home()), c.Person(50, c.Home())
		wish := ask(t, c, daughter, number).Must(t, "ask")
		send(t, c, daughter, mother, "妈，在吗").Refused(t, "before the yes", "family.line_closed")
		agree := family.AnswerCmd{Actor: mother.Actor, Key: c.Key(), Ask: wish, Agree: true, Act: true, Message: true}
		citytest.Got(c.Family.Answer(ctx, []family.AnswerCmd{agree})).Must(t, "say yes")
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			delegate, err := member.IsDelegate(tx, mother.ID, daughter.ID)
			if !delegate {
				t.Error("the daughter may not act for her mother, who said that she may")
			}
			return err
		})

		first := send(t, c, daughter, mother, "  妈，周日回来看您 ").Must(t, "send")
		send(t, c, daughter, mother, strings.Repeat("长", family.LongestMessage+1)).Refused(t, "too long", "family.message_invalid")
		send(t, c, daughter, mother, "两\n行").Refused(t, "two lines", "family.message_invalid")
		send(t, c, stranger, mother, "您好").Refused(t, "a stranger", "family.line_closed")
		citytest.Got(c.Family.Send(ctx, []family.SendCmd{{Actor: stranger.Actor, Key: c.Key(), From: daughter.ID, To: mother.ID, Words: "转账给我"}})).
			Refused(t, "in another's name", "identity.not_oneself")
		if got := read(t, c, mother, true); len(got) != 1 || got[0] != "妈，周日回来看您" {
			t.Errorf("the mother reads %q", got)
		}
		if _, err := c.Family.Messages(ctx, stranger.Actor, family.MessageFilter{Person: mother.ID}); err == nil {
			t.Error("a stranger reads the mother's messages")
		}
		citytest.Got(c.Family.Seen(ctx, []family.MessageCmd{{Actor: mother.Actor, Key: c.Key(), Message: first}})).Must(t, "read it")
		if got := read(t, c, mother, true); len(got) != 0 {
			t.Errorf("still unread: %q", got)
		}

		line := func(who, other citytest.Person, open bool) {
			citytest.Got(c.Family.Line(ctx, []family.LineCmd{{Actor: who.Actor, Key: c.Key(), Person: who.ID, Relative: other.ID, Open: open}})).Must(t, "line")
		}
		line(mother, daughter, false)
		if got := read(t, c, mother, false); len(got) != 0 {
			t.Errorf("after the mother's no she reads %q", got)
		}
		send(t, c, daughter, mother, "还在吗").Refused(t, "after the no", "family.line_closed")
		line(mother, daughter, true)
		citytest.Got(c.Family.TakeBack(ctx, []family.MessageCmd{{Actor: mother.Actor, Key: c.Key(), Message: first}})).Refused(t, "take back another's", "family.message_unknown")
		citytest.Got(c.Family.TakeBack(ctx, []family.MessageCmd{{Actor: daughter.Actor, Key: c.Key(), Message: first}})).Must(t, "take back")
		if got := read(t, c, mother, false); len(got) != 0 {
			t.Errorf("what was taken back is still read: %q", got)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var kept int
			err := tx.QueryRow("SELECT COUNT(*) FROM family_message WHERE words IS NOT NULL").Scan(&kept)
			if kept != 0 {
				t.Errorf("%d messages keep their words", kept)
			}
			return err
		})

		citytest.Got(c.Members.EndKin(ctx, []member.EndKinCmd{{Actor: mother.Actor, Key: c.Key(), Person: mother.ID, Relative: daughter.ID}})).Must(t, "end the relation")
		send(t, c, daughter, mother, "妈").Refused(t, "after the relation's end", "family.line_closed")
	})
}

func TestTheStationSaysYesForOnePersonAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		_, number := numbered(t, c)
		daughter, desk, other := c.Person(50, c.Home()), c.Staff("point_staff", c.Home()), c.Staff("point_staff", c.Home())
		wish := citytest.Got(c.Family.Ask(t.Context(), []family.AskCmd{{Actor: desk.Actor, Key: c.Key(), Asker: daughter.ID, IDNumber: number, Relation: member.Parent}})).Must(t, "ask at the desk")
		yes := family.AnswerCmd{Actor: desk.Actor, Key: c.Key(), Ask: wish, Agree: true}
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{yes})).Refused(t, "the same staff for both", "member.both_sides_confirm")
		yes.Actor, yes.Key = other.Actor, c.Key()
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{yes})).Must(t, "another for the mother")
	})
}

func TestWhatPassedInTheFamilyIsInOnesCopyAndGoesWithErasure(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		mother, number := numbered(t, c)
		daughter := c.Person(50, c.Home())
		wish := ask(t, c, daughter, number).Must(t, "ask")
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{{Actor: mother.Actor, Key: c.Key(), Ask: wish, Agree: true, Message: true}})).Must(t, "say yes")
		send(t, c, daughter, mother, "妈，周日回来看您").Must(t, "send")
		storetest.Write(t, c.DB, func(tx *store.Tx) error {
			p, err := c.Family.PersonalData(tx, mother.ID)
			if err != nil || len(p.Asks) != 1 || len(p.Lines) != 1 || len(p.Messages) != 1 || p.Messages[0].Words != "妈，周日回来看您" || p.Messages[0].Sent {
				t.Errorf("the mother's copy: %+v, %v", p, err)
			}
			if err := c.Family.Erase(tx, mother.ID); err != nil {
				return err
			}
			p, err = c.Family.PersonalData(tx, daughter.ID)
			if len(p.Asks)+len(p.Lines)+len(p.Messages) != 0 {
				t.Errorf("after the mother's erasure the daughter's copy has %+v", p)
			}
			return err
		})
	})
}

// What is older than retention.messages_days has no words any more, in nobody's list and nobody's copy; what is younger stays.
func TestWordsBetweenRelativesAreKeptForTheirDays(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		c.Publish(`retention.messages_days = 30`)
		mother, number := numbered(t, c)
		daughter := c.Person(50, c.Home())
		wish := ask(t, c, daughter, number).Must(t, "ask")
		citytest.Got(c.Family.Answer(t.Context(), []family.AnswerCmd{{Actor: mother.Actor, Key: c.Key(), Ask: wish, Agree: true, Message: true}})).Must(t, "say yes")
		send(t, c, daughter, mother, "妈，周日回来看您").Must(t, "send")
		c.Pass(20 * 24 * time.Hour)
		send(t, c, mother, daughter, "好，路上小心").Must(t, "answer")
		holds := func(when string, want ...string) {
			t.Helper()
			heard, err := c.Family.Messages(t.Context(), mother.Actor, family.MessageFilter{Person: mother.ID, Limit: 10})
			if err != nil || len(heard) != len(want) {
				t.Fatalf("%s: got %+v, %v, want %q", when, heard, err, want)
			}
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				for _, who := range []citytest.Person{mother, daughter} {
					p, err := c.Family.PersonalData(tx, who.ID)
					if err != nil || len(p.Messages) != len(want) {
						t.Errorf("%s: the copy has %+v, %v, want %q", when, p.Messages, err, want)
						return err
					}
					for i, words := range want {
						if p.Messages[i].Words != words {
							t.Errorf("%s: got %q, want %q", when, p.Messages[i].Words, words)
						}
					}
				}
				var left int
				err := tx.QueryRow("SELECT COUNT(*) FROM family_message WHERE words IS NOT NULL").Scan(&left)
				if left != len(want) {
					t.Errorf("%s: %d rows have words, want %d", when, left, len(want))
				}
				return err
			})
		}
		holds("before", "妈，周日回来看您", "好，路上小心")
		c.Pass(11 * 24 * time.Hour)
		holds("after the days of the first", "好，路上小心")
		c.Pass(20 * 24 * time.Hour)
		holds("after the days of both")
	})
}
