package identity

import (
	"context"

	"timebank/internal/canon"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// RefuseCmd decides a proposal against: its proposer thereby withdraws it.
type RefuseCmd struct {
	Actor    Actor
	Key      string
	Proposal ProposalID
	Reason   string
}

// RefuseProposal is [Refuse] in a transaction of its own. It returns what became of the proposal. Errors: those of [Refuse], and
// identity.reason_missing.
func (s *Service) RefuseProposal(ctx context.Context, cmd RefuseCmd) (ProposalState, error) {
	call := Call[RefuseCmd, ProposalState]{Name: "identity.refuse_proposal", Encode: Same[ProposalState], Decode: AsID[ProposalState],
		Head: func(c *RefuseCmd, w *canon.Writer) (Actor, string) {
			w.Str(string(c.Proposal)).Str(c.Reason)
			return c.Actor, c.Key
		},
		Run: func(tx *store.Tx, cmds []*RefuseCmd, out []*Result[ProposalState]) error {
			tree, err := s.regions.Tree(tx)
			if err != nil {
				return err
			}
			for i, c := range cmds {
				if errs.Blank(c.Reason) {
					out[i].Err = errs.Invalid("identity.proposal_invalid", errs.Field{Path: "reason", Code: "identity.reason_missing"})
					continue
				}
				p, err := Refuse(tx, tree, c.Actor, c.Proposal, c.Reason)
				if errs.Fault(err) {
					return err
				}
				out[i].Value, out[i].Err = p.State, err
			}
			return nil
		}}
	return call.One(ctx, s.db, cmd)
}
