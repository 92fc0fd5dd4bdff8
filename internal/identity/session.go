package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/store"
	"timebank/internal/why"
)

// Grade is what a session may do, which follows from how its holder signed in.
type Grade string

// The grades. Open is issued inside the installation (the operator's command line, tests) and carries everything; Citizen a person's own
// rights and no roles, however many the person holds; Staff the roles, guarded ones after a second factor; Card a few rights of a
// person who stands at the desk, used by the staff whose session it is.
const (
	GradeOpen    Grade = "open"
	GradeCitizen Grade = "citizen"
	GradeStaff   Grade = "staff"
	GradeCard    Grade = "card"
)

// Session is one place where an actor is signed in. It does not hold the token, which nobody can read back.
type Session struct {
	ID      SessionID
	Grade   Grade
	Label   string // what the actor sees in its list: "this phone", "demo"
	Created time.Time
	Seen    time.Time
	Ends    time.Time
	Revoked time.Time // zero while it is not
}

// SessionID identifies a session.
type SessionID = id.ID[Session]

const tokenBytes = 32

// Opening says which session a sign-in opens.
type Opening struct {
	Of    ActorID
	Grade Grade
	Label string
	// TTL cuts the grade's absolute limit; zero does not.
	TTL time.Duration
	// Behalf is the person whose card was shown, for GradeCard alone; Of is then the staff at the desk.
	Behalf string
	// SteppedUp says that a second factor was shown just now.
	SteppedUp bool
	// Replaces is the session that the same browser held until now, "" for none: a sign-in never goes on with an old one.
	Replaces SessionID
	Origin   string
}

// Opened is a new session with its bearer token, which is shown once and stored only as its digest.
type Opened struct {
	Token   string
	Session SessionID
	Ends    time.Time
}

// Open opens a session. Whoever calls it has authenticated the actor. Error: identity.actor_unknown.
func (s *Service) Open(tx *store.Tx, o Opening) (Opened, error) {
	known, err := loadActors(tx, []ActorID{o.Of})
	if err != nil {
		return Opened{}, err
	}
	if _, ok := known[o.Of]; !ok {
		return Opened{}, errs.New(errs.NotFound, "identity.actor_unknown")
	}
	idle, ttl := s.limits.Idle, s.limits.Absolute
	switch o.Grade {
	case GradeStaff:
		idle, ttl = s.limits.StaffIdle, s.limits.StaffAbsolute
	case GradeCard:
		idle, ttl = s.limits.Card, s.limits.Card
	}
	if o.TTL > 0 && o.TTL < ttl {
		ttl = o.TTL
	}
	secret := make([]byte, tokenBytes)
	tx.Fill(secret)
	row := sessionRow{Session: Session{ID: store.NewID[Session](tx), Grade: o.Grade, Label: o.Label, Ends: tx.Now().Add(ttl)}, actor: o.Of, idle: min(idle, ttl), behalf: o.Behalf}
	if o.SteppedUp {
		row.steppedUp = tx.Now().Add(s.limits.StepUp)
	}
	if o.Replaces != "" {
		if err := replaceSession(tx, o.Replaces); err != nil {
			return Opened{}, err
		}
	}
	if err := insertSession(tx, sha256.Sum256(secret), row); err != nil {
		return Opened{}, err
	}
	err = audit.Record(tx, audit.Entry{Actor: string(o.Of), OnBehalf: o.Behalf, Action: "identity.sign_in", Kind: "session", Ref: string(row.ID),
		After: string(o.Grade), Origin: o.Origin})
	return Opened{Token: base64.RawURLEncoding.EncodeToString(secret), Session: row.ID, Ends: row.Ends}, err
}

// StepUp opens guarded rights to a staff session for a while. Whoever calls it has checked a second factor just now. Error:
// identity.session_ended for a session that is over or not staff's.
func (s *Service) StepUp(tx *store.Tx, by Actor) (until time.Time, err error) {
	until = tx.Now().Add(s.limits.StepUp)
	n, err := saveStepUp(tx, by.Session, until)
	if err == nil && n != 1 {
		err = errSessionEnded
	}
	if err != nil {
		return time.Time{}, err
	}
	before := "not shown"
	if !by.SteppedUp.IsZero() {
		before = "until " + by.SteppedUp.UTC().Format(time.RFC3339)
	}
	return until, audit.Record(tx, audit.Entry{Actor: by.ID, Action: "identity.step_up", Kind: "session", Ref: string(by.Session),
		Before: before, After: "until " + until.UTC().Format(time.RFC3339), Origin: by.Origin})
}

