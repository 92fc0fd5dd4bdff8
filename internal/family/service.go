package family

import (
	"errors"
	"slices"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/pii"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Service holds the use-cases of the family. It is safe for concurrent use.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service
	members  *member.Service
	box      *pii.Box

	ask      identity.Call[AskCmd, AskID]
	answer   identity.Call[AnswerCmd, identity.Nothing]
	line     identity.Call[LineCmd, identity.Nothing]
	send     identity.Call[SendCmd, MessageID]
	seen     identity.Call[MessageCmd, identity.Nothing]
	takeBack identity.Call[MessageCmd, identity.Nothing]
}

// New returns the service of one database. The box seals the words of messages.
func New(db *store.DB, regions *region.Service, policies *policy.Service, members *member.Service, box *pii.Box) *Service {
	s := &Service{db: db, regions: regions, policies: policies, members: members, box: box}
	s.ask = identity.Call[AskCmd, AskID]{Name: "family.ask", Encode: identity.Same[AskID], Decode: identity.AsID[AskID], Run: each(s.runAsk),
		Head: func(c *AskCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Asker)).Blob(box.Index(fieldCommand, c.IDNumber)).Str(string(c.Relation)).Bool(c.Act).Bool(c.Message)
			return c.Actor, c.Key
		}}
	s.answer = nothing("family.answer", s.runAnswer, func(c *AnswerCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Ask)).Bool(c.Agree).Bool(c.Act).Bool(c.Message)
		return c.Actor, c.Key
	})
	s.line = nothing("family.line", s.runLine, func(c *LineCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Person)).Str(string(c.Relative)).Bool(c.Open)
		return c.Actor, c.Key
	})
	s.send = identity.Call[SendCmd, MessageID]{Name: "family.send", Encode: identity.Same[MessageID], Decode: identity.AsID[MessageID], Run: each(s.runSend),
		Head: func(c *SendCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.From)).Str(string(c.To)).Str(string(c.Order)).Blob(box.Index(fieldCommand, c.Words))
			return c.Actor, c.Key
		}}
	onMessage := func(c *MessageCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Message))
		return c.Actor, c.Key
	}
	s.seen = nothing("family.seen", s.runSeen, onMessage)
	s.takeBack = nothing("family.take_back", s.runTakeBack, onMessage)
	return s
}

// each runs commands one after the other: these are rare, and no two of one person come in one slice.
func each[C, R any](run func(tx *store.Tx, c *C) (R, error)) func(*store.Tx, []*C, []*identity.Result[R]) error {
	return func(tx *store.Tx, cmds []*C, out []*identity.Result[R]) error {
		for i, c := range cmds {
			out[i].Value, out[i].Err = run(tx, c)
			if errs.Fault(out[i].Err) {
				return out[i].Err
			}
			if late, ok := errors.AsType[*afterWriting](out[i].Err); ok {
				return late.cause
			}
		}
		return nil
	}
}

// afterWriting is a refusal after something was written: the whole transaction goes back, and the caller gets the cause.
type afterWriting struct{ cause error }

func (a *afterWriting) Error() string { return a.cause.Error() }

func nothing[C any](name string, run func(tx *store.Tx, c *C) error, head func(*C, *canon.Writer) (identity.Actor, string)) identity.Call[C, identity.Nothing] {
	return identity.Call[C, identity.Nothing]{Name: name, Head: head, Encode: identity.NoResult, Decode: identity.AsNothing,
		Run: each(func(tx *store.Tx, c *C) (identity.Nothing, error) { return identity.Nothing{}, run(tx, c) })}
}

// The kinds under which words are sealed and commands are told apart.
const (
	fieldMessage = "family.message"
	fieldCommand = "family.command"
)

var errUnknownPerson = errs.New(errs.NotFound, "member.person_unknown")

// speaks checks that the actor acts for a person in matters of its family: the person itself, or staff where it lives. It returns the person.
func (s *Service) speaks(tx *store.Tx, by identity.Actor, who member.PersonID) (member.Person, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return member.Person{}, err
	}
	people, err := member.LoadPersons(tx, []member.PersonID{who})
	if err != nil {
		return member.Person{}, err
	}
	p, ok := people[who]
	if !ok {
		// Nobody but the person and its station acts for it, so that nobody else learns whether it is known.
		if err := by.MayFor(identity.MemberKin, string(who), identity.MemberKinFor, tree.City(), tree); err != nil {
			return p, err
		}
		return p, errUnknownPerson
	}
	if err := by.MayFor(identity.MemberKin, string(who), identity.MemberKinFor, p.Region, tree); err != nil {
		return p, err
	}
	if p.State != member.PersonActive {
		return p, errs.New(errs.Conflict, "member.person_not_active").By("record.state", "nobody")
	}
	return p, nil
}

// rules are those in force now where a person lives.
func (s *Service) rules(tx *store.Tx, of member.Person) (policy.Rules, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return policy.Rules{}, err
	}
	return s.policies.Current(tx, tx.Now(), tree.RulePath(of.Region, tree.Day()))
}

// related reports whether two people are kin and both have said so.
func related(tx *store.Tx, a, b member.PersonID) (bool, error) {
	kin, err := member.KinOf(tx, a)
	return slices.ContainsFunc(kin, func(k member.Kin) bool { return k.Relative == b && k.State == member.KinConfirmed }), err
}

// note writes an act into the trail. It holds no words.
func note(tx *store.Tx, by identity.Actor, action, kind, ref string, of member.Person, before, after string) error {
	return audit.Record(tx, audit.Entry{Actor: by.ID, OnBehalf: by.Behalf(string(of.ID)), Action: action, Kind: kind, Ref: ref, Region: string(of.Region),
		Before: before, After: after, Origin: by.Origin})
}
