package signin_test

import (
	"slices"
	"strings"
	"testing"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	ordering "timebank/internal/order"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func today(sheet []signin.DayWord, c *citytest.City) string {
	i := slices.IndexFunc(sheet, func(d signin.DayWord) bool { return d.Day == clock.DayOf(c.Clock.Now()) })
	return sheet[i].Word
}

func TestACardWorksAtTheDeskAlone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		cao, desk, far := c.Recipient(84, c.Home()), c.Staff(identity.PointStaff, c.Home()), c.Staff(identity.PointStaff, c.Community("320102002", 0))
		print := func(by identity.Actor, of member.PersonID) (signin.Card, error) {
			return c.SignIn.PrintCard(t.Context(), signin.PrintCardCmd{Actor: by, Person: of})
		}
		_, err := print(far.Actor, cao.ID)
		refusal(t, "a card printed in another community", err, "identity.not_allowed")
		_, err = print(cao.Actor, cao.ID)
		refusal(t, "a card printed by oneself", err, "identity.not_allowed")
		_, err = print(desk.Actor, desk.ID)
		refusal(t, "staff printing its own card", err, "signin.own_card")
		colleague := c.Staff(identity.PointManager, c.Home())
		card, err := print(colleague.Actor, cao.ID)
		fine(t, err)

		use := func(by identity.Actor, code, word string) (signin.SignedIn, error) {
			return c.SignIn.UseCard(t.Context(), signin.UseCardCmd{Sign: here(), Actor: by, Code: code, Word: word})
		}
		word := today(card.Sheet, c)
		_, err = use(cao.Actor, card.Code, word)
		refusal(t, "a card without staff", err, "identity.not_allowed")
		_, err = use(far.Actor, card.Code, word)
		refusal(t, "a card far from home", err, "identity.not_allowed")
		_, err = use(desk.Actor, card.Code, "错词")
		refusal(t, "a card without its word", err, "signin.wrong")
		_, err = use(desk.Actor, "0000000000000", word)
		refusal(t, "a word without its card", err, "signin.wrong")
		_, err = use(colleague.Actor, card.Code, word)
		refusal(t, "a card taken by who printed it", err, "signin.own_print")
		in, err := use(desk.Actor, strings.ToUpper(card.Code[:4])+" "+card.Code[4:], " "+word+" ")
		fine(t, err)

		// The staff orders for Mrs Cao, in her name and no other's.
		act := acts(t, c, in.Token)
		order := c.Place(act, cao)
		var entries []audit.Recorded
		storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
			entries, err = audit.Of(tx, string(order))
			return err
		})
		if entries[0].Actor != desk.Actor.ID || entries[0].OnBehalf != string(cao.ID) {
			t.Errorf("the trail says %q for %q, want the desk for Mrs Cao", entries[0].Actor, entries[0].OnBehalf)
		}
		if signs := trail(t, c, "identity.sign_in"); signs[len(signs)-1].OnBehalf != string(cao.ID) {
			t.Error("the trail does not say whose card opened the session")
		}
		// What the desk has ordered with her card it does not confirm with her card.
		volunteer := c.Volunteer(c.Home())
		c.Claim(volunteer, order)
		c.Serve(volunteer, order, 60)
		in, err = use(desk.Actor, card.Code, today(card.Sheet, c))
		fine(t, err)
		act = acts(t, c, in.Token)
		confirmed, err := c.Orders.Confirm(t.Context(), []ordering.ConfirmCmd{{Actor: act, Key: c.Key(), Order: order}})
		citytest.Got(confirmed, err).Refused(t, "confirming by card what was ordered by card", "order.confirm_own_proxy")
		// A look at her record with her card is a look of the desk's.
		if _, _, err := c.Members.Details(t.Context(), act, cao.ID); err != nil {
			t.Fatal(err)
		}
		if looks := trail(t, c, "member.look"); len(looks) == 0 || looks[len(looks)-1].Actor != desk.Actor.ID || looks[len(looks)-1].OnBehalf != string(cao.ID) {
			t.Errorf("got looks %+v, want one of the desk's", looks)
		}
		refusal(t, "giving hours away by card", act.MayOwn(identity.LedgerDonate, string(cao.ID)), "identity.not_by_card")
		refusal(t, "the staff's own rights by card", act.May(identity.OrderRead, c.Home(), c.Tree), "identity.not_allowed")
		_, err = use(act, card.Code, word)
		refusal(t, "a card in a card's session", err, "identity.not_allowed")

		c.Clock.Advance(identity.DefaultLimits.Card)
		ended(t, c, in.Token)
		silent(t, c, card.Code, word)
	})
}

func TestTheWordOfTheDay(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		cao, desk := c.Recipient(84, c.Home()), c.Staff(identity.PointStaff, c.Home())
		cmd := signin.PrintCardCmd{Actor: c.Staff(identity.PointManager, c.Home()).Actor, Person: cao.ID}
		card, err := c.SignIn.PrintCard(t.Context(), cmd)
		fine(t, err)
		use := func(code, word string) error {
			_, err := c.SignIn.UseCard(t.Context(), signin.UseCardCmd{Sign: here(), Actor: desk.Actor, Code: code, Word: word})
			return err
		}
		first := card.Sheet[0].Word
		next := slices.IndexFunc(card.Sheet, func(d signin.DayWord) bool { return d.Word != first })
		c.Clock.Set(card.Sheet[next].Day.Start())
		refusal(t, "the word of another day", use(card.Code, first), "signin.wrong")
		fine(t, use(card.Code, card.Sheet[next].Word))
		sheet, err := c.SignIn.PrintSheet(t.Context(), cmd)
		fine(t, err)
		if len(sheet) != 62 || sheet[0] != card.Sheet[next] {
			t.Errorf("the next sheet begins with %v, want %v", sheet[0], card.Sheet[next])
		}

		// Who has found a card may not try the words one after another.
		for range 5 {
			refusal(t, "a wrong word", use(card.Code, "错词"), "signin.wrong")
		}
		refusal(t, "the right word after five wrong ones", use(card.Code, today(card.Sheet, c)), "signin.too_many")
		c.Clock.Advance(minute)
		fine(t, use(card.Code, today(card.Sheet, c)))

		second, err := c.SignIn.PrintCard(t.Context(), cmd)
		fine(t, err)
		refusal(t, "a card after another was printed", use(card.Code, today(card.Sheet, c)), "signin.wrong")
		fine(t, c.SignIn.RevokeCard(t.Context(), signin.PrintCardCmd{Actor: cao.Actor, Person: cao.ID}))
		refusal(t, "a card that was lost", use(second.Code, today(second.Sheet, c)), "signin.wrong")
		refusal(t, "ending it again", c.SignIn.RevokeCard(t.Context(), cmd), "signin.no_card")
		_, err = c.SignIn.PrintSheet(t.Context(), cmd)
		refusal(t, "the words of no card", err, "signin.no_card")
	})
}
