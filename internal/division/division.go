// Package division lets a city change its administrative divisions: a region stands under another one, bears another code or name, or is taken
// over by a neighbour, from a day on. One person proposes and another one approves, before that day.
//
// The package owns no table: what is proposed stands with identity's proposals, and what was decided with the regions. It must never carry out what
// one person wants alone, and never decide what a change may be: that is region's.
package division

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"timebank/internal/canon"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// open is how long a change waits for the second person, and never beyond the day from which it would hold (default, ours).
const open = 30 * 24 * time.Hour

// Kind is what happens to a region.
type Kind string

// The kinds.
const (
	Move   Kind = "move"   // it stands under another one
	Recode Kind = "recode" // it bears another code or name
	Merge  Kind = "merge"  // it takes others over
)

// Change is what is proposed. Which of the values count goes by the kind.
type Change struct {
	Kind   Kind              `json:"kind"`
	Region region.ID         `json:"region"`
	From   clock.Day         `json:"from"`
	Parent region.ID         `json:"parent,omitempty"` // Move
	Trees  []region.TreeName `json:"trees,omitempty"`  // Move
	Code   string            `json:"code,omitempty"`   // Recode
	System region.System     `json:"system,omitempty"` // Recode
	Name   string            `json:"name,omitempty"`   // Recode
	Merged []region.ID       `json:"merged,omitempty"` // Merge: what ends
}

const actions = "region."

// Read returns what a proposal asks for; false when it is about something else.
func Read(p identity.Proposal) (c Change, ok bool) {
	kind, ours := strings.CutPrefix(p.Action, actions)
	if !ours || json.Unmarshal([]byte(p.Payload), &c) != nil || c.Kind != Kind(kind) {
		return Change{}, false
	}
	return c, true
}

// by is the change as the regions are asked for it, by an actor and for a reason.
func (c Change) by(actor identity.Actor, reason string) (region.Change, error) {
	switch c.Kind {
	case Move:
		return region.MoveCmd{Actor: actor.ID, Origin: actor.Origin, Region: c.Region, Parent: c.Parent, Trees: c.Trees, From: c.From, Reason: reason}, nil
	case Recode:
		return region.RecodeCmd{Actor: actor.ID, Origin: actor.Origin, Region: c.Region, Code: c.Code, System: c.System, Name: c.Name, From: c.From, Reason: reason}, nil
	case Merge:
		return region.MergeCmd{Actor: actor.ID, Origin: actor.Origin, Into: c.Region, Merged: c.Merged, From: c.From, Reason: reason}, nil
	}
	return nil, errs.Invalid("division.kind_unknown", errs.Field{Path: "kind", Code: "division.kind_unknown"})
}

// ProposeCmd puts a change forward.
type ProposeCmd struct {
	Actor  identity.Actor
	Key    string
	Change Change
	Reason string // the decree or decision; it names nobody
}

// ApproveCmd is the second person's part.
type ApproveCmd struct {
	Actor    identity.Actor
	Key      string
	Proposal identity.ProposalID
}

// Service proposes and approves changes of the divisions of one database. It is safe for concurrent use.
type Service struct {
	db      *store.DB
	regions *region.Service
	rules   *policy.Service
	propose identity.Call[ProposeCmd, identity.ProposalID]
	approve identity.Call[ApproveCmd, identity.Nothing]
}

