package httpapi

import (
	"context"
	"time"

	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
)

// Rules are the rules in force for a region.
type Rules struct {
	Version    string          `json:"version" doc:"The publication that decides now"`
	Parameters []RuleParameter `json:"parameters"`
}

// RuleParameter is one parameter with the value that holds and its documentation.
type RuleParameter struct {
	Key      string `json:"key" example:"account.cap"`
	Value    string `json:"value" doc:"As the rule book writes it; empty when the city has not set it yet"`
	Set      bool   `json:"set" doc:"False for a parameter that the city must set before it goes live"`
	SetBy    string `json:"set_by,omitempty" doc:"The level whose rule decides"`
	Book     string `json:"book" enum:"operation,points,items,orders,volunteers,time,training,honours,security" doc:"Which of the nine rule books"`
	Owner    string `json:"owner" enum:"city,district,street,community" doc:"The level that sets it freely"`
	Narrow   string `json:"narrow" enum:"none,lower,higher,subset" doc:"How a lower level may make it stricter"`
	At       string `json:"at" enum:"order,service,credit,redemption,now" doc:"Whose moment counts"`
	Unit     string `json:"unit,omitempty"`
	Shape    string `json:"shape" doc:"What may be written"`
	Default  string `json:"default,omitempty"`
	Origin   string `json:"origin" enum:"published,default,law" doc:"Who made the default"`
	Source   string `json:"source,omitempty" doc:"The city or law behind it"`
	Variants string `json:"variants,omitempty" doc:"What other cities publish"`
	ZH       string `json:"zh"`
	EN       string `json:"en"`
}

// RulesQuery asks for the rules of a region.
type RulesQuery struct {
	Region ID `query:"region" doc:"Left out: the city"`
}

func (a *api) currentPolicy(ctx context.Context, in *RulesQuery) (out Rules, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := named(tree, "region", in.Region); err != nil {
			return err
		}
		rules, err := a.Policies.Current(tx, tx.Now(), pathOf(tree, region.ID(in.Region)))
		if err != nil {
			return err
		}
		out.Version = string(rules.Version)
		out.Parameters = each(policy.Params(), func(p policy.Param) RuleParameter { return parameterOf(p, rules) })
		return nil
	})
	return out, err
}

func parameterOf(p policy.Param, rules policy.Rules) RuleParameter {
	standard, _ := p.Default()
	out := RuleParameter{Key: p.Key, Set: rules.IsSet(p.Key), Book: string(p.Book), Owner: string(p.Owner), Narrow: string(p.Narrow), At: string(p.Ref),
		Unit: p.Unit, Shape: p.Shape().EN, Default: standard, Origin: string(p.Origin), Source: p.Place, Variants: p.Variants.EN, ZH: p.ZH, EN: p.EN}
	if out.Set {
		out.Value, out.SetBy = rules.Text(p.Key), string(rules.SetBy(p.Key))
	}
	return out
}

// pathOf names whose rules hold in a region; none for the city.
func pathOf(tree *region.Tree, place region.ID) []string {
	if place == "" {
		return nil
	}
	return tree.RulePath(place, tree.Day())
}

// RuleVersions are the publications of a region, newest first.
type RuleVersions struct {
	Versions []RuleVersion `json:"versions"`
}

// RuleVersion is one publication. It never changes.
type RuleVersion struct {
	ID         ID        `json:"id"`
	Proposal   ID        `json:"proposal"`
	Region     string    `json:"region,omitempty" doc:"Left out: the city's whole snapshot"`
	From       time.Time `json:"from"`
	Text       string    `json:"text" doc:"Canonical TOML"`
	Digest     string    `json:"digest" doc:"SHA-256 of the text"`
	ProposedBy string    `json:"proposed_by"`
	ApprovedBy string    `json:"approved_by"`
	RecordedAt time.Time `json:"recorded_at"`
}

func versionOf(p policy.Publication) RuleVersion {
	return RuleVersion{ID: ID(p.ID), Proposal: ID(p.Proposal), Region: p.Region, From: p.From, Text: p.Text, Digest: p.Digest, ProposedBy: p.ProposedBy,
		ApprovedBy: p.ApprovedBy, RecordedAt: p.RecordedAt}
}

func (a *api) policyHistory(ctx context.Context, in *RulesQuery) (out RuleVersions, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := named(tree, "region", in.Region); err != nil {
			return err
		}
		all, err := a.Policies.History(tx, string(in.Region))
		out.Versions = each(all, versionOf)
		return err
	})
	return out, err
}

