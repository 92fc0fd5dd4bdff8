package signin

import (
	"errors"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
)

// password is a row of signin_password.
type password struct {
	actor  identity.ActorID
	digest string
}

func passwordByLogin(tx *store.Tx, login string) (p password, found bool, err error) {
	err = tx.QueryRow("SELECT actor, digest FROM signin_password WHERE login = $1", login).Scan(&p.actor, &p.digest)
	if errors.Is(err, store.ErrNoRows) {
		return password{}, false, nil
	}
	return p, err == nil, err
}

func insertPassword(tx *store.Tx, actor identity.ActorID, login, digest string) error {
	_, err := tx.Exec("INSERT INTO signin_password (actor, login, digest, changed_at) VALUES ($1, $2, $3, $4)", string(actor), login, digest, tx.NowMicros())
	return err
}

// savePassword renews a digest unless it was changed meanwhile.
func savePassword(tx *store.Tx, actor identity.ActorID, was, digest string) error {
	_, err := tx.Exec("UPDATE signin_password SET digest = $1 WHERE actor = $2 AND digest = $3", digest, string(actor), was)
	return err
}

// dropSecrets removes everything that staff signs in with.
func dropSecrets(tx *store.Tx, actor identity.ActorID) error {
	for _, text := range []string{"DELETE FROM signin_password WHERE actor = $1", "DELETE FROM signin_totp WHERE actor = $1",
		"DELETE FROM signin_recovery WHERE actor = $1", "DELETE FROM signin_passkey WHERE actor = $1"} {
		if _, err := tx.Exec(text, string(actor)); err != nil {
			return err
		}
	}
	return nil
}

func insertTOTP(tx *store.Tx, actor identity.ActorID, sealed []byte, step int64) error {
	_, err := tx.Exec("INSERT INTO signin_totp (actor, secret, last_step) VALUES ($1, $2, $3)", string(actor), sealed, step)
	return err
}

func lockTOTP(tx *store.Tx, actor identity.ActorID) (sealed []byte, last int64, found bool, err error) {
	err = tx.QueryRow("SELECT secret, last_step FROM signin_totp WHERE actor = $1"+tx.ForUpdate(), string(actor)).Scan(&sealed, &last)
	if errors.Is(err, store.ErrNoRows) {
		return nil, 0, false, nil
	}
	return sealed, last, err == nil, err
}

func saveStep(tx *store.Tx, actor identity.ActorID, step int64) error {
	_, err := tx.Exec("UPDATE signin_totp SET last_step = $1 WHERE actor = $2", step, string(actor))
	return err
}

func insertRecovery(tx *store.Tx, actor identity.ActorID, digests []string) error {
	args := make([]any, 0, 2*len(digests))
	for _, d := range digests {
		args = append(args, string(actor), d)
	}
	_, err := tx.Insert("INSERT INTO signin_recovery (actor, digest)", 2, args, "")
	return err
}

func useRecovery(tx *store.Tx, actor identity.ActorID, digest string) (int64, error) {
	return tx.Exec("UPDATE signin_recovery SET used_at = $1 WHERE actor = $2 AND digest = $3 AND used_at IS NULL", tx.NowMicros(), string(actor), digest)
}

func cardOf(tx *store.Tx, of member.PersonID) (which cardID, err error) {
	err = tx.QueryRow("SELECT id FROM signin_card WHERE person = $1 AND revoked_at IS NULL", string(of)).Scan(&which)
	if errors.Is(err, store.ErrNoRows) {
		err = nil
	}
	return which, err
}

// printed is a card that somebody holds.
type printed struct {
	id     cardID
	holder member.PersonID
	by     identity.ActorID // who printed it
}

func cardByDigest(tx *store.Tx, digest string) (card printed, found bool, err error) {
	err = tx.QueryRow("SELECT id, person, issued_by FROM signin_card WHERE digest = $1 AND revoked_at IS NULL", digest).Scan(&card.id, &card.holder, &card.by)
	if errors.Is(err, store.ErrNoRows) {
		return printed{}, false, nil
	}
	return card, err == nil, err
}

func insertCard(tx *store.Tx, which cardID, of member.PersonID, digest, by string) error {
	_, err := tx.Exec("INSERT INTO signin_card (id, person, digest, issued_by, issued_at) VALUES ($1, $2, $3, $4, $5)",
		string(which), string(of), digest, by, tx.NowMicros())
	return err
}

