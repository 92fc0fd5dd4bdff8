package httpapi

import (
	"context"
	"time"

	"timebank/internal/division"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Me is who the token belongs to.
type Me struct {
	Actor     ID         `json:"actor"`
	Person    ID         `json:"person,omitempty" doc:"Left out for an account that is nobody's yet"`
	Roles     []Role     `json:"roles"`
	Recipient *Recipient `json:"recipient,omitempty"`
	Volunteer *Volunteer `json:"volunteer,omitempty"`
}

// Role is a role that somebody holds in a region.
type Role struct {
	ID     ID         `json:"id" doc:"Of the grant"`
	Role   string     `json:"role" enum:"point_staff,point_manager,administrator,reviewer,dispatcher,auditor,readonly"`
	Region ID         `json:"region"`
	Name   string     `json:"region_name" example:"栖霞区"`
	Point  ID         `json:"point,omitempty" doc:"The service point, for the roles of a point"`
	Only   string     `json:"campaign,omitempty" doc:"The call-out that the role is limited to"`
	From   *time.Time `json:"from,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
}

func roleOf(g identity.Grant, tree *region.Tree) Role {
	return Role{ID: ID(g.ID), Role: string(g.Role), Region: ID(g.Region), Name: tree.Name(g.Region), Point: ID(g.Point), Only: g.Campaign, From: timeOf(g.From), Until: timeOf(g.Until)}
}

func (a *api) me(ctx context.Context, _ *Nothing) (Me, error) {
	by := actor(ctx)
	out := Me{Actor: ID(by.ID), Person: ID(by.Person)}
	if by.ByCard {
		// The staff at the desk sees what is somebody else's: that is a look.
		if _, _, err := a.Members.Details(ctx, by, member.PersonID(by.Person)); err != nil {
			return Me{}, err
		}
	}
	err := a.read(ctx, func(_ *store.Tx, tree *region.Tree) error {
		out.Roles = each(by.Grants, func(g identity.Grant) Role { return roleOf(g, tree) })
		return nil
	})
	if err != nil || by.Person == "" {
		return out, err
	}
	p := Person{ID: ID(by.Person)}
	err = a.standing(ctx, &p)
	out.Recipient, out.Volunteer = p.Recipient, p.Volunteer
	return out, err
}

// Sessions are the places where an actor is signed in.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// Session is one place where an actor is signed in.
type Session struct {
	ID      ID        `json:"id"`
	Label   string    `json:"label" example:"phone"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	Ends    time.Time `json:"ends"`
}

func (a *api) listSessions(ctx context.Context, in *OneID) (Sessions, error) {
	list, err := a.Identity.Sessions(ctx, actor(ctx), identity.ActorID(in.ID))
	return Sessions{each(list, func(s identity.Session) Session {
		return Session{ID: ID(s.ID), Label: s.Label, Created: s.Created, Seen: s.Seen, Ends: s.Ends}
	})}, err
}

// NewToken signs an actor in.
type NewToken struct {
	Label string `json:"label,omitempty" maxLength:"60" example:"phone" doc:"What the actor sees in its list of sessions"`
	Hours int    `json:"hours,omitempty" minimum:"1" maximum:"720" doc:"How long it is good at most; left out: the installation's limit"`
}

// Token is a bearer token. It is shown once and cannot be read back.
type Token struct {
	Token string `json:"token"`
}

func (a *api) issueToken(ctx context.Context, in *With[NewToken]) (Token, error) {
	by, of := actor(ctx), identity.ActorID(in.ID)
	token, err := a.Identity.Derive(ctx, by, of, time.Duration(in.Body.Hours)*time.Hour, in.Body.Label)
	return Token{token}, err
}

// SessionOn is a command about one session.
type SessionOn struct {
	Mutation
	ID      ID `path:"id" doc:"The actor"`
	Session ID `path:"session"`
}

func (a *api) endSession(ctx context.Context, in *SessionOn) error {
	return done(a.Identity.EndSessions(ctx, []identity.EndSessionCmd{{Actor: actor(ctx), Key: in.Key, Of: identity.ActorID(in.ID), Session: identity.SessionID(in.Session)}}))
}

func (a *api) endSessions(ctx context.Context, in *ActOn) error {
	return done(a.Identity.EndSessions(ctx, []identity.EndSessionCmd{{Actor: actor(ctx), Key: in.Key, Of: identity.ActorID(in.ID)}}))
}

// NewRole gives an actor a role.
type NewRole struct {
	Role   string     `json:"role" enum:"point_staff,point_manager,administrator,reviewer,dispatcher,auditor,readonly"`
	Region ID         `json:"region"`
	Point  ID         `json:"point,omitempty" doc:"The service point, for the roles of a point alone"`
	Only   string     `json:"campaign,omitempty" maxLength:"40" doc:"Limits the role to one call-out; it then needs an end"`
	From   *time.Time `json:"from,omitempty" doc:"Left out: now"`
	Until  *time.Time `json:"until,omitempty" doc:"Left out: no end"`
}

// of is the command that gives the role to an actor.
func (b NewRole) of(ctx context.Context, key string, to ID) identity.GrantRoleCmd {
	return identity.GrantRoleCmd{Actor: actor(ctx), Key: key, To: identity.ActorID(to), Role: identity.Role(b.Role), Region: region.ID(b.Region), Point: string(b.Point),
		Campaign: b.Only, From: orZero(b.From), Until: orZero(b.Until)}
}

func (a *api) grantRole(ctx context.Context, in *With[NewRole]) (Made, error) {
	made, err := first(a.Identity.GrantRoles(ctx, []identity.GrantRoleCmd{in.Body.of(ctx, in.Key, in.ID)}))
	return Made{ID(made)}, err
}

// NewAppointment puts forward that an actor be given a role.
type NewAppointment struct {
	NewRole
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why this person; it names nobody"`
}

func (a *api) appoint(ctx context.Context, in *With[NewAppointment]) (Made, error) {
	made, err := a.Identity.Appoint(ctx, identity.AppointCmd{GrantRoleCmd: in.Body.of(ctx, in.Key, in.ID), Reason: in.Body.Reason})
	return Made{ID(made)}, err
}

func (a *api) revokeRole(ctx context.Context, in *With[Reason]) error {
	return done(a.Identity.RevokeRoles(ctx, []identity.RevokeRoleCmd{{Actor: actor(ctx), Key: in.Key, Grant: identity.GrantID(in.ID), Reason: in.Body.Reason}}))
}

// Holders are those who hold a role in a region.
type Holders struct {
	Holders []Holder `json:"holders"`
}

// Holder is somebody who holds a role.
type Holder struct {
	Actor ID   `json:"actor"`
	Role  Role `json:"role"`
}

func (a *api) listHolders(ctx context.Context, in *OneID) (out Holders, err error) {
	place := region.ID(in.ID)
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := actor(ctx).May(identity.IdentityGrantRole, place, tree); err != nil {
			return err
		}
		held, err := identity.Holders(tx, place)
		out.Holders = each(held, func(h identity.Held) Holder { return Holder{ID(h.Actor), roleOf(h.Grant, tree)} })
		return err
	})
	return out, err
}

