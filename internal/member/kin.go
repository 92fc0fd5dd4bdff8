package member

import (
	"context"
	"slices"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/why"
)

func (s *Service) kinCalls() {
	s.addKin = word("member.add_kin", func(c *AddKinCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative)).Str(string(c.Relation)).Bool(c.Confirmed).Bool(c.Acts)
		return c.Actor, c.Key
	}, s.runAddKin)
	s.confirmKin = nothing("member.confirm_kin", func(c *ConfirmKinCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative)).Bool(c.Acts)
		return c.Actor, c.Key
	}, s.runConfirmKin)
	s.delegate = nothing("member.delegate", func(c *DelegateCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative)).Bool(c.Allow)
		return c.Actor, c.Key
	}, s.runDelegate)
	s.actFor = nothing("member.act_for", func(c *ActForCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative)).Bool(c.Willing)
		return c.Actor, c.Key
	}, s.runActFor)
	s.endKin = nothing("member.end_kin", func(c *EndKinCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative))
		return c.Actor, c.Key
	}, s.runEndKin)
	s.nameHeir = nothing("member.name_heir", func(c *NameHeirCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Heir))
		return c.Actor, c.Key
	}, s.runNameHeir)
}

// AddKinCmd says on behalf of a person what a relative is to it. The relative's side has to confirm; only an import from the civil
// registry, which the system itself makes, brings relations that are confirmed.
type AddKinCmd struct {
	Actor     identity.Actor
	Key       string
	Person    PersonID
	Relative  PersonID
	Relation  Relation // the relative is the person's Relation
	Confirmed bool
	Acts      bool // the person will act for the relative, if it is let
}

// kinRow is a side of a relation with who agreed for it.
type kinRow struct {
	Kin
	agreedBy string // actor
}

// AddKin proposes relations. Errors of a command: member.kin_invalid with all bad fields, member.person_unknown, member.person_not_active,
// member.kin_exists, identity.not_allowed.
func (s *Service) AddKin(ctx context.Context, cmds []AddKinCmd) ([]identity.Result[KinState], error) {
	return s.addKin.Perform(ctx, s.db, cmds)
}

func (s *Service) runAddKin(tx *store.Tx, cmds []*AddKinCmd, out []*identity.Result[KinState]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *AddKinCmd) []PersonID { return []PersonID{c.Person, c.Relative} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	sides, err := kinRows(tx, ids)
	if err != nil {
		return err
	}
	var rows []kinRow
	for i, c := range cmds {
		if out[i].Err = sc.mayAdd(people, c); out[i].Err != nil {
			continue
		}
		if _, exists := sides[pair{c.Person, c.Relative}]; exists {
			out[i].Err = errs.New(errs.Conflict, "member.kin_exists").By("record.once", "nobody")
			continue
		}
		state := KinProposed
		if c.Confirmed {
			state = KinConfirmed
		}
		mine := kinRow{Kin{Person: c.Person, Relative: c.Relative, Relation: c.Relation, State: state, Willing: c.Acts, Agreed: true}, c.Actor.ID}
		theirs := kinRow{Kin{Person: c.Relative, Relative: c.Person, Relation: c.Relation.Inverse(), State: state, Agreed: c.Confirmed}, ""}
		if c.Confirmed {
			theirs.agreedBy = c.Actor.ID
		}
		sides[pair{c.Person, c.Relative}], sides[pair{c.Relative, c.Person}] = mine, theirs
		rows = append(rows, mine, theirs)
		out[i].Value = state
		sc.note(c.Actor, "member.add_kin", "kin", string(c.Person)+" "+string(c.Relative), people[c.Person], "", string(c.Relation)+" "+string(state))
	}
	if err := insertKin(tx, rows); err != nil {
		return err
	}
	return sc.done()
}

func (sc *scene) mayAdd(people map[PersonID]Person, c *AddKinCmd) error {
	var bad errs.Fields
	if c.Relation.Inverse() == "" {
		bad.Add("relation", "member.relation_unknown")
	}
	if c.Person == c.Relative {
		bad.Add("relative", "member.kin_to_self")
	}
	if c.Confirmed && !c.Actor.IsSystem() {
		bad.Add("confirmed", "member.both_sides_confirm")
	}
	if err := bad.Err("member.kin_invalid"); err != nil {
		return err
	}
	// Who may not add it must not learn whether the relative is known.
	p, err := sc.whom(people, c.Actor, identity.MemberKin, c.Person, identity.MemberKinFor)
	if err != nil {
		return err
	}
	relative, err := active(people, c.Relative)
	if err != nil {
		return err
	}
	return checkKin(p, relative, c.Relation)
}

