package paper

import (
	"context"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/print"
	"timebank/internal/store"
)

// PrintInvites draws a team's invitations that nobody has used yet, one on a sheet, to hang up or to hand over: the team's name, the code, where it is
// entered, and until when it holds. Nobody's name stands on it. Errors: NotFound member.team_unknown to whoever does not answer for the team,
// member.invite_unknown when there is no such code.
func (s *Service) PrintInvites(ctx context.Context, by identity.Actor, team member.TeamID, voice Voice) ([]byte, error) {
	var name string
	var codes []member.Invite
	var at time.Time
	err := s.db.Read(ctx, "paper.invites", func(tx *store.Tx) error {
		at = tx.Now()
		found, err := member.LoadTeams(tx, []member.TeamID{team})
		if err != nil {
			return err
		}
		t, known := found[team]
		if !known || by.MayOwn(identity.MemberTeam, string(t.Manager)) != nil {
			return errs.New(errs.NotFound, "member.team_unknown")
		}
		name = t.Name
		codes, err = member.CodesOf(tx, team)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(codes) == 0 {
		return nil, errs.New(errs.NotFound, "member.invite_unknown")
	}
	return drawInvites(voice, name, codes, at)
}

func drawInvites(voice Voice, team string, codes []member.Invite, at time.Time) ([]byte, error) {
	const margin, side = 40.0, 220.0
	d := print.New(print.A4, margin, voice.T("print.team_title"))
	d.Foot(voice.Brand + " · " + voice.T("print.printed_at", "when", stamp(at)))
	for i, c := range codes {
		if i > 0 {
			d.Page()
		}
		center := func(size float64, text string) { d.Write(print.Style{Size: size, Align: print.Middle}, text) }
		center(cardTitle, team)
		center(cardText, voice.T("print.team_title"))
		d.Rule()
		d.Gap(24)
		center(cardTitle, group(c.Code))
		center(cardText, voice.T("print.team_until", "until", stamp(c.Until)))
		d.Gap(24)
		if voice.Site != "" {
			where := voice.Site + "/volunteer/teams"
			d.QR(margin+(d.Width()-side)/2, d.Y(), side, where)
			d.MoveTo(d.Y() + side + 12)
			center(print.Head, where)
			d.Gap(12)
		}
		center(cardText, voice.T("print.team_use"))
		d.Gap(8)
		center(print.Part, voice.T("print.team_once"))
	}
	return d.Bytes()
}
