package citytest

import (
	"time"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
)

// Asker is somebody of a cast.
type Asker struct {
	// Name is what the asker is, Level the level at which it holds its role, one letter (c city, d district, s street, m community), "" for who
	// holds none.
	Name, Level string
	// Person is who asks; without an actor it is nobody.
	Person
}

// Cast are all who might ask for something that concerns people who live at home: nobody, citizens who have no business with it, every role
// at every level above home, every role in another district, and every role at once for a call-out alone or from next year on. A matrix of
// rights lets each of them ask.
func (c *City) Cast() []Asker {
	c.t.Helper()
	home := c.Tree.Path(c.Home())
	var away []region.ID
	for _, one := range c.Tree.Communities() {
		if c.Tree.District(one.ID) != c.Tree.District(c.Home()) {
			away = c.Tree.Path(one.ID)
		}
	}
	manager := c.Person(45, away[3])
	teams, err := c.Members.RegisterTeams(c.t.Context(), []member.RegisterTeamCmd{{Actor: manager.Actor, Key: c.Key(), Name: "别处的队", Kind: member.TeamCompany,
		Region: away[3], Manager: manager.ID}})
	Must(c.t, teams, err)
	cast := []Asker{{Name: "nobody"}, {Name: "citizen", Person: c.Person(34, away[3])}, {Name: "recipient", Person: c.Recipient(82, c.Home())},
		{Name: "volunteer", Person: c.Volunteer(c.Home())}, {Name: "team_manager", Person: manager}}
	hold := func(name, level string, grants ...identity.GrantRoleCmd) {
		p := c.Person(35, away[3])
		for i := range grants {
			grants[i].Actor, grants[i].Key, grants[i].To = identity.System, c.Key(), identity.ActorID(p.Actor.ID)
			if grants[i].Role.AtPoint() {
				grants[i].Point = c.openPoint(grants[i].Region)
			}
		}
		granted, err := c.Identity.GrantRoles(c.t.Context(), grants)
		Must(c.t, granted, err)
		p.Actor = c.actor(identity.ActorID(p.Actor.ID))
		cast = append(cast, Asker{name, level, p})
	}
	for _, role := range identity.Roles() {
		for i, level := range []string{"c", "d", "s", "m"} {
			if i >= 2 || !role.AtPoint() {
				hold(string(role), level, identity.GrantRoleCmd{Role: role, Region: home[i]})
			}
		}
	}
	for _, role := range identity.Roles() {
		if role.AtPoint() {
			hold("elsewhere/"+string(role), "m", identity.GrantRoleCmd{Role: role, Region: away[3]})
		} else {
			hold("elsewhere/"+string(role), "d", identity.GrantRoleCmd{Role: role, Region: away[1]})
		}
	}
	var callOut, later []identity.GrantRoleCmd
	for _, role := range identity.Roles() {
		place := home[0]
		if role.AtPoint() {
			place = home[3]
		}
		year := c.Clock.Now().AddDate(1, 0, 0)
		callOut = append(callOut, identity.GrantRoleCmd{Role: role, Region: place, Campaign: "flood-2020", Until: year})
		later = append(later, identity.GrantRoleCmd{Role: role, Region: place, From: year.Add(time.Hour)})
	}
	hold("call_out", "", callOut...)
	hold("next_year", "", later...)
	return cast
}