// ConfirmKinCmd says yes for a person to the relation that the relative's side proposed.
type ConfirmKinCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID // who confirms
	Relative PersonID // whose side proposed
	Acts     bool     // the person will act for the relative, if it is let
}

// ConfirmKin confirms relations. Staff that proposed for one side cannot confirm for the other. Errors of a command:
// member.kin_unknown, member.kin_confirmed, member.both_sides_confirm, identity.not_allowed.
func (s *Service) ConfirmKin(ctx context.Context, cmds []ConfirmKinCmd) ([]identity.Result[identity.Nothing], error) {
	return s.confirmKin.Perform(ctx, s.db, cmds)
}

func (s *Service) runConfirmKin(tx *store.Tx, cmds []*ConfirmKinCmd, out []*identity.Result[identity.Nothing]) error {
	return s.changeKin(tx, len(cmds), func(i int) (identity.Actor, PersonID, PersonID) {
		return cmds[i].Actor, cmds[i].Person, cmds[i].Relative
	},
		func(i int, err error) { out[i].Err = err },
		func(sc *scene, i int, mine, theirs kinRow) error {
			by := cmds[i].Actor
			switch {
			case mine.State == KinConfirmed:
				return errs.New(errs.Conflict, "member.kin_confirmed").By("record.once", "nobody")
			case mine.Agreed, theirs.agreedBy == by.ID && !by.IsSystem():
				return errs.New(errs.Forbidden, "member.both_sides_confirm").By("consent.kin", "person")
			}
			return nil
		}, "member.confirm_kin", func(i int, mine, theirs *kinRow) string {
			mine.Agreed, mine.agreedBy, mine.Willing = true, cmds[i].Actor.ID, mine.Willing || cmds[i].Acts
			mine.State, theirs.State = KinConfirmed, KinConfirmed
			return string(KinConfirmed)
		})
}

// DelegateCmd lets a relative act for a person (order, confirm, redeem), or no longer. The relative acts once it has said that it will.
type DelegateCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID
	Relative PersonID
	Allow    bool
	asked    bool // the relative has asked for it
}

// Delegate gives or takes back a delegation. Errors of a command: member.kin_unknown, member.kin_not_confirmed, identity.not_allowed.
func (s *Service) Delegate(ctx context.Context, cmds []DelegateCmd) ([]identity.Result[identity.Nothing], error) {
	return s.delegate.Perform(ctx, s.db, cmds)
}

func (s *Service) runDelegate(tx *store.Tx, cmds []*DelegateCmd, out []*identity.Result[identity.Nothing]) error {
	return s.changeKin(tx, len(cmds), func(i int) (identity.Actor, PersonID, PersonID) {
		return cmds[i].Actor, cmds[i].Person, cmds[i].Relative
	},
		func(i int, err error) { out[i].Err = err },
		func(sc *scene, i int, mine, theirs kinRow) error {
			switch {
			case mine.State != KinConfirmed:
				return errs.New(errs.Conflict, "member.kin_not_confirmed").By("record.state", "nobody")
			case cmds[i].Allow && cmds[i].Actor.IsPerson(string(mine.Relative)):
				// The relative may be staff of the person's point; it still does not appoint itself.
				return errOwnCase
			}
			return nil
		}, "member.delegate", func(i int, mine, theirs *kinRow) string {
			mine.Delegate = cmds[i].Allow
			if cmds[i].asked {
				theirs.Willing = true
			}
			if cmds[i].Allow {
				return "allowed"
			}
			return "taken back"
		})
}

// ActForCmd says that a person will act for a relative that lets it, or no longer.
type ActForCmd struct {
	Actor    identity.Actor
	Key      string
	Person   PersonID // who acts
	Relative PersonID // for whom
	Willing  bool
}

