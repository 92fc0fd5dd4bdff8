package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
	"timebank/internal/notify"
	"timebank/internal/signin/passkeytest"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// totp is what an authenticator shows.
func totp(secret string, now time.Time) string {
	key, _ := base32.StdEncoding.DecodeString(secret)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, now.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

// deliver hands over the messages that wait.
func (w *world) deliver() {
	w.t.Helper()
	var waiting []store.Event
	storetest.Read(w.t, w.DB, func(tx *store.Tx) (err error) {
		waiting, err = store.WaitingEvents(tx, 1000)
		return err
	})
	for _, e := range waiting {
		if e.Topic == notify.Topic {
			if err := w.Notify.Deliver(w.t.Context(), notify.ID(e.Ref)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// holds lets somebody use a token that it got by signing in.
func (w *world) holds(who citytest.Person, token string) {
	w.tokens[who.Actor.ID] = session{token, w.Clock.Now()}
}

func signIns(w *world) {
	office, desk := w.Staff(identity.Administrator, w.Tree.City()), w.Staff(identity.PointStaff, w.Home())
	li, cao := w.Recipient(82, w.Home()), w.Recipient(81, w.Home())
	const phone = "13905551234"
	for _, p := range []citytest.Person{li, cao} {
		w.does(step{op: "correct-person", as: &p, at: []any{p.ID}, body: m{"phone": phone, "reason": "shared"}})
	}

	// A code, and a choice between two who share the telephone.
	sent := w.does(step{op: "ask-code", body: m{"phone": phone}, want: m{"challenge": anything, "expires": anything}})
	if again := w.refused(step{op: "ask-code", body: m{"phone": phone}}, 429, "signin.too_many").header.Get("Retry-After"); again != "60" {
		w.t.Errorf("too many attempts: come back after %q seconds, want 60", again)
	}
	w.refused(step{op: "ask-code", body: m{"phone": "12"}}, 422, "signin.phone_invalid", "phone pii.phone_malformed")
	w.deliver()
	letter := w.does(step{op: "inbox", want: m{"letters.0.to": phone, "letters.0.kind": "signin.code"}})
	in := w.does(step{op: "check-code", body: m{"challenge": sent.text("challenge"), "code": letter.text("letters.0.values.code")},
		want: m{"token": nil, "choice": anything, "among.1.name": anything}})
	w.refused(step{op: "check-code", body: m{"challenge": sent.text("challenge"), "code": letter.text("letters.0.values.code")}, noted: true}, 401, "signin.wrong")
	chosen := w.does(step{op: "choose-person", body: m{"choice": in.text("choice"), "person": cao.ID}, rows: "session+1", want: m{"token": anything, "actor": cao.Actor.ID}})
	w.refused(step{op: "choose-person", body: m{"choice": in.text("choice"), "person": cao.ID}}, 401, "signin.stale")
	w.holds(cao, chosen.text("token"))
	w.does(step{op: "me", as: &cao, want: m{"person": cao.ID}})

	// Staff: invitation, password, authenticator, and a guarded right that closes by itself.
	invited := w.does(step{op: "invite-staff", as: &office, at: []any{desk.Actor.ID}, body: m{"login": "desk"}, want: m{"expires": anything}})
	w.refused(step{op: "invite-staff", as: &desk, at: []any{office.Actor.ID}, body: m{"login": "x"}}, 403, "identity.not_allowed")
	w.refused(step{op: "accept-invitation", body: m{"invitation": invited.text("code"), "password": "short"}}, 422, "signin.password_invalid", "password signin.password_short")
	const password = "the lake is beautiful in March"
	enrol := w.does(step{op: "accept-invitation", body: m{"invitation": invited.text("code"), "password": password}, want: m{"login": "desk", "uri": anything}})
	secret := enrol.text("secret")
	w.deliver()
	own := w.does(step{op: "inbox", want: m{"letters.0.kind": "signin.code"}}).text("letters.0.values.code")
	w.refused(step{op: "confirm-enrolment", body: m{"ticket": enrol.text("ticket"), "totp": totp(secret, w.Clock.Now())}}, 401, "signin.wrong")
	done := w.does(step{op: "confirm-enrolment", body: m{"ticket": enrol.text("ticket"), "totp": totp(secret, w.Clock.Now()), "sent": own},
		rows: "session+1 signin_password+1", want: m{"token": anything, "recovery.9": anything}})
	w.Clock.Advance(time.Minute)
	w.refused(step{op: "staff-sign-in", body: m{"login": "desk", "password": "no", "second": m{"totp": totp(secret, w.Clock.Now())}}, noted: true}, 401, "signin.wrong")
	staff := w.does(step{op: "staff-sign-in", body: m{"login": "desk", "password": password, "second": m{"recovery": done.text("recovery.0")}}, rows: "session+1", want: m{"actor": desk.Actor.ID}})
	w.holds(desk, staff.text("token"))
	w.Clock.Advance(identity.DefaultLimits.StepUp)
	w.refused(step{op: "correct-person", as: &desk, at: []any{li.ID}, body: m{"name": "李明", "reason": "document seen"}}, 403, "identity.step_up_needed")
	w.does(step{op: "step-up", as: &desk, body: m{"second": m{"totp": totp(secret, w.Clock.Now())}}, want: m{"until": anything}})
	w.does(step{op: "correct-person", as: &desk, at: []any{li.ID}, body: m{"name": "李明", "reason": "document seen"}})

	// A card at the desk.
	colleague := w.Staff(identity.PointManager, w.Home())
	card := w.does(step{op: "print-card", as: &colleague, at: []any{li.ID}, rows: "signin_card+1", want: m{"code": anything, "sheet.61.word": anything}})
	w.does(step{op: "print-sheet", as: &desk, at: []any{li.ID}, want: m{"sheet.0.word": card.text("sheet.0.word")}})
	w.refused(step{op: "use-card", as: &desk, body: m{"code": card.text("code"), "word": "错词"}, noted: true}, 401, "signin.wrong")
	w.refused(step{op: "use-card", as: &colleague, body: m{"code": card.text("code"), "word": card.text("sheet.0.word")}}, 403, "signin.own_print")
	act := w.does(step{op: "use-card", as: &desk, body: m{"code": card.text("code"), "word": card.text("sheet.0.word")}, rows: "session+1", want: m{"token": anything}})
	w.holds(desk, act.text("token"))
	w.does(step{op: "balances", as: &desk, at: []any{li.ID}})
	w.refused(step{op: "balances", as: &desk, at: []any{cao.ID}}, 403, "identity.not_allowed")
	w.holds(desk, staff.text("token"))
	w.does(step{op: "revoke-card", as: &desk, at: []any{li.ID}})
	w.refused(step{op: "revoke-card", as: &desk, at: []any{li.ID}}, 404, "signin.no_card")

	// A key is made, signs in and is removed; what a provider answers is tested in internal/signin, with a real one.
	w.does(step{op: "list-passkeys", as: &cao, want: m{"passkeys": "[]"}})
	stick := passkeytest.New(w.t)
	key := w.does(step{op: "begin-passkey", as: &cao, want: m{"ticket": anything, "options": anything}})
	w.refused(step{op: "add-passkey", as: &cao, body: m{"ticket": key.text("ticket"), "response": "{}"}}, 401, "signin.wrong")
	added := w.does(step{op: "add-passkey", as: &cao, body: m{"ticket": key.text("ticket"), "response": string(stick.Create([]byte(key.text("options")))), "label": "my phone"},
		rows: "signin_passkey+1", want: m{"id": anything}})
	asked := w.does(step{op: "ask-passkey", want: m{"ticket": anything}})
	w.refused(step{op: "passkey-sign-in", body: m{"ticket": asked.text("ticket"), "response": "{}"}, noted: true}, 401, "signin.wrong")
	asked = w.does(step{op: "ask-passkey", want: m{"ticket": anything, "options": anything}})
	w.does(step{op: "passkey-sign-in", body: m{"ticket": asked.text("ticket"), "response": string(stick.Sign([]byte(asked.text("options"))))}, rows: "session+1", want: m{"token": anything}})
	w.refused(step{op: "remove-passkey", as: &cao, body: m{"id": "none"}}, 404, "signin.passkey_unknown")
	w.does(step{op: "remove-passkey", as: &cao, body: m{"id": added.text("id")}, rows: "signin_passkey-1"})
	w.refused(step{op: "depart", body: m{"provider": "city"}}, 404, "signin.provider_unknown")
	w.refused(step{op: "return", body: m{"provider": "city", "binding": "x", "state": "x", "code": "x"}, noted: true}, 401, "signin.stale")
	for _, op := range []string{"depart", "return"} {
		covered.Store(op, true)
	}
}
