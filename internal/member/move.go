package member

import (
	"context"
	"strings"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

func (s *Service) moveCalls() {
	s.move = nothing("member.move", func(c *MoveCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Region)).Blob(s.blind(c.Address)).Str(string(c.From))
		writePoint(w, c.Point)
		return c.Actor, c.Key
	}, s.runMove)
	s.stay = nothing("member.stay", func(c *StayCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person))
		return c.Actor, c.Key
	}, s.runStay)
}

// MoveCmd gives a person another home from a day on: today or later. The book stays where it is, only the region of record changes.
type MoveCmd struct {
	Actor   identity.Actor
	Key     string
	Person  PersonID
	Region  region.ID
	Address string
	Point   *region.Point
	From    clock.Day
}

// TimerMove is the kind of the timer that lets a planned move take effect; Service.TakeEffect is its handler.
const TimerMove = "member.move"

// Move moves people: the person itself, its station, or a relative who acts for the person and may see its visits. One move at a time can be
// planned: a later command replaces it. Errors of a command: member.move_invalid with all bad fields, member.person_unknown,
// member.person_not_active, identity.not_allowed, member.kin_may_not_see.
func (s *Service) Move(ctx context.Context, cmds []MoveCmd) ([]identity.Result[identity.Nothing], error) {
	return s.move.Perform(ctx, s.db, cmds)
}

func (s *Service) runMove(tx *store.Tx, cmds []*MoveCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *MoveCmd) []PersonID { return []PersonID{c.Person} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	given, err := consentsOf(tx, ids)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.housed(people, c.Actor, c.Person)
		if err == nil {
			p, err = active(people, c.Person)
		}
		if err == nil {
			err = decideMove(sc, c, given[c.Person])
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		home := home{person: p.ID, region: c.Region, sealed: s.seal(fieldAddress, strings.TrimSpace(c.Address)), point: c.Point, from: c.From}
		if err := putAddress(tx, home); err != nil {
			return err
		}
		if home.sealed != nil && home.point == nil {
			s.askWhere(tx, p.ID)
		}
		if c.From > sc.today {
			err = timer.Set(tx, timer.Timer{Kind: TimerMove, Ref: string(p.ID), Due: c.From.Start()})
		} else {
			if err = timer.Cancel(tx, TimerMove, string(p.ID)); err == nil {
				err = s.moveNow(tx, p.ID, sc.today)
			}
			tx.Outbox("member.moved", string(p.ID), "{}")
		}
		if err != nil {
			return err
		}
		sc.note(c.Actor, "member.move", "person", string(p.ID), p, string(p.Region), string(c.Region)+" "+string(c.From))
		if c.From == sc.today {
			p.Region = c.Region
			people[p.ID] = p
		}
	}
	return sc.done()
}

func decideMove(sc *scene, c *MoveCmd, given []Purpose) error {
	var bad errs.Fields
	if c.Address != "" || c.Point != nil {
		checkPurposes(&bad, given, []Purpose{PurposeLocation})
	}
	checkHome(&bad, c.Region, c.Point, sc.tree)
	if c.Address != "" {
		_, err := pii.ParseAddress(c.Address)
		bad.AddErr("address", err)
	}
	if _, err := clock.ParseDay(string(c.From)); err != nil {
		bad.AddErr("from", err)
	} else if c.From < sc.today {
		bad.Add("from", "member.back_dated")
	}
	return bad.Err("member.move_invalid")
}

// TakeEffect lets planned moves happen. It is the handler of TimerMove.
func (s *Service) TakeEffect(tx *store.Tx, due []timer.Timer) ([]error, error) {
	today := clock.DayOf(tx.Now())
	for _, t := range due {
		if err := s.moveNow(tx, PersonID(t.Ref), today); err != nil {
			return nil, err
		}
		tx.Outbox("member.moved", t.Ref, "{}")
	}
	return make([]error, len(due)), nil
}

// moveNow makes the home of the day the person's own, where it is found from then on.
func (s *Service) moveNow(tx *store.Tx, which PersonID, today clock.Day) error {
	if err := moveNow(tx, which, today); err != nil {
		return err
	}
	return s.markAgain(tx, which)
}

// StayCmd takes back a move that is planned: the person stays where it lives.
type StayCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
}

// Stay takes planned moves back, for whoever may plan them. Errors of a command: member.no_move_planned, member.person_unknown,
// member.person_not_active, identity.not_allowed, member.kin_may_not_see.
func (s *Service) Stay(ctx context.Context, cmds []StayCmd) ([]identity.Result[identity.Nothing], error) {
	return s.stay.Perform(ctx, s.db, cmds)
}

func (s *Service) runStay(tx *store.Tx, cmds []*StayCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	people, err := lockPersons(tx, idsOf(cmds, func(c *StayCmd) []PersonID { return []PersonID{c.Person} }))
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.housed(people, c.Actor, c.Person)
		if err == nil {
			p, err = active(people, c.Person)
		}
		var planned PlannedMove
		if err == nil {
			planned, err = MovePlanned(tx, c.Person)
		}
		if err == nil && planned.From == "" {
			err = errs.New(errs.Conflict, "member.no_move_planned").By("record.state", "nobody")
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := dropPlannedHome(tx, p.ID, sc.today); err != nil {
			return err
		}
		if err := timer.Cancel(tx, TimerMove, string(p.ID)); err != nil {
			return err
		}
		sc.note(c.Actor, "member.stay", "person", string(p.ID), p, string(planned.Region)+" "+string(planned.From), string(p.Region))
	}
	return sc.done()
}

// PlannedMove is where a person will live from a day on; From is "" when it plans no move.
type PlannedMove struct {
	Region region.ID
	From   clock.Day
}

// MovePlanned returns the move that a person plans. It checks no right.
func MovePlanned(tx *store.Tx, who PersonID) (planned PlannedMove, err error) {
	homes, err := homesOf(tx, who)
	for _, h := range homes {
		if h.From > clock.DayOf(tx.Now()) {
			planned = PlannedMove{h.Region, h.From}
		}
	}
	return planned, err
}
