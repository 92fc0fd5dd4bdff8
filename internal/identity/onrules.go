package identity

import (
	"timebank/internal/errs"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/why"
)

// OnRules is the actor as the use-cases of the policy ask it.
func (a Actor) OnRules(regions *region.Service) policy.By {
	return policy.By{ID: a.ID, Origin: a.Origin, May: func(tx *store.Tx, act policy.Act, place string) error {
		tree, err := regions.Tree(tx)
		if err != nil {
			return err
		}
		return a.MayRule(act, place, tree)
	}}
}

// MayRule reports whether the actor may propose, or decide on, the rules of a region, "" for the city's: nil, Forbidden as for [Actor.May], or
// Forbidden identity.person_needed. Two accounts are not two persons, so that whoever does has to be one.
func (a Actor) MayRule(act policy.Act, place string, tree *region.Tree) error {
	if a.Person == "" && !a.system {
		return errs.New(errs.Forbidden, "identity.person_needed").Because(why.Rule("identity.two_persons", "", "law"))
	}
	if place == "" {
		if act == policy.Deciding {
			return a.May(PolicyApprove, tree.City(), tree)
		}
		return a.May(PolicyPropose, tree.City(), tree)
	}
	if act == policy.Deciding {
		return a.May(PolicyOverrideApprove, region.ID(place), tree)
	}
	return a.May(PolicyOverridePropose, region.ID(place), tree)
}