// Proposal is an act that waits for a second person.
type Proposal struct {
	ID         ID         `json:"id"`
	Action     string     `json:"action" example:"ledger.reverse"`
	Region     ID         `json:"region"`
	Reason     string     `json:"reason"`
	Payload    string     `json:"payload" doc:"What it asks for, as JSON with ids and figures"`
	ProposedBy ID         `json:"proposed_by"`
	ProposedAt time.Time  `json:"proposed_at"`
	Until      time.Time  `json:"until" doc:"When it lapses"`
	State      string     `json:"state" enum:"open,approved,rejected,withdrawn,expired"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
	Decision   string     `json:"decision,omitempty"`
	Ends       []RuleEnd  `json:"ends,omitempty" doc:"Of a merger that waits: the rules of their own that end with what ends"`
}

func proposalOf(p identity.Proposal) Proposal {
	return Proposal{ID: ID(p.ID), Action: p.Action, Region: ID(p.Region), Reason: p.Reason, Payload: p.Payload, ProposedBy: ID(p.By), ProposedAt: p.ProposedAt,
		Until: p.Until, State: string(p.State), DecidedBy: p.DecidedBy, DecidedAt: timeOf(p.DecidedAt), Decision: p.Decision}
}

// Proposals are those that wait in a region and below.
type Proposals struct {
	Proposals []Proposal `json:"proposals"`
}

// InRegion asks about a region and all below it.
type InRegion struct {
	Region ID `query:"region" required:"true"`
}

// seesProposal asks whether the actor proposed it or may decide it.
func seesProposal(by identity.Actor, p identity.Proposal, tree *region.Tree) error {
	if by.ID == string(p.By) {
		return nil
	}
	if err := by.May(identity.AuditRead, p.Region, tree); err == nil {
		return nil
	}
	return by.May(p.Needs, p.Region, tree)
}

func (a *api) listProposals(ctx context.Context, in *InRegion) (out Proposals, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		out.Proposals = []Proposal{}
		if err := named(tree, "region", in.Region); err != nil {
			return err
		}
		open, err := identity.OpenProposals(tx, region.ID(in.Region))
		for _, p := range open {
			if seesProposal(actor(ctx), p, tree) == nil {
				one, err := a.proposalWithEnds(tx, tree, p)
				if err != nil {
					return err
				}
				out.Proposals = append(out.Proposals, one)
			}
		}
		return err
	})
	return out, err
}

func (a *api) getProposal(ctx context.Context, in *OneID) (out Proposal, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		p, err := identity.LoadProposal(tx, identity.ProposalID(in.ID))
		if err == nil {
			err = seesProposal(actor(ctx), p, tree)
		}
		if errs.KindOf(err) == errs.Forbidden {
			err = errs.New(errs.NotFound, "identity.proposal_unknown")
		}
		if err == nil {
			out, err = a.proposalWithEnds(tx, tree, p)
		}
		return err
	})
	return out, err
}

// proposalWithEnds also says, as long as it waits, which rules end with what a merger ends: whoever decides must know.
func (a *api) proposalWithEnds(tx *store.Tx, tree *region.Tree, p identity.Proposal) (Proposal, error) {
	out := proposalOf(p)
	if c, ok := division.Read(p); ok && p.State == identity.Open {
		all, err := a.Divisions.Endings(tx, tree, c)
		out.Ends = each(all, ruleEndOf)
		return out, err
	}
	return out, nil
}
