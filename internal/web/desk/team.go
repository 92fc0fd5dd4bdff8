package desk

import (
	"net/http"
	"strconv"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

func teamPath(id member.TeamID) string { return "/desk/teams/" + string(id) }

// Teams lists the companies, schools and teams of the reader's place, and is where a new one is registered.
func Teams(r *page.Request) error { return teamsPage(r, nil) }

// teamsPage shows the list; picks are the people among whom the reader has to choose the one who answers for a new team.
func teamsPage(r *page.Request, picks []ui.Option) error {
	place, err := teamPlace(r)
	if err != nil {
		return err
	}
	v := teamsView{Page: r.Shell(r.T("page.desk.teams")), Key: r.Key()}
	err = r.Read("web.desk_teams", func(tx *store.Tx, tree *region.Tree) error {
		list, err := member.TeamsIn(tx, place, member.TeamID(r.Form("after")), listLength+1)
		if err != nil {
			return err
		}
		if len(list) > listLength {
			list = list[:listLength]
			v.More = "/desk/teams?place=" + string(place) + "&after=" + string(list[listLength-1].ID)
		}
		for _, t := range list {
			v.List = append(v.List, teamLine{Href: teamPath(t.ID), Name: t.Name, Kind: r.T(page.TeamWords[t.Kind]), Area: tree.FullName(t.Region), Members: r.T("page.desk.team_members", "count", t.Members)})
		}
		v.Why, err = r.TeamRule(tx, tree, place)
		v.Fields = teamFields(r, tree, place, picks)
		return err
	})
	if err != nil {
		return err
	}
	return r.Show(http.StatusOK, teams(v))
}

// teamPlace is where the reader may see to teams: the place in the address, or the first of its roles. Error: Forbidden identity.not_allowed.
func teamPlace(r *page.Request) (region.ID, error) {
	tree, err := r.Regions.Today(r.Context())
	if err != nil {
		return "", err
	}
	if place := region.ID(r.Form("place")); place != "" {
		return place, r.Actor.May(identity.MemberTeamFor, place, tree)
	}
	for _, g := range r.Actor.Grants {
		if page.May(r.Actor, identity.MemberTeamFor, g.Region, tree) {
			return g.Region, nil
		}
	}
	return "", errs.New(errs.Forbidden, "identity.not_allowed").By("identity.rights", "law")
}

func teamFields(r *page.Request, tree *region.Tree, place region.ID, picks []ui.Option) []ui.Field {
	home := ui.Field{Name: "region", Label: r.T("page.desk.new_region")}
	for _, c := range communitiesIn(tree, place) {
		home.Options = append(home.Options, ui.Option{Value: string(c), Text: tree.Name(c)})
	}
	fields := []ui.Field{{Name: "name", Label: r.T("page.desk.team_name"), Max: 60, Needed: true}, r.TeamKind(), home,
		{Name: "manager", Label: r.T("page.desk.team_manager"), Hint: r.T("page.desk.slip_came_hint"), Max: 50, Needed: true}}
	if len(picks) > 0 {
		fields = append(fields, ui.Field{Name: "pick", Label: r.T("page.desk.slip_which"), Options: picks})
	}
	return fields
}

// RegisterTeam registers a company, a school or a team of volunteers, with who answers for it.
func RegisterTeam(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	place, err := teamPlace(r)
	if err != nil {
		return err
	}
	var bad errs.Fields
	manager, picks, err := named(r, place, "manager", "pick", &bad)
	if err != nil {
		return err
	}
	var made member.TeamID
	if err = bad.Err("member.team_invalid"); err == nil {
		made, err = page.One(r.Members.RegisterTeams(r.Context(), []member.RegisterTeamCmd{{Actor: r.Actor, Key: key, Name: r.Form("name"), Kind: member.TeamKind(r.Form("kind")),
			Region: region.ID(r.Form("region")), Manager: manager}}))
	}
	if err != nil {
		return r.Redisplay(err, "/desk/teams", func(r *page.Request) error { return teamsPage(r, picks) })
	}
	return r.Go(teamPath(made) + "?done=team_made")
}

// Team is one team: who belongs to it, what its members have earned for it, and where that can go.
func Team(r *page.Request) error { return teamPage(r, nil) }

func teamPage(r *page.Request, picks []ui.Option) error {
	id := member.TeamID(r.Path("id"))
	v := teamView{Page: r.Shell(r.T("page.desk.team")), Key: r.Key(), Action: teamPath(id)}
	err := r.Read("web.desk_team", func(tx *store.Tx, tree *region.Tree) error {
		found, err := member.LoadTeams(tx, []member.TeamID{id})
		if err != nil {
			return err
		}
		t, known := found[id]
		if !known {
			return errs.New(errs.NotFound, "member.team_unknown")
		}
		if err := r.Actor.May(identity.MemberTeamFor, t.Region, tree); err != nil {
			return err
		}
		members, err := member.TeamMembers(tx, id)
		if err != nil {
			return err
		}
		v.Name, v.Title = t.Name, t.Name
		count := len(members)
		if next := page.After(&members, r.Form("member"), listLength, func(m member.PersonID) string { return string(m) }); next != "" {
			v.More = v.Action + "?member=" + next
		}
		names, err := r.Members.Names(tx, append(members, t.Manager))
		if err != nil {
			return err
		}
		for _, m := range members {
			v.Members = append(v.Members, teamMember{ID: string(m), Key: r.Key(), Name: names[m].String(), Href: personPath(m)})
		}
		v.Facts = []ui.Row{{Name: r.T("page.desk.team_kind"), Value: r.T(page.TeamWords[t.Kind])}, {Name: r.T("page.desk.fact_area"), Value: tree.FullName(t.Region)},
			{Name: r.T("page.desk.team_manager"), Value: names[t.Manager].String()}, {Name: r.T("page.desk.team_size"), Value: strconv.Itoa(count)}}
		if v.Why, err = r.TeamRule(tx, tree, t.Region); err != nil {
			return err
		}
		if !page.May(r.Actor, identity.LedgerReadFor, t.Region, tree) {
			return nil
		}
		var facts []ui.Row
		v.Hours, facts, err = r.TeamHours(tx, t, v.Action, page.May(r.Actor, identity.LedgerDonateFor, t.Region, tree), listLength)
		v.Facts = append(v.Facts, facts...)
		return err
	})
	if err != nil {
		return err
	}
	v.Join = ui.Field{Name: "who", Label: r.T("page.desk.team_join_who"), Hint: r.T("page.desk.slip_came_hint"), Max: 50, Needed: true}
	if len(picks) > 0 {
		v.Pick = &ui.Field{Name: "pick", Label: r.T("page.desk.slip_which"), Options: picks}
	}
	return r.Show(http.StatusOK, team(v))
}

// JoinTeam takes a volunteer into a team.
func JoinTeam(r *page.Request) error {
	place, err := teamPlace(r)
	if err != nil {
		return err
	}
	var bad errs.Fields
	who, picks, err := named(r, place, "who", "pick", &bad)
	if err != nil {
		return err
	}
	if err := bad.Err("member.team_invalid"); err != nil {
		return r.Redisplay(err, teamPath(member.TeamID(r.Path("id"))), func(r *page.Request) error { return teamPage(r, picks) })
	}
	return changeTeam(r, who, false)
}

// LeaveTeam lets a volunteer out of a team; what was earned for the team stays the team's.
func LeaveTeam(r *page.Request) error { return changeTeam(r, member.PersonID(r.Form("member")), true) }

func changeTeam(r *page.Request, who member.PersonID, leave bool) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := member.TeamID(r.Path("id"))
	if _, err := page.One(r.Members.JoinTeams(r.Context(), []member.JoinTeamCmd{{Actor: r.Actor, Key: key, Team: id, Person: who, Leave: leave}})); err != nil {
		return r.Redisplay(err, teamPath(id), Team)
	}
	return r.Go(teamPath(id) + "?done=" + map[bool]string{false: "team_joined", true: "team_left"}[leave])
}

// GiveTeamHours donates hours of a team to the public pool, for its manager who asks for it at the desk.
func GiveTeamHours(r *page.Request) error {
	id := member.TeamID(r.Path("id"))
	if err := r.GiveTeamHours(id); err != nil {
		return r.Redisplay(err, teamPath(id), Team, "minutes", "hours")
	}
	return r.Go(teamPath(id) + "?done=given")
}

// UndoTeamGift takes a team's donation back before it is posted.
func UndoTeamGift(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	id := member.TeamID(r.Path("id"))
	if err := r.Ledger.Undo(r.Context(), ledger.UndoCmd{Actor: r.Actor, Key: key, ID: ledger.PendingID(r.Form("pending"))}); err != nil {
		return r.Redisplay(err, teamPath(id), Team)
	}
	return r.Go(teamPath(id) + "?done=undone")
}
