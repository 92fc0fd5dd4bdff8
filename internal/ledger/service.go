package ledger

import (
	"context"
	"errors"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// Service is what people ask of the book themselves. It checks rights and rules and leaves the moving to the functions of this
// package, which know neither.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service

	transfer identity.Call[TransferCmd, PendingID]
	donate   identity.Call[DonateCmd, PendingID]
	undo     identity.Call[UndoCmd, PendingID]
	propose  identity.Call[ProposeCmd, identity.ProposalID]
	approve  identity.Call[ApproveCmd, TxID]
}

// New returns the service of one database.
func New(db *store.DB, regions *region.Service, policies *policy.Service) *Service {
	s := &Service{db: db, regions: regions, policies: policies}
	s.transfer = each("ledger.transfer", s.runTransfer, func(c *TransferCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.From)).Str(string(c.To)).Int(c.Minutes.Int64())
		return c.Actor, c.Key
	})
	s.donate = each("ledger.donate", s.runDonate, func(c *DonateCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(c.From.Owner).Str(string(c.From.Class)).Str(c.From.Bucket).Int(c.Minutes.Int64())
		return c.Actor, c.Key
	})
	s.undo = each("ledger.undo", s.runUndo, func(c *UndoCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.ID))
		return c.Actor, c.Key
	})
	s.propose = each("ledger.propose", s.runPropose, func(c *ProposeCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Act.Reason)).Str(string(c.Act.Tx)).Str(c.Act.Account.String()).Int(c.Act.Minutes.Int64()).Str(c.Note)
		return c.Actor, c.Key
	})
	s.approve = each("ledger.approve", s.runApprove, func(c *ApproveCmd, w *canon.Writer) (identity.Actor, string) {
		w.Str(string(c.Proposal))
		return c.Actor, c.Key
	})
	return s
}

// each makes the call of a command whose result is an id and that is decided one after the other: these are rare.
func each[C any, S ~string](name string, run func(tx *store.Tx, c *C) (S, error), head func(*C, *canon.Writer) (identity.Actor, string)) identity.Call[C, S] {
	return identity.Call[C, S]{Name: name, Forever: true, Head: head, Encode: identity.Same[S], Decode: identity.AsID[S],
		Run: func(tx *store.Tx, cmds []*C, out []*identity.Result[S]) error {
			for i, c := range cmds {
				out[i].Value, out[i].Err = run(tx, c)
				if late, ok := errors.AsType[*lateRefusal](out[i].Err); ok {
					return late.cause
				}
				if errs.Fault(out[i].Err) {
					return out[i].Err
				}
			}
			return nil
		}}
}

// lateRefusal is a refusal after something was written: the whole transaction goes back, and the caller gets the cause.
type lateRefusal struct{ cause error }

func (l *lateRefusal) Error() string { return l.cause.Error() }

// TransferCmd gives saved hours to kin.
type TransferCmd struct {
	Actor    identity.Actor
	Key      string
	From, To member.PersonID
	Minutes  hours.Minutes
}

// Transfer holds the hours at once and posts them when the time to undo is over. The rules are transfer.to, transfer.to_min_age,
// transfer.max_per_year and transfer.max_count_per_year.
//
// Errors: NotFound member.person_unknown, Forbidden identity.not_allowed, Refused ledger.not_kin, ledger.transfers_used_up and
// ledger.not_enough, Invalid ledger.need_malformed.
func (s *Service) Transfer(ctx context.Context, c TransferCmd) (PendingID, error) {
	return s.transfer.One(ctx, s.db, c)
}

func (s *Service) runTransfer(tx *store.Tx, c *TransferCmd) (PendingID, error) {
	home, rules, err := s.may(tx, c.Actor, string(c.From), identity.LedgerTransfer, identity.LedgerTransferFor)
	if err != nil {
		return "", err
	}
	// Two at once would each see the year without the other.
	if err := tx.LockName("ledger.transfer/" + string(c.From)); err != nil {
		return "", err
	}
	ok, err := member.MayBenefit(tx, c.From, c.To, rules.TransferTo, rules.TransferToMinAge)
	if err != nil {
		return "", err
	}
	if !ok || c.From == c.To {
		return "", errs.New(errs.Refused, "ledger.not_kin").Because(rules.Why("transfer.to", why.Value{Name: "transfer.to_min_age", Value: rules.Text("transfer.to_min_age")}))
	}
	year := clock.Day(clock.DayOf(tx.Now())[:4] + "-01-01")
	count, minutes, err := givenSince(tx, string(c.From), year)
	if err != nil {
		return "", err
	}
	switch {
	case count >= rules.TransferMaxCountPerYear:
		return "", errs.New(errs.Refused, "ledger.transfers_used_up").Because(rules.Why("transfer.max_count_per_year"))
	case minutes.Add(c.Minutes).Cmp(rules.TransferMaxPerYear) > 0:
		return "", errs.New(errs.Refused, "ledger.transfers_used_up").Because(rules.Why("transfer.max_per_year", why.Value{Name: "given", Value: minutes.String()}))
	}
	return s.schedule(tx, c.Actor, string(c.From), home, rules, Pending{Reason: ForTransfer, Minutes: c.Minutes,
		From: Key{Owner: string(c.From), Class: Saved}, To: Key{Owner: string(c.To), Class: Donated}})
}

