package member

import (
	"context"
	"strconv"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// pinReach is how far from its community's point a home may be put, in metres (default, ours): the largest communities, in the country, are not
// wider, and a finger that slips is.
const pinReach = 10_000

// PinCmd says where exactly a person's present home is. Until then it is where its community is.
type PinCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	Point  region.Point
}

// Pin puts homes on the map: the person its own, or its station. Orders that are placed from then on begin there; those that stand keep their
// place. The trail says that it was done, and not where. Errors of a command: member.pin_invalid with all bad fields, Refused
// member.pin_too_far with the rule, member.person_unknown, member.person_not_active, identity.not_allowed.
func (s *Service) Pin(ctx context.Context, cmds []PinCmd) ([]identity.Result[identity.Nothing], error) {
	return s.pin.Perform(ctx, s.db, cmds)
}

func (s *Service) pinCall() {
	s.pin = nothing("member.pin", func(c *PinCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person))
		writePoint(w, &c.Point)
		return c.Actor, c.Key
	}, s.runPin)
}

func (s *Service) runPin(tx *store.Tx, cmds []*PinCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *PinCmd) []PersonID { return []PersonID{c.Person} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	given, err := consentsOf(tx, ids)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := active(people, c.Person)
		if err == nil {
			err = sc.mayFor(c.Actor, identity.MemberMove, p, identity.MemberMoveFor)
		}
		if err == nil {
			err = decidePin(sc.tree, c.Point, p.Region, given[c.Person])
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := savePoint(tx, p.ID, c.Point, sc.today); err != nil {
			return err
		}
		sc.note(c.Actor, "member.pin", "person", string(p.ID), p, "", "")
	}
	return sc.done()
}

func decidePin(tree *region.Tree, to region.Point, home region.ID, given []Purpose) error {
	var bad errs.Fields
	checkPurposes(&bad, given, []Purpose{PurposeLocation})
	if !to.Valid() {
		bad.Add("point", "region.point_invalid")
	}
	if err := bad.Err("member.pin_invalid"); err != nil {
		return err
	}
	if middle, ok := tree.Point(home); ok && region.DistanceMetres(middle, to) > pinReach {
		return errs.New(errs.Refused, "member.pin_too_far").Because(why.Rule("member.pin_reach_m", "", "law").With("most", strconv.Itoa(pinReach)))
	}
	return nil
}

// HomeOf is where a person's home is on the map, for the person or its station: its own point if somebody has put it there, else its
// community's. Errors: member.person_unknown, identity.not_allowed.
func (s *Service) HomeOf(tx *store.Tx, tree *region.Tree, by identity.Actor, who PersonID) (at, community region.Point, own bool, err error) {
	people, err := LoadPersons(tx, []PersonID{who})
	if err != nil {
		return at, community, false, err
	}
	p, ok := people[who]
	if !ok {
		return at, community, false, errUnknown
	}
	if err := by.MayFor(identity.MemberMove, string(who), identity.MemberMoveFor, p.Region, tree); err != nil {
		return at, community, false, err
	}
	community, _ = tree.Point(p.Region)
	if p.HasPoint {
		return p.Point, community, true, nil
	}
	return community, community, false, nil
}
