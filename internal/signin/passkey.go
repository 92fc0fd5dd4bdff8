package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
)

const (
	newPasskeyTicket ticketKind = "passkey_new"
	passkeyTicket    ticketKind = "passkey"

	// ceremonyLife is how long somebody may take to touch the key.
	ceremonyLife = 5 * time.Minute

	fieldPasskey = "signin.passkey"
)

// Passkey is a key that somebody signs in with, as its list shows it.
type Passkey struct {
	ID      string
	Label   string
	Created time.Time
	Used    time.Time // zero when it never was
}

// Ceremony is what the browser's key needs: options of WebAuthn as JSON, and the ticket to answer with.
type Ceremony struct {
	Ticket  string
	Options json.RawMessage
}

// Assertion is the browser's answer to a ceremony: the key's response as JSON.
type Assertion struct {
	Ticket   string
	Response []byte
}

// party is the library with the installation's address.
func (s *Service) party() (*webauthn.WebAuthn, error) {
	origin, err := url.Parse(s.set.Origin)
	if err == nil {
		var w *webauthn.WebAuthn
		w, err = webauthn.New(&webauthn.Config{RPID: origin.Hostname(), RPDisplayName: s.set.Name, RPOrigins: []string{s.set.Origin},
			AttestationPreference: protocol.PreferNoAttestation})
		if err == nil {
			return w, nil
		}
	}
	return nil, errs.New(errs.Unavailable, "signin.passkeys_off").With(err)
}

// owner is an actor as the library sees it. The handle is the actor's id, which says nothing about the person.
type owner struct {
	actor identity.ActorID
	keys  []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return []byte(o.actor) }
func (o owner) WebAuthnName() string                       { return "timebank" }
func (o owner) WebAuthnDisplayName() string                { return "timebank" }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

func (s *Service) ownerOf(tx *store.Tx, actor identity.ActorID) (owner, error) {
	rows, err := lockPasskeys(tx, actor)
	if err != nil {
		return owner{}, err
	}
	o := owner{actor: actor, keys: make([]webauthn.Credential, len(rows))}
	for i, row := range rows {
		clear, err := s.box.Open(fieldPasskey, row.sealed)
		if err == nil {
			err = json.Unmarshal([]byte(clear), &o.keys[i])
		}
		if err != nil {
			return owner{}, err
		}
	}
	return o, nil
}

func (s *Service) sealKey(c *webauthn.Credential) ([]byte, error) {
	clear, err := json.Marshal(c)
	return s.box.Seal(fieldPasskey, string(clear)), err
}

func keyName(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// ceremony seals what the library wants back and gives the browser its part.
func (s *Service) ceremony(tx *store.Tx, kind ticketKind, actor identity.ActorID, options any, session *webauthn.SessionData) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, err
	}
	sealed, err := json.Marshal(session)
	if err != nil {
		return Ceremony{}, err
	}
	c.Ticket, err = s.issue(tx, kind, string(actor), string(sealed), ceremonyLife)
	return c, err
}

// BeginPasskey asks the browser of somebody who is signed in to make a key. A card at the desk makes none. Errors: identity.not_by_card,
// signin.passkeys_off, identity.step_up_needed for staff without a second factor shown lately.
func (s *Service) BeginPasskey(ctx context.Context, actor identity.Actor) (c Ceremony, err error) {
	if err := mayKeys(actor); err != nil {
		return Ceremony{}, err
	}
	party, err := s.party()
	if err != nil {
		return Ceremony{}, err
	}
	err = s.db.Write(ctx, "signin.begin_passkey", func(tx *store.Tx) error {
		o, err := s.ownerOf(tx, identity.ActorID(actor.ID))
		if err != nil {
			return err
		}
		options, session, err := party.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()),
			webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired,
				UserVerification: protocol.VerificationRequired}))
		if err != nil {
			return err
		}
		c, err = s.ceremony(tx, newPasskeyTicket, o.actor, options, session)
		return err
	})
	return c, err
}

// mayKeys reports whether a session may change its holder's keys: staff's key opens roles, so it is asked for its second factor.
func mayKeys(a identity.Actor) error {
	if a.ByCard {
		return errs.New(errs.Forbidden, "identity.not_by_card").By("signin.card", "nobody")
	}
	if len(a.Grants) > 0 && a.Session != "" && !a.At.Before(a.SteppedUp) {
		return errs.New(errs.Forbidden, identity.CodeStepUp).By("identity.step_up", "law")
	}
	return nil
}

// FinishPasskeyCmd is the answer of the browser's new key.
type FinishPasskeyCmd struct {
	Actor    identity.Actor
	Label    string // "my phone"
	Ticket   string
	Response []byte // as JSON
}

