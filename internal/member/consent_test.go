package member_test

import (
	"testing"

	"timebank/internal/clock"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

// What was told for a purpose goes with the consent to it, and cannot be told again without.
func TestAWithdrawnPurposeStopsTheUse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w, ctx := newWorld(t, db, clk), t.Context()
		place := region.Point{LatE6: 32_100_000, LonE6: 118_800_000}
		registered, err := w.s.RegisterPersons(ctx, []member.RegisterCmd{
			{Actor: w.desk, Key: "r1", Name: "李四", IDNumber: idNumber("1950-01-01", 7), Address: "迈皋桥街道 1 号", Region: w.home, Point: &place,
				Consents: []member.Purpose{member.PurposeIdentity, member.PurposeLocation, member.PurposeKin}},
			{Actor: w.desk, Key: "r2", Name: "李五", IDNumber: idNumber("1980-01-01", 8), Region: w.home, Consents: []member.Purpose{member.PurposeIdentity}}})
		wants(t, "register", registered, err, "", "")
		li, child := registered[0].Value.Person, registered[1].Value.Person
		half := member.Attributes{Disability: policy.DisabilityHalf, Allowance: true, LivesAlone: true}
		applied, err := w.s.ApplyRecipients(ctx, []member.ApplyRecipientCmd{{Actor: w.desk, Key: "a", Person: li, Attributes: half,
			Consents: []member.Purpose{member.PurposeHealth, member.PurposeAllowance}}})
		wants(t, "apply", applied, err, "")
		reviewed, err := w.s.ReviewRecipients(ctx, []member.ReviewRecipientCmd{{Actor: w.manager, Key: "v", Person: li, Approve: true}})
		wants(t, "review", reviewed, err, "")
		if !reviewed[0].Value.KeyElder {
			t.Fatal("who is half disabled, lives alone and is over 60 is no key elder")
		}
		added, err := w.s.AddKin(ctx, []member.AddKinCmd{{Actor: identity.System, Key: "k", Person: li, Relative: child, Relation: member.Child, Confirmed: true}})
		wants(t, "kin", added, err, "")
		allowed, err := w.s.Delegate(ctx, []member.DelegateCmd{{Actor: w.self(li), Key: "d", Person: li, Relative: child, Allow: true}})
		wants(t, "delegate", allowed, err, "")
		acts, err := w.s.ActFor(ctx, []member.ActForCmd{{Actor: w.self(child), Key: "t", Person: child, Relative: li, Willing: true}})
		wants(t, "act for", acts, err, "")

		withdraw := func(purpose member.Purpose) {
			t.Helper()
			out, err := w.s.Consent(ctx, []member.ConsentCmd{{Actor: w.self(li), Key: "w" + string(purpose), Person: li, Purpose: purpose, Withdraw: true}})
			wants(t, "withdraw "+string(purpose), out, err, "")
		}
		recipient := func() member.Recipient {
			var all map[member.PersonID]member.Recipient
			storetest.Read(t, db, func(tx *store.Tx) (err error) {
				all, err = member.LoadRecipients(tx, []member.PersonID{li})
				return err
			})
			return all[li]
		}
		withdraw(member.PurposeHealth)
		if r := recipient(); r.Attributes.Disability != policy.DisabilityNone || !r.Attributes.Allowance || r.KeyElder {
			t.Errorf("without health: got %+v key elder %v, want the disability forgotten and the rule asked anew", r.Attributes, r.KeyElder)
		}
		withdraw(member.PurposeAllowance)
		if r := recipient(); r.Attributes.Allowance || r.KeyElder {
			t.Errorf("without allowance: got %+v key elder %v, want neither", r.Attributes, r.KeyElder)
		}
		assessed, err := w.s.Assess(ctx, []member.AssessCmd{{Actor: w.manager, Key: "s1", Person: li, Attributes: half},
			{Actor: w.manager, Key: "s2", Person: li, Attributes: member.Attributes{LivesAlone: true}}})
		wants(t, "assess", assessed, err, "member.recipient_invalid", "")

		withdraw(member.PurposeLocation)
		p, d, err := w.s.Details(ctx, w.self(li), li)
		if err != nil || !d.Address.IsZero() || p.HasPoint {
			t.Errorf("without location: got %+v point %v, %v, want no address and no place", d, p.HasPoint, err)
		}
		moved, err := w.s.Move(ctx, []member.MoveCmd{{Actor: w.self(li), Key: "m1", Person: li, Region: w.home, Address: "和燕路 1 号", From: clock.DayOf(clk.Now())}})
		wants(t, "move", moved, err, "member.move_invalid")
		corrected, err := w.s.Correct(ctx, []member.CorrectCmd{{Actor: w.self(li), Key: "c1", Person: li, Address: "和燕路 1 号", Reason: "x"}})
		wants(t, "correct", corrected, err, "member.person_invalid")

		withdraw(member.PurposeKin)
		storetest.Read(t, db, func(tx *store.Tx) error {
			still, err := member.IsDelegate(tx, li, child)
			if still {
				t.Error("without kin: the child still acts for its parent")
			}
			return err
		})
	})
}
