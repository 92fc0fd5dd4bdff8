// Package privacy owns what a person may ask of an installation about its own data: a copy of everything, destruction of what identifies the
// person, and the joining of two records that are one person.
//
// It gathers over all rooms to its left and knows no table of theirs: each room contributes a [Part]. It must never show a person's data to
// anybody without an entry in the audit trail, never destroy what the law keeps, and never write what identifies a person into an error, a log
// or the trail.
package privacy

import (
	"context"
	"strings"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/feedback"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// Subject is the person whom an act is about.
type Subject struct {
	Person member.PersonID
	Actor  identity.ActorID
}

// Obstacle is something that has to end before a person can be erased.
type Obstacle struct {
	What string   // "orders", "complaints", "holds", "hours", "membership"
	Refs []string // ids of what is open
}

// Part is what one room contributes. A nil function contributes nothing.
type Part struct {
	// Name is the part's key in an export.
	Name string
	// Data returns what the room stores about the subject, as a struct with json tags; the values are in clear.
	Data func(tx *store.Tx, s Subject) (any, error)
	// Open returns what has to end before the subject can be erased.
	Open func(tx *store.Tx, s Subject) ([]Obstacle, error)
	// Erase destroys what the room stores and need not keep. The subject's id stays, as a pseudonym.
	Erase func(tx *store.Tx, s Subject) error
	// Merge hands to the record that stays what the room stores about another record of the same person; nil where that stays under its id.
	Merge func(tx *store.Tx, keep, drop member.PersonID) error
	// Retain destroys, once a day, what the room's rules of retention end for everybody.
	Retain func(tx *store.Tx, rules policy.Rules) error
	// Sealed are the room's rows with sealed fields.
	Sealed []Sealed
}

// Service gathers, erases and joins. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service
	members  *member.Service
	parts    []Part
	sealed   []Sealed
	erase    identity.Call[EraseCmd, identity.Nothing]
	propose  identity.Call[ProposeMergeCmd, identity.ProposalID]
	approve  identity.Call[ApproveMergeCmd, identity.Nothing]
}

// New returns the service of one database. The rooms to the left contribute by themselves; others bring their parts.
func New(db *store.DB, regions *region.Service, policies *policy.Service, members *member.Service, words *feedback.Service, others ...Part) *Service {
	s := &Service{db: db, regions: regions, policies: policies, members: members, parts: append(rooms(members, words), others...),
		sealed: []Sealed{{"person", members.Reseal}, {"person_marks", members.Remark}, {"rating", words.ResealRatings}, {"complaint", words.ResealComplaints}}}
	for _, p := range others {
		s.sealed = append(s.sealed, p.Sealed...)
	}
	s.erase = identity.Call[EraseCmd, identity.Nothing]{Name: "privacy.erase", Encode: identity.NoResult, Decode: identity.AsNothing, Run: s.runErase,
		Head: func(c *EraseCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Person))
			return c.Actor, c.Key
		}}
	s.mergeCalls()
	return s
}

// Handlers returns the handlers of this package's timers.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{TimerRetention: s.retentionDue}
}

var errUnknown = errs.New(errs.NotFound, "member.person_unknown")

func subject(tx *store.Tx, who member.PersonID) (Subject, member.Person, error) {
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return Subject{}, member.Person{}, err
	}
	p, ok := people[who]
	if !ok {
		return Subject{}, p, errUnknown
	}
	return Subject{Person: p.ID, Actor: p.Actor}, p, nil
}

// EraseCmd asks for what identifies a person to be destroyed.
type EraseCmd struct {
	Actor  identity.Actor
	Key    string
	Person member.PersonID
}

// Erase destroys what identifies people who have left or died. The record of hours stays under a pseudonym for as long as policy keeps
// records. Errors of a command: member.person_unknown, member.erased, identity.not_allowed, Refused privacy.not_yet with what is open.
func (s *Service) Erase(ctx context.Context, cmds []EraseCmd) ([]identity.Result[identity.Nothing], error) {
	return s.erase.Perform(ctx, s.db, cmds)
}

func (s *Service) runErase(tx *store.Tx, cmds []*EraseCmd, out []*identity.Result[identity.Nothing]) error {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	for i, c := range cmds {
		who, p, err := subject(tx, c.Person)
		if err == nil {
			err = c.Actor.May(identity.MemberErase, p.Region, tree)
		}
		if err == nil {
			err = s.eraseIn(tx, who, p, c.Actor)
		}
		if errs.Fault(err) {
			return err
		}
		out[i].Err = err
	}
	return nil
}

// eraseIn refuses, or erases and notes it.
func (s *Service) eraseIn(tx *store.Tx, who Subject, p member.Person, by identity.Actor) error {
	var open []Obstacle
	if p.State == member.PersonActive {
		open = append(open, Obstacle{What: "membership"})
	}
	for _, part := range s.parts {
		if part.Open == nil {
			continue
		}
		more, err := part.Open(tx, who)
		if err != nil {
			return err
		}
		open = append(open, more...)
	}
	if len(open) > 0 {
		because := why.Rule("privacy.erasure", "", "law")
		for _, o := range open {
			because = because.With(o.What, strings.Join(o.Refs, " "))
		}
		return errs.New(errs.Refused, "privacy.not_yet").Because(because)
	}
	for _, part := range s.parts {
		if part.Erase == nil {
			continue
		}
		if err := part.Erase(tx, who); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: string(p.ID), Action: "member.erase", Kind: "person", Ref: string(p.ID), Region: string(p.Region),
		Before: string(p.State), After: "erased", Origin: by.Origin})
}
