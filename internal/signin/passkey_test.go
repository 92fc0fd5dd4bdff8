package signin_test

import (
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/signin"
	"timebank/internal/signin/passkeytest"
)

// citizen signs somebody in by a code.
func citizen(t testing.TB, c *citytest.City, who citytest.Person) (signin.SignedIn, identity.Actor) {
	t.Helper()
	challenge, digits := code(t, c, phoneOf(t, c, who))
	in, err := c.SignIn.CheckCode(t.Context(), signin.CheckCodeCmd{Sign: here(), Challenge: challenge, Code: digits})
	fine(t, err)
	return in, acts(t, c, in.Token)
}

// addKey makes a key for somebody who is signed in.
func addKey(t testing.TB, c *citytest.City, by identity.Actor) (*passkeytest.Passkey, signin.Passkey) {
	t.Helper()
	a := passkeytest.New(t)
	ceremony, err := c.SignIn.BeginPasskey(t.Context(), by)
	fine(t, err)
	key, err := c.SignIn.FinishPasskey(t.Context(), signin.FinishPasskeyCmd{Actor: by, Label: "my phone", Ticket: ceremony.Ticket, Response: a.Create(ceremony.Options)})
	fine(t, err)
	return a, key
}

func ask(t testing.TB, c *citytest.City) signin.Ceremony {
	t.Helper()
	ceremony, err := c.SignIn.AskPasskey(t.Context())
	fine(t, err)
	return ceremony
}

func TestACitizenSignsInByPasskey(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		chen, li := c.Person(40, c.Home()), c.Person(82, c.Home())
		_, actor := citizen(t, c, chen)
		a, key := addKey(t, c, actor)
		use := func(ceremony signin.Ceremony, response []byte) (signin.SignedIn, error) {
			return c.SignIn.ByPasskey(t.Context(), signin.PasskeyCmd{Sign: here(), Assertion: signin.Assertion{Ticket: ceremony.Ticket, Response: response}})
		}
		ceremony := ask(t, c)
		response := a.Sign(ceremony.Options)
		in, err := use(ceremony, response)
		fine(t, err)
		if who := acts(t, c, in.Token); !who.IsPerson(string(chen.ID)) {
			t.Errorf("signed in as %q, want %q", who.Person, chen.ID)
		}
		_, err = use(ceremony, response)
		refusal(t, "the same answer again", err, "signin.stale")
		_, err = use(ask(t, c), response)
		refusal(t, "an answer to another challenge", err, "signin.wrong")

		for name, spoil := range map[string]func(*passkeytest.Passkey){
			"another site":               func(a *passkeytest.Passkey) { a.Origin = "https://timebank.example" },
			"another party":              func(a *passkeytest.Passkey) { a.RP = "example" },
			"no PIN and no finger":       func(a *passkeytest.Passkey) { a.Unverified = true },
			"a copy with an old count":   func(a *passkeytest.Passkey) { a.Counter = 0 },
			"somebody else's handle":     func(a *passkeytest.Passkey) { a.User = []byte(li.Actor.ID) },
			"another key for the handle": func(a *passkeytest.Passkey) { a.Key = passkeytest.New(t).Key },
		} {
			bad := *a
			spoil(&bad)
			ceremony := ask(t, c)
			_, err := use(ceremony, bad.Sign(ceremony.Options))
			refusal(t, name, err, "signin.wrong")
		}
		_, err = use(ask(t, c), []byte("{}"))
		refusal(t, "no answer at all", err, "signin.wrong")
		late := ask(t, c)
		response = a.Sign(late.Options)
		c.Clock.Advance(5 * minute)
		_, err = use(late, response)
		refusal(t, "an answer after its time", err, "signin.stale")

		keys, err := c.SignIn.Passkeys(t.Context(), actor)
		fine(t, err)
		if len(keys) != 1 || keys[0].ID != key.ID || keys[0].Label != "my phone" || keys[0].Used.IsZero() {
			t.Errorf("the list of keys shows %+v", keys)
		}
		c.Clock.Advance(24 * time.Hour)
		_, other := citizen(t, c, li)
		refusal(t, "removing somebody else's key", c.SignIn.RemovePasskey(t.Context(), other, key.ID), "signin.passkey_unknown")
		fine(t, c.SignIn.RemovePasskey(t.Context(), actor, key.ID))
		ceremony = ask(t, c)
		_, err = use(ceremony, a.Sign(ceremony.Options))
		refusal(t, "a key that was removed", err, "signin.wrong")
	})
}

