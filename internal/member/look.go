package member

import (
	"context"
	"slices"
	"strings"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Details opens what identifies a person, for the person itself or for staff of its region; a look by staff is in the audit trail.
// Errors: member.person_unknown, identity.not_allowed.
func (s *Service) Details(ctx context.Context, by identity.Actor, which PersonID) (p Person, d Details, err error) {
	err = s.db.Write(ctx, "member.details", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		all, err := LoadPersons(tx, []PersonID{which})
		if err != nil {
			return err
		}
		if p, err = sc.known(all, by, identity.MemberRead, which, identity.MemberRead); err != nil {
			return err
		}
		// With a card it is the staff at the desk who sees it.
		if d, err = s.Open(tx, which); err != nil || by.IsPerson(string(which)) && !by.ByCard {
			return err
		}
		sc.note(by, "member.look", "person", string(p.ID), p, "", "details")
		return sc.done()
	})
	if err != nil {
		return Person{}, Details{}, err
	}
	return p, d, nil
}

// Assessed opens what a home visit found out about somebody who asks for service, and why that makes a key elder or not: facts about health and
// allowance, so that a look by anybody but the person is in the trail. known is false for who never applied. Errors: member.person_unknown,
// identity.not_allowed.
func (s *Service) Assessed(ctx context.Context, by identity.Actor, which PersonID) (r Recipient, known bool, err error) {
	own := by.IsPerson(string(which)) && !by.ByCard
	perform := s.db.Write
	if own {
		perform = s.db.Read
	}
	err = perform(ctx, "member.assessed", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		all, err := LoadPersons(tx, []PersonID{which})
		if err != nil {
			return err
		}
		if _, err := sc.known(all, by, identity.MemberRead, which, identity.MemberRead); err != nil {
			return err
		}
		found, err := LoadRecipients(tx, []PersonID{which})
		if err != nil {
			return err
		}
		if r, known = found[which]; !known || own {
			return nil
		}
		sc.note(by, "member.look", "person", string(which), r.Person, "", "attributes")
		return sc.done()
	})
	if err != nil {
		return Recipient{}, false, err
	}
	return r, known, nil
}

// LookUpReason says why staff looks for somebody who lives outside of its own place.
type LookUpReason string

// The reasons; there are no others, so that an auditor can count them.
const (
	LookUpCaller   LookUpReason = "caller"   // the person calls, or stands at the desk
	LookUpRegister LookUpReason = "register" // is it registered already?
	LookUpVisit    LookUpReason = "visit"    // it asks for, or came to, a visit of the place
	LookUpRelative LookUpReason = "relative" // as the relative of somebody of the place
	LookUpDuty     LookUpReason = "duty"     // it is to hold a role, or attended a course
	LookUpDanger   LookUpReason = "danger"   // somebody was found who needs help
)

// LookUpReasons lists the reasons in the order in which pages show them.
func LookUpReasons() []LookUpReason {
	return []LookUpReason{LookUpCaller, LookUpVisit, LookUpRelative, LookUpRegister, LookUpDuty, LookUpDanger}
}

// Sighting is what a search by a whole number shows of a person: enough to say where it is at home, and whom to call there.
type Sighting struct {
	// Person and Actor name it in a further command. They open nothing outside of one's own place.
	Person   PersonID
	Actor    identity.ActorID
	Name     pii.Name // its mask is what is shown
	District region.ID
	Station  ServicePoint // the zero point where there is none
	// Own is the rest, for who may look people up where the person lives; nil for anybody else.
	Own *Person
}

