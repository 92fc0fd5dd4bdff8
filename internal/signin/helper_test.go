package signin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/signin"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// from is one browser at one address.
func from(device, address string) signin.Where {
	return signin.Where{Device: device, Address: address, Origin: "request-1"}
}

func here() signin.Sign { return signin.Sign{Where: from("phone-1", "192.0.2.1"), Label: "this phone"} }

func refusal(t testing.TB, what string, err error, code string) {
	t.Helper()
	if err == nil || errs.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letters delivers what waits and returns what the inbox shows, newest first.
func letters(t testing.TB, c *citytest.City) []notify.Letter {
	t.Helper()
	var waiting []store.Event
	storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
		waiting, err = store.WaitingEvents(tx, 1000)
		return err
	})
	for _, e := range waiting {
		if e.Topic == notify.Topic {
			fine(t, c.Notify.Deliver(t.Context(), notify.ID(e.Ref)))
		}
	}
	all, err := c.Notify.Inbox(t.Context(), 1000)
	fine(t, err)
	return all
}

// code asks for a code and reads it in the inbox.
func code(t testing.TB, c *citytest.City, phone string) (challenge, digits string) {
	t.Helper()
	asked, err := c.SignIn.AskCode(t.Context(), signin.AskCodeCmd{Where: here().Where, Phone: phone})
	fine(t, err)
	return asked.Challenge, letters(t, c)[0].Values["code"]
}

// other gives six digits that are not these.
func other(digits string) string {
	if digits[0] == '0' {
		return "1" + digits[1:]
	}
	return "0" + digits[1:]
}

// phoneOf reads the number of a person that the city made.
func phoneOf(t testing.TB, c *citytest.City, of citytest.Person) string {
	t.Helper()
	return details(t, c, of).Phone.Reveal()
}

func details(t testing.TB, c *citytest.City, of citytest.Person) (d member.Details) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
		d, err = c.Members.Open(tx, of.ID)
		return err
	})
	return d
}

// acts authenticates a token.
func acts(t testing.TB, c *citytest.City, token string) identity.Actor {
	t.Helper()
	a, err := c.Identity.Authenticate(t.Context(), token, "request-2")
	fine(t, err)
	return a
}

func ended(t testing.TB, c *citytest.City, token string) {
	t.Helper()
	_, err := c.Identity.Authenticate(context.WithoutCancel(t.Context()), token, "")
	refusal(t, "a session that should have ended", err, "identity.session_ended")
}

// trail returns all entries with an action.
func trail(t testing.TB, c *citytest.City, action string) (found []audit.Recorded) {
	t.Helper()
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		all, err := audit.After(tx, 0, 100_000)
		for _, e := range all {
			if e.Action == action {
				found = append(found, e)
			}
		}
		return err
	})
	return found
}

// silent fails when the trail or the tables of signing in hold one of the texts.
func silent(t testing.TB, c *citytest.City, secrets ...string) {
	t.Helper()
	var all strings.Builder
	storetest.Read(t, c.DB, func(tx *store.Tx) error {
		entries, err := audit.After(tx, 0, 100_000)
		for _, e := range entries {
			all.WriteString(strings.Join([]string{e.Actor, e.OnBehalf, e.Action, e.Ref, e.Before, e.After, e.Origin}, " ") + "\n")
		}
		if err != nil {
			return err
		}
		for _, query := range []string{
			"SELECT CAST(subject AS TEXT) FROM signin_limit", "SELECT subject FROM signin_ticket", "SELECT sealed FROM signin_ticket WHERE sealed IS NOT NULL",
			"SELECT digest FROM signin_ticket", "SELECT content FROM message WHERE content IS NOT NULL", "SELECT addressee FROM message",
			"SELECT digest FROM signin_password", "SELECT secret FROM signin_totp", "SELECT credential FROM signin_passkey", "SELECT digest FROM signin_card",
			"SELECT digest FROM signin_recovery", "SELECT address FROM contact", "SELECT payload FROM outbox",
		} {
			rows, err := store.All(tx, func(r *store.Rows) (b []byte, err error) { return b, r.Scan(&b) }, query)
			if err != nil {
				return err
			}
			for _, b := range rows {
				all.Write(b)
			}
		}
		return nil
	})
	for _, s := range secrets {
		if s != "" && strings.Contains(all.String(), s) {
			t.Errorf("a secret stands in the database in clear: %q", pii.Name{}.String()+s[:1]+"…")
		}
	}
}

const minute = time.Minute