func revokeCard(tx *store.Tx, of member.PersonID) (int64, error) {
	return tx.Exec("UPDATE signin_card SET revoked_at = $1 WHERE person = $2 AND revoked_at IS NULL", tx.NowMicros(), string(of))
}

// passkey is a row of signin_passkey.
type passkey struct {
	id     string
	actor  identity.ActorID
	sealed []byte
	label  string
}

func insertPasskey(tx *store.Tx, p passkey) error {
	_, err := tx.Exec("INSERT INTO signin_passkey (id, actor, credential, label, created_at) VALUES ($1, $2, $3, $4, $5)",
		p.id, string(p.actor), p.sealed, p.label, tx.NowMicros())
	return err
}

func lockPasskeys(tx *store.Tx, actor identity.ActorID) ([]passkey, error) {
	return store.All(tx, func(r *store.Rows) (p passkey, err error) {
		return p, r.Scan(&p.id, &p.actor, &p.sealed, &p.label)
	}, "SELECT id, actor, credential, label FROM signin_passkey WHERE actor = $1 ORDER BY id"+tx.ForUpdate(), string(actor))
}

func savePasskey(tx *store.Tx, p passkey) error {
	_, err := tx.Exec("UPDATE signin_passkey SET credential = $1, used_at = $2 WHERE id = $3", p.sealed, tx.NowMicros(), p.id)
	return err
}

func deletePasskey(tx *store.Tx, actor identity.ActorID, which string) (int64, error) {
	return tx.Exec("DELETE FROM signin_passkey WHERE actor = $1 AND id = $2", string(actor), which)
}

func listPasskeys(tx *store.Tx, actor identity.ActorID) ([]Passkey, error) {
	return store.All(tx, func(r *store.Rows) (p Passkey, err error) {
		var created int64
		var used *int64
		err = r.Scan(&p.ID, &p.Label, &created, &used)
		p.Created = clock.FromMicros(created)
		if used != nil {
			p.Used = clock.FromMicros(*used)
		}
		return p, err
	}, "SELECT id, label, created_at, used_at FROM signin_passkey WHERE actor = $1 ORDER BY created_at, id", string(actor))
}

func linkOf(tx *store.Tx, provider, subject string) (actor identity.ActorID, err error) {
	err = tx.QueryRow("SELECT actor FROM signin_link WHERE provider = $1 AND subject = $2"+tx.ForUpdate(), provider, subject).Scan(&actor)
	if errors.Is(err, store.ErrNoRows) {
		err = nil
	}
	return actor, err
}

func saveLink(tx *store.Tx, provider, subject string, actor identity.ActorID) error {
	_, err := tx.Exec(`INSERT INTO signin_link (provider, subject, actor, linked_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (provider, subject) DO UPDATE SET actor = excluded.actor, linked_at = excluded.linked_at`, provider, subject, string(actor), tx.NowMicros())
	return err
}

func loginOf(tx *store.Tx, actor identity.ActorID) (login string, err error) {
	err = tx.QueryRow("SELECT login FROM signin_password WHERE actor = $1", string(actor)).Scan(&login)
	if errors.Is(err, store.ErrNoRows) {
		err = nil
	}
	return login, err
}

func cardsOf(tx *store.Tx, person member.PersonID) ([]PersonalCard, error) {
	return store.All(tx, func(r *store.Rows) (c PersonalCard, err error) {
		var issued int64
		var revoked *int64
		err = r.Scan(&issued, &revoked)
		c.Issued = clock.FromMicros(issued)
		if revoked != nil {
			at := clock.FromMicros(*revoked)
			c.Revoked = &at
		}
		return c, err
	}, "SELECT issued_at, revoked_at FROM signin_card WHERE person = $1 ORDER BY issued_at, id", string(person))
}

func linksOf(tx *store.Tx, actor identity.ActorID) ([]PersonalLink, error) {
	return store.All(tx, func(r *store.Rows) (l PersonalLink, err error) {
		var linked int64
		err = r.Scan(&l.Provider, &linked)
		l.Linked = clock.FromMicros(linked)
		return l, err
	}, "SELECT provider, linked_at FROM signin_link WHERE actor = $1 ORDER BY linked_at, provider", string(actor))
}
