package signin_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/signin"
)

func TestACodeSignsInOnce(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li := c.Recipient(82, c.Home())
		phone := phoneOf(t, c, li)
		challenge, digits := code(t, c, phone)
		if len(digits) != 6 {
			t.Fatalf("the code has %d digits", len(digits))
		}
		_, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: other(digits)})
		refusal(t, "a wrong code", err, "signin.wrong")
		in, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		if a := acts(t, c, in.Token); !a.IsPerson(string(li.ID)) || in.Actor.String() != li.Actor.ID {
			t.Errorf("signed in as %q, want %q", a.Person, li.ID)
		}
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		refusal(t, "a code used twice", err, "signin.wrong")

		// A second sign-in in the same browser has a session of its own and ends the one before.
		challenge, digits = code(t, c, phone)
		again := here()
		again.Replaces = in.Session
		second, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: again, Challenge: challenge, Code: digits})
		fine(t, err)
		if second.Session == in.Session || second.Token == in.Token {
			t.Error("a sign-in went on with the session before it")
		}
		ended(t, c, in.Token)

		if n := len(trail(t, c, "signin.check_code")); n != 2 {
			t.Errorf("%d refusals stand in the trail, want 2", n)
		}
		silent(t, c, phone, digits+"\"", "phone-1", "192.0.2.1")
	})
}

func TestACodeEnds(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		phone := phoneOf(t, c, c.Person(70, c.Home()))
		late, digits := code(t, c, phone)
		c.Clock.Advance(5 * minute)
		_, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: late, Code: digits})
		refusal(t, "a code after its time", err, "signin.wrong")

		// The newest code alone is good.
		old, first := code(t, c, phone)
		c.Clock.Advance(10 * minute)
		fresh, second := code(t, c, phone)
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: old, Code: first})
		refusal(t, "an older code", err, "signin.wrong")
		for range 2 {
			_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: fresh, Code: other(second)})
			refusal(t, "a wrong code", err, "signin.wrong")
		}
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: "01h2xcejqtf2nbrexx3vqjhp41", Code: second})
		refusal(t, "an invented challenge", err, "signin.wrong")
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: fresh, Code: second})
		fine(t, err)
	})
}

func TestGuessingWaitsLongerAndLonger(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		phone := phoneOf(t, c, c.Person(70, c.Home()))
		challenge, digits := code(t, c, phone)
		for n := range 5 {
			sign := signin.Sign{Where: from(fmt.Sprint("browser-", n), fmt.Sprint("192.0.2.", n))}
			_, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: sign, Challenge: challenge, Code: other(digits)})
			refusal(t, "a wrong code", err, "signin.wrong")
		}
		_, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		refusal(t, "the right code after five wrong ones", err, "signin.too_many")
		var limit *errs.Error
		if !errors.As(err, &limit) || limit.Kind != errs.TooMany || limit.Why == nil {
			t.Errorf("got %v, want how long to wait", err)
		}
		c.Clock.Advance(minute)
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		refusal(t, "the right code of a challenge that was guessed at five times", err, "signin.wrong")
		c.Clock.Advance(minute)
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		refusal(t, "after one minute instead of two", err, "signin.too_many")
		c.Clock.Advance(minute)
		challenge, digits = code(t, c, phone)
		_, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
	})
}

