package member

import (
	"context"
	"time"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// InviteID identifies an invitation to a team.
type InviteID = id.ID[Invite]

// Invite is an invitation to serve in a team's name that waits for its answer: of the volunteer who has the number that was given, or of
// whoever shows the code.
type Invite struct {
	ID      InviteID
	Team    TeamID
	Name    string   // the team's
	Kind    TeamKind // the team's
	Person  PersonID // "" for nobody: the number is no volunteer's, or there is a code
	Code    string   // "" where a number was given
	AskedAt time.Time
	Until   time.Time
	waits   bool
	first   bool // of the invitations that one number led to
}

const (
	// TimerInvite is the kind of the timer by which an invitation is gone, answered or not; [ForgetInvites] is its handler.
	TimerInvite = "member.invite_expire"
	// TopicInvited is the topic of the events that an invitation waits for somebody.
	TopicInvited = "member.team_invited"
)

// codeLength is how many characters a printed invitation has before its check digit: too many to be tried out.
const codeLength = 12

func (s *Service) inviteCalls() {
	s.invite = word("member.invite_to_team", func(c *InviteCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Team)).Blob(s.blind(c.Phone)).Bool(c.Printed)
		return c.Actor, c.Key
	}, s.runInvite)
	s.answerInvite = nothing("member.answer_invite", func(c *AnswerInviteCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Invite)).Str(c.Code).Bool(c.Agree)
		return c.Actor, c.Key
	}, s.runAnswerInvite)
}

// InviteCmd asks a volunteer to belong to a team: whoever has the number, or whoever shows the code that is printed. The actor is the team's
// manager.
type InviteCmd struct {
	Actor   identity.Actor
	Key     string
	Team    TeamID
	Phone   string
	Printed bool // a code instead of a number
}

// Invite asks volunteers to belong to teams. The answer is the same whether or not somebody has the number, so that nobody learns who is
// registered. Errors of a command: member.invite_invalid with all bad fields, member.invited_too_often with the rule, member.team_unknown,
// identity.not_oneself.
func (s *Service) Invite(ctx context.Context, cmds []InviteCmd) ([]identity.Result[InviteID], error) {
	return s.invite.Perform(ctx, s.db, cmds)
}

func (s *Service) runInvite(tx *store.Tx, cmds []*InviteCmd, out []*identity.Result[InviteID]) error {
	sc, err := s.ruled(tx)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		t, err := sc.led(c.Actor, c.Team)
		var bad errs.Fields
		var phone pii.Phone
		if err == nil && !c.Printed {
			phone, err = pii.ParsePhone(c.Phone)
			bad.AddErr("phone", err)
			err = bad.Err("member.invite_invalid")
		}
		if err == nil {
			err = sc.mayInvite(t)
		}
		var made []Invite
		if err == nil {
			made, err = s.invited(sc, t, phone, c.Printed)
		}
		if errs.Fault(err) {
			return err
		}
		if out[i].Err = err; err != nil {
			continue
		}
		if err := insertInvites(tx, made, c.Actor.ID); err != nil {
			return err
		}
		for _, one := range made {
			if err := timer.Set(tx, timer.Timer{Kind: TimerInvite, Ref: string(one.ID), Due: one.Until}); err != nil {
				return err
			}
			if one.Person != "" {
				tx.Outbox(TopicInvited, string(one.ID), "{}")
			}
		}
		out[i].Value = made[0].ID
		how := "phone"
		if c.Printed {
			how = "code"
		}
		sc.note(c.Actor, "member.invite_to_team", "team", string(t.ID), Person{Region: t.Region}, "", how)
	}
	return sc.done()
}

// led returns a team that the actor answers for; a stranger is refused alike whether there is such a team or not.
func (sc *scene) led(by identity.Actor, which TeamID) (Team, error) {
	known, err := LoadTeams(sc.tx, []TeamID{which})
	if err != nil {
		return Team{}, err
	}
	t, ok := known[which]
	if err := by.MayOwn(identity.MemberTeam, string(t.Manager)); err != nil || !ok {
		if err == nil {
			err = errs.New(errs.NotFound, "member.team_unknown")
		}
		return t, err
	}
	return t, nil
}

// mayInvite refuses more invitations than the rules where the team is give it in a day.
func (sc *scene) mayInvite(t Team) error {
	rules, err := sc.at(t.Region)
	if err != nil {
		return err
	}
	n, err := invitesSince(sc.tx, t.ID, clock.Micros(sc.today.Start()))
	if err != nil || n < rules.TeamInvitesPerDay {
		return err
	}
	return errs.New(errs.Refused, "member.invited_too_often").Because(rules.Why("team.invites_per_day"))
}

