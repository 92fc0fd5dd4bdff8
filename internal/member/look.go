package member

import (
	"context"
	"slices"

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

// LookUp finds people by a whole identity number or phone number, wherever they live: hours earned in one district are good in another. A
// landline may be shared, so there may be more than one. Every look is in the audit trail. Errors: member.look_up_invalid,
// identity.not_allowed.
func (s *Service) LookUp(ctx context.Context, by identity.Actor, number string) (found []Person, err error) {
	column, index := "id_index", ""
	if idNumber, err := pii.ParseIDNumber(number); err == nil {
		index = s.index(fieldIDNumber, idNumber.Reveal())
	} else if phone, err := pii.ParsePhone(number); err == nil {
		column, index = "phone_index", s.index(fieldPhone, phone.Reveal())
	} else {
		return nil, errs.Invalid("member.look_up_invalid", errs.Field{Path: "number", Code: "member.neither_id_number_nor_phone"})
	}
	err = s.db.Write(ctx, "member.look_up", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		if err := mayAnywhere(sc, by, identity.MemberLookUp); err != nil {
			return err
		}
		if found, err = personsByIndex(tx, column, index); err != nil {
			return err
		}
		for _, p := range found {
			sc.note(by, "member.look", "person", string(p.ID), p, "", column)
		}
		return sc.done()
	})
	if err != nil {
		return nil, err
	}
	return found, nil
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

// mayAnywhere asks for a right in any region.
func mayAnywhere(sc *scene, by identity.Actor, right identity.Right) error {
	err := by.May(right, sc.tree.City(), sc.tree)
	for _, g := range by.Grants {
		if err != nil {
			err = by.May(right, g.Region, sc.tree)
		}
	}
	return err
}
