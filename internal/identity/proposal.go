package identity

import (
	"errors"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// ProposalID identifies a proposal.
type ProposalID = id.ID[Proposal]

// ProposalState is where a proposal stands.
type ProposalState string

// The states of a proposal; all but the first are final.
const (
	Open      ProposalState = "open"
	Approved  ProposalState = "approved"
	Rejected  ProposalState = "rejected"
	Withdrawn ProposalState = "withdrawn"
	Expired   ProposalState = "expired"
)

// Draft is an act that a second person must approve. The package does not read the payload: who proposed it carries it out when Approve
// returns it.
type Draft struct {
	Action  string       // "ledger.reverse"
	Payload string       // JSON with ids and figures, nothing personal
	Region  region.ID    // where the approver must have the right
	Level   region.Level // the approver's office is at this level or above; "" asks for none
	Needs   Right        // the right that the approver must have
	Reason  string
	Until   time.Time // when it lapses
}

// Proposal is a draft that was put forward, and what became of it.
type Proposal struct {
	Draft
	ID         ProposalID
	Digest     [32]byte // of action, payload, region, level and right: what was approved is what was proposed
	By         ActorID
	Person     string
	ProposedAt time.Time
	State      ProposalState
	DecidedBy  string
	DecidedAt  time.Time
	Decision   string // the reason given
}

// TimerProposalExpire is the kind of the timer that lapses proposals; ExpireProposals is its handler.
const TimerProposalExpire = "identity.proposal_expire"

func (d Draft) digest() [32]byte {
	return canon.New("identity.proposal", 1).Str(d.Action).Str(d.Payload).Str(string(d.Region)).Str(string(d.Level)).Str(string(d.Needs)).Digest()
}

// twoPersons is the rule behind every refusal here.
func twoPersons() why.Why { return why.Rule("identity.two_persons", "", "law") }

// Propose puts an act forward. The caller has checked that the actor may propose it. Errors: identity.proposal_invalid with all bad
// fields, identity.person_needed when the actor is not a person, since two accounts are not two persons.
func Propose(tx *store.Tx, by Actor, d Draft) (ProposalID, error) {
	if by.Person == "" {
		return "", errs.New(errs.Forbidden, "identity.person_needed").Because(twoPersons())
	}
	var bad errs.Fields
	if d.Action == "" {
		bad.Add("action", "identity.action_missing")
	}
	if d.Region == "" {
		bad.Add("region", "region.unknown")
	}
	if _, ok := table[d.Needs]; !ok {
		bad.Add("needs", "identity.right_unknown")
	}
	if d.Level != "" && !d.Level.Valid() {
		bad.Add("level", "region.level_unknown")
	}
	if errs.Blank(d.Reason) {
		bad.Add("reason", "identity.reason_missing")
	}
	if !d.Until.After(tx.Now()) {
		bad.Add("until", "identity.ends_before_it_begins")
	}
	if err := bad.Err("identity.proposal_invalid"); err != nil {
		return "", err
	}
	p := Proposal{Draft: d, ID: store.NewID[Proposal](tx), Digest: d.digest(), By: ActorID(by.ID), Person: by.Person, ProposedAt: tx.Now(), State: Open}
	if err := insertProposal(tx, p); err != nil {
		return "", err
	}
	if err := timer.Set(tx, timer.Timer{Kind: TimerProposalExpire, Ref: string(p.ID), Due: d.Until}); err != nil {
		return "", err
	}
	return p.ID, recordProposal(tx, by, p, "identity.propose", "", Open)
}

func recordProposal(tx *store.Tx, by Actor, p Proposal, action string, before, after ProposalState) error {
	return audit.Record(tx, audit.Entry{Actor: by.ID, Action: action, Kind: "proposal", Ref: string(p.ID), Region: string(p.Region),
		Before: string(before), After: p.Action + " " + string(after), Origin: by.Origin})
}

// Approve decides a proposal in favour and returns it, once: what it asks for is to be done in the same transaction. Errors:
// identity.proposal_unknown, identity.proposal_decided, identity.proposal_expired, identity.second_person_needed when the approver is who
// proposed, identity.person_needed, identity.not_allowed.
func Approve(tx *store.Tx, tree *region.Tree, by Actor, which ProposalID) (Proposal, error) {
	p, err := open(tx, which)
	if err != nil {
		return Proposal{}, err
	}
	if by.Person == "" {
		return Proposal{}, errs.New(errs.Forbidden, "identity.person_needed").Because(twoPersons())
	}
	if by.Person == p.Person || by.ID == string(p.By) {
		return Proposal{}, errs.New(errs.Forbidden, "identity.second_person_needed").Because(twoPersons().With("proposal", string(p.ID)))
	}
	if err := by.mayAt(p.Needs, p.Region, tree, p.Level, ""); err != nil {
		return Proposal{}, err
	}
	return p, decide(tx, by, &p, Approved, "")
}

// Refuse decides a proposal against: its proposer withdraws it, anybody else needs the right to approve it. Errors as for Approve.
func Refuse(tx *store.Tx, tree *region.Tree, by Actor, which ProposalID, reason string) (Proposal, error) {
	p, err := open(tx, which)
	if err != nil {
		return Proposal{}, err
	}
	if by.ID == string(p.By) {
		return p, decide(tx, by, &p, Withdrawn, reason)
	}
	if err := by.mayAt(p.Needs, p.Region, tree, p.Level, ""); err != nil {
		if len(by.Grants) == 0 {
			err = errNoProposal // who holds no role does not learn what the offices have before them
		}
		return Proposal{}, err
	}
	return p, decide(tx, by, &p, Rejected, reason)
}

// open loads a proposal that waits for its decision and locks it.
func open(tx *store.Tx, which ProposalID) (Proposal, error) {
	p, err := loadProposal(tx, which, tx.ForUpdate())
	if err != nil {
		return p, err
	}
	switch {
	case p.State == Expired, p.State == Open && !tx.Now().Before(p.Until):
		return p, errs.New(errs.Conflict, "identity.proposal_expired").Because(twoPersons().With("until", p.Until.In(clock.Zone).Format(time.RFC3339)))
	case p.State != Open:
		return p, errs.New(errs.Conflict, "identity.proposal_decided").By("record.once", "nobody")
	case p.Digest != p.digest():
		return p, errs.New(errs.Internal, errs.CodeInternal).With(errors.New("the payload of proposal " + string(p.ID) + " is not the one that was proposed"))
	}
	return p, nil
}

func decide(tx *store.Tx, by Actor, p *Proposal, to ProposalState, reason string) error {
	p.State, p.DecidedBy, p.DecidedAt, p.Decision = to, by.ID, tx.Now(), reason
	if err := saveDecision(tx, *p, by.Person); err != nil {
		return err
	}
	if to != Expired {
		if err := timer.Cancel(tx, TimerProposalExpire, string(p.ID)); err != nil {
			return err
		}
	}
	return recordProposal(tx, by, *p, "identity.proposal_"+string(to), Open, to)
}

// ExpireProposals lapses proposals that nobody decided in time. It is the handler of TimerProposalExpire.
func ExpireProposals(tx *store.Tx, due []timer.Timer) ([]error, error) {
	failed := make([]error, len(due))
	for i, t := range due {
		p, err := loadProposal(tx, ProposalID(t.Ref), tx.ForUpdate())
		if errs.KindOf(err) == errs.NotFound {
			failed[i] = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.State != Open {
			continue
		}
		if err := decide(tx, System, &p, Expired, ""); err != nil {
			return nil, err
		}
	}
	return failed, nil
}