// LookUp finds people by a whole identity number or phone number. A landline may be shared, so there may be more than one. Whoever lives in the
// actor's own place is shown at once; anybody else, since hours earned in one district are good in another, for one of [LookUpReasons] alone, and
// only as a [Sighting]. Without a reason nobody learns whether there is such a person elsewhere. Every look is in the audit trail with its reason,
// one that finds nobody too. Errors: member.look_up_invalid, identity.not_allowed.
func (s *Service) LookUp(ctx context.Context, by identity.Actor, number string, reason LookUpReason) (found []Sighting, err error) {
	var bad errs.Fields
	column, index := "id_index", ""
	if idNumber, err := pii.ParseIDNumber(number); err == nil {
		index = s.index(fieldIDNumber, idNumber.Reveal())
	} else if phone, err := pii.ParsePhone(number); err == nil {
		column, index = "phone_index", s.index(fieldPhone, phone.Reveal())
	} else {
		bad.Add("number", "member.neither_id_number_nor_phone")
	}
	if reason != "" && !slices.Contains(LookUpReasons(), reason) {
		bad.Add("reason", "member.look_up_reason_unknown")
	}
	if err := bad.Err("member.look_up_invalid"); err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, "member.look_up", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		place, err := mayAnywhere(sc, by, identity.MemberLookUp)
		if err != nil {
			return err
		}
		people, err := personsByIndex(tx, column, index)
		if err != nil {
			return err
		}
		found = found[:0]
		for _, p := range people {
			own := by.May(identity.MemberLookUp, p.Region, sc.tree) == nil
			if !own && reason == "" {
				continue
			}
			one, err := s.sighting(sc, p, own)
			if err != nil {
				return err
			}
			how := column
			if !own {
				how += " masked"
			}
			found = append(found, one)
			sc.note(by, "member.look", "person", string(p.ID), p, "", strings.TrimSpace(how+" "+string(reason)))
		}
		switch {
		case len(found) > 0:
		case reason == "" && place != sc.tree.City():
			return errs.Invalid("member.look_up_invalid", errs.Field{Path: "reason", Code: "member.look_up_reason_missing"})
		default:
			sc.note(by, "member.look_up", "region", string(place), Person{Region: place}, "", strings.TrimSpace(column+" nobody "+string(reason)))
		}
		return sc.done()
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (s *Service) sighting(sc *scene, p Person, own bool) (one Sighting, err error) {
	one = Sighting{Person: p.ID, Actor: p.Actor, District: sc.tree.District(p.Region)}
	if own {
		one.Own = &p
	}
	names, err := s.Names(sc.tx, []PersonID{p.ID})
	if err != nil {
		return one, err
	}
	one.Name = names[p.ID]
	points, err := PointsFor(sc.tx, sc.tree, p.Region)
	if len(points) > 0 {
		one.Station = points[0]
	}
	return one, err
}

// ListRecipients lists up to max recipients of a state in a region and below, after the given person, with what a home visit found out about
// them: facts about health and allowance, so that each person shown is a look in the audit trail. Error: identity.not_allowed.
func (s *Service) ListRecipients(ctx context.Context, by identity.Actor, place region.ID, state RecipientState, after PersonID, max int) (found []Recipient, err error) {
	err = s.db.Write(ctx, "member.list_recipients", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		if err := by.May(identity.MemberRead, place, sc.tree); err != nil {
			return err
		}
		if found, err = RecipientsIn(tx, place, state, after, max); err != nil {
			return err
		}
		for _, r := range found {
			sc.note(by, "member.look", "person", string(r.Person.ID), r.Person, "", "attributes")
		}
		return sc.done()
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ByPhone returns the people who take part and have registered with a number, in the order of their registration; a family may share one. It
// checks no right and notes no look: it is for whoever has shown that the number is theirs.
func (s *Service) ByPhone(tx *store.Tx, phone pii.Phone) ([]Person, error) {
	return activeByIndex(tx, "phone_index", s.index(fieldPhone, phone.Reveal()))
}

// ByIDNumber returns the person with an identity number who takes part, if there is one. It checks no right and notes no look, as ByPhone.
func (s *Service) ByIDNumber(tx *store.Tx, number pii.IDNumber) (p Person, found bool, err error) {
	people, err := activeByIndex(tx, "id_index", s.index(fieldIDNumber, number.Reveal()))
	if err != nil || len(people) == 0 {
		return Person{}, false, err
	}
	return people[0], true, nil
}

func activeByIndex(tx *store.Tx, column, index string) ([]Person, error) {
	people, err := personsByIndex(tx, column, index)
	return slices.DeleteFunc(people, func(p Person) bool { return p.State != PersonActive }), err
}

// mayAnywhere asks for a right in any region and returns the first in which it holds.
func mayAnywhere(sc *scene, by identity.Actor, right identity.Right) (region.ID, error) {
	place := sc.tree.City()
	err := by.May(right, place, sc.tree)
	for _, g := range by.Grants {
		if err != nil {
			place, err = g.Region, by.May(right, g.Region, sc.tree)
		}
	}
	return place, err
}
