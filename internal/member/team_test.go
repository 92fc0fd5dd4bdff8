package member_test

import (
	"errors"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestTeamsAndPoints(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		boss, chen := w.person("1980-01-01"), w.person("1990-01-01")
		w.certified(chen)
		teams, err := w.s.RegisterTeams(ctx, []member.RegisterTeamCmd{
			{Actor: w.self(boss), Key: "1", Name: "南京某公司", Kind: member.TeamCompany, Region: w.home, Manager: boss},
			{Actor: w.self(chen), Key: "2", Name: "x", Kind: member.TeamSchool, Region: w.home, Manager: boss},
			{Actor: w.manager, Key: "3", Name: " ", Kind: "army", Region: "nowhere", Manager: boss},
		})
		wants(t, "teams", teams, err, "", "identity.not_allowed", "member.team_invalid")
		team := teams[0].Value
		join := func(by identity.Actor, p member.PersonID, leave bool) member.JoinTeamCmd {
			return member.JoinTeamCmd{Actor: by, Key: w.key(), Team: team, Person: p, Leave: leave}
		}
		joined, err := w.s.JoinTeams(ctx, []member.JoinTeamCmd{join(w.self(boss), chen, false), join(w.manager, chen, false), join(w.manager, chen, false), join(w.self(chen), chen, true),
			join(w.manager, boss, false), join(w.self(chen), chen, false), join(w.manager, chen, true)})
		wants(t, "join", joined, err, "identity.not_allowed", "", "member.in_team_already", "", "member.volunteer_unknown", "identity.not_allowed", "member.not_in_team")
		clk.Advance(time.Second)
		joined, err = w.s.JoinTeams(ctx, []member.JoinTeamCmd{join(w.manager, chen, false)})
		wants(t, "join again", joined, err, "")
		storetest.Read(t, db, func(tx *store.Tx) error {
			in, err := member.InTeam(tx, team, chen)
			all, err2 := member.TeamMembers(tx, team)
			if !in || len(all) != 1 {
				t.Errorf("members: got %v %v, want one", in, all)
			}
			return errors.Join(err, err2)
		})

		city := identity.Actor{ID: "city", Person: "c", At: clk.Now(), Origin: "test", Grants: []identity.Grant{{Role: identity.Administrator, Region: w.tree.City()}}}
		points, err := w.s.RegisterPoints(ctx, []member.RegisterPointCmd{
			{Actor: city, Key: "1", Name: "驿站", Kind: member.PointCommunity, Region: w.home}, {Actor: city, Key: "2", Name: "驿站", Kind: member.PointCommunity, Region: w.home},
			{Actor: w.manager, Key: "3", Name: "别的", Kind: member.PointCommunity, Region: w.home}, {Actor: city, Key: "4", Kind: "tent", Region: w.tree.City()},
		})
		wants(t, "points", points, err, "", "member.point_exists", "identity.not_allowed", "member.point_invalid")
		storetest.Read(t, db, func(tx *store.Tx) error {
			list, err := member.PointsIn(tx, w.tree.Path(w.home)[1])
			if len(list) != 1 || list[0].ID != points[0].Value {
				t.Errorf("points of the district: got %v", list)
			}
			return err
		})
	})
}