// New returns the service of one database.
func New(db *store.DB, regions *region.Service, rules *policy.Service) *Service {
	s := &Service{db: db, regions: regions, rules: rules}
	s.propose = identity.Call[ProposeCmd, identity.ProposalID]{Name: "division.propose", Encode: identity.Same[identity.ProposalID],
		Decode: identity.AsID[identity.ProposalID],
		Head: func(c *ProposeCmd, w *canon.Writer) (identity.Actor, string) {
			h := c.Change
			w.Str(string(h.Kind)).Str(string(h.Region)).Str(string(h.From)).Str(string(h.Parent)).List(len(h.Trees))
			for _, t := range h.Trees {
				w.Str(string(t))
			}
			w.Str(h.Code).Str(string(h.System)).Str(h.Name).List(len(h.Merged))
			for _, m := range h.Merged {
				w.Str(string(m))
			}
			w.Str(c.Reason)
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*ProposeCmd, out []*identity.Result[identity.ProposalID]) (err error) {
			for i, c := range cmds {
				if out[i].Value, err = s.proposeIn(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
	s.approve = identity.Call[ApproveCmd, identity.Nothing]{Name: "division.approve", Encode: identity.NoResult, Decode: identity.AsNothing,
		Head: func(c *ApproveCmd, w *canon.Writer) (identity.Actor, string) {
			w.Str(string(c.Proposal))
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*ApproveCmd, _ []*identity.Result[identity.Nothing]) error {
			for _, c := range cmds {
				if err := s.approveIn(tx, c); err != nil {
					return err
				}
			}
			return nil
		}}
	return s
}

// Propose puts a change forward for a second person; nothing changes yet. Errors: identity.not_allowed, Invalid division.kind_unknown, those of
// region.Check with all bad fields, and those of identity.Propose.
func (s *Service) Propose(ctx context.Context, c ProposeCmd) (identity.ProposalID, error) {
	return s.propose.One(ctx, s.db, c)
}

// Approve carries out what another person proposed: it holds from its day on. Errors: those of identity.Approve, Conflict division.not_ours when
// the proposal is about something else, and those of region.Check when something has changed since; the proposal then stays open.
func (s *Service) Approve(ctx context.Context, c ApproveCmd) error {
	_, err := s.approve.One(ctx, s.db, c)
	return err
}

// Ending is a rule of its own that ends with a region.
type Ending struct {
	Region region.ID
	policy.Own
	Then string // what holds for its people from that day on, where it goes over; "" for what is set nowhere
}

// Endings lists the rules of their own that end with the regions that a merger ends, each with what holds then; none for another change. A day that
// is none counts as today, so that a change can be looked at before its day is chosen.
func (s *Service) Endings(tx *store.Tx, tree *region.Tree, c Change) (all []Ending, err error) {
	if c.Kind != Merge {
		return nil, nil
	}
	view, err := s.rules.View(tx)
	if err != nil {
		return nil, err
	}
	day := tree.Day()
	if parsed, err := clock.ParseDay(string(c.From)); err == nil && parsed > day {
		day = parsed
	}
	then, err := view.At(later(tx.Now(), day.Start()), tree.RulePath(c.Region, day))
	if err != nil {
		return nil, err
	}
	for _, m := range c.Merged {
		own, err := view.Own(string(m), tx.Now(), tree.RulePath(m, tree.Day()))
		if err != nil {
			return nil, err
		}
		for _, o := range own {
			all = append(all, Ending{Region: m, Own: o, Then: then.Text(o.Key)})
		}
	}
	return all, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (s *Service) proposeIn(tx *store.Tx, c *ProposeCmd) (identity.ProposalID, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return "", err
	}
	if err := c.Actor.May(identity.RegionPropose, tree.City(), tree); err != nil {
		return "", err
	}
	change, err := c.Change.by(c.Actor, c.Reason)
	if err != nil {
		return "", err
	}
	if err := region.Check(tx, change); err != nil {
		return "", err
	}
	payload, err := json.Marshal(c.Change)
	if err != nil {
		return "", err
	}
	until := tx.Now().Add(open)
	if first := c.Change.From.Start(); first.Before(until) {
		until = first
	}
	return identity.Propose(tx, c.Actor, identity.Draft{Action: actions + string(c.Change.Kind), Payload: string(payload), Region: c.Change.Region,
		Level: region.City, Needs: identity.RegionApprove, Reason: c.Reason, Until: until})
}

func (s *Service) approveIn(tx *store.Tx, c *ApproveCmd) error {
	waiting, err := identity.LoadProposal(tx, c.Proposal)
	if err != nil {
		return err
	}
	asked, ok := Read(waiting)
	if !ok {
		return errs.New(errs.Conflict, "division.not_ours").By("record.state", "nobody")
	}
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return err
	}
	if _, err := identity.Approve(tx, tree, c.Actor, c.Proposal); err != nil {
		return err
	}
	change, err := asked.by(c.Actor, waiting.Reason)
	if err != nil {
		return err
	}
	_, err = region.Carry(tx, change)
	return err
}