// invited are the invitations that a number or a code makes: one for each volunteer with the number who does not belong to the team yet, and one
// for nobody where there is none.
func (s *Service) invited(sc *scene, t Team, phone pii.Phone, printed bool) ([]Invite, error) {
	rules, err := sc.at(t.Region)
	if err != nil {
		return nil, err
	}
	blank := Invite{Team: t.ID, AskedAt: sc.tx.Now(), Until: sc.tx.Now().Add(rules.TeamInviteWithin)}
	var made []Invite
	if printed {
		drawn := make([]byte, codeLength)
		sc.tx.Fill(drawn)
		blank.Code = id.CodeOf(drawn)
	} else {
		people, err := s.ByPhone(sc.tx, phone)
		if err != nil {
			return nil, err
		}
		ids := make([]PersonID, len(people))
		for i, p := range people {
			ids[i] = p.ID
		}
		volunteers, err := LoadVolunteers(sc.tx, unique(ids))
		if err != nil {
			return nil, err
		}
		within, err := teamsOf(sc.tx, unique(ids))
		if err != nil {
			return nil, err
		}
		for _, p := range ids {
			if _, ok := volunteers[p]; !ok || within[membership{t.ID, p}] {
				continue
			}
			one := blank
			one.Person = p
			made = append(made, one)
		}
	}
	if len(made) == 0 {
		made = []Invite{blank}
	}
	for i := range made {
		made[i].ID, made[i].first = store.NewID[Invite](sc.tx), i == 0
	}
	return made, nil
}

// AnswerInviteCmd is the yes or no of a volunteer to an invitation, or the code that it was given, which is a yes. The actor is the volunteer.
type AnswerInviteCmd struct {
	Actor  identity.Actor
	Key    string
	Invite InviteID
	Code   string
	Agree  bool
}

// AnswerInvite answers invitations; a yes makes the volunteer belong to the team. Errors of a command: member.invite_unknown for an invitation of
// somebody else, one that was answered or has run out, and a code that is none; member.volunteer_unknown, member.in_team_already,
// identity.not_oneself.
func (s *Service) AnswerInvite(ctx context.Context, cmds []AnswerInviteCmd) ([]identity.Result[identity.Nothing], error) {
	return s.answerInvite.Perform(ctx, s.db, cmds)
}

var errInvite = errs.New(errs.NotFound, "member.invite_unknown")

func (s *Service) runAnswerInvite(tx *store.Tx, cmds []*AnswerInviteCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		if err := sc.answerInvite(c); errs.Fault(err) {
			return err
		} else if err != nil {
			out[i].Err = err
		}
	}
	return sc.done()
}

func (sc *scene) answerInvite(c *AnswerInviteCmd) error {
	who := PersonID(c.Actor.Person)
	if err := c.Actor.MayOwn(identity.MemberTeam, c.Actor.Person); err != nil {
		return err
	}
	one, err := sc.waiting(c)
	if err != nil {
		return err
	}
	volunteers, err := lockVolunteers(sc.tx, []PersonID{who})
	if err != nil {
		return err
	}
	v, ok := volunteers[who]
	if !ok {
		return errs.New(errs.NotFound, "member.volunteer_unknown")
	}
	state, action, before, after := "declined", "member.decline_invite", string(who)+" asked", string(who)+" declined"
	if c.Agree || c.Code != "" {
		within, err := teamsOf(sc.tx, []PersonID{who})
		if err != nil {
			return err
		}
		where := membership{one.Team, who}
		if within[where] {
			return errs.New(errs.Conflict, "member.in_team_already").By("record.once", "nobody")
		}
		if err := insertMemberships(sc.tx, []membership{where}); err != nil {
			return err
		}
		state, action, before, after = "accepted", "member.join_team", string(who)+" outside", string(who)+" member"
	}
	sc.note(c.Actor, action, "team", string(one.Team), v.Person, before, after)
	return endInvite(sc.tx, one.ID, state)
}

// waiting is the invitation that a command answers, locked.
func (sc *scene) waiting(c *AnswerInviteCmd) (Invite, error) {
	found, err := sc.shown(c)
	if err != nil {
		return Invite{}, err
	}
	for _, one := range found {
		if one.waits && sc.tx.Now().Before(one.Until) && (c.Code != "" || one.Person != "" && one.Person == PersonID(c.Actor.Person)) {
			return one, nil
		}
	}
	return Invite{}, errInvite
}

// shown is what the code or the id of a command leads to.
func (sc *scene) shown(c *AnswerInviteCmd) ([]Invite, error) {
	if c.Code == "" {
		return lockInviteByID(sc.tx, c.Invite)
	}
	code, err := id.ParseCode(c.Code)
	if err != nil {
		return nil, errInvite.With(err)
	}
	return lockInviteByCode(sc.tx, code)
}

// ForgetInvites is the handler of [TimerInvite]: an invitation is gone when its time is over, answered or not.
func ForgetInvites(tx *store.Tx, due []timer.Timer) ([]error, error) {
	ids := make([]InviteID, len(due))
	for i, t := range due {
		ids[i] = InviteID(t.Ref)
	}
	return make([]error, len(due)), deleteInvites(tx, ids)
}

// Invited returns whom an invitation waits for, and until when; waits is false once it is answered or over.
func Invited(tx *store.Tx, which InviteID) (one Invite, waits bool, err error) {
	found, err := lockInviteByID(tx, which)
	if err != nil || len(found) == 0 {
		return Invite{}, false, err
	}
	return found[0], found[0].waits && found[0].Person != "" && tx.Now().Before(found[0].Until), nil
}
