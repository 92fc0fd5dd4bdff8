package member

import (
	"context"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// PinCmd says where exactly a person's present home is. Until then it is where its community is.
type PinCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	Point  region.Point
}

// Pin puts homes on the map: the person its own, its station, or a relative who acts for the person and may see its visits. Orders that are
// placed from then on begin there; those that stand keep their place. The trail says that it was done, and not where. Errors of a command:
// member.pin_invalid with all bad fields, Refused member.pin_too_far with the rule, member.person_unknown, member.person_not_active,
// identity.not_allowed, member.kin_may_not_see.
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
	sc, err := s.ruled(tx)
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
		p, err := sc.housed(people, c.Actor, c.Person)
		if err == nil {
			p, err = active(people, c.Person)
		}
		var rules policy.Rules
		if err == nil {
			rules, err = sc.at(p.Region)
		}
		if err == nil {
			err = decidePin(sc.tree, rules, c.Point, p.Region, given[c.Person])
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := savePoint(tx, p.ID, c.Point, sc.today); err != nil {
			return err
		}
		before := "nowhere"
		if p.HasPoint {
			before = "somewhere"
		}
		sc.note(c.Actor, "member.pin", "person", string(p.ID), p, before, "on the map")
	}
	return sc.done()
}

func decidePin(tree *region.Tree, rules policy.Rules, to region.Point, home region.ID, given []Purpose) error {
	var bad errs.Fields
	checkPurposes(&bad, given, []Purpose{PurposeLocation})
	if !to.Valid() {
		bad.Add("point", "region.point_invalid")
	}
	if err := bad.Err("member.pin_invalid"); err != nil {
		return err
	}
	return decidePlace(tree, rules, to, home)
}

// decidePlace says whether a home of a community may be at a point, by the rules of the community.
func decidePlace(tree *region.Tree, rules policy.Rules, at region.Point, home region.ID) error {
	if middle, ok := tree.Point(home); ok && region.DistanceMetres(middle, at) > int64(rules.HomeReachM) {
		return errs.New(errs.Refused, "member.pin_too_far").Because(rules.Why("home.reach_m"))
	}
	return nil
}

// mayPlace says who may see and change where a home is: the person, its station, and a relative whom the person lets both act for it and see its
// visits.
func (sc *scene) mayPlace(by identity.Actor, p Person) error {
	refused := sc.mayFor(by, identity.MemberMove, p, identity.MemberMoveFor)
	if refused == nil || by.Person == "" {
		return refused
	}
	acts, err := IsDelegate(sc.tx, p.ID, PersonID(by.Person))
	switch {
	case err != nil:
		return err
	case !acts:
		return refused
	}
	return Seeing(sc.tx, p.ID, PersonID(by.Person))
}

// housed returns a person whose home the actor may see and change; an unknown one as known does.
func (sc *scene) housed(people map[PersonID]Person, by identity.Actor, which PersonID) (Person, error) {
	p, ok := people[which]
	if !ok {
		return sc.known(people, by, identity.MemberMove, which, identity.MemberMoveFor)
	}
	return p, sc.mayPlace(by, p)
}

// Home is where a person lives, on the map.
type Home struct {
	// At is the home, Community the point of its community; they are the same as long as nobody has put the home elsewhere.
	At, Community region.Point
	// LocatedBy says who has: "" nobody, "hand" a person, else the geocoder that knew the address.
	LocatedBy string
}

// ByHand reports whether a person chose the place.
func (h Home) ByHand() bool { return h.LocatedBy == byHand }

// HomeOf is where a person's home is on the map, for whoever may change it. A look by anybody but the person is in the audit trail. Errors:
// member.person_unknown, identity.not_allowed, member.kin_may_not_see.
func (s *Service) HomeOf(ctx context.Context, by identity.Actor, who PersonID) (h Home, err error) {
	err = s.db.Write(ctx, "member.home", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		people, err := LoadPersons(tx, []PersonID{who})
		if err != nil {
			return err
		}
		p, err := sc.housed(people, by, who)
		if err != nil {
			return err
		}
		h.Community, _ = sc.tree.Point(p.Region)
		h.At, h.LocatedBy = h.Community, ""
		if p.HasPoint {
			h.At = p.Point
			if h.LocatedBy, err = locatorOf(tx, who, sc.today); err != nil {
				return err
			}
		}
		if by.IsPerson(string(who)) && !by.ByCard {
			return nil
		}
		sc.note(by, "member.look", "person", string(p.ID), p, "", "home")
		return sc.done()
	})
	return h, err
}