func TestCodesAreNotSentWithoutEnd(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ask := func(phone, device, address string) error {
			_, err := c.SignIn.AskCode(t.Context(), signin.AskCodeCmd{Where: from(device, address), Phone: phone})
			return err
		}
		fine(t, ask("13900000001", "a", "192.0.2.1"))
		refusal(t, "a second code at once, from elsewhere", ask("13900000001", "b", "192.0.2.2"), "signin.too_many")
		c.Clock.Advance(minute)
		fine(t, ask("13900000001", "b", "192.0.2.2"))
		c.Clock.Advance(minute)
		refusal(t, "a third code a minute later", ask("13900000001", "b", "192.0.2.2"), "signin.too_many")

		fine(t, ask("13900000002", "a", "192.0.2.1"))
		fine(t, ask("13900000003", "a", "192.0.2.1"))
		refusal(t, "a fourth number from one browser", ask("13900000004", "a", "192.0.2.1"), "signin.too_many")

		for n := range 30 {
			fine(t, ask(fmt.Sprintf("1370000%04d", n), "", "192.0.2.9"))
		}
		refusal(t, "the thirty-first number from one address", ask("13700009999", "", "192.0.2.9"), "signin.too_many")
		if got := len(letters(t, c)); got != 34 {
			t.Errorf("%d messages were sent, want 34", got)
		}
		for _, bad := range []string{"", "12", "025-83638888"} {
			refusal(t, "a number that takes no messages", ask(bad, "", ""), "signin.phone_invalid")
		}
	})
}

// TestNobodyLearnsWhoIsRegistered holds that a number nobody has registered is answered alike, and leads to an account that may register.
func TestNobodyLearnsWhoIsRegistered(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		const phone = "13911112222"
		challenge, digits := code(t, c, phone)
		in, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		nobody := acts(t, c, in.Token)
		if nobody.Person != "" || len(nobody.Grants) != 0 {
			t.Fatalf("a new number is %+v, want nobody", nobody)
		}
		challenge, digits = code(t, c, phone)
		again, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		if again.Actor != in.Actor {
			t.Error("the same number came to another account the second time")
		}
		registered, err := c.Members.RegisterPersons(t.Context(), []member.RegisterCmd{{Actor: nobody, Key: c.Key(), Name: "李新来", Phone: phone,
			IDNumber: citytest.IDNumber("1950-02-01", 7), Region: c.Home(), Consents: []member.Purpose{member.PurposeIdentity}}})
		person := citytest.Must(t, registered, err)[0].Value
		challenge, digits = code(t, c, phone)
		in, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		if a := acts(t, c, in.Token); a.Person != string(person.Person) {
			t.Errorf("after registering the number signs in %q, want %q", a.Person, person.Person)
		}
	})
}

func TestPeopleWhoShareATelephoneChoose(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		li, cao, stranger := c.Person(82, c.Home()), c.Person(81, c.Home()), c.Person(40, c.Home())
		phone := phoneOf(t, c, li)
		corrected, err := c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: cao.Actor, Key: c.Key(), Person: cao.ID, Phone: phone, Reason: "shared"}})
		citytest.Must(t, corrected, err)
		challenge, digits := code(t, c, phone)
		in, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		among := []member.PersonID{in.Among[0].Person, in.Among[1].Person}
		if in.Token != "" || in.Choice == "" || !slices.Contains(among, li.ID) || !slices.Contains(among, cao.ID) {
			t.Fatalf("got %+v, want a choice between two", in)
		}
		if name := fmt.Sprint(in.Among[0].Name); name == in.Among[0].Name.Reveal() {
			t.Errorf("the choice prints the name %s", name)
		}
		chosen, err := c.SignIn.Choose(t.Context(), signin.ChooseCmd{Sign: here(), Choice: in.Choice, Person: cao.ID})
		fine(t, err)
		if a := acts(t, c, chosen.Token); !a.IsPerson(string(cao.ID)) {
			t.Errorf("signed in as %q, want the one chosen", a.Person)
		}
		_, err = c.SignIn.Choose(t.Context(), signin.ChooseCmd{Sign: here(), Choice: in.Choice, Person: li.ID})
		refusal(t, "a second choice", err, "signin.stale")

		challenge, digits = code(t, c, phone)
		in, err = c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
		fine(t, err)
		_, err = c.SignIn.Choose(t.Context(), signin.ChooseCmd{Sign: here(), Choice: in.Choice, Person: stranger.ID})
		refusal(t, "choosing somebody else", err, "signin.not_among")
	})
}