// RuleDraft proposes rules.
type RuleDraft struct {
	TOML   string     `json:"toml" maxLength:"200000" doc:"A whole snapshot for the city, or what is stricter in a region; empty withdraws a region's override"`
	Region ID         `json:"region,omitempty" doc:"Left out: the city"`
	From   *time.Time `json:"from,omitempty" doc:"Left out: from its approval on"`
	Reason string     `json:"reason" minLength:"1" maxLength:"500"`
}

// RuleProposal is a change of rules that waits for a second person, or was decided.
type RuleProposal struct {
	ID         ID         `json:"id"`
	Region     string     `json:"region,omitempty"`
	Level      string     `json:"level"`
	Text       string     `json:"text"`
	Digest     string     `json:"digest"`
	From       *time.Time `json:"from,omitempty"`
	Reason     string     `json:"reason"`
	ProposedBy string     `json:"proposed_by"`
	ProposedAt time.Time  `json:"proposed_at"`
	Until      time.Time  `json:"until" doc:"When it lapses if nobody decides"`
	State      string     `json:"state" enum:"open,approved,rejected"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
	Decision   string     `json:"decision,omitempty"`
}

func ruleProposalOf(p policy.Proposal) RuleProposal {
	return RuleProposal{ID: ID(p.ID), Region: p.Region, Level: string(p.Level), Text: p.Text, Digest: p.Digest, From: timeOf(p.From), Reason: p.Reason,
		ProposedBy: p.ProposedBy, ProposedAt: p.ProposedAt, Until: p.Until(), State: string(p.State), DecidedBy: p.DecidedBy, DecidedAt: timeOf(p.DecidedAt), Decision: p.Decision}
}

func (a *api) proposePolicy(ctx context.Context, in *Take[RuleDraft]) (RuleProposal, error) {
	by, b := actor(ctx).OnRules(a.Regions), in.Body
	tree, err := a.Regions.Today(ctx)
	if err != nil {
		return RuleProposal{}, err
	}
	var p policy.Proposal
	if b.Region == "" {
		p, err = a.Policies.Propose(ctx, by, policy.ProposeCmd{Key: in.Key, TOML: []byte(b.TOML), From: orZero(b.From), Reason: b.Reason})
	} else {
		place := region.ID(b.Region)
		p, err = a.Policies.ProposeOverride(ctx, by, policy.OverrideCmd{Key: in.Key, Region: string(place), Level: tree.Level(place), Path: pathOf(tree, place),
			TOML: []byte(b.TOML), From: orZero(b.From), Reason: b.Reason})
	}
	return ruleProposalOf(p), err
}

func (a *api) approvePolicy(ctx context.Context, in *With[Reason]) (RuleVersion, error) {
	p, err := a.Policies.Approve(ctx, actor(ctx).OnRules(a.Regions), policy.DecideCmd{Key: in.Key, Proposal: policy.ProposalID(in.ID), Reason: in.Body.Reason})
	return versionOf(p), err
}

func (a *api) rejectPolicy(ctx context.Context, in *With[Reason]) (RuleProposal, error) {
	p, err := a.Policies.Reject(ctx, actor(ctx).OnRules(a.Regions), policy.DecideCmd{Key: in.Key, Proposal: policy.ProposalID(in.ID), Reason: in.Body.Reason})
	return ruleProposalOf(p), err
}

// RuleProposals are proposals in one state.
type RuleProposals struct {
	Proposals []RuleProposal `json:"proposals"`
}

// RuleProposalsQuery asks for proposals of rules.
type RuleProposalsQuery struct {
	State string `query:"state" enum:"open,approved,rejected" default:"open"`
}

func (a *api) listPolicyProposals(ctx context.Context, in *RuleProposalsQuery) (out RuleProposals, err error) {
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		all, err := a.Policies.Proposals(tx, policy.State(in.State))
		out.Proposals = []RuleProposal{}
		by := actor(ctx)
		for _, p := range all {
			if p.ProposedBy == by.ID || by.MayRule(policy.Deciding, p.Region, tree) == nil || by.MayRule(policy.Proposing, p.Region, tree) == nil {
				out.Proposals = append(out.Proposals, ruleProposalOf(p))
			}
		}
		return err
	})
	return out, err
}

// GoLive says what keeps the city from going live.
type GoLive struct {
	Ready    bool            `json:"ready"`
	Problems []GoLiveProblem `json:"problems"`
}

// GoLiveProblem is one thing that somebody has to set or mend.
type GoLiveProblem struct {
	Key  string `json:"key"`
	Code string `json:"code"`
}

func (a *api) goLive(ctx context.Context, _ *Nothing) (out GoLive, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		problems, err := a.Policies.GoLive(tx)
		out.Ready = len(problems) == 0
		out.Problems = each(problems, func(p policy.Problem) GoLiveProblem { return GoLiveProblem{p.Key, p.Code} })
		return err
	})
	return out, err
}
