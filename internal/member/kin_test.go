package member_test

import (
	"errors"
	"testing"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestKin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		mother, daughter, friend := w.person("1940-01-01"), w.person("1970-01-01"), w.person("1941-01-01")
		add := func(by identity.Actor, p, r member.PersonID, rel member.Relation, confirmed bool) member.AddKinCmd {
			return member.AddKinCmd{Actor: by, Key: w.key(), Person: p, Relative: r, Relation: rel, Confirmed: confirmed}
		}
		out, err := w.s.AddKin(ctx, []member.AddKinCmd{
			add(w.self(daughter), daughter, mother, member.Child, false), add(w.self(friend), daughter, mother, member.Parent, false),
			add(w.self(daughter), daughter, mother, member.Parent, true), add(w.self(daughter), daughter, mother, member.Parent, false),
			add(w.self(mother), mother, daughter, member.Child, false), add(w.self(mother), mother, mother, "cousin", false),
			add(identity.System, friend, mother, member.Spouse, true),
		})
		wants(t, "add", out, err, "member.kin_invalid", "identity.not_allowed", "member.kin_invalid", "", "member.kin_exists", "member.kin_invalid", "")
		may := func(payer, to member.PersonID, allowed ...policy.Relation) (ok bool) {
			storetest.Read(t, db, func(tx *store.Tx) error {
				var err error
				ok, err = member.MayBenefit(tx, payer, to, policy.ListOf(allowed...), 60)
				return err
			})
			return ok
		}
		if may(daughter, mother, policy.RelLineal) {
			t.Error("kin that only one side has named counts already")
		}
		confirm := func(by identity.Actor, p, r member.PersonID) member.ConfirmKinCmd {
			return member.ConfirmKinCmd{Actor: by, Key: w.key(), Person: p, Relative: r}
		}
		done, err := w.s.ConfirmKin(ctx, []member.ConfirmKinCmd{confirm(w.self(daughter), daughter, mother), confirm(w.self(friend), mother, daughter),
			confirm(w.desk, mother, daughter), confirm(w.self(mother), mother, daughter), confirm(w.self(mother), mother, "nobody")})
		wants(t, "confirm", done, err, "member.both_sides_confirm", "identity.not_allowed", "", "member.kin_confirmed", "member.kin_unknown")
		for _, c := range []struct {
			name      string
			payer, to member.PersonID
			allowed   policy.Relation
			want      bool
		}{
			{"the mother", daughter, mother, policy.RelLineal, true},
			{"the daughter, below 60", mother, daughter, policy.RelLineal, false},
			{"a stranger", daughter, friend, policy.RelLineal, false},
			{"the spouse where only lineal kin may", mother, friend, policy.RelLineal, false},
			{"the spouse", mother, friend, policy.RelSpouse, true},
			{"oneself", daughter, daughter, policy.RelSelf, true},
			{"a friend where friends may", daughter, friend, policy.RelFriend, true},
			{"nobody", daughter, "nobody", policy.RelFriend, false},
		} {
			if got := may(c.payer, c.to, c.allowed); got != c.want {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}

		given, err := w.s.Delegate(ctx, []member.DelegateCmd{{Actor: w.self(daughter), Key: "d1", Person: mother, Relative: daughter, Allow: true},
			{Actor: w.self(mother), Key: "d2", Person: mother, Relative: daughter, Allow: true}})
		wants(t, "delegate", given, err, "identity.not_allowed", "")
		acts := func(want bool) {
			t.Helper()
			storetest.Read(t, db, func(tx *store.Tx) error {
				yes, err := member.IsDelegate(tx, mother, daughter)
				no, err2 := member.IsDelegate(tx, daughter, mother)
				if yes != want || no {
					t.Errorf("delegate: got %v one way and %v the other, want %v and never", yes, no, want)
				}
				return errors.Join(err, err2)
			})
		}
		// To act takes the yes of both.
		acts(false)
		act := func(by member.PersonID, willing bool, want string) {
			t.Helper()
			taken, err := w.s.ActFor(ctx, []member.ActForCmd{{Actor: w.self(by), Key: w.key(), Person: daughter, Relative: mother, Willing: willing}})
			wants(t, "act for", taken, err, want)
		}
		act(mother, true, "identity.not_allowed")
		act(daughter, true, "")
		acts(true)
		act(daughter, false, "")
		acts(false)
		act(daughter, true, "")
		heirs, err := w.s.NameHeir(ctx, []member.NameHeirCmd{{Actor: w.self(mother), Key: "h1", Person: mother, Heir: daughter},
			{Actor: w.self(daughter), Key: "h2", Person: daughter, Heir: friend}})
		wants(t, "heir", heirs, err, "", "member.kin_not_confirmed")
	})
}
