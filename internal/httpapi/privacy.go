package httpapi

import (
	"context"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/privacy"
	"timebank/internal/region"
	"timebank/internal/store"
)

const typePDF = "application/pdf"

// CopyWish asks for a person's own copy of its data.
type CopyWish struct {
	ID   ID `path:"id" doc:"The person"`
	Body struct {
		Format string `json:"format,omitempty" enum:"json,pdf" default:"json" doc:"For machines, or to be printed in the language of Accept-Language"`
	}
}

func (a *api) exportPerson(ctx context.Context, in *CopyWish) (download, error) {
	all, err := a.Privacy.Export(ctx, actor(ctx), member.PersonID(in.ID))
	if err != nil {
		return download{}, err
	}
	if in.Body.Format == "pdf" {
		text, err := all.PDF(requestOf(ctx).lang)
		return download{ContentType: typePDF, Disposition: `attachment; filename="my-data.pdf"`, Body: text}, err
	}
	text, err := all.JSON()
	return download{ContentType: "application/json", Disposition: `attachment; filename="my-data.json"`, Body: text}, err
}

func (a *api) erasePerson(ctx context.Context, in *ActOn) error {
	return done(a.Privacy.Erase(ctx, []privacy.EraseCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID)}}))
}

// Merge says that two records are one person.
type Merge struct {
	Keep   ID     `json:"keep" doc:"The record that stays"`
	Drop   ID     `json:"drop" doc:"The record that goes over into it"`
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Which documents showed it; names nobody"`
}

func (a *api) proposeMerge(ctx context.Context, in *Take[Merge]) (Made, error) {
	b := in.Body
	made, err := a.Privacy.ProposeMerge(ctx, privacy.ProposeMergeCmd{Actor: actor(ctx), Key: in.Key, Keep: member.PersonID(b.Keep), Drop: member.PersonID(b.Drop),
		Reason: b.Reason})
	return Made{ID(made)}, err
}

// Typed is what somebody has typed so far.
type Typed struct {
	Body struct {
		Region ID     `json:"region" doc:"Where the people live: the desk's own place or below"`
		Text   string `json:"text" minLength:"1" maxLength:"40" example:"和平路12号" doc:"Surname, part of a name, its sound or initials, the last four digits of a phone, the street with the numbers of house and building, or several of them"`
	}
}

// Matches are the people that were found, ten at most.
type Matches struct {
	Persons []MatchPerson `json:"persons"`
}

// MatchPerson is a person with masks: enough to go on typing.
type MatchPerson struct {
	ID     ID     `json:"id"`
	Actor  ID     `json:"actor"`
	Name   string `json:"name" example:"曹**"`
	Phone  string `json:"phone,omitempty" example:"138****5678"`
	Region ID     `json:"region"`
	State  string `json:"state" enum:"active,left,dead"`
}

func (a *api) searchPeople(ctx context.Context, in *Typed) (Matches, error) {
	found, err := a.Members.Search(ctx, actor(ctx), region.ID(in.Body.Region), in.Body.Text)
	return Matches{each(found, func(m member.Match) MatchPerson {
		return MatchPerson{ID: ID(m.Person.ID), Actor: ID(m.Person.Actor), Name: m.Name.String(), Phone: m.Phone.String(), Region: ID(m.Person.Region),
			State: string(m.Person.State)}
	})}, err
}

// Consents are what a person has agreed to.
type Consents struct {
	Purposes []string `json:"purposes" enum:"identity,location,health,allowance,kin,hours,credit,honour,portrait"`
}

func (a *api) listConsents(ctx context.Context, in *OneID) (out Consents, err error) {
	who := member.PersonID(in.ID)
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayRead(tx, tree, actor(ctx), identity.MemberConsent, who, identity.MemberConsentFor); err != nil {
			return err
		}
		given, err := member.ConsentsOf(tx, who)
		out.Purposes = each(given, func(p member.Purpose) string { return string(p) })
		return err
	})
	return out, err
}

// approveMerge is approve-proposal for two records that are one person.
func (a *api) approveMerge(ctx context.Context, in *ActOn) (Carried, error) {
	return Carried{}, a.Privacy.ApproveMerge(ctx, privacy.ApproveMergeCmd{Actor: actor(ctx), Key: in.Key, Proposal: identity.ProposalID(in.ID)})
}

// proposed reads what a proposal is about, before the use-case behind it decides who may approve.
func (a *api) proposed(ctx context.Context, which ID) (p identity.Proposal, err error) {
	err = a.read(ctx, func(tx *store.Tx, _ *region.Tree) error {
		p, err = identity.LoadProposal(tx, identity.ProposalID(which))
		return err
	})
	return p, err
}