// FinishPasskey adds the key. Errors: signin.stale, signin.wrong for an answer that is not the key's.
func (s *Service) FinishPasskey(ctx context.Context, cmd FinishPasskeyCmd) (added Passkey, err error) {
	if err := mayKeys(cmd.Actor); err != nil {
		return Passkey{}, err
	}
	party, err := s.party()
	if err != nil {
		return Passkey{}, err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(cmd.Response)
	if err != nil {
		return Passkey{}, errWrong.With(err)
	}
	err = s.db.Write(ctx, "signin.finish_passkey", func(tx *store.Tx) error {
		t, session, err := s.takeCeremony(tx, newPasskeyTicket, cmd.Ticket)
		if err != nil {
			return err
		}
		if t.subject != cmd.Actor.ID {
			return errStale
		}
		o, err := s.ownerOf(tx, identity.ActorID(cmd.Actor.ID))
		if err != nil {
			return err
		}
		key, err := party.CreateCredential(o, session, answer)
		if err != nil {
			return errWrong.With(err)
		}
		sealed, err := s.sealKey(key)
		if err != nil {
			return err
		}
		added = Passkey{ID: keyName(key.ID), Label: cmd.Label, Created: tx.Now()}
		if err := insertPasskey(tx, passkey{id: added.ID, actor: o.actor, sealed: sealed, label: cmd.Label}); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: cmd.Actor.ID, Action: "signin.add_passkey", Kind: "passkey", Ref: added.ID, After: "added", Origin: cmd.Actor.Origin})
	})
	return added, err
}

func (s *Service) takeCeremony(tx *store.Tx, kind ticketKind, shown string) (t ticket, session webauthn.SessionData, err error) {
	t, sealed, err := s.take(tx, kind, shown)
	if err == nil {
		err = json.Unmarshal([]byte(sealed), &session)
	}
	return t, session, err
}

// AskPasskey asks the browser for any key of this installation; whose it is comes with the answer.
func (s *Service) AskPasskey(ctx context.Context) (c Ceremony, err error) {
	party, err := s.party()
	if err != nil {
		return Ceremony{}, err
	}
	err = s.db.Write(ctx, "signin.ask_passkey", func(tx *store.Tx) error {
		options, session, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return err
		}
		c, err = s.ceremony(tx, passkeyTicket, "", options, session)
		return err
	})
	return c, err
}

// PasskeyCmd signs a citizen in by a key.
type PasskeyCmd struct {
	Sign
	Assertion
}

// ByPasskey signs in by a key alone, as a citizen; staff gives it beside its password. Errors: signin.wrong, signin.stale, signin.too_many.
func (s *Service) ByPasskey(ctx context.Context, cmd PasskeyCmd) (in SignedIn, err error) {
	limits := s.trying(cmd.Where, "", "", Limit{})[1:]
	err = s.settled(ctx, "signin.passkey", func(tx *store.Tx) (error, error) {
		in = SignedIn{}
		if refusal, err := count(tx, limits); refusal != nil || err != nil {
			return refusal, err
		}
		actor, err := s.assert(tx, cmd.Assertion)
		if errs.KindOf(err) == errs.Unauthenticated {
			return err, refused(tx, "signin.passkey", "", cmd.Where)
		}
		if err != nil {
			return nil, err
		}
		if err := proved(tx, limits); err != nil {
			return nil, err
		}
		in, err = s.open(tx, actor, identity.GradeCitizen, cmd.Sign)
		return nil, err
	})
	return in, err
}

// assert uses a ceremony up and returns whose key answered. A key whose counter goes back was copied, and is refused from then on.
func (s *Service) assert(tx *store.Tx, a Assertion) (identity.ActorID, error) {
	party, err := s.party()
	if err != nil {
		return "", err
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(a.Response)
	if err != nil {
		return "", errWrong.With(err)
	}
	_, session, err := s.takeCeremony(tx, passkeyTicket, a.Ticket)
	if err != nil {
		return "", err
	}
	var o owner
	find := func(_, handle []byte) (webauthn.User, error) {
		o, err = s.ownerOf(tx, identity.ActorID(handle))
		return o, err
	}
	key, wrong := party.ValidateDiscoverableLogin(find, session, answer)
	if err != nil {
		return "", err
	}
	if wrong != nil || key.Authenticator.CloneWarning {
		return "", errWrong.With(wrong)
	}
	sealed, err := s.sealKey(key)
	if err != nil {
		return "", err
	}
	return o.actor, savePasskey(tx, passkey{id: keyName(key.ID), sealed: sealed})
}

// owns reports whether an assertion is the actor's.
func (s *Service) owns(tx *store.Tx, actor identity.ActorID, a Assertion) (bool, error) {
	who, err := s.assert(tx, a)
	if errs.KindOf(err) == errs.Unauthenticated {
		return false, nil
	}
	return err == nil && who == actor, err
}

// Passkeys lists the actor's own keys, oldest first.
func (s *Service) Passkeys(ctx context.Context, actor identity.Actor) (list []Passkey, err error) {
	err = s.db.Read(ctx, "signin.passkeys", func(tx *store.Tx) (err error) {
		list, err = listPasskeys(tx, identity.ActorID(actor.ID))
		return err
	})
	return list, err
}

// RemovePasskey removes one of the actor's own keys. Errors: NotFound signin.passkey_unknown, and those of BeginPasskey.
func (s *Service) RemovePasskey(ctx context.Context, actor identity.Actor, which string) error {
	if err := mayKeys(actor); err != nil {
		return err
	}
	return s.db.Write(ctx, "signin.remove_passkey", func(tx *store.Tx) error {
		n, err := deletePasskey(tx, identity.ActorID(actor.ID), which)
		if err == nil && n == 0 {
			err = errs.New(errs.NotFound, "signin.passkey_unknown")
		}
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Actor: actor.ID, Action: "signin.remove_passkey", Kind: "passkey", Ref: which, Before: "added", After: "removed", Origin: actor.Origin})
	})
}