func TestAPasskeyIsStaffsSecondFactorAndNotItsPassword(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		office := c.Staff(identity.Administrator, c.Tree.City())
		done, _ := enrol(t, c, office, "office")
		a, _ := addKey(t, c, acts(t, c, done.Token))
		proof := func() signin.Proof {
			ceremony := ask(t, c)
			return signin.Proof{Passkey: signin.Assertion{Ticket: ceremony.Ticket, Response: a.Sign(ceremony.Options)}}
		}
		in, err := staff(c, t, "office", password, proof())
		fine(t, err)
		if err := acts(t, c, in.Token).May(identity.LedgerIssuePropose, c.Tree.City(), c.Tree); err != nil {
			t.Errorf("a guarded right after password and key: %v", err)
		}
		_, err = staff(c, t, "office", "wrong password", proof())
		refusal(t, "the key without the password", err, "signin.wrong")

		alone, err := c.SignIn.ByPasskey(t.Context(), signin.PasskeyCmd{Sign: here(), Assertion: proof().Passkey})
		fine(t, err)
		refusal(t, "a role by the key alone", acts(t, c, alone.Token).May(identity.OrderRead, c.Tree.City(), c.Tree), "identity.not_allowed")

		// Somebody else's key is no second factor, and a session without one lately makes no key.
		_, chen := citizen(t, c, c.Person(40, c.Home()))
		stranger, _ := addKey(t, c, chen)
		ceremony := ask(t, c)
		_, err = staff(c, t, "office", password, signin.Proof{Passkey: signin.Assertion{Ticket: ceremony.Ticket, Response: stranger.Sign(ceremony.Options)}})
		refusal(t, "somebody else's key", err, "signin.wrong")
		c.Clock.Advance(identity.DefaultLimits.StepUp + time.Second)
		_, err = c.SignIn.BeginPasskey(t.Context(), acts(t, c, in.Token))
		refusal(t, "a new key without a second factor lately", err, identity.CodeStepUp)
		_, err = c.SignIn.StepUp(t.Context(), acts(t, c, in.Token), here().Where, proof())
		fine(t, err)
		_, err = c.SignIn.BeginPasskey(t.Context(), acts(t, c, in.Token))
		fine(t, err)
		silent(t, c, string(a.ID))
	})
}

func TestANewKeyBelongsToWhoAskedForIt(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		_, chen := citizen(t, c, c.Person(40, c.Home()))
		_, li := citizen(t, c, c.Person(82, c.Home()))
		ceremony, err := c.SignIn.BeginPasskey(t.Context(), chen)
		fine(t, err)
		a := passkeytest.New(t)
		finish := func(by identity.Actor, response []byte) error {
			_, err := c.SignIn.FinishPasskey(t.Context(), signin.FinishPasskeyCmd{Actor: by, Ticket: ceremony.Ticket, Response: response})
			return err
		}
		refusal(t, "finishing somebody else's ceremony", finish(li, a.Create(ceremony.Options)), "signin.stale")
		refusal(t, "an answer that is none", finish(chen, []byte("null")), "signin.wrong")
		elsewhere := *a
		elsewhere.Origin = "https://timebank.example"
		refusal(t, "an answer from another site", finish(chen, elsewhere.Create(ceremony.Options)), "signin.wrong")
		fine(t, finish(chen, a.Create(ceremony.Options)))
		refusal(t, "the same ceremony again", finish(chen, passkeytest.New(t).Create(ceremony.Options)), "signin.stale")
		card := chen
		card.ByCard = true
		_, err = c.SignIn.BeginPasskey(t.Context(), card)
		refusal(t, "a key made by card", err, "identity.not_by_card")
	})
}
