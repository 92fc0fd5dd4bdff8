package privacy

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/why"
)

// mergeOpen is how long a merge waits for the second person (default, ours).
const mergeOpen = 7 * 24 * time.Hour

// MergeAction is the action of a proposal to make one record of two.
const MergeAction = "member.merge"

// ProposeMergeCmd says that two records are one person: Keep stays, Drop goes.
type ProposeMergeCmd struct {
	Actor  identity.Actor
	Key    string
	Keep   member.PersonID
	Drop   member.PersonID
	Reason string // which documents showed it, naming nobody
}

// ApproveMergeCmd is the second person's part.
type ApproveMergeCmd struct {
	Actor    identity.Actor
	Key      string
	Proposal identity.ProposalID
}

// merge is what a proposal carries.
type merge struct {
	Keep member.PersonID `json:"keep"`
	Drop member.PersonID `json:"drop"`
}

func (s *Service) mergeCalls() {
	s.propose = identity.Call[ProposeMergeCmd, identity.ProposalID]{Name: "privacy.propose_merge", Encode: identity.Same[identity.ProposalID],
		Decode: identity.AsID[identity.ProposalID],
		Head: func(c *ProposeMergeCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Keep)).Str(string(c.Drop)).Str(c.Reason)
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*ProposeMergeCmd, out []*identity.Result[identity.ProposalID]) (err error) {
			for i, c := range cmds {
				if out[i].Value, err = s.proposeIn(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
	s.approve = identity.Call[ApproveMergeCmd, identity.Nothing]{Name: "privacy.approve_merge", Forever: true, Encode: identity.NoResult, Decode: identity.AsNothing,
		Head: func(c *ApproveMergeCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Proposal))
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*ApproveMergeCmd, _ []*identity.Result[identity.Nothing]) error {
			for _, c := range cmds {
				if err := s.approveIn(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
}

// ProposeMerge puts a merge forward for a second person; nothing changes yet. Errors: member.person_unknown, member.person_not_active, Invalid
// privacy.same_record, identity.not_allowed, and those of identity.Propose.
func (s *Service) ProposeMerge(ctx context.Context, c ProposeMergeCmd) (identity.ProposalID, error) {
	return s.propose.One(ctx, s.db, c)
}

// ApproveMerge carries out what another person proposed: saved hours and gifts go over to the record that stays, a grant of the other one goes
// back to the pool, its account is frozen, its relations and what it and its relatives told each other go over, and what identified it is destroyed. What it did stays under its id. Errors:
// those of identity.Approve, Conflict privacy.not_a_merge when the proposal is about something else, Refused privacy.not_yet with what is open.
func (s *Service) ApproveMerge(ctx context.Context, c ApproveMergeCmd) error {
	_, err := s.approve.One(ctx, s.db, c)
	return err
}

func (s *Service) pair(tx *store.Tx, m merge) (keep, drop member.Person, err error) {
	if m.Keep == m.Drop {
		return keep, drop, errs.Invalid("privacy.same_record", errs.Field{Path: "drop", Code: "privacy.same_record"})
	}
	people, err := member.LoadPersons(tx, []member.PersonID{m.Keep, m.Drop})
	if err != nil {
		return keep, drop, err
	}
	if len(people) != 2 {
		return keep, drop, errUnknown
	}
	keep, drop = people[m.Keep], people[m.Drop]
	if keep.State != member.PersonActive || drop.State != member.PersonActive {
		return keep, drop, errs.New(errs.Conflict, "member.person_not_active").By("record.state", "nobody")
	}
	return keep, drop, nil
}

func (s *Service) proposeIn(tx *store.Tx, c *ProposeMergeCmd) (identity.ProposalID, error) {
	m := merge{c.Keep, c.Drop}
	keep, drop, err := s.pair(tx, m)
	if err != nil {
		return "", err
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	for _, p := range []member.Person{keep, drop} {
		if err := c.Actor.May(identity.MemberMergePropose, p.Region, tree); err != nil {
			return "", err
		}
	}
	payload, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	return identity.Propose(tx, c.Actor, identity.Draft{Action: MergeAction, Payload: string(payload), Region: keep.Region, Needs: identity.MemberMergeApprove,
		Reason: c.Reason, Until: tx.Now().Add(mergeOpen)})
}

func (s *Service) approveIn(tx *store.Tx, c *ApproveMergeCmd) error {
	waiting, err := identity.LoadProposal(tx, c.Proposal)
	if err != nil {
		return err
	}
	var m merge
	if err := json.Unmarshal([]byte(waiting.Payload), &m); err != nil || waiting.Action != MergeAction {
		return errs.New(errs.Conflict, "privacy.not_a_merge").By("record.state", "nobody")
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	if _, err := identity.Approve(tx, tree, c.Actor, c.Proposal); err != nil {
		return err
	}
	keep, drop, err := s.pair(tx, m)
	if err != nil {
		return err
	}
	if c.Actor.IsPerson(string(keep.ID)) || c.Actor.IsPerson(string(drop.ID)) {
		return errs.New(errs.Forbidden, "member.own_case").By("identity.two_persons", "law")
	}
	who := Subject{Person: drop.ID, Actor: drop.Actor}
	if err := s.settled(tx, who); err != nil {
		return err
	}
	if err := handOver(tx, keep, drop, c.Actor, waiting); err != nil {
		return err
	}
	for _, part := range s.parts {
		if part.Merge == nil {
			continue
		}
		if err := part.Merge(tx, keep.ID, drop.ID); err != nil {
			return err
		}
	}
	if err := s.members.Merge(tx, keep.ID, drop.ID); err != nil {
		return err
	}
	if err := identity.Retire(tx, drop.Actor); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: c.Actor.ID, OnBehalf: string(keep.ID), Action: MergeAction, Kind: "person", Ref: string(drop.ID), Region: string(keep.Region),
		Before: string(drop.ID), After: string(keep.ID), Origin: c.Actor.Origin})
}

// settled refuses while something of the record is under way.
func (s *Service) settled(tx *store.Tx, who Subject) error {
	because, open := why.Rule("privacy.merge", "", "law"), false
	for _, part := range s.parts {
		if part.Open == nil {
			continue
		}
		obstacles, err := part.Open(tx, who)
		if err != nil {
			return err
		}
		for _, o := range obstacles {
			if o.What != "hours" {
				because, open = because.With(o.What, strings.Join(o.Refs, " ")), true
			}
		}
	}
	if open {
		return errs.New(errs.Refused, "privacy.not_yet").Because(because)
	}
	return nil
}

// handOver moves what was saved and given, as the correction of an account that two persons make, and closes the rest.
func handOver(tx *store.Tx, keep, drop member.Person, by identity.Actor, p identity.Proposal) error {
	holdings, err := ledger.Holdings(tx, string(drop.ID))
	if err != nil {
		return err
	}
	meta := ledger.Meta{Region: string(drop.Region), RegionTo: string(keep.Region), Actor: by.ID, Note: p.Reason, Ref: string(p.ID)}
	through := ledger.Key{Owner: ledger.City, Class: ledger.Adjustment}
	posting := ledger.Posting{Meta: meta, Reason: ledger.ForAdjustment}
	for _, h := range holdings {
		if (h.Class == ledger.Saved || h.Class == ledger.Donated) && h.Balance.Balance.Sign() > 0 {
			to := h.Key
			to.Owner = string(keep.ID)
			posting.Transfers = append(posting.Transfers, ledger.Transfer{From: h.Key, To: through, Minutes: h.Balance.Balance},
				ledger.Transfer{From: through, To: to, Minutes: h.Balance.Balance})
		}
	}
	if len(posting.Transfers) > 0 {
		posted, err := ledger.Book(tx, []ledger.Posting{posting})
		if err != nil {
			return err
		}
		if posted[0].Err != nil {
			return posted[0].Err
		}
	}
	closed, err := ledger.Close(tx, string(drop.ID), ledger.PoolAccount, meta)
	if err != nil {
		return err
	}
	return closed.Err
}
