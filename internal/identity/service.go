package identity

import (
	"cmp"
	"context"
	"errors"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// Limits bound a session. They are an installation's, not a city's policy.
type Limits struct {
	Idle     time.Duration // ends a session that nobody uses
	Absolute time.Duration // ends every session, used or not
	// StaffIdle and StaffAbsolute are those of sessions with roles, Card the absolute one of a person's card at the desk.
	StaffIdle, StaffAbsolute, Card time.Duration
	// StepUp is how long a second factor opens guarded rights.
	StepUp time.Duration
}

// DefaultLimits are half a working day idle and a month in all for citizens (default: elders should not have to sign in at every visit), an
// hour and a working day for staff, ten minutes for a card, and a quarter of an hour for guarded rights.
var DefaultLimits = Limits{Idle: 12 * time.Hour, Absolute: 30 * 24 * time.Hour, StaffIdle: time.Hour, StaffAbsolute: 12 * time.Hour,
	Card: 10 * time.Minute, StepUp: 15 * time.Minute}

// filled takes the default for each limit that is zero.
func (l Limits) filled() Limits {
	d := DefaultLimits
	return Limits{Idle: cmp.Or(l.Idle, d.Idle), Absolute: cmp.Or(l.Absolute, d.Absolute), StaffIdle: cmp.Or(l.StaffIdle, d.StaffIdle),
		StaffAbsolute: cmp.Or(l.StaffAbsolute, d.StaffAbsolute), Card: cmp.Or(l.Card, d.Card), StepUp: cmp.Or(l.StepUp, d.StepUp)}
}

// Service signs in, grants roles and holds sessions. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	limits  Limits
	grant   Call[GrantRoleCmd, GrantID]
	revoke  Call[RevokeRoleCmd, Nothing]
	end     Call[EndSessionCmd, Nothing]
	appoint Call[AppointCmd, ProposalID]
	approve Call[ApproveAppointmentCmd, GrantID]
}

// New returns the service of one database. A limit of zero is the default one.
func New(db *store.DB, regions *region.Service, limits Limits) *Service {
	s := &Service{db: db, regions: regions, limits: limits.filled()}
	s.grant = Call[GrantRoleCmd, GrantID]{Name: "identity.grant_role", Encode: Same[GrantID], Decode: AsID[GrantID], Run: s.runGrant,
		Head: func(c *GrantRoleCmd, w *canon.Writer) (Actor, string) {
			w.Str(string(c.To)).Str(string(c.Role)).Str(string(c.Region)).Str(c.Point).Str(c.Campaign).Time(c.From).Time(c.Until)
			return c.Actor, c.Key
		}}
	s.revoke = Call[RevokeRoleCmd, Nothing]{Name: "identity.revoke_role", Encode: NoResult, Decode: AsNothing, Run: s.runRevoke,
		Head: func(c *RevokeRoleCmd, w *canon.Writer) (Actor, string) {
			w.Str(string(c.Grant)).Str(c.Reason)
			return c.Actor, c.Key
		}}
	s.end = Call[EndSessionCmd, Nothing]{Name: "identity.end_session", Encode: NoResult, Decode: AsNothing, Run: s.runEnd,
		Head: func(c *EndSessionCmd, w *canon.Writer) (Actor, string) {
			w.Str(string(c.Of)).Str(string(c.Session))
			return c.Actor, c.Key
		}}
	s.appointCalls()
	return s
}

// Register makes an actor for each person, in order. A person has one actor; the member package calls it when it registers people.
func Register(tx *store.Tx, persons []string) ([]ActorID, error) {
	ids := make([]ActorID, len(persons))
	for i := range ids {
		ids[i] = store.NewID[Actor](tx)
	}
	return ids, insertActors(tx, ids, persons)
}

// Load returns actors with the roles they hold now, by id; an unknown one is missing from the map.
func Load(tx *store.Tx, ids []ActorID, origin string) (map[ActorID]Actor, error) {
	persons, err := loadActors(tx, ids)
	if err != nil {
		return nil, err
	}
	grants, err := loadGrants(tx, ids)
	if err != nil {
		return nil, err
	}
	actors := make(map[ActorID]Actor, len(persons))
	for actor, person := range persons {
		actors[actor] = Actor{ID: string(actor), Person: person, Grants: grants[actor], At: tx.Now(), Origin: origin}
	}
	return actors, nil
}