// ActFor takes a delegation on or lays it down. Staff does not say yes for somebody to act for the staff's own person. Errors of a command:
// member.kin_unknown, member.kin_not_confirmed, identity.not_allowed, member.own_case.
func (s *Service) ActFor(ctx context.Context, cmds []ActForCmd) ([]identity.Result[identity.Nothing], error) {
	return s.actFor.Perform(ctx, s.db, cmds)
}

func (s *Service) runActFor(tx *store.Tx, cmds []*ActForCmd, out []*identity.Result[identity.Nothing]) error {
	return s.changeKin(tx, len(cmds), func(i int) (identity.Actor, PersonID, PersonID) {
		return cmds[i].Actor, cmds[i].Person, cmds[i].Relative
	},
		func(i int, err error) { out[i].Err = err },
		func(sc *scene, i int, mine, theirs kinRow) error {
			switch {
			case mine.State != KinConfirmed:
				return errs.New(errs.Conflict, "member.kin_not_confirmed").By("record.state", "nobody")
			case cmds[i].Willing && cmds[i].Actor.IsPerson(string(mine.Relative)):
				return errOwnCase
			}
			return nil
		}, "member.act_for", func(i int, mine, theirs *kinRow) string {
			mine.Willing = cmds[i].Willing
			if cmds[i].Willing {
				return "willing"
			}
			return "laid down"
		})
}

// changeKin changes both sides of relations: find, check who may, decide, write.
func (s *Service) changeKin(tx *store.Tx, n int, who func(i int) (identity.Actor, PersonID, PersonID), refuse func(i int, err error),
	decide func(sc *scene, i int, mine, theirs kinRow) error, action string, change func(i int, mine, theirs *kinRow) string) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	var ids []PersonID
	for i := range n {
		_, person, relative := who(i)
		ids = append(ids, person, relative)
	}
	ids = unique(ids)
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	sides, err := kinRows(tx, ids)
	if err != nil {
		return err
	}
	for i := range n {
		by, person, relative := who(i)
		mine, ok := sides[pair{person, relative}]
		theirs := sides[pair{relative, person}]
		p, err := sc.whom(people, by, identity.MemberKin, person, identity.MemberKinFor)
		if err == nil && !ok {
			err = errs.New(errs.NotFound, "member.kin_unknown")
		}
		if err == nil {
			err = decide(sc, i, mine, theirs)
		}
		if err != nil {
			refuse(i, err)
			continue
		}
		before := mine.words()
		after := change(i, &mine, &theirs)
		if err := saveKin(tx, mine, theirs); err != nil {
			return err
		}
		sides[pair{person, relative}], sides[pair{relative, person}] = mine, theirs
		sc.note(by, action, "kin", string(person)+" "+string(relative), p, before, after)
	}
	return sc.done()
}

// orNobody is a person as the trail names it.
func orNobody(who PersonID) string {
	if who == "" {
		return "nobody"
	}
	return string(who)
}

// words is how a relation stands, as the trail says it before a change.
func (k kinRow) words() string {
	words := string(k.State)
	if k.Delegate {
		words += ", may act"
	}
	if k.Willing {
		words += ", willing"
	}
	return words
}

// NameHeirCmd names who inherits a person's hours; an empty heir takes the choice back.
type NameHeirCmd struct {
	Actor  identity.Actor
	Key    string
	Person PersonID
	Heir   PersonID
}

// NameHeir names heirs from among confirmed kin. Errors of a command: member.person_unknown, member.person_not_active,
// member.kin_not_confirmed, identity.not_allowed.
func (s *Service) NameHeir(ctx context.Context, cmds []NameHeirCmd) ([]identity.Result[identity.Nothing], error) {
	return s.nameHeir.Perform(ctx, s.db, cmds)
}

func (s *Service) runNameHeir(tx *store.Tx, cmds []*NameHeirCmd, out []*identity.Result[identity.Nothing]) error {
	sc, err := s.scene(tx)
	if err != nil {
		return err
	}
	ids := idsOf(cmds, func(c *NameHeirCmd) []PersonID { return []PersonID{c.Person} })
	people, err := lockPersons(tx, ids)
	if err != nil {
		return err
	}
	sides, err := kinRows(tx, ids)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p, err := sc.whom(people, c.Actor, identity.MemberKin, c.Person, identity.MemberKinFor)
		if err == nil && c.Heir != "" && sides[pair{c.Person, c.Heir}].State != KinConfirmed {
			err = errs.New(errs.Conflict, "member.kin_not_confirmed").By("record.state", "nobody")
		}
		if err == nil && c.Heir != "" && c.Actor.IsPerson(string(c.Heir)) {
			err = errOwnCase
		}
		if err != nil {
			out[i].Err = err
			continue
		}
		if err := saveHeir(tx, p.ID, c.Heir); err != nil {
			return err
		}
		sc.note(c.Actor, "member.name_heir", "person", string(p.ID), p, orNobody(p.Heir), orNobody(c.Heir))
	}
	return sc.done()
}

