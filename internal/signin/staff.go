package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/notify"
	"timebank/internal/pii"
	"timebank/internal/store"
	"timebank/internal/why"
)

const (
	invitationTicket ticketKind = "invitation"
	enrolmentTicket  ticketKind = "enrolment"

	invitationLife = 72 * time.Hour
	enrolmentLife  = 30 * time.Minute

	recoveryCodes  = 10
	recoveryLength = 9

	// A password is as long as NIST SP 800-63B asks for beside a second factor, and a little more.
	passwordLeast = 10
	passwordMost  = 128
)

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,31}$`)

// InviteCmd lets somebody who holds a role set a password and a second factor, for the first time or after losing them.
type InviteCmd struct {
	Actor identity.Actor
	To    identity.ActorID
	Login string // the name to sign in with
}

// Invitation is handed to the invited person by hand. It is shown once.
type Invitation struct {
	Code    string
	Expires time.Time
}

// Invite makes an invitation, which ends earlier ones; what the person signed in with so far stays good until it is accepted. Whoever may
// grant all roles of the person may invite it, but not take the invitation up in its place and so be two persons: that needs a code which
// goes to the invited person's own telephone, which the inviter has not set. Errors: signin.login_invalid, signin.login_taken, Refused
// signin.phone_needed for a person without a mobile number, Forbidden signin.phone_by_inviter, and those of identity.MayManage.
func (s *Service) Invite(ctx context.Context, cmd InviteCmd) (made Invitation, err error) {
	login := strings.ToLower(strings.TrimSpace(cmd.Login))
	if !loginForm.MatchString(login) {
		return Invitation{}, errs.Invalid("signin.login_invalid", errs.Field{Path: "login", Code: "signin.login_malformed"})
	}
	err = s.db.Write(ctx, "signin.invite", func(tx *store.Tx) error {
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return err
		}
		known, err := identity.Load(tx, []identity.ActorID{cmd.To}, "")
		if err != nil {
			return err
		}
		if err := identity.MayManage(cmd.Actor, cmd.To, known[cmd.To].Grants, tree); err != nil {
			return err
		}
		holder, _, err := passwordByLogin(tx, login)
		if err != nil {
			return err
		}
		if holder.actor != "" && holder.actor != cmd.To {
			return errs.New(errs.Conflict, "signin.login_taken").By("record.once", "nobody")
		}
		if _, err := s.ownPhone(tx, known[cmd.To], cmd.Actor.ID); err != nil {
			return err
		}
		if err := endTickets(tx, invitationTicket, string(cmd.To)); err != nil {
			return err
		}
		code, err := s.issue(tx, invitationTicket, string(cmd.To), cmd.Actor.ID+" "+login, invitationLife)
		if err != nil {
			return err
		}
		made = Invitation{Code: code, Expires: tx.Now().Add(invitationLife)}
		return audit.Record(tx, audit.Entry{Actor: cmd.Actor.ID, OnBehalf: known[cmd.To].Person, Action: "signin.invite", Kind: "actor", Ref: string(cmd.To), Region: string(known[cmd.To].Grants[0].Region),
			After: "until " + made.Expires.UTC().Format(time.RFC3339), Origin: cmd.Actor.Origin})
	})
	return made, err
}

var (
	errPhoneNeeded    = errs.New(errs.Refused, "signin.phone_needed").By("identity.two_persons", "law")
	errPhoneByInviter = errs.New(errs.Forbidden, "signin.phone_by_inviter").By("identity.two_persons", "law")
)

// ownPhone is where the code goes by which an invited person shows that it is itself, and not who invites; the zero number for an account that
// is nobody's, which is never the second of two persons.
func (s *Service) ownPhone(tx *store.Tx, of identity.Actor, inviter string) (pii.Phone, error) {
	if of.Person == "" {
		return pii.Phone{}, nil
	}
	d, err := s.members.Open(tx, member.PersonID(of.Person))
	if err != nil {
		return pii.Phone{}, err
	}
	if !d.Phone.IsMobile() {
		return pii.Phone{}, errPhoneNeeded
	}
	set, err := member.PhoneSetBy(tx, member.PersonID(of.Person))
	if err != nil || set == "" {
		return d.Phone, err
	}
	same, err := samePerson(tx, identity.ActorID(set), identity.ActorID(inviter))
	if err == nil && same {
		err = errPhoneByInviter.Because(why.Rule("identity.two_persons", "", "law"))
	}
	return d.Phone, err
}

// samePerson reports whether two accounts are one person's; the program itself is nobody.
func samePerson(tx *store.Tx, a, b identity.ActorID) (bool, error) {
	known, err := identity.Load(tx, []identity.ActorID{a, b}, "")
	if err != nil {
		return false, err
	}
	person := known[a].Person
	return (a == b && string(a) != identity.System.ID) || person != "" && person == known[b].Person, nil
}

// AcceptCmd chooses a password.
type AcceptCmd struct {
	Where
	Invitation string
	Password   string
}

// Enrolment is what the authenticator needs, shown once, and what to confirm it with.
type Enrolment struct {
	Login  string
	Secret string // base32, for typing
	URI    string // for a square code
	Ticket string
	// Phone is where a code went that Confirm asks for besides; it prints masked. It is zero for an account that is nobody's.
	Phone pii.Phone
}

// enrolling is what an enrolment keeps sealed until it is confirmed. Sent is the keyed digest of the code that went to the telephone.
type enrolling struct {
	Login, Digest, Secret string
	Sent                  []byte
}

// Accept takes an invitation up. Nothing is good before the authenticator has been confirmed. Errors: signin.password_invalid, signin.stale,
// signin.phone_by_inviter where the number was set anew after the invitation.
func (s *Service) Accept(ctx context.Context, cmd AcceptCmd) (out Enrolment, err error) {
	var salt [saltBytes]byte
	var secret [totpSecret]byte
	var inviter, login string
	err = s.db.Write(ctx, "signin.accept", func(tx *store.Tx) (err error) {
		tx.Fill(salt[:])
		tx.Fill(secret[:])
		_, sealed, err := s.peek(tx, invitationTicket, cmd.Invitation)
		inviter, login, _ = strings.Cut(sealed, " ")
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	if err := checkPassword(cmd.Password, login); err != nil {
		return Enrolment{}, err
	}
	digest, err := s.digest(ctx, cmd.Password, salt[:])
	if err != nil {
		return Enrolment{}, err
	}
	kept := enrolling{Login: login, Digest: digest, Secret: totpText.EncodeToString(secret[:])}
	err = s.db.Write(ctx, "signin.accept", func(tx *store.Tx) error {
		t, _, err := s.take(tx, invitationTicket, cmd.Invitation)
		if err != nil {
			return err
		}
		phone, err := s.sendOwn(tx, t.subject, inviter, &kept)
		if err != nil {
			return err
		}
		sealed, err := json.Marshal(kept) // #nosec G117 -- sealed before it is stored
		if err != nil {
			return err
		}
		out = Enrolment{Login: login, Secret: kept.Secret, URI: totpURI(s.set.Name, login, kept.Secret), Phone: phone}
		out.Ticket, err = s.issue(tx, enrolmentTicket, t.subject, string(sealed), enrolmentLife)
		return err
	})
	return out, err
}

// sendOwn sends the invited person the code that whoever holds the invitation alone does not have.
func (s *Service) sendOwn(tx *store.Tx, subject, inviter string, kept *enrolling) (pii.Phone, error) {
	known, err := identity.Load(tx, []identity.ActorID{identity.ActorID(subject)}, "")
	if err != nil {
		return pii.Phone{}, err
	}
	phone, err := s.ownPhone(tx, known[identity.ActorID(subject)], inviter)
	if err != nil || phone.IsZero() {
		return phone, err
	}
	code := draw(tx)
	kept.Sent = s.ownDigest(subject, code)
	_, err = s.notify.Send(tx, notify.Message{Channel: notify.SMS, To: phone.Reveal(), Kind: notify.Code,
		Values: map[string]string{"code": code, "minutes": fmt.Sprint(int(enrolmentLife.Minutes()))}, Life: enrolmentLife})
	return phone, err
}

func (s *Service) ownDigest(subject, code string) []byte {
	return s.box.Index("signin.enrol", subject+" "+strings.TrimSpace(code))
}

func checkPassword(password, login string) error {
	var bad errs.Fields
	switch n := utf8.RuneCountInString(password); {
	case n < passwordLeast:
		bad.Add("password", "signin.password_short", "least", passwordLeast)
	case n > passwordMost:
		bad.Add("password", "signin.password_long", "most", passwordMost)
	case strings.Contains(strings.ToLower(password), login) || strings.Count(password, password[:1]) == len(password):
		bad.Add("password", "signin.password_easy")
	}
	return bad.Err("signin.password_invalid")
}

// digest derives a password's digest, few at a time: each takes the memory that makes guessing dear.
func (s *Service) digest(ctx context.Context, password string, salt []byte) (string, error) {
	if err := s.queue(ctx); err != nil {
		return "", err
	}
	defer func() { <-s.busy }()
	return s.set.Argon.digest(password, salt), nil
}

func (s *Service) queue(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errs.New(errs.Unavailable, "signin.busy").With(ctx.Err())
	}
}

// ConfirmCmd shows that the authenticator works, and that the invited person is there.
type ConfirmCmd struct {
	Sign
	Ticket string
	Code   string // of the authenticator
	Sent   string // the code that went to the person's telephone
}

// Confirmed is a first session, and the codes that stand in for a lost authenticator, each once. They are shown once.
type Confirmed struct {
	SignedIn
	Recovery []string
}

// Confirm makes password and authenticator the way to sign in. Whatever was good before is not any more: other sessions, passkeys and recovery
// codes. Errors: signin.stale, signin.wrong.
func (s *Service) Confirm(ctx context.Context, cmd ConfirmCmd) (out Confirmed, err error) {
	err = s.settled(ctx, "signin.confirm", func(tx *store.Tx) (error, error) {
		out = Confirmed{}
		t, sealed, err := s.peek(tx, enrolmentTicket, cmd.Ticket)
		if err != nil {
			return nil, err
		}
		var kept enrolling
		if err := json.Unmarshal([]byte(sealed), &kept); err != nil {
			return nil, err
		}
		secret, err := totpText.DecodeString(kept.Secret)
		if err != nil {
			return nil, err
		}
		step, right := totpMatch(secret, cmd.Code, tx.Now(), 0)
		if kept.Sent != nil && !same(s.ownDigest(t.subject, cmd.Sent), kept.Sent) {
			right = false
		}
		if !right || t.tries >= s.set.CodeTries {
			return errWrong, countTry(tx, t.id)
		}
		if err := useTicket(tx, t.id); err != nil {
			return nil, err
		}
		actor := identity.ActorID(t.subject)
		if err := s.replaceSecrets(tx, actor, kept, secret, step); err != nil {
			return nil, err
		}
		if out.Recovery, err = s.drawRecovery(tx, actor); err != nil {
			return nil, err
		}
		if err := audit.Record(tx, audit.Entry{Actor: string(actor), Action: "signin.enrol", Kind: "actor", Ref: string(actor), Before: "invited", After: "password totp", Origin: cmd.Origin}); err != nil {
			return nil, err
		}
		out.SignedIn, err = s.open(tx, actor, identity.GradeStaff, cmd.Sign)
		return nil, err
	})
	return out, err
}

func (s *Service) replaceSecrets(tx *store.Tx, actor identity.ActorID, kept enrolling, secret []byte, step int64) error {
	if err := identity.EndAll(tx, actor); err != nil {
		return err
	}
	if err := dropSecrets(tx, actor); err != nil {
		return err
	}
	if err := insertPassword(tx, actor, kept.Login, kept.Digest); err != nil {
		return err
	}
	return insertTOTP(tx, actor, s.box.Seal(fieldTOTP, string(secret)), step)
}

const fieldTOTP = "signin.totp"

func (s *Service) drawRecovery(tx *store.Tx, actor identity.ActorID) ([]string, error) {
	codes, digests := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		codes[i] = tx.Code(recoveryLength)
		digests[i] = s.recoveryDigest(actor, codes[i])
	}
	return codes, insertRecovery(tx, actor, digests)
}

func (s *Service) recoveryDigest(actor identity.ActorID, code string) string {
	return s.index("signin.recovery", string(actor)+" "+code)
}

// Proof is a second factor: one of them is set.
type Proof struct {
	TOTP     string
	Recovery string
	Passkey  Assertion
}

// StaffCmd signs staff in.
type StaffCmd struct {
	Sign
	Login    string
	Password string
	Proof    Proof
}

// Staff signs in by password and a second factor. The answer to a wrong name, a wrong password and a wrong factor is one and takes the same
// time. Errors: signin.wrong, signin.too_many.
func (s *Service) Staff(ctx context.Context, cmd StaffCmd) (in SignedIn, err error) {
	login := strings.ToLower(strings.TrimSpace(cmd.Login))
	limits := s.trying(cmd.Where, "try.account", s.index("signin.login", login), s.set.TryAccount)
	var salt [saltBytes]byte
	var known password
	err = s.settled(ctx, "signin.staff", func(tx *store.Tx) (error, error) {
		tx.Fill(salt[:])
		refusal, err := count(tx, limits)
		if refusal == nil && err == nil {
			known, _, err = passwordByLogin(tx, login)
		}
		return refusal, err
	})
	if err != nil {
		return SignedIn{}, err
	}
	right, renewed, err := s.verify(ctx, cmd.Password, known.digest, salt[:])
	if err != nil {
		return SignedIn{}, err
	}
	err = s.settled(ctx, "signin.staff", func(tx *store.Tx) (error, error) {
		in = SignedIn{}
		proven := false
		if right {
			if proven, err = s.prove(tx, known.actor, cmd.Proof); err != nil {
				return nil, err
			}
		}
		if !proven {
			return errWrong, refused(tx, "signin.staff", string(known.actor), cmd.Where)
		}
		if err := proved(tx, limits); err != nil {
			return nil, err
		}
		if renewed != "" {
			if err := savePassword(tx, known.actor, known.digest, renewed); err != nil {
				return nil, err
			}
		}
		in, err = s.open(tx, known.actor, identity.GradeStaff, cmd.Sign)
		return nil, err
	})
	return in, err
}

// verify compares a password with a stored digest, and derives a new one when the stored one was made at other costs. Without a stored one it
// takes as long.
func (s *Service) verify(ctx context.Context, given, stored string, salt []byte) (right bool, renewed string, err error) {
	if err := s.queue(ctx); err != nil {
		return false, "", err
	}
	defer func() { <-s.busy }()
	if stored == "" {
		s.set.Argon.digest(given, salt)
		return false, "", nil
	}
	right, renew, err := s.set.Argon.matches(given, stored)
	if err == nil && right && renew {
		renewed = s.set.Argon.digest(given, salt)
	}
	return right, renewed, err
}

// prove uses a second factor up.
func (s *Service) prove(tx *store.Tx, actor identity.ActorID, p Proof) (bool, error) {
	switch {
	case p.TOTP != "":
		sealed, last, found, err := lockTOTP(tx, actor)
		if err != nil || !found {
			return false, err
		}
		secret, err := s.box.Open(fieldTOTP, sealed)
		if err != nil {
			return false, err
		}
		step, ok := totpMatch([]byte(secret), p.TOTP, tx.Now(), last)
		if !ok {
			return false, nil
		}
		return true, saveStep(tx, actor, step)
	case p.Recovery != "":
		code, err := id.ParseCode(p.Recovery)
		if err != nil {
			return false, nil
		}
		n, err := useRecovery(tx, actor, s.recoveryDigest(actor, code))
		return n == 1, err
	case p.Passkey.Ticket != "":
		return s.owns(tx, actor, p.Passkey)
	}
	return false, nil
}

// StepUp opens guarded rights to a staff session for a while, by a second factor. Errors: signin.wrong, signin.too_many,
// identity.session_ended.
func (s *Service) StepUp(ctx context.Context, actor identity.Actor, w Where, p Proof) (until time.Time, err error) {
	limits := s.trying(w, "try.account", s.index("signin.step_up", actor.ID), s.set.TryAccount)
	err = s.settled(ctx, "signin.step_up", func(tx *store.Tx) (error, error) {
		if refusal, err := count(tx, limits); refusal != nil || err != nil {
			return refusal, err
		}
		right, err := s.prove(tx, identity.ActorID(actor.ID), p)
		if err != nil {
			return nil, err
		}
		if !right {
			return errWrong, refused(tx, "signin.step_up", actor.ID, w)
		}
		if err := proved(tx, limits); err != nil {
			return nil, err
		}
		until, err = s.identity.StepUp(tx, actor)
		return nil, err
	})
	return until, err
}
