package httpapi

import (
	"context"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// NewKin proposes a relation.
type NewKin struct {
	Relative ID     `json:"relative"`
	Relation string `json:"relation" enum:"spouse,parent,child,grandparent,grandchild" doc:"What the relative is to the person"`
	Acts     bool   `json:"acts,omitempty" doc:"The person will act for the relative, if it is let"`
}

// KinStanding says whether both sides have said yes.
type KinStanding struct {
	State string `json:"state" enum:"proposed,confirmed"`
}

func (a *api) addKin(ctx context.Context, in *With[NewKin]) (KinStanding, error) {
	state, err := first(a.Members.AddKin(ctx, []member.AddKinCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Relative: member.PersonID(in.Body.Relative), Relation: member.Relation(in.Body.Relation), Acts: in.Body.Acts}}))
	return KinStanding{string(state)}, err
}

// KinOn is a command about one relation.
type KinOn struct {
	Mutation
	ID       ID `path:"id" doc:"The person"`
	Relative ID `path:"relative"`
}

func (a *api) confirmKin(ctx context.Context, in *KinOn) error {
	return done(a.Members.ConfirmKin(ctx, []member.ConfirmKinCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Relative: member.PersonID(in.Relative)}}))
}

// Delegation lets a relative act for the person, or no longer.
type Delegation struct {
	Mutation
	ID       ID `path:"id" doc:"The person"`
	Relative ID `path:"relative"`
	Body     struct {
		Allow bool `json:"allow"`
	}
}

func (a *api) delegate(ctx context.Context, in *Delegation) error {
	return done(a.Members.Delegate(ctx, []member.DelegateCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID),
		Relative: member.PersonID(in.Relative), Allow: in.Body.Allow}}))
}

// Acting says whether the person acts for a relative that lets it.
type Acting struct {
	Mutation
	ID       ID `path:"id" doc:"The person who acts"`
	Relative ID `path:"relative" doc:"For whom"`
	Body     struct {
		Willing bool `json:"willing"`
	}
}

func (a *api) actFor(ctx context.Context, in *Acting) error {
	return done(a.Members.ActFor(ctx, []member.ActForCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Relative: member.PersonID(in.Relative),
		Willing: in.Body.Willing}}))
}

// Heir names who gets a person's hours.
type Heir struct {
	Heir ID `json:"heir,omitempty" doc:"One of the confirmed kin; left out: nobody"`
}

func (a *api) nameHeir(ctx context.Context, in *With[Heir]) error {
	return done(a.Members.NameHeir(ctx, []member.NameHeirCmd{{Actor: actor(ctx), Key: in.Key, Person: member.PersonID(in.ID), Heir: member.PersonID(in.Body.Heir)}}))
}

// KinList is a person's kin.
type KinList struct {
	Kin []Kin `json:"kin"`
}

// Kin is one relative.
type Kin struct {
	Relative ID     `json:"relative"`
	Relation string `json:"relation" enum:"spouse,parent,child,grandparent,grandchild" doc:"What the relative is to the person"`
	State    string `json:"state" enum:"proposed,confirmed"`
	Delegate bool   `json:"delegate" doc:"The person lets the relative act for it"`
	Acts     bool   `json:"acts" doc:"The relative acts for the person: it is let, and has said that it will"`
	Willing  bool   `json:"willing" doc:"The person has said that it will act for the relative"`
}

func (a *api) listKin(ctx context.Context, in *OneID) (out KinList, err error) {
	who := member.PersonID(in.ID)
	err = a.read(ctx, func(tx *store.Tx, tree *region.Tree) error {
		if err := mayRead(tx, tree, actor(ctx), identity.MemberRead, who, identity.MemberRead); err != nil {
			return err
		}
		kin, err := member.KinOf(tx, who)
		out.Kin = []Kin{}
		for _, k := range kin {
			if k.Person == who {
				out.Kin = append(out.Kin, Kin{ID(k.Relative), string(k.Relation), string(k.State), k.Delegate, k.Acts(), k.Willing})
			}
		}
		return err
	})
	return out, err
}