// Two volunteers of one household have one telephone between them. Each gets the same choice, signs in as itself alone, and what one of them takes on is
// in nobody's name but its own; when one of them gets a telephone of its own, the number signs the other one in at once.
func TestTwoVolunteersShareATelephone(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		chen, wang, elder := c.Volunteer(c.Home()), c.Volunteer(c.Home()), c.KeyElder(c.Home())
		phone := phoneOf(t, c, chen)
		own := phoneOf(t, c, wang)
		correct := func(phone, reason string) {
			t.Helper()
			citytest.Got(c.Members.Correct(t.Context(), []member.CorrectCmd{{Actor: wang.Actor, Key: c.Key(), Person: wang.ID, Phone: phone, Reason: reason}})).Must(t, reason)
		}
		correct(phone, "one telephone for two")
		enter := func() signin.SignedIn {
			t.Helper()
			challenge, digits := code(t, c, phone)
			in, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
			fine(t, err)
			return in
		}
		for _, who := range []citytest.Person{chen, wang} {
			in := enter()
			if in.Token != "" || in.Choice == "" || len(in.Among) != 2 {
				t.Fatalf("a code to a shared number: got %d to choose from, a session %t; want a choice between two and no session", len(in.Among), in.Token != "")
			}
			for _, one := range in.Among {
				if one.Person != chen.ID && one.Person != wang.ID {
					t.Errorf("the choice offers %s, who has another number", one.Person)
				}
			}
			chosen, err := c.SignIn.Choose(t.Context(), signin.ChooseCmd{Sign: here(), Choice: in.Choice, Person: who.ID})
			fine(t, err)
			by := acts(t, c, chosen.Token)
			if !by.IsPerson(string(who.ID)) || by.ID != who.Actor.ID {
				t.Errorf("signed in as %q, want the one chosen", by.Person)
			}
			visit := c.Place(elder.Actor, elder)
			citytest.Got(c.Orders.Claim(t.Context(), []order.ClaimCmd{{Actor: by, Key: c.Key(), Order: visit}})).Must(t, "claim")
			if got := c.Order(visit).Assignments[0].Volunteer; got != who.ID {
				t.Errorf("the visit is %s's, want that of the one who signed in", got)
			}
			citytest.Got(c.Orders.Withdraw(t.Context(), []order.OrderCmd{{Actor: by, Key: c.Key(), Order: visit}})).Must(t, "give it back")
		}
		correct(own, "a telephone of its own")
		if in := enter(); in.Token == "" || in.Choice != "" || !acts(t, c, in.Token).IsPerson(string(chen.ID)) {
			t.Errorf("a number that is one person's again: got a choice %q, want a session at once", in.Choice)
		}
	})
}

// TestManyGuessesAtOnceAreNoWayAround sends more guesses at one moment than are allowed one after another.
func TestManyGuessesAtOnceAreNoWayAround(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		challenge, digits := code(t, c, phoneOf(t, c, c.Person(70, c.Home())))
		var all sync.WaitGroup
		codes := make([]string, 12)
		for n := range codes {
			all.Go(func() {
				_, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: other(digits)})
				codes[n] = errs.CodeOf(err)
			})
		}
		all.Wait()
		looked := 0
		for _, got := range codes {
			if got == "signin.wrong" {
				looked++
			}
		}
		if looked != 5 {
			t.Errorf("%d of 12 guesses at once were looked at, want 5: %v", looked, codes)
		}
	})
}

func TestWhatHasEndedIsForgotten(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		code(t, c, "13900000001")
		c.Clock.Advance(23 * time.Hour)
		if n, err := c.SignIn.Forget(t.Context()); err != nil || n != 0 {
			t.Errorf("a day later %d rows are forgotten, %v, want none yet", n, err)
		}
		c.Clock.Advance(3 * time.Hour)
		if n, err := c.SignIn.Forget(t.Context()); err != nil || n != 4 {
			t.Errorf("two days later %d rows are forgotten, %v, want the ticket and three counts", n, err)
		}
	})
}
