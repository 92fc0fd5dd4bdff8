package member

import (
	"context"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/store"
)

// EndKinCmd takes a relation back, or refuses one that was proposed. With it end the delegation on both sides and, where one side named the
// other its heir, that choice.
type EndKinCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID // whose wish it is: one side is enough
	Relative PersonID
}

// EndKin ends relations. Errors of a command: member.person_unknown, member.person_not_active, member.kin_unknown, identity.not_allowed.
func (s *Service) EndKin(ctx context.Context, cmds []EndKinCmd) ([]identity.Result[identity.Nothing], error) {
	return s.endKin.Perform(ctx, s.db, cmds)
}

func (s *Service) runEndKin(tx *store.Tx, cmds []*EndKinCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *EndKinCmd) []PersonID { return []PersonID{c.Person, c.Relative} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	sides, err := kinRows(tx, ids)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		mine, ok := sides[pair{c.Person, c.Relative}]
		p, err := sc.whom(people, c.Actor, identity.MemberKin, c.Person, identity.MemberKinFor)
		if err == nil && !ok {
			err = errs.New(errs.NotFound, "member.kin_unknown")
		}
		if out[i].Err = err; err != nil {
			continue
		}
		if err := deleteKin(tx, c.Person, c.Relative); err != nil {
			return err
		}
		delete(sides, pair{c.Person, c.Relative})
		delete(sides, pair{c.Relative, c.Person})
		sc.note(c.Actor, "member.end_kin", "kin", string(c.Person)+" "+string(c.Relative), p, string(mine.Relation)+" "+string(mine.State), "")
	}
	return sc.done()
}

// DelegateIn is [Service.Delegate] for one pair within the caller's transaction: the relative, who has asked for it, acts for the person from now on.
func (s *Service) DelegateIn(tx *store.Tx, by identity.Actor, key string, person, relative PersonID) error {
	results, err := s.delegate.Do(tx, []DelegateCmd{{Actor: by, Key: key, Person: person, Relative: relative, Allow: true, asked: true}})
	if err != nil {
		return err
	}
	return results[0].Err
}

// Agreement is a relation to which both sides said yes, one after the other.
type Agreement struct {
	Asker    PersonID // who asked
	AskedBy  string   // the actor that did it for the asker
	Person   PersonID // who says yes now
	Relation Relation // what the person is to the asker
}

// Agree records a relation in the caller's transaction: the one side asked for it before, the actor says yes for the other now. A relation
// that was only proposed is confirmed by it. Staff that asked for one side cannot say yes for the other. Errors: member.person_unknown,
// member.person_not_active, member.both_sides_confirm, member.kin_exists, member.kin_invalid when the ages contradict, identity.not_allowed.
func (s *Service) Agree(tx *store.Tx, by identity.Actor, a Agreement) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := unique([]PersonID{a.Asker, a.Person})
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	sides, err := kinRows(tx, ids)
	if err != nil {
		return err
	}
	p, err := sc.whom(people, by, identity.MemberKin, a.Person, identity.MemberKinFor)
	if err != nil {
		return err
	}
	asker, err := active(people, a.Asker)
	switch {
	case err != nil:
		return err
	case a.AskedBy == by.ID:
		return errs.New(errs.Forbidden, "member.both_sides_confirm").By("consent.kin", "person")
	}
	if err := checkKin(asker, p, a.Relation); err != nil {
		return err
	}
	theirs := kinRow{Kin{Person: a.Asker, Relative: a.Person, Relation: a.Relation, State: KinConfirmed, Agreed: true}, a.AskedBy}
	mine := kinRow{Kin{Person: a.Person, Relative: a.Asker, Relation: a.Relation.Inverse(), State: KinConfirmed, Agreed: true}, by.ID}
	before, exists := sides[pair{a.Person, a.Asker}]
	was := "not kin"
	switch {
	case exists && before.State == KinConfirmed:
		return errs.New(errs.Conflict, "member.kin_exists").By("record.once", "nobody")
	case exists:
		was = string(before.Relation) + " " + string(before.State)
		err = deleteKin(tx, a.Person, a.Asker)
	}
	if err == nil {
		err = insertKin(tx, []kinRow{mine, theirs})
	}
	if err != nil {
		return err
	}
	sc.note(by, "member.confirm_kin", "kin", string(a.Person)+" "+string(a.Asker), p, was, string(mine.Relation)+" "+string(KinConfirmed))
	return sc.done()
}
