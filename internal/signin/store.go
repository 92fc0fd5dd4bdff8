package signin

import (
	"errors"
	"time"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/store"
)

func insertTicket(tx *store.Tx, t ticket) error {
	var sealed any
	if t.sealed != nil {
		sealed = t.sealed
	}
	_, err := tx.Exec("INSERT INTO signin_ticket (id, kind, subject, digest, sealed, tries, expires_at) VALUES ($1, $2, $3, $4, $5, 0, $6)",
		string(t.id), string(t.kind), t.subject, t.digest, sealed, clock.Micros(t.expires))
	return err
}

func lockTicket(tx *store.Tx, which ticketID, kind ticketKind) (t ticket, found bool, err error) {
	var expires int64
	var used *int64
	err = tx.QueryRow("SELECT id, kind, subject, digest, sealed, tries, expires_at, used_at FROM signin_ticket WHERE id = $1 AND kind = $2"+tx.ForUpdate(),
		string(which), string(kind)).Scan(&t.id, &t.kind, &t.subject, &t.digest, &t.sealed, &t.tries, &expires, &used)
	if errors.Is(err, store.ErrNoRows) {
		return ticket{}, false, nil
	}
	t.expires, t.used = clock.FromMicros(expires), used != nil
	return t, err == nil, err
}

func useTicket(tx *store.Tx, which ticketID) error {
	_, err := tx.Exec("UPDATE signin_ticket SET used_at = $1 WHERE id = $2", tx.NowMicros(), string(which))
	return err
}

func countTry(tx *store.Tx, which ticketID) error {
	_, err := tx.Exec("UPDATE signin_ticket SET tries = tries + 1 WHERE id = $1", string(which))
	return err
}

// endTickets ends what was issued to a subject before: of several codes only the newest is good.
func endTickets(tx *store.Tx, kind ticketKind, subject string) error {
	_, err := tx.Exec("UPDATE signin_ticket SET used_at = $1 WHERE kind = $2 AND subject = $3 AND used_at IS NULL AND expires_at > $1",
		tx.NowMicros(), string(kind), subject)
	return err
}

// counted is what a limit knows of a subject.
type counted struct {
	hits int64
	last time.Time
}

func lockCount(tx *store.Tx, h hit) (c counted, err error) {
	if _, err = tx.Exec("INSERT INTO signin_limit (scope, subject, hits, last_at) VALUES ($1, $2, 0, $3) ON CONFLICT (scope, subject) DO NOTHING",
		h.scope, h.subject, tx.NowMicros()); err != nil {
		return c, err
	}
	var last int64
	err = tx.QueryRow("SELECT hits, last_at FROM signin_limit WHERE scope = $1 AND subject = $2"+tx.ForUpdate(), h.scope, h.subject).Scan(&c.hits, &last)
	c.last = clock.FromMicros(last)
	return c, err
}

func saveCount(tx *store.Tx, h hit, hits int64) error {
	_, err := tx.Exec("UPDATE signin_limit SET hits = $1, last_at = $2 WHERE scope = $3 AND subject = $4", hits, tx.NowMicros(), h.scope, h.subject)
	return err
}

func uncount(tx *store.Tx, h hit) error {
	_, err := tx.Exec("UPDATE signin_limit SET hits = hits - 1 WHERE scope = $1 AND subject = $2 AND hits > 0", h.scope, h.subject)
	return err
}

func clearCount(tx *store.Tx, scope, subject string) error {
	_, err := tx.Exec("DELETE FROM signin_limit WHERE scope = $1 AND subject = $2", scope, subject)
	return err
}

func forget(tx *store.Tx, tickets, counts time.Time) (int64, error) {
	n, err := tx.Exec("DELETE FROM signin_ticket WHERE expires_at < $1", clock.Micros(tickets))
	if err != nil {
		return 0, err
	}
	m, err := tx.Exec("DELETE FROM signin_limit WHERE last_at < $1", clock.Micros(counts))
	return n + m, err
}

func guestOf(tx *store.Tx, number string) (actor identity.ActorID, err error) {
	err = tx.QueryRow("SELECT actor FROM signin_guest WHERE phone_index = $1"+tx.ForUpdate(), number).Scan(&actor)
	if errors.Is(err, store.ErrNoRows) {
		err = nil
	}
	return actor, err
}

func saveGuest(tx *store.Tx, number string, actor identity.ActorID) error {
	_, err := tx.Exec("INSERT INTO signin_guest (phone_index, actor) VALUES ($1, $2) ON CONFLICT (phone_index) DO UPDATE SET actor = excluded.actor",
		number, string(actor))
	return err
}

func scanSealed(r *store.Rows) (s sealedSecret, err error) {
	return s, r.Scan(&s.id, &s.kind, &s.sealed)
}

func sealedTickets(tx *store.Tx, after string, max int) ([]sealedSecret, error) {
	return store.All(tx, scanSealed, "SELECT id, 'signin.' || kind, sealed FROM signin_ticket WHERE sealed IS NOT NULL AND id > $1 ORDER BY id LIMIT $2", after, max)
}

func saveSealedTicket(tx *store.Tx, s sealedSecret) error {
	_, err := tx.Exec("UPDATE signin_ticket SET sealed = $1 WHERE id = $2", s.sealed, s.id)
	return err
}

func sealedTOTP(tx *store.Tx, after string, max int) ([]sealedSecret, error) {
	return store.All(tx, scanSealed, "SELECT actor, CAST($3 AS TEXT), secret FROM signin_totp WHERE actor > $1 ORDER BY actor LIMIT $2", after, max, fieldTOTP)
}

func saveSealedTOTP(tx *store.Tx, s sealedSecret) error {
	_, err := tx.Exec("UPDATE signin_totp SET secret = $1 WHERE actor = $2", s.sealed, s.id)
	return err
}

func sealedPasskeys(tx *store.Tx, after string, max int) ([]sealedSecret, error) {
	return store.All(tx, scanSealed, "SELECT id, CAST($3 AS TEXT), credential FROM signin_passkey WHERE id > $1 ORDER BY id LIMIT $2", after, max, fieldPasskey)
}

func saveSealedPasskey(tx *store.Tx, s sealedSecret) error {
	_, err := tx.Exec("UPDATE signin_passkey SET credential = $1 WHERE id = $2", s.sealed, s.id)
	return err
}

// eraseWays removes every way by which an actor signs in, and what stands on its cards.
func eraseWays(tx *store.Tx, actor identity.ActorID, person string) error {
	if err := dropSecrets(tx, actor); err != nil {
		return err
	}
	for _, s := range []struct {
		text, arg string
	}{{"DELETE FROM signin_link WHERE actor = $1", string(actor)}, {"DELETE FROM signin_guest WHERE actor = $1", string(actor)},
		{"DELETE FROM signin_card WHERE person = $1", person}} {
		if _, err := tx.Exec(s.text, s.arg); err != nil {
			return err
		}
	}
	return nil
}