// Actor returns an actor with the roles held now, for a caller that has authenticated it by other means than a session.
func (s *Service) Actor(ctx context.Context, of ActorID, origin string) (actor Actor, err error) {
	err = s.db.Read(ctx, "identity.actor", func(tx *store.Tx) error {
		all, err := Load(tx, []ActorID{of}, origin)
		actor = all[of]
		return err
	})
	if err == nil && actor.ID == "" {
		err = errs.New(errs.NotFound, "identity.actor_unknown")
	}
	return actor, err
}

// GrantRoleCmd gives an actor a role in a region. A zero From is now, a zero Until has no end.
type GrantRoleCmd struct {
	Actor  Actor
	Key    string
	To     ActorID
	Role   Role
	Region region.ID
	Point  string // the service point, for the roles of a point alone
	// Campaign limits the role to one call-out, which has an end: such a role needs an Until.
	Campaign string
	From     time.Time
	Until    time.Time
}

// GrantRoles gives roles. Nobody grants one to itself, the manager of a point only lets staff in at that point, and what [NeedsTwo] goes by
// [Service.Appoint]. Errors of a command: identity.grant_invalid with all bad fields, one for an account that is no person's among them,
// identity.not_allowed, identity.grant_to_self, identity.appointment_needed.
func (s *Service) GrantRoles(ctx context.Context, cmds []GrantRoleCmd) ([]Result[GrantID], error) {
	return s.grant.Perform(ctx, s.db, cmds)
}

func (s *Service) runGrant(tx *store.Tx, cmds []*GrantRoleCmd, out []*Result[GrantID]) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	to := make([]ActorID, len(cmds))
	for i, c := range cmds {
		to[i] = c.To
	}
	known, err := loadActors(tx, to)
	if err != nil {
		return err
	}
	var rows []grantRow
	var trail []audit.Entry
	for i, c := range cmds {
		g, err := decideGrant(c, known, tx.Now(), tree)
		if err == nil {
			err = mayGrant(c.Actor, c.To, g, tree)
		}
		if err == nil && !c.Actor.system && NeedsTwo(g.Role, tree.Level(g.Region)) {
			err = errTwo
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		g.ID = store.NewID[Grant](tx)
		out[i].Value = g.ID
		rows = append(rows, grantRow{g, c.To, c.Actor.ID})
		trail = append(trail, g.given(c.Actor, c.To, known[c.To]))
	}
	if err := insertGrants(tx, rows); err != nil {
		return err
	}
	return audit.Record(tx, trail...)
}

// given is what the trail keeps of a role that somebody was given.
func (g Grant) given(by Actor, to ActorID, person string) audit.Entry {
	return audit.Entry{Actor: by.ID, OnBehalf: person, Action: "identity.grant_role", Kind: "actor", Ref: string(to), Region: string(g.Region),
		After: g.words(), Origin: by.Origin}
}

// decideGrant checks a grant to one of the known actors, of whom each has its person, and gives it its dates.
func decideGrant(c *GrantRoleCmd, known map[ActorID]string, now time.Time, tree *region.Tree) (Grant, error) {
	g := Grant{Role: c.Role, Region: c.Region, Point: c.Point, Campaign: c.Campaign, From: c.From, Until: c.Until}
	if g.From.IsZero() {
		g.From = now
	}
	var bad errs.Fields
	switch person, exists := known[c.To]; {
	case !exists:
		bad.Add("to", "identity.actor_unknown")
	case person == "" && !c.Actor.system:
		// Two accounts are not two persons: one that is nobody's could be anybody's second.
		bad.Add("to", "identity.person_needed")
	}
	if !g.Role.Valid() {
		bad.Add("role", "identity.role_unknown")
	}
	level := tree.Level(g.Region)
	if level == "" {
		bad.Add("region", "region.unknown")
	}
	switch {
	case g.Role.AtPoint() && g.Point == "":
		bad.Add("point", "identity.point_missing")
	case g.Role.AtPoint() && level != "" && level.Rank() < region.Street.Rank():
		bad.Add("region", "identity.point_above_street")
	case !g.Role.AtPoint() && g.Point != "":
		bad.Add("point", "identity.point_not_wanted")
	}
	if g.Campaign != "" && g.Until.IsZero() {
		bad.Add("until", "identity.campaign_without_end")
	}
	if g.From.Before(now) {
		bad.Add("from", "identity.back_dated")
	}
	if !g.Until.IsZero() && !g.Until.After(g.From) {
		bad.Add("until", "identity.ends_before_it_begins")
	}
	return g, bad.Err("identity.grant_invalid")
}