// EndAll signs an actor out everywhere, because the way it signs in has changed.
func EndAll(tx *store.Tx, of ActorID) error { return revokeSessions(tx, of, "") }

// IssueToken opens a session of GradeOpen and returns its token, for the installation's own commands and tests: whoever signs in from
// outside goes through the signin package. A ttl of zero is the absolute limit; a longer one is cut to it.
func (s *Service) IssueToken(ctx context.Context, of ActorID, ttl time.Duration, label string) (token string, err error) {
	err = s.db.Write(ctx, "identity.issue_token", func(tx *store.Tx) error {
		opened, err := s.Open(tx, Opening{Of: of, Grade: GradeOpen, Label: label, TTL: ttl, Origin: audit.System})
		token = opened.Token
		return err
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// Derive opens one more session for an actor that is signed in, of the same grade and without guarded rights, so that a second device needs
// no second sign-in. Errors: identity.not_oneself for another's, identity.not_by_card.
func (s *Service) Derive(ctx context.Context, by Actor, of ActorID, ttl time.Duration, label string) (token string, err error) {
	if by.ID != string(of) || by.Session == "" {
		return "", errNotOneself.Because(why.Rule("identity.rights", "", "law").With("right", string(IdentitySession)))
	}
	if by.ByCard {
		return "", errNotByCard.Because(why.Rule("identity.rights", "", "law").With("right", string(IdentitySession)))
	}
	err = s.db.Write(ctx, "identity.derive", func(tx *store.Tx) error {
		grade, err := gradeOf(tx, by.Session)
		if err != nil {
			return err
		}
		opened, err := s.Open(tx, Opening{Of: of, Grade: grade, Label: label, TTL: ttl, Origin: by.Origin})
		token = opened.Token
		return err
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

var (
	errNotSignedIn  = errs.New(errs.Unauthenticated, "identity.not_signed_in")
	errSessionEnded = errs.New(errs.Unauthenticated, "identity.session_ended")
)

// Authenticate returns the actor of a bearer token with the roles held now, and notes that the session is in use. Errors:
// identity.not_signed_in for a token that was never issued, identity.session_ended for one that is over.
func (s *Service) Authenticate(ctx context.Context, bearer, origin string) (Actor, error) {
	actor, stale, err := s.recognise(ctx, bearer, origin)
	if err == nil && stale {
		err = s.db.Write(ctx, "identity.seen", func(tx *store.Tx) error { return touchSession(tx, actor.Session) })
	}
	return actor, err
}

// Recognise is [Service.Authenticate] for a page that asks by itself: nobody need be sitting there, so the session's rest goes on.
func (s *Service) Recognise(ctx context.Context, bearer, origin string) (Actor, error) {
	actor, _, err := s.recognise(ctx, bearer, origin)
	return actor, err
}

// recognise also tells whether the session's last use has to be noted: not every request writes, an eighth of the idle limit is precise
// enough.
func (s *Service) recognise(ctx context.Context, bearer, origin string) (actor Actor, stale bool, err error) {
	secret, err := base64.RawURLEncoding.Strict().DecodeString(bearer)
	if err != nil || len(secret) != tokenBytes {
		return Actor{}, false, errNotSignedIn
	}
	digest := sha256.Sum256(secret)
	err = s.db.Read(ctx, "identity.authenticate", func(tx *store.Tx) error {
		row, err := loadSession(tx, digest)
		if errors.Is(err, store.ErrNoRows) {
			return errNotSignedIn
		}
		if err != nil {
			return err
		}
		now := tx.Now()
		if !row.Revoked.IsZero() || !now.Before(row.Ends) || !now.Before(row.Seen.Add(row.idle)) {
			return errSessionEnded
		}
		stale = now.Sub(row.Seen) >= row.idle/8
		all, err := Load(tx, []ActorID{row.actor}, origin)
		actor = row.limit(all[row.actor])
		return err
	})
	if err != nil {
		return Actor{}, false, err
	}
	return actor, stale, nil
}

// limit leaves an actor what the session's grade gives; where it acts from is the session too.
func (s sessionRow) limit(a Actor) Actor {
	a.Session, a.SteppedUp = s.ID, s.steppedUp
	a.Origin += " session=" + string(s.ID)
	switch s.Grade {
	case GradeOpen:
		a.SteppedUp = s.Ends
	case GradeCitizen:
		a.Grants = nil
	case GradeCard:
		a.Grants, a.Person, a.ByCard = nil, s.behalf, true
	}
	return a
}

// Sessions lists the sessions of an actor that are not over, newest first. An administrator may list those of staff in its region. Error:
// identity.actor_unknown, to who may list everybody's.
func (s *Service) Sessions(ctx context.Context, by Actor, of ActorID) (list []Session, err error) {
	err = s.db.Read(ctx, "identity.sessions", func(tx *store.Tx) error {
		if err := s.maySession(tx, by, of); err != nil {
			return err
		}
		if list, err = loadSessions(tx, of); err != nil || len(list) > 0 {
			return err
		}
		known, err := loadActors(tx, []ActorID{of})
		if _, ok := known[of]; err == nil && !ok {
			err = errs.New(errs.NotFound, "identity.actor_unknown")
		}
		return err
	})
	return list, err
}

func (s *Service) maySession(tx *store.Tx, by Actor, of ActorID) error {
	if by.ByCard {
		return errNotByCard.Because(why.Rule("identity.rights", "", "law").With("right", string(IdentitySession)))
	}
	if by.system || by.ID == string(of) {
		return nil
	}
	grants, err := loadGrants(tx, []ActorID{of})
	if err != nil {
		return err
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	for _, g := range grants[of] {
		if err := by.May(IdentitySessionFor, g.Region, tree); err != nil {
			return err
		}
	}
	if len(grants[of]) == 0 {
		return by.May(IdentitySessionFor, tree.City(), tree)
	}
	return nil
}

// EndSessionCmd signs an actor out: of one session, or of all when Session is empty.
type EndSessionCmd struct {
	Actor   Actor
	Key     string
	Of      ActorID
	Session SessionID
}

// EndSessions signs out. Ending what is over changes nothing. Errors of a command: identity.not_allowed.
func (s *Service) EndSessions(ctx context.Context, cmds []EndSessionCmd) ([]Result[Nothing], error) {
	return s.end.Perform(ctx, s.db, cmds)
}

func (s *Service) runEnd(tx *store.Tx, cmds []*EndSessionCmd, out []*Result[Nothing]) error {
	for i, c := range cmds {
		err := s.maySession(tx, c.Actor, c.Of)
		if errs.KindOf(err) == errs.Forbidden {
			out[i].Err = err
			continue
		}
		if err != nil {
			return err
		}
		if err := revokeSessions(tx, c.Of, c.Session); err != nil {
			return err
		}
		known, err := loadActors(tx, []ActorID{c.Of})
		if err != nil {
			return err
		}
		behalf := c.Actor.Behalf(known[c.Of])
		if c.Actor.ID == string(c.Of) {
			behalf = ""
		}
		ended := "all"
		if c.Session != "" {
			ended = string(c.Session)
		}
		if err := audit.Record(tx, audit.Entry{Actor: c.Actor.ID, OnBehalf: behalf, Action: "identity.end_session", Kind: "actor", Ref: string(c.Of),
			Before: "open", After: "ended " + ended, Origin: c.Actor.Origin}); err != nil {
			return err
		}
	}
	return nil
}

// sessionsKept is how long an ended session is remembered, for questions of whoever did not open it (default, ours).
const sessionsKept = 90 * 24 * time.Hour

// Forget removes sessions that ended so long ago that nobody asks any more, and returns how many. The trail keeps that they were.
func (s *Service) Forget(ctx context.Context) (n int64, err error) {
	err = s.db.Write(ctx, "identity.forget", func(tx *store.Tx) error {
		n, err = deleteSessions(tx, tx.Now().Add(-sessionsKept))
		return err
	})
	return n, err
}
