package member

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
)

func (s *Service) teamCalls() {
	s.registerTeam = word("member.register_team", func(c *RegisterTeamCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(c.Name).Str(string(c.Kind)).Str(string(c.Region)).Str(string(c.Manager))
		return c.Actor, c.Key
	}, s.runRegisterTeam)
	s.inviteCalls()
	s.joinTeam = nothing("member.join_team", func(c *JoinTeamCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Team)).Str(string(c.Person)).Bool(c.Leave)
		return c.Actor, c.Key
	}, s.runJoinTeam)
}

const longestName = 60 // characters of a team's or a point's name

func checkName(bad *errs.Fields, name string) {
	if n := utf8.RuneCountInString(name); n == 0 || n > longestName || !utf8.ValidString(name) || strings.TrimSpace(name) != name {
		bad.Add("name", "member.name_malformed", "most", strconv.Itoa(longestName))
	}
}

// RegisterTeamCmd registers a company, school or other group. Its manager is a member and may register it.
type RegisterTeamCmd struct {
	Actor   identity.Actor
	Key     string
	Name    string
	Kind    TeamKind
	Region  region.ID
	Manager PersonID
}

// RegisterTeams registers teams. Errors of a command: member.team_invalid with all bad fields, member.person_unknown,
// member.person_not_active, identity.not_allowed.
func (s *Service) RegisterTeams(ctx context.Context, cmds []RegisterTeamCmd) ([]identity.Result[TeamID], error) {
	return s.registerTeam.Perform(ctx, s.db, cmds)
}

func (s *Service) runRegisterTeam(tx *store.Tx, cmds []*RegisterTeamCmd, out []*identity.Result[TeamID]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *RegisterTeamCmd) []PersonID { return []PersonID{c.Manager} }))
	if err != nil {
		return err
	}
	var rows []Team
	for i, c := range cmds {
		var bad errs.Fields
		checkName(&bad, c.Name)
		if c.Kind != TeamCompany && c.Kind != TeamSchool && c.Kind != TeamGroup {
			bad.Add("kind", "member.team_kind_unknown")
		}
		if now, ok := sc.tree.Current(c.Region); !ok || now != c.Region {
			bad.Add("region", "region.unknown")
		}
		err := bad.Err("member.team_invalid")
		if err == nil {
			err = c.Actor.MayFor(identity.MemberTeam, string(c.Manager), identity.MemberTeamFor, c.Region, sc.tree)
		}
		var p Person
		if err == nil {
			p, err = active(people, c.Manager)
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		t := Team{ID: store.NewID[Team](tx), Name: c.Name, Kind: c.Kind, Region: c.Region, Manager: c.Manager}
		rows = append(rows, t)
		out[i].Value = t.ID
		p.Region = t.Region
		sc.note(c.Actor, "member.register_team", "team", string(t.ID), p, "", string(t.Kind))
	}
	if err := insertTeams(tx, rows); err != nil {
		return err
	}
	return sc.done()
}

// JoinTeamCmd lets a volunteer into a team, or out of it.
type JoinTeamCmd struct {
	Actor  identity.Actor
	Key    string
	Team   TeamID
	Person PersonID
	Leave  bool
}

// JoinTeams changes who belongs to teams: by staff, who hears the volunteer's yes at the desk; out of a team also by the volunteer and by the
// team's manager, who invites by [Service.Invite]. Errors of a command:
// member.team_unknown, member.volunteer_unknown, member.in_team_already, member.not_in_team, identity.not_allowed.
func (s *Service) JoinTeams(ctx context.Context, cmds []JoinTeamCmd) ([]identity.Result[identity.Nothing], error) {
	return s.joinTeam.Perform(ctx, s.db, cmds)
}

func (s *Service) runJoinTeam(tx *store.Tx, cmds []*JoinTeamCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	teams := make([]TeamID, len(cmds))
	for i, c := range cmds {
		teams[i] = c.Team
	}
	known, err := LoadTeams(tx, unique(teams))
	if err != nil {
		return err
	}
	people := idsOf(cmds, func(c *JoinTeamCmd) []PersonID { return []PersonID{c.Person} })
	volunteers, err := lockVolunteers(tx, people)
	if err != nil {
		return err
	}
	within, err := teamsOf(tx, people)
	if err != nil {
		return err
	}
	var joins []membership
	for i, c := range cmds {
		t, ok := known[c.Team]
		v, registered := volunteers[c.Person]
		where := membership{c.Team, c.Person}
		var err error
		if !ok {
			t.Region = sc.tree.City() // a stranger is refused alike whether there is such a team or not
		}
		switch {
		case c.Leave && c.Actor.MayOwn(identity.MemberTeam, string(c.Person)) == nil:
		case !c.Leave:
			err = c.Actor.May(identity.MemberTeamFor, t.Region, sc.tree)
		default:
			err = c.Actor.MayFor(identity.MemberTeam, string(t.Manager), identity.MemberTeamFor, t.Region, sc.tree)
		}
		switch {
		case err != nil:
		case !ok:
			err = errs.New(errs.NotFound, "member.team_unknown")
		case !registered:
			err = errs.New(errs.NotFound, "member.volunteer_unknown")
		case c.Leave && !within[where]:
			err = errs.New(errs.Conflict, "member.not_in_team").By("record.state", "nobody")
		case !c.Leave && within[where]:
			err = errs.New(errs.Conflict, "member.in_team_already").By("record.once", "nobody")
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		within[where] = !c.Leave
		action, before, after := "member.join_team", string(c.Person)+" outside", string(c.Person)+" member"
		if c.Leave {
			action, before, after = "member.leave_team", after, before
			// Whoever joined earlier in this slice must be there to leave.
			if err := insertMemberships(tx, joins); err != nil {
				return err
			}
			joins = nil
			if err := endMembership(tx, where); err != nil {
				return err
			}
		} else {
			joins = append(joins, where)
		}
		sc.note(c.Actor, action, "team", string(c.Team), v.Person, before, after)
	}
	if err := insertMemberships(tx, joins); err != nil {
		return err
	}
	return sc.done()
}
