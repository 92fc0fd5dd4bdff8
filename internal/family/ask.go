package family

import (
	"context"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/store"
)

// AskCmd asks to become kin of the person whose identity number the asker knows. The actor is the asker, or staff of its place.
type AskCmd struct {
	Actor    identity.Actor
	Key      string
	Asker    member.PersonID
	IDNumber string
	Relation member.Relation // what the person is to the asker
	Act      bool            // wishes to order and confirm for the person
	Message  bool            // wishes to send messages, and agrees to get them
}

// Ask records wishes to become kin. The answer is the same whether or not somebody has the number, so that nobody learns who is registered.
// Errors of a command: family.ask_invalid with every bad field, family.asked_too_often with the rule, member.person_unknown,
// member.person_not_active, identity.not_allowed.
func (s *Service) Ask(ctx context.Context, cmds []AskCmd) ([]identity.Result[AskID], error) {
	return s.ask.Perform(ctx, s.db, cmds)
}

func (s *Service) runAsk(tx *store.Tx, c *AskCmd) (AskID, error) {
	asker, err := s.speaks(tx, c.Actor, c.Asker)
	if err != nil {
		return "", err
	}
	var bad errs.Fields
	number, err := pii.ParseIDNumber(c.IDNumber)
	bad.AddErr("id_number", err)
	if c.Relation.Inverse() == "" {
		bad.Add("relation", "member.relation_unknown")
	}
	if err := bad.Err("family.ask_invalid"); err != nil {
		return "", err
	}
	rules, err := s.rules(tx, asker)
	if err != nil {
		return "", err
	}
	if n, err := asksSince(tx, c.Asker, clock.DayOf(tx.Now()).Start()); err != nil {
		return "", err
	} else if n >= rules.FamilyAsksPerDay {
		return "", errs.New(errs.Refused, "family.asked_too_often").Because(rules.Why("family.asks_per_day"))
	}
	a := Ask{ID: store.NewID[Ask](tx), Asker: c.Asker, Relation: c.Relation, Act: c.Act, Message: c.Message, AskedAt: tx.Now(), State: Waiting, askedBy: c.Actor.ID}
	person, known, err := s.members.ByIDNumber(tx, number)
	if err != nil {
		return "", err
	}
	if known && person.ID != c.Asker {
		a.Person = person.ID
	}
	if err := insertAsk(tx, a); err != nil {
		return "", err
	}
	return a.ID, note(tx, c.Actor, "family.ask", "ask", string(a.ID), asker, "", string(a.Relation))
}

// AnswerCmd is the yes or no of the person asked for, or of the asker who takes the wish back. Act and Message are what the person allows; both
// are consents of their own.
type AnswerCmd struct {
	Actor   identity.Actor
	Key     string
	Ask     AskID
	Agree   bool
	Act     bool
	Message bool
}

// Answer ends wishes. A yes makes the two kin, and lets the asker act for the person and send messages as far as both sides want that. Errors of
// a command: family.ask_unknown, family.ask_ended, identity.not_allowed, and those of [member.Service.Agree].
func (s *Service) Answer(ctx context.Context, cmds []AnswerCmd) ([]identity.Result[identity.Nothing], error) {
	return s.answer.Perform(ctx, s.db, cmds)
}

var errAsk = errs.New(errs.NotFound, "family.ask_unknown")

func (s *Service) runAnswer(tx *store.Tx, c *AnswerCmd) error {
	a, err := lockAsk(tx, c.Ask)
	if err != nil {
		return err
	}
	if !c.Agree && c.Actor.IsPerson(string(a.Asker)) {
		return s.endAsk(tx, c.Actor, a, a.Asker, Withdrawn)
	}
	if a.Person == "" {
		return errAsk
	}
	if _, err := s.speaks(tx, c.Actor, a.Person); err != nil {
		// Who may not answer does not learn that there is a wish.
		return errAsk.With(err)
	}
	if !c.Agree {
		return s.endAsk(tx, c.Actor, a, a.Person, Refused)
	}
	if a.State != Waiting {
		return errs.New(errs.Conflict, "family.ask_ended").By("record.state", "nobody")
	}
	if err := s.members.Agree(tx, c.Actor, member.Agreement{Asker: a.Asker, AskedBy: a.askedBy, Person: a.Person, Relation: a.Relation}); err != nil {
		return err
	}
	if c.Act && a.Act {
		if err := s.members.DelegateIn(tx, c.Actor, inner(c.Key), a.Person, a.Asker); err != nil {
			return &afterWriting{err}
		}
	}
	if c.Message && a.Message {
		for _, l := range []line{{a.Person, a.Asker, c.Actor.ID}, {a.Asker, a.Person, a.askedBy}} {
			if err := openLine(tx, l); err != nil {
				return err
			}
		}
	}
	return s.endAsk(tx, c.Actor, a, a.Person, Agreed)
}

// inner is the key of a command within one of ours.
func inner(key string) string {
	if key == "" {
		return ""
	}
	return key + " delegate"
}

func (s *Service) endAsk(tx *store.Tx, by identity.Actor, a Ask, of member.PersonID, to AskState) error {
	if a.State != Waiting {
		return errs.New(errs.Conflict, "family.ask_ended").By("record.state", "nobody")
	}
	if err := saveAsk(tx, a.ID, to); err != nil {
		return err
	}
	people, err := member.LoadPersons(tx, []member.PersonID{of})
	if err != nil {
		return err
	}
	return note(tx, by, "family.answer", "ask", string(a.ID), people[of], string(a.State), string(to))
}

// Asks lists the wishes that wait for a person's answer, oldest first. The actor is the person or staff of its place.
func (s *Service) Asks(ctx context.Context, by identity.Actor, who member.PersonID) (list []Ask, err error) {
	err = s.db.Read(ctx, "family.asks", func(tx *store.Tx) error {
		if _, err := s.speaks(tx, by, who); err != nil {
			return err
		}
		list, err = asksFor(tx, who)
		return err
	})
	return list, err
}

// Asked lists the wishes that somebody made and that were neither answered with yes nor taken back, oldest first. It does not say to whom they
// led, and a refused one looks as if it waited.
func (s *Service) Asked(ctx context.Context, by identity.Actor, asker member.PersonID) (list []Ask, err error) {
	err = s.db.Read(ctx, "family.asked", func(tx *store.Tx) error {
		if _, err := s.speaks(tx, by, asker); err != nil {
			return err
		}
		list, err = asksBy(tx, asker)
		for i := range list {
			list[i].Person, list[i].State = "", Waiting
		}
		return err
	})
	return list, err
}
