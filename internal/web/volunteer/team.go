package volunteer

import (
	"net/http"
	"slices"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/order"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/web/page"
	"timebank/internal/web/ui"
)

func teamPath(id member.TeamID) string { return "/volunteer/teams/" + string(id) }

// Teams lists the teams that the reader answers for and those that it belongs to, and is where somebody registers its company, school or team.
func Teams(r *page.Request) error {
	me, err := r.Me()
	if err != nil {
		return err
	}
	v := teamsView{Page: r.Shell(r.T("page.volunteer.teams")), Key: r.Key()}
	err = r.Read("web.volunteer_teams", func(tx *store.Tx, tree *region.Tree) error {
		managed, err := member.TeamsManaged(tx, me)
		if err != nil {
			return err
		}
		in, err := member.TeamsOf(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		v.Managed, v.In = nil, nil
		for _, t := range managed {
			v.Managed = append(v.Managed, teamLine{Href: teamPath(t.ID), Name: t.Name, Kind: r.T(page.TeamWords[t.Kind]), Text: tree.FullName(t.Region) + " · " + r.T("page.desk.team_members", "count", t.Members)})
		}
		for _, t := range in[me] {
			v.In = append(v.In, teamLine{Leave: teamPath(t.ID) + "/leave", Key: r.Key(), Name: t.Name, Kind: r.T(page.TeamWords[t.Kind]), Text: tree.FullName(t.Region)})
		}
		asked, err := member.InvitesFor(tx, me)
		if err != nil {
			return err
		}
		v.Asked = nil
		for _, i := range asked {
			v.Asked = append(v.Asked, inviteLine{Action: "/volunteer/invites/" + string(i.ID), Key: r.Key(), Name: i.Name, Kind: r.T(page.TeamWords[i.Kind]),
				Until: r.T("page.volunteer.team_answer_by", "until", r.When(i.Until)), Yes: r.T("page.volunteer.team_yes", "name", i.Name)})
		}
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		if err != nil {
			return err
		}
		v.Area = tree.FullName(people[me].Region)
		v.Why, err = r.TeamRule(tx, tree, people[me].Region)
		return err
	})
	if err != nil {
		return err
	}
	v.Code = ui.Field{Name: "code", Label: r.T("page.volunteer.team_code"), Max: 30, Needed: true}
	v.Fields = []ui.Field{{Name: "name", Label: r.T("page.desk.team_name"), Max: 60, Needed: true}, r.TeamKind()}
	return r.Show(http.StatusOK, teams(v))
}

// RegisterTeam registers a team in the reader's own community; the reader answers for it.
func RegisterTeam(r *page.Request) error {
	me, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	var home region.ID
	if err := r.Read("web.team_home", func(tx *store.Tx, _ *region.Tree) error {
		people, err := member.LoadPersons(tx, []member.PersonID{me})
		home = people[me].Region
		return err
	}); err != nil {
		return err
	}
	made, err := page.One(r.Members.RegisterTeams(r.Context(), []member.RegisterTeamCmd{{Actor: r.Actor, Key: key, Name: r.Form("name"), Kind: member.TeamKind(r.Form("kind")), Region: home, Manager: me}}))
	if err != nil {
		return r.Redisplay(err, "/volunteer/teams", Teams)
	}
	return r.Go(teamPath(made) + "?done=team_made")
}

// ownTeam is the team of the address, for whoever answers for it. Error: NotFound member.team_unknown to everybody else.
func ownTeam(r *page.Request, tx *store.Tx) (t member.Team, err error) {
	id := member.TeamID(r.Path("id"))
	found, err := member.LoadTeams(tx, []member.TeamID{id})
	if err != nil {
		return t, err
	}
	t, known := found[id]
	if !known || r.Actor.MayOwn(identity.MemberTeam, string(t.Manager)) != nil {
		return t, errs.New(errs.NotFound, "member.team_unknown")
	}
	return t, nil
}

// Team is one team for whoever answers for it: what its members have earned for it and where that can go, what they could do next, and who they are.
func Team(r *page.Request) error {
	v := teamView{Page: r.Shell(r.T("page.desk.team")), Key: r.Key(), Action: teamPath(member.TeamID(r.Path("id")))}
	var members []member.PersonID
	err := r.Read("web.volunteer_team", func(tx *store.Tx, tree *region.Tree) error {
		t, err := ownTeam(r, tx)
		if err != nil {
			return err
		}
		if members, err = member.TeamMembers(tx, t.ID); err != nil {
			return err
		}
		v.Name, v.Title, v.Members = t.Name, t.Name, nil
		names, err := r.Members.Names(tx, members)
		if err != nil {
			return err
		}
		v.Phone = ui.Field{Name: "phone", Label: r.T("page.volunteer.team_invite_phone"), Mode: "tel", Max: 20, Needed: true}
		codes, err := member.CodesOf(tx, t.ID)
		if err != nil {
			return err
		}
		v.Codes = nil
		for _, c := range codes {
			v.Codes = append(v.Codes, ui.Row{Name: id.Group(c.Code), Value: r.T("page.volunteer.team_code_until", "until", r.When(c.Until))})
		}
		v.Who = ui.Field{Name: "volunteer", Label: r.T("page.volunteer.team_whom")}
		for _, m := range members {
			v.Who.Options = append(v.Who.Options, ui.Option{Value: string(m), Text: names[m].Reveal()})
		}
		shown := members
		if next := page.After(&shown, r.Form("member"), pageLength, func(m member.PersonID) string { return string(m) }); next != "" {
			v.More = v.Action + "?member=" + next
		}
		for _, m := range shown {
			v.Members = append(v.Members, teamMember{ID: string(m), Key: r.Key(), Name: names[m].Reveal()})
		}
		v.Facts = []ui.Row{{Name: r.T("page.desk.team_kind"), Value: r.T(page.TeamWords[t.Kind])}, {Name: r.T("page.desk.fact_area"), Value: tree.FullName(t.Region)},
			{Name: r.T("page.desk.team_size"), Value: r.T("page.desk.team_members", "count", len(members))}}
		if v.Why, err = r.TeamRule(tx, tree, t.Region); err != nil {
			return err
		}
		var facts []ui.Row
		v.Hours, facts, err = r.TeamHours(tx, t, v.Action, true, pageLength)
		v.Facts = append(v.Facts, facts...)
		return err
	})
	if err != nil {
		return err
	}
	if err := v.open(r); err != nil {
		return err
	}
	return r.Show(http.StatusOK, team(v))
}

// open are the orders near the reader that nobody has taken, as the hall shows them; who is no volunteer sees none.
func (v *teamView) open(r *page.Request) error {
	offers, err := r.Orders.Neighbourhood(r.Context(), r.Actor, order.NearQuery{})
	if errs.CodeOf(err) == "order.volunteer_unknown" {
		v.NoHall = true
		return nil
	}
	if err != nil || len(v.Members) == 0 {
		return err
	}
	return r.Read("web.volunteer_team_orders", func(tx *store.Tx, tree *region.Tree) error {
		all, err := r.Catalog.Catalogue(tx)
		if err != nil {
			return err
		}
		v.Orders = nil
		slices.SortFunc(offers, first)
		if next := page.After(&offers, r.Form("order"), pageLength, func(o order.Offer) string { return string(o.ID) }); next != "" {
			v.MoreOrders = v.Action + "?order=" + next
		}
		cards, err := offersOf(r, tx, tree, all, offers)
		for i, c := range cards {
			v.Orders = append(v.Orders, teamOrder{ID: string(offers[i].ID), Key: r.Key(), Name: c.Name, When: c.When, Urgent: c.Urgent, Tone: c.Tone,
				Text: c.Whom + " · " + c.Long + " · " + c.Area + " · " + c.Far})
		}
		return err
	})
}

// SendMember asks a member whether it takes an order in the team's name; the member answers on its own page.
func SendMember(r *page.Request) error {
	return teamAct(r, "offered", func(key string, id member.TeamID) error {
		_, err := page.One(r.Orders.Dispatch(r.Context(), []order.DispatchCmd{{Actor: r.Actor, Key: key, Order: order.ID(r.Form("order")), Volunteer: member.PersonID(r.Form("volunteer")), Team: id}}))
		return err
	})
}

// InviteToTeam asks whoever has a telephone number to belong to the team, or draws a code for somebody without one here. The answer does not say
// whether the number is known.
func InviteToTeam(r *page.Request) error {
	printed := r.Form("printed") == "yes"
	done := "invited"
	if printed {
		done = "invite_printed"
	}
	return teamAct(r, done, func(key string, team member.TeamID) error {
		_, err := page.One(r.Members.Invite(r.Context(), []member.InviteCmd{{Actor: r.Actor, Key: key, Team: team, Phone: r.Form("phone"), Printed: printed}}))
		return err
	})
}

// PrintTeamCodes answers with the team's codes that nobody has used yet on paper, to hang up or to hand over.
func PrintTeamCodes(r *page.Request) error {
	pdf, err := r.Paper.PrintInvites(r.Context(), r.Actor, member.TeamID(r.Path("id")), r.Voice())
	if err != nil {
		return err
	}
	return r.Send("team-codes.pdf", page.TypePDF, pdf)
}

// AnswerInvite is the reader's yes or no to a team's invitation.
func AnswerInvite(r *page.Request) error {
	return answers(r, member.AnswerInviteCmd{Invite: member.InviteID(r.Path("id")), Agree: r.Form("answer") == "yes"})
}

// EnterTeam lets the reader into a team by the code that it was given.
func EnterTeam(r *page.Request) error {
	return answers(r, member.AnswerInviteCmd{Code: r.Form("code"), Agree: true}, "code", "code")
}

func answers(r *page.Request, c member.AnswerInviteCmd, fields ...string) error {
	_, key, err := r.SentByMe()
	if err != nil {
		return err
	}
	c.Actor, c.Key = r.Actor, key
	if _, err := page.One(r.Members.AnswerInvite(r.Context(), []member.AnswerInviteCmd{c})); err != nil {
		return r.Redisplay(err, "/volunteer/teams", Teams, fields...)
	}
	done := "team_entered"
	if !c.Agree {
		done = "invite_declined"
	}
	return r.Go("/volunteer/teams?done=" + done)
}

// GiveTeamHours donates hours of the team to the public pool.
func GiveTeamHours(r *page.Request) error {
	return teamAct(r, "given", func(_ string, id member.TeamID) error { return r.GiveTeamHours(id) })
}

// UndoTeamGift takes a team's donation back before it is posted.
func UndoTeamGift(r *page.Request) error {
	return teamAct(r, "undone", func(key string, _ member.TeamID) error {
		return r.Ledger.Undo(r.Context(), ledger.UndoCmd{Actor: r.Actor, Key: key, ID: ledger.PendingID(r.Form("pending"))})
	})
}

// teamAct carries out a form of a team's page, for whoever answers for the team.
func teamAct(r *page.Request, done string, do func(key string, id member.TeamID) error) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	if err := r.Read("web.own_team", func(tx *store.Tx, _ *region.Tree) error {
		_, err := ownTeam(r, tx)
		return err
	}); err != nil {
		return err
	}
	id := member.TeamID(r.Path("id"))
	if err := do(key, id); err != nil {
		return r.Redisplay(err, teamPath(id), Team, "minutes", "hours")
	}
	return r.Go(teamPath(id) + "?done=" + done)
}

// LeaveTeam lets the reader out of a team, or a member at the wish of whoever answers for the team. What was earned stays the team's.
func LeaveTeam(r *page.Request) error {
	key, err := r.Sent()
	if err != nil {
		return err
	}
	me, err := r.Me()
	if err != nil {
		return err
	}
	id, who, back := member.TeamID(r.Path("id")), member.PersonID(r.Form("member")), teamPath(member.TeamID(r.Path("id")))
	if who == "" {
		who, back = me, "/volunteer/teams"
	}
	if _, err := page.One(r.Members.JoinTeams(r.Context(), []member.JoinTeamCmd{{Actor: r.Actor, Key: key, Team: id, Person: who, Leave: true}})); err != nil {
		return err
	}
	return r.Go(back + "?done=team_left")
}
