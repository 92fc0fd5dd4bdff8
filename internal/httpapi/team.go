package httpapi

import (
	"context"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// mayTeam returns a team that the actor may manage; a stranger is refused alike whether there is such a team or not.
func mayTeam(tx *store.Tx, tree *region.Tree, by identity.Actor, which ID) (member.Team, error) {
	teams, err := member.LoadTeams(tx, []member.TeamID{member.TeamID(which)})
	if err != nil {
		return member.Team{}, err
	}
	t, ok := teams[member.TeamID(which)]
	if !ok {
		t.Region = tree.City()
	}
	if err := by.MayFor(identity.MemberTeam, string(t.Manager), identity.MemberTeamFor, t.Region, tree); err != nil {
		return t, err
	}
	if !ok {
		return t, errs.New(errs.NotFound, "member.team_unknown")
	}
	return t, nil
}

// NewTeam registers a team of volunteers.
type NewTeam struct {
	Name    string `json:"name" minLength:"1" maxLength:"60" example:"栖霞志愿服务队"`
	Kind    string `json:"kind" enum:"company,school,team"`
	Region  ID     `json:"region"`
	Manager ID     `json:"manager" doc:"The person who answers for the team"`
}

func (a *api) registerTeam(ctx context.Context, in *Take[NewTeam]) (Made, error) {
	made, err := first(a.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: actor(ctx), Key: in.Key, Name: in.Body.Name, Kind: member.TeamKind(in.Body.Kind),
		Region: region.ID(in.Body.Region), Manager: member.PersonID(in.Body.Manager)}}))
	return Made{ID(made)}, err
}

// TeamMember is a command about one member of a team.
type TeamMember struct {
	Mutation
	ID     ID `path:"id" doc:"The team"`
	Person ID `path:"person" doc:"The volunteer"`
}

func (a *api) joinTeam(ctx context.Context, in *TeamMember) error  { return a.team(ctx, in, false) }
func (a *api) leaveTeam(ctx context.Context, in *TeamMember) error { return a.team(ctx, in, true) }

func (a *api) team(ctx context.Context, in *TeamMember, leave bool) error {
	return done(a.Members.JoinTeams(ctx, []member.JoinTeamCmd{{Actor: actor(ctx), Key: in.Key, Team: member.TeamID(in.ID), Person: member.PersonID(in.Person), Leave: leave}}))
}

// TeamInvite asks a volunteer to belong to a team.
type TeamInvite struct {
	Phone   string `json:"phone,omitempty" maxLength:"30" doc:"Of the volunteer; left out where a code is printed"`
	Printed bool   `json:"printed,omitempty" doc:"A code that is good once, for whoever shows it"`
}

func (a *api) inviteToTeam(ctx context.Context, in *With[TeamInvite]) (Made, error) {
	made, err := first(a.Members.Invite(ctx, []member.InviteCmd{{Actor: actor(ctx), Key: in.Key, Team: member.TeamID(in.ID), Phone: in.Body.Phone, Printed: in.Body.Printed}}))
	return Made{ID(made)}, err
}

// WaitingInvite is an invitation that waits.
type WaitingInvite struct {
	ID    ID        `json:"id"`
	Team  ID        `json:"team"`
	Name  string    `json:"name" doc:"The team's"`
	Code  string    `json:"code,omitempty" doc:"For the team's manager alone"`
	Until time.Time `json:"until"`
}

// WaitingInvites lists invitations, oldest first.
type WaitingInvites struct {
	Invites []WaitingInvite `json:"invites"`
}

func waitingInvites(all []member.Invite) WaitingInvites {
	return WaitingInvites{each(all, func(i member.Invite) WaitingInvite {
		return WaitingInvite{ID(i.ID), ID(i.Team), i.Name, i.Code, i.Until}
	})}
}

func (a *api) listTeamCodes(ctx context.Context, in *OneID) (list WaitingInvites, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		t, err := mayTeam(tx, tree, actor(ctx), in.ID)
		if err == nil {
			err = actor(ctx).MayOwn(identity.MemberTeam, string(t.Manager))
		}
		if err != nil {
			return err
		}
		all, err := member.CodesOf(tx, t.ID)
		list = waitingInvites(all)
		return err
	})
	return list, err
}

func (a *api) listTeamInvites(ctx context.Context, in *OneID) (list WaitingInvites, err error) {
	if err := actor(ctx).MayOwn(identity.MemberTeam, string(in.ID)); err != nil {
		return list, err
	}
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		all, err := member.InvitesFor(tx, member.PersonID(in.ID))
		list = waitingInvites(all)
		return err
	})
	return list, err
}

// InviteAnswer is a volunteer's answer to a team.
type InviteAnswer struct {
	Agree bool `json:"agree"`
}

func (a *api) answerTeamInvite(ctx context.Context, in *With[InviteAnswer]) error {
	return done(a.Members.AnswerInvite(ctx, []member.AnswerInviteCmd{{Actor: actor(ctx), Key: in.Key, Invite: member.InviteID(in.ID), Agree: in.Body.Agree}}))
}

// TeamCode is the code of an invitation.
type TeamCode struct {
	Code string `json:"code" minLength:"1" maxLength:"40" doc:"As it stands on paper"`
}

func (a *api) joinTeamByCode(ctx context.Context, in *Take[TeamCode]) error {
	return done(a.Members.AnswerInvite(ctx, []member.AnswerInviteCmd{{Actor: actor(ctx), Key: in.Key, Code: in.Body.Code, Agree: true}}))
}

// NewPoint opens a service point.
type NewPoint struct {
	Name   string `json:"name" minLength:"1" maxLength:"60" example:"迈皋桥街道服务点"`
	Kind   string `json:"kind" enum:"community,street,organisation"`
	Region ID     `json:"region" doc:"The community it serves, or the street"`
	Point  *Point `json:"point,omitempty"`
	Phone  string `json:"phone,omitempty" maxLength:"20" doc:"Where the point is called; left out: the city's own number"`
	Hours  *Hours `json:"hours,omitempty"`
}

func (a *api) registerPoint(ctx context.Context, in *Take[NewPoint]) (Made, error) {
	made, err := first(a.Members.RegisterPoints(ctx, []member.RegisterPointCmd{{Actor: actor(ctx), Key: in.Key, Name: in.Body.Name, Kind: member.PointKind(in.Body.Kind),
		Region: region.ID(in.Body.Region), Point: in.Body.Point.region(), Phone: in.Body.Phone, Hours: in.Body.Hours.open()}}))
	return Made{ID(made)}, err
}

// PointNow is how a service point is from now on.
type PointNow struct {
	Name   string `json:"name" minLength:"1" maxLength:"60"`
	Region ID     `json:"region" doc:"The community it serves, or the street"`
	Point  *Point `json:"point,omitempty"`
	Phone  string `json:"phone,omitempty" maxLength:"20"`
	Hours  *Hours `json:"hours,omitempty"`
	Closed bool   `json:"closed,omitempty" doc:"It is listed no more, and may open again; nobody may hold a role at it"`
	Reason string `json:"reason" minLength:"1" maxLength:"200"`
}

func (a *api) changePoint(ctx context.Context, in *With[PointNow]) error {
	b := in.Body
	return done(a.Members.ChangePoints(ctx, []member.ChangePointCmd{{Actor: actor(ctx), Key: in.Key, Point: member.PointID(in.ID), Name: b.Name, Region: region.ID(b.Region),
		Phone: b.Phone, At: b.Point.region(), Hours: b.Hours.open(), Closed: b.Closed, Reason: b.Reason}}))
}