// DonateCmd gives hours to the public pool: a person's saved hours or gifts, or a team's.
type DonateCmd struct {
	Actor   identity.Actor
	Key     string
	From    Key
	Minutes hours.Minutes
}

// Donate holds the hours at once and posts them when the time to undo is over. A team's hours are donated by its manager.
//
// Errors: NotFound member.person_unknown and ledger.team_unknown, Forbidden identity.not_allowed, Refused ledger.pattern_refused and
// ledger.not_enough, Invalid ledger.need_malformed.
func (s *Service) Donate(ctx context.Context, c DonateCmd) (PendingID, error) {
	return s.donate.One(ctx, s.db, c)
}

func (s *Service) runDonate(tx *store.Tx, c *DonateCmd) (PendingID, error) {
	person := c.From.Owner
	if c.From.Class == Group {
		teams, err := member.LoadTeams(tx, []member.TeamID{member.TeamID(c.From.Owner)})
		if err != nil {
			return "", err
		}
		team, ok := teams[member.TeamID(c.From.Owner)]
		if !ok {
			return "", errs.New(errs.NotFound, "ledger.team_unknown")
		}
		person = string(team.Manager)
	}
	home, rules, err := s.may(tx, c.Actor, person, identity.LedgerDonate, identity.LedgerDonateFor)
	if err != nil {
		return "", err
	}
	return s.schedule(tx, c.Actor, person, home, rules, Pending{Reason: ForDonation, Minutes: c.Minutes, From: c.From, To: PoolAccount})
}

// UndoCmd takes a transfer or donation back before it is posted.
type UndoCmd struct {
	Actor identity.Actor
	Key   string
	ID    PendingID
}

// Undo takes a transfer or donation back before it is posted. Error: Conflict ledger.not_pending, also to whoever may not take it back.
func (s *Service) Undo(ctx context.Context, c UndoCmd) error {
	_, err := s.undo.One(ctx, s.db, c)
	return err
}

func (s *Service) runUndo(tx *store.Tx, c *UndoCmd) (PendingID, error) {
	found, err := loadPending(tx, []PendingID{c.ID})
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errNotPending
	}
	p := found[0]
	// Who asked for it may take it back, and so may whoever could have asked for it.
	if p.Actor != c.Actor.ID {
		tree, err := s.regions.Tree(tx)
		if err != nil {
			return "", err
		}
		if err := c.Actor.MayFor(identity.LedgerTransfer, p.From.Owner, identity.LedgerTransferFor, region.ID(p.Region), tree); errs.CodeOf(err) == identity.CodeStepUp {
			return "", err
		} else if err != nil {
			return "", errNotPending // to whoever may not, it is not there
		}
	}
	if _, err := Undo(tx, c.ID); err != nil {
		return "", err
	}
	return c.ID, audit.Record(tx, audit.Entry{Actor: c.Actor.ID, OnBehalf: c.Actor.Behalf(p.From.Owner), Action: "ledger.undo", Kind: "pending", Ref: string(c.ID),
		Region: p.Region, Before: "pending", After: "undone", Origin: c.Actor.Origin})
}

// may checks that the actor may move a person's hours, and returns where the person is at home and the rules there.
func (s *Service) may(tx *store.Tx, a identity.Actor, person string, own, staff identity.Right) (region.ID, policy.Rules, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", policy.Rules{}, err
	}
	people, err := member.LoadPersons(tx, []member.PersonID{member.PersonID(person)})
	if err != nil {
		return "", policy.Rules{}, err
	}
	p, ok := people[member.PersonID(person)]
	if !ok {
		p.Region = tree.City() // a stranger is refused alike whether there is such a person or not
	}
	if err := a.MayFor(own, person, staff, p.Region, tree); err != nil {
		return "", policy.Rules{}, err
	}
	if !ok {
		return "", policy.Rules{}, errs.New(errs.NotFound, "member.person_unknown")
	}
	rules, err := s.policies.Current(tx, tx.Now(), tree.RulePath(p.Region, tree.Day()))
	return p.Region, rules, err
}

// schedule holds and records what a person asked for.
func (s *Service) schedule(tx *store.Tx, a identity.Actor, person string, home region.ID, rules policy.Rules, p Pending) (PendingID, error) {
	p.Meta = Meta{Region: string(home), PolicyVersion: string(rules.Version), Actor: a.ID}
	p.Due = tx.Now().Add(waits(rules))
	done, err := Schedule(tx, []Pending{p})
	if err == nil {
		err = done[0].Err
	}
	if err != nil {
		return "", err
	}
	return done[0].ID, audit.Record(tx, audit.Entry{Actor: a.ID, OnBehalf: a.Behalf(person), Action: "ledger." + string(p.Reason), Kind: "pending", Ref: string(done[0].ID),
		Region: string(home), After: p.Minutes.String(), Origin: a.Origin})
}

// waits is how long a posting is pending (decided: nothing posts before the longer of undo.window and credit.delay).
func waits(rules policy.Rules) time.Duration { return max(rules.UndoWindow, rules.CreditDelay) }
