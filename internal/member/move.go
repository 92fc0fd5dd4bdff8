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

// TimerHomes is the kind of the timer, due at once, by which others hear that it is known anew where a person lives from a day on: visits go
// along. Its Ref is the person, its Arg the first day of which something has changed, "" when a day has come that was known of before; the
// composition root registers the handler.
const TimerHomes = "member.homes"

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
		changes, err := changesFrom(tx, p.ID, c.From)
		if err != nil {
			return err
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
		if err := tellHomes(tx, p.ID, changes); err != nil {
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

// changesFrom is the first day on which a move changes where a person lives or was going to: a move that was planned for an earlier day is
// taken back by it.
func changesFrom(tx *store.Tx, who PersonID, from clock.Day) (clock.Day, error) {
	planned, err := MovePlanned(tx, who)
	if planned.From != "" && planned.From < from {
		from = planned.From
	}
	return from, err
}

// tellHomes lets others hear that homes from a day on have changed.
func tellHomes(tx *store.Tx, who PersonID, from clock.Day) error {
	return timer.Set(tx, timer.Timer{Kind: TimerHomes, Ref: string(who), Due: tx.Now(), Arg: string(from)})
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
		if err := tellHomes(tx, PersonID(t.Ref), ""); err != nil {
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
		if err := tellHomes(tx, p.ID, planned.From); err != nil {
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

// Residence is where a person lives from a day on.
type Residence struct {
	Region region.ID
	Point  region.Point // as somebody put it on the map, else its community's; the zero point where neither is known
	From   clock.Day
}

// HomeNow is where a person lives today.
func HomeNow(p Person, tree *region.Tree) Residence {
	return homeAt(p.Region, p.Point, p.HasPoint, "", tree)
}

func homeAt(place region.ID, at region.Point, known bool, from clock.Day, tree *region.Tree) Residence {
	if !known {
		at, _ = tree.Point(place)
	}
	return Residence{Region: place, Point: at, From: from}
}

// PlannedHomes returns where people will live who plan a move; who plans none is missing from the map. It checks no right.
func PlannedHomes(tx *store.Tx, tree *region.Tree, ids []PersonID) (map[PersonID]Residence, error) {
	rows, err := lastHomes(tx, ids)
	homes := map[PersonID]Residence{}
	for _, r := range rows {
		if r.From <= clock.DayOf(tx.Now()) {
			continue
		}
		at, known := point(r.LatE6, r.LonE6)
		homes[r.person] = homeAt(r.Region, at, known, r.From, tree)
	}
	return homes, err
}
