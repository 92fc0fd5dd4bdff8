package member_test

import (
	"errors"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
	"timebank/internal/why"
)

// Nobody is taken into a team unasked: by a number or a code a volunteer is invited, says yes or no itself, and the invitation ends. Whoever invites
// learns nothing of numbers.
func TestATeamTakesInByConsent(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		c.Publish(`team.invites_per_day = 5`)
		boss, chen, zhou, elder := c.Volunteer(c.Home()), c.Volunteer(c.Home()), c.Volunteer(c.Home()), c.Recipient(80, c.Home())
		team := citytest.Got(c.Members.RegisterTeams(ctx, []member.RegisterTeamCmd{{Actor: boss.Actor, Key: c.Key(), Name: "栖霞志愿队", Kind: member.TeamGroup, Region: c.Home(), Manager: boss.ID}})).Must(t, "team")
		phone := func(p citytest.Person) (number string) {
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				d, err := c.Members.Open(tx, p.ID)
				number = d.Phone.Reveal()
				return err
			})
			return number
		}
		invite := func(by citytest.Person, number string) citytest.Outcome[member.InviteID] {
			t.Helper()
			return citytest.Got(c.Members.Invite(ctx, []member.InviteCmd{{Actor: by.Actor, Key: c.Key(), Team: team, Phone: number, Printed: number == ""}}))
		}
		waiting := func(p citytest.Person) (ids []member.InviteID) {
			t.Helper()
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				all, err := member.InvitesFor(tx, p.ID)
				for _, one := range all {
					ids = append(ids, one.ID)
				}
				return err
			})
			return ids
		}
		codes := func() (all []string) {
			t.Helper()
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				list, err := member.CodesOf(tx, team)
				for _, one := range list {
					all = append(all, one.Code)
				}
				return err
			})
			return all
		}
		answer := func(p citytest.Person, id member.InviteID, code string, yes bool) citytest.Outcome[struct{}] {
			t.Helper()
			out := citytest.Got(c.Members.AnswerInvite(ctx, []member.AnswerInviteCmd{{Actor: p.Actor, Key: c.Key(), Invite: id, Code: code, Agree: yes}}))
			return citytest.Outcome[struct{}]{Err: out.Err}
		}
		in := func(p citytest.Person) (yes bool) {
			t.Helper()
			storetest.Read(t, c.DB, func(tx *store.Tx) (err error) {
				yes, err = member.InTeam(tx, team, p.ID)
				return err
			})
			return yes
		}

		invite(chen, phone(zhou)).Refused(t, "by who does not answer for the team", "identity.not_oneself")
		invite(boss, "12").Refused(t, "no number", "member.invite_invalid")
		// A number of a volunteer, of an old person, and of nobody are answered alike.
		invite(boss, phone(chen)).Must(t, "a volunteer")
		invite(boss, phone(elder)).Must(t, "who is no volunteer")
		nobody := invite(boss, "13999999999").Must(t, "nobody")
		if got := len(waiting(chen)); got != 1 || in(chen) || len(waiting(elder)) != 0 {
			t.Fatalf("%d invitations wait for the volunteer, who is in: %v; %d for the old person", got, in(chen), len(waiting(elder)))
		}
		one := waiting(chen)[0]
		answer(zhou, one, "", true).Refused(t, "another's", "member.invite_unknown")
		answer(zhou, nobody, "", true).Refused(t, "nobody's", "member.invite_unknown")
		answer(chen, one, "", false).Must(t, "no")
		answer(chen, one, "", true).Refused(t, "yes after the no", "member.invite_unknown")
		if in(chen) || len(waiting(chen)) != 0 {
			t.Error("who said no is in, or is asked still")
		}

		invite(boss, "").Must(t, "a code")
		code := codes()[0]
		answer(elder, "", code, true).Refused(t, "the code, without being a volunteer", "member.volunteer_unknown")
		answer(zhou, "", "0000000000000", true).Refused(t, "a wrong code", "member.invite_unknown")
		answer(zhou, "", code, true).Must(t, "the code")
		answer(chen, "", code, true).Refused(t, "the code again", "member.invite_unknown")
		if !in(zhou) || len(codes()) != 0 {
			t.Error("who showed the code is not in, or the code is good still")
		}

		invite(boss, phone(chen)).Must(t, "the fifth")
		sixth := invite(boss, phone(chen))
		sixth.Refused(t, "the sixth", "member.invited_too_often")
		if w := whyOf(sixth.Err); w == nil || w.Rule != "team.invites_per_day" || w.Values[0].Value != "5" {
			t.Errorf("the sixth is refused by %+v", w)
		}
		// An invitation runs out by itself, and nothing is kept of it.
		late := waiting(chen)[0]
		c.Pass(14*24*time.Hour - time.Second)
		if len(waiting(chen)) != 1 {
			t.Error("the invitation is gone before its time")
		}
		c.Pass(time.Second)
		answer(chen, late, "", true).Refused(t, "when its time is over", "member.invite_unknown")
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			var kept int
			err := tx.QueryRow("SELECT COUNT(*) FROM team_invite").Scan(&kept)
			if kept != 0 {
				t.Errorf("%d invitations are kept", kept)
			}
			return err
		})
	})
}

// whyOf is the rule of a refusal.
func whyOf(err error) *why.Why {
	named, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return nil
	}
	return named.Why
}
