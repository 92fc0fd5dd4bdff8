package httpapi

import (
	"context"

	"timebank/internal/division"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/privacy"
)

// Transfer gives saved hours to kin.
type Transfer struct {
	To      ID      `json:"to" doc:"The relative"`
	Minutes Minutes `json:"minutes"`
}

func (a *api) transfer(ctx context.Context, in *With[Transfer]) (Made, error) {
	made, err := a.Ledger.Transfer(ctx, ledger.TransferCmd{Actor: actor(ctx), Key: in.Key, From: member.PersonID(in.ID), To: member.PersonID(in.Body.To),
		Minutes: in.Body.Minutes.hours()})
	return Made{ID(made)}, err
}

// Donation gives hours to the public pool.
type Donation struct {
	Class   string  `json:"class,omitempty" enum:"saved,donated,group" default:"saved" doc:"Saved hours, gifts, or a team's"`
	Minutes Minutes `json:"minutes"`
}

func (a *api) donate(ctx context.Context, in *With[Donation]) (Made, error) {
	made, err := a.Ledger.Donate(ctx, ledger.DonateCmd{Actor: actor(ctx), Key: in.Key, From: ledger.Key{Owner: string(in.ID), Class: ledger.Class(in.Body.Class)},
		Minutes: in.Body.Minutes.hours()})
	return Made{ID(made)}, err
}

func (a *api) undo(ctx context.Context, in *ActOn) error {
	return a.Ledger.Undo(ctx, ledger.UndoCmd{Actor: actor(ctx), Key: in.Key, ID: ledger.PendingID(in.ID)})
}

// Issue proposes that the city makes hours.
type Issue struct {
	Class   string  `json:"class" enum:"pool,fund,campaign" doc:"Where they go"`
	Bucket  string  `json:"bucket,omitempty" maxLength:"40" doc:"The campaign's name"`
	Minutes Minutes `json:"minutes"`
	Reason  string  `json:"reason" minLength:"1" maxLength:"500" doc:"It goes into the book; names nobody"`
}

func (a *api) proposeIssue(ctx context.Context, in *Take[Issue]) (Made, error) {
	b := in.Body
	return a.propose(ctx, in.Key, b.Reason, ledger.Act{Reason: ledger.ForIssue, Minutes: b.Minutes.hours(),
		Account: ledger.Key{Owner: ledger.City, Class: ledger.Class(b.Class), Bucket: b.Bucket}})
}

// Adjustment proposes to correct an account.
type Adjustment struct {
	Owner   string  `json:"owner" minLength:"1" maxLength:"26" doc:"A person, a team, or city"`
	Class   string  `json:"class" enum:"saved,grant,donated,group,campaign,pool,fund"`
	Bucket  string  `json:"bucket,omitempty" maxLength:"40"`
	Minutes Minutes `json:"minutes" doc:"Below zero takes away"`
	Reason  string  `json:"reason" minLength:"1" maxLength:"500" doc:"It goes into the book; names nobody"`
}

func (a *api) proposeAdjustment(ctx context.Context, in *Take[Adjustment]) (Made, error) {
	b := in.Body
	return a.propose(ctx, in.Key, b.Reason, ledger.Act{Reason: ledger.ForAdjustment, Minutes: b.Minutes.hours(),
		Account: ledger.Key{Owner: b.Owner, Class: ledger.Class(b.Class), Bucket: b.Bucket}})
}

// Reversal proposes to take a transaction back.
type Reversal struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"It goes into the book; names nobody"`
}

func (a *api) proposeReversal(ctx context.Context, in *With[Reversal]) (Made, error) {
	return a.propose(ctx, in.Key, in.Body.Reason, ledger.Act{Reason: ledger.ForReversal, Tx: ledger.TxID(in.ID)})
}

func (a *api) propose(ctx context.Context, key, note string, act ledger.Act) (Made, error) {
	made, err := a.Ledger.Propose(ctx, ledger.ProposeCmd{Actor: actor(ctx), Key: key, Act: act, Note: note})
	return Made{ID(made)}, err
}

// Carried is what a proposal became.
type Carried struct {
	Transaction ID `json:"transaction,omitempty" doc:"Of the book; left out for an act that moved no hours by itself"`
}

func (a *api) approveProposal(ctx context.Context, in *ActOn) (Carried, error) {
	p, err := a.proposed(ctx, in.ID)
	if err != nil {
		return Carried{}, err
	}
	if p.Action == privacy.MergeAction {
		return a.approveMerge(ctx, in)
	}
	if _, ok := identity.ReadAppointment(p); ok {
		_, err := a.Identity.ApproveAppointment(ctx, identity.ApproveAppointmentCmd{Actor: actor(ctx), Key: in.Key, Proposal: p.ID})
		return Carried{}, err
	}
	if _, ok := division.Read(p); ok {
		return Carried{}, a.Divisions.Approve(ctx, division.ApproveCmd{Actor: actor(ctx), Key: in.Key, Proposal: p.ID})
	}
	tx, err := a.Ledger.Approve(ctx, ledger.ApproveCmd{Actor: actor(ctx), Key: in.Key, Proposal: identity.ProposalID(in.ID)})
	return Carried{ID(tx)}, err
}

// ProposalEnd is how a proposal ended that was not approved.
type ProposalEnd struct {
	State string `json:"state" enum:"rejected,withdrawn"`
}

func (a *api) refuseProposal(ctx context.Context, in *With[Reason]) (ProposalEnd, error) {
	state, err := a.Identity.RefuseProposal(ctx, identity.RefuseCmd{Actor: actor(ctx), Key: in.Key, Proposal: identity.ProposalID(in.ID), Reason: in.Body.Reason})
	return ProposalEnd{string(state)}, err
}

// Closing is what becomes of the hours of somebody who died or left.
type Closing struct {
	To   ID     `json:"to,omitempty" doc:"Who gets saved hours and gifts; left out: the public pool"`
	Note string `json:"note,omitempty" maxLength:"200" doc:"The family's answer; it goes into the book and names nobody"`
}

func (a *api) closeAccount(ctx context.Context, in *With[Closing]) error {
	return a.Ledger.CloseAccount(ctx, ledger.CloseCmd{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), To: member.PersonID(in.Body.To), Note: in.Body.Note})
}