// words are the grant in the trail.
func (g Grant) words() string {
	all := string(g.Role) + " " + g.Point
	if g.Campaign != "" {
		all += " in " + g.Campaign
	}
	if !g.Until.IsZero() {
		all += " until " + string(clock.DayOf(g.Until))
	}
	return all
}

// mayGrant holds for granting a role and for taking it back.
func mayGrant(by Actor, to ActorID, g Grant, tree *region.Tree) error {
	if by.system {
		return nil
	}
	if by.ID == string(to) {
		return errToSelf
	}
	if err := by.MayIn(g.Campaign, IdentityGrantRole, g.Region, tree); err != nil {
		return err
	}
	for _, own := range by.Grants {
		if own.Role == Administrator && own.counts(by.At, g.Campaign) && tree.Contains(own.Region, g.Region) {
			return nil
		}
	}
	if g.Role == PointStaff && by.AtPoint(g.Point) {
		return nil
	}
	return errNotAllowed.Because(why.Rule("identity.rights", "", "law").With("right", string(IdentityGrantRole)).With("role", string(g.Role)))
}

// MayManage reports whether an actor may decide how another, who holds the given roles, signs in: whoever may grant all of them, and there is
// at least one. Errors: identity.grant_to_self, identity.not_allowed, identity.step_up_needed.
func MayManage(by Actor, to ActorID, held []Grant, tree *region.Tree) error {
	for _, g := range held {
		if err := mayGrant(by, to, g, tree); err != nil {
			return err
		}
	}
	if len(held) == 0 {
		return errNotAllowed.Because(why.Rule("identity.rights", "", "law").With("right", string(IdentityGrantRole)))
	}
	return nil
}

// RevokeRoleCmd ends a granted role now.
type RevokeRoleCmd struct {
	Actor  Actor
	Key    string
	Grant  GrantID
	Reason string
}

// RevokeRoles ends granted roles. Errors of a command: identity.grant_unknown, identity.not_allowed, identity.revoke_invalid for want of a reason,
// identity.grant_over.
func (s *Service) RevokeRoles(ctx context.Context, cmds []RevokeRoleCmd) ([]Result[Nothing], error) {
	return s.revoke.Perform(ctx, s.db, cmds)
}

func (s *Service) runRevoke(tx *store.Tx, cmds []*RevokeRoleCmd, out []*Result[Nothing]) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	var trail []audit.Entry
	for i, c := range cmds {
		g, err := loadGrant(tx, c.Grant)
		if errors.Is(err, store.ErrNoRows) {
			out[i].Err = errs.New(errs.NotFound, "identity.grant_unknown")
			continue
		}
		if err != nil {
			return err
		}
		if err := mayGrant(c.Actor, g.to, g.Grant, tree); err != nil {
			out[i].Err = err
			continue
		}
		if errs.Blank(c.Reason) {
			out[i].Err = errs.Invalid("identity.revoke_invalid", errs.Field{Path: "reason", Code: "identity.reason_missing"})
			continue
		}
		if !g.Until.IsZero() && !g.Until.After(tx.Now()) {
			out[i].Err = errs.New(errs.Conflict, "identity.grant_over").By("record.state", "nobody")
			continue
		}
		// A role that has not begun ends when it would begin.
		end := tx.Now()
		if end.Before(g.From) {
			end = g.From
		}
		if err := endGrant(tx, c.Grant, end, c.Actor.ID); err != nil {
			return err
		}
		held, err := loadActors(tx, []ActorID{g.to})
		if err != nil {
			return err
		}
		trail = append(trail, audit.Entry{Actor: c.Actor.ID, OnBehalf: held[g.to], Action: "identity.revoke_role", Kind: "actor", Ref: string(g.to),
			Region: string(g.Region), Before: g.words(), After: c.Reason, Origin: c.Actor.Origin})
	}
	return audit.Record(tx, trail...)
}

// Bind makes an actor that is nobody yet the given person: somebody who signed in and then registered. The error is Conflict with the code
// identity.actor_bound when the actor is a person already.
func Bind(tx *store.Tx, actor ActorID, person string) error {
	bound, err := bindActor(tx, actor, person)
	if err == nil && bound != 1 {
		err = errs.New(errs.Conflict, "identity.actor_bound").By("record.one_person", "law")
	}
	return err
}