// pair is a person and a relative.
type pair struct{ person, relative PersonID }

// IsDelegate reports whether a relative acts for a person: the person lets it, and the relative has said that it will.
func IsDelegate(tx *store.Tx, person, relative PersonID) (bool, error) {
	kin, err := KinOf(tx, person)
	for _, k := range kin {
		if k.Relative == relative && k.Acts() {
			return true, err
		}
	}
	return false, err
}

// SeeingHours is for a relative who acts for a person and asks to see its hours: nil, or Forbidden member.kin_may_not_see_hours with why when the
// person has not consented to it. To act is not to look into the book.
func SeeingHours(tx *store.Tx, person PersonID) error {
	given, err := ConsentsOf(tx, person)
	if err == nil && !slices.Contains(given, PurposeHours) {
		err = errs.New(errs.Forbidden, "member.kin_may_not_see_hours").Because(why.Rule("consent.hours", "", "person"))
	}
	return err
}

// MaySee reports whether a person lets the relative see its visits: the relation is confirmed on both sides, and the person has consented to
// its relatives seeing them.
func MaySee(tx *store.Tx, person, relative PersonID) (bool, error) {
	kin, err := KinOf(tx, person)
	if err != nil || !slices.ContainsFunc(kin, func(k Kin) bool { return k.Relative == relative && k.State == KinConfirmed }) {
		return false, err
	}
	given, err := ConsentsOf(tx, person)
	return slices.Contains(given, PurposeKin), err
}

// Seeing is for a relative who asks to see a person's visits, whether it acts for the person or not: nil, or Forbidden member.kin_may_not_see with
// why when the person has not consented to it.
func Seeing(tx *store.Tx, person, relative PersonID) error {
	sees, err := MaySee(tx, person, relative)
	if err == nil && !sees {
		err = errs.New(errs.Forbidden, "member.kin_may_not_see").Because(why.Rule("consent.kin", "", "person"))
	}
	return err
}

// RelationTo returns what the beneficiary is to the payer in the words of the rules, and "" for a stranger or kin not yet confirmed.
func RelationTo(kin []Kin, payer, beneficiary PersonID) policy.Relation {
	if payer == beneficiary {
		return policy.RelSelf
	}
	for _, k := range kin {
		if k.Person != payer || k.Relative != beneficiary || k.State != KinConfirmed {
			continue
		}
		if k.Relation.Lineal() {
			return policy.RelLineal
		}
		return policy.RelSpouse
	}
	return ""
}

// MayBenefit reports whether a payer's hours may serve a beneficiary: its relation is among those allowed and it is old enough today.
// redeem.beneficiaries with redeem.beneficiary_min_age and transfer.to with transfer.to_min_age are such pairs of rules (published:
// lineal kin of 60 or more). The age of a payer who redeems for itself is another rule, and its caller's. Where friends are allowed,
// anybody active is one.
func MayBenefit(tx *store.Tx, payer, beneficiary PersonID, allowed policy.List[policy.Relation], minAge int) (bool, error) {
	people, err := LoadPersons(tx, []PersonID{payer, beneficiary})
	if err != nil {
		return false, err
	}
	to, known := people[beneficiary]
	if !known || to.State != PersonActive || people[payer].State != PersonActive {
		return false, nil
	}
	if payer == beneficiary {
		return allowed.Has(policy.RelSelf), nil
	}
	if to.AgeOn(clock.DayOf(tx.Now())) < minAge {
		return false, nil
	}
	kin, err := KinOf(tx, payer)
	if err != nil {
		return false, err
	}
	relation := RelationTo(kin, payer, beneficiary)
	return relation != "" && allowed.Has(relation) || allowed.Has(policy.RelFriend), nil
}
