package privacy_test

import (
	"testing"
	"time"

	"timebank/internal/certificate"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/family"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/privacy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestTwoPersonsMakeOneRecordOfTwo(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		ctx := t.Context()
		home := c.Home()
		elder, keep, drop := c.KeyElder(home), c.Volunteer(home), c.Volunteer(home)
		first, second := c.Staff(identity.Reviewer, c.Tree.City()), c.Staff(identity.Administrator, c.Tree.City())
		c.Earn(keep, elder, 60)
		c.Earn(drop, elder, 45)
		added, err := c.Members.AddKin(ctx, []member.AddKinCmd{{Actor: identity.System, Key: c.Key(), Person: elder.ID, Relative: drop.ID, Relation: member.Child, Confirmed: true}})
		citytest.Must(t, added, err)
		number := opened(t, c, drop.ID).IDNumber.Reveal()
		propose := func(by citytest.Person, keep, drop member.PersonID) (identity.ProposalID, error) {
			return c.Privacy.ProposeMerge(ctx, privacy.ProposeMergeCmd{Actor: by.Actor, Key: c.Key(), Keep: keep, Drop: drop, Reason: "one card, two records"})
		}
		approve := func(by citytest.Person, id identity.ProposalID) string {
			return errs.CodeOf(c.Privacy.ApproveMerge(ctx, privacy.ApproveMergeCmd{Actor: by.Actor, Key: c.Key(), Proposal: id}))
		}
		if _, err := propose(keep, keep.ID, drop.ID); errs.CodeOf(err) != "identity.not_allowed" {
			t.Errorf("a citizen: got %v, want identity.not_allowed", err)
		}
		if _, err := propose(first, keep.ID, keep.ID); errs.CodeOf(err) != "privacy.same_record" {
			t.Errorf("one record: got %v, want privacy.same_record", err)
		}
		id, err := propose(first, keep.ID, drop.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := approve(first, id); got != "identity.second_person_needed" {
			t.Errorf("alone: got %q, want identity.second_person_needed", got)
		}
		// Until what was paid is closed for complaints, the record is still needed.
		if got := approve(second, id); got != "privacy.not_yet" {
			t.Errorf("with an order that is not closed: got %q, want privacy.not_yet", got)
		}
		c.Pass(40 * 24 * time.Hour)
		if id, err = propose(first, keep.ID, drop.ID); err != nil {
			t.Fatal(err)
		}
		// What the elder and the record that goes told each other.
		sides := [][2]citytest.Person{{elder, drop}, {drop, elder}}
		for _, one := range sides {
			citytest.Got(c.Family.Line(ctx, []family.LineCmd{{Actor: one[0].Actor, Key: c.Key(), Person: one[0].ID, Relative: one[1].ID, Open: true}})).Must(t, "line")
		}
		for _, one := range sides {
			citytest.Got(c.Family.Send(ctx, []family.SendCmd{{Actor: one[0].Actor, Key: c.Key(), From: one[0].ID, To: one[1].ID, Words: "周日回来"}})).Must(t, "message")
		}
		carried := citytest.Got(c.Certificates.Issue(ctx, []certificate.IssueCmd{{Actor: drop.Actor, Key: c.Key(), Person: drop.ID, Purpose: certificate.ForWork, Naming: certificate.NoName,
			Months: 12}})).Must(t, "a certificate of the record that goes")
		if got := approve(second, id); got != "" {
			t.Fatalf("got %q, want one record", got)
		}
		// What the holder has on paper goes on holding, and is its own to open and to take back.
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			known, text, err := c.Certificates.Open(tx, keep.Actor, carried)
			if err != nil || len(text) == 0 || known.Person != keep.ID {
				t.Errorf("the certificate after the merge: %+v, %v", known, err)
			}
			state, _, err := certificate.Standing(tx, known.Number)
			if state != certificate.Valid {
				t.Errorf("the certificate after the merge is %s", state)
			}
			return err
		})
		citytest.Got(c.Certificates.Revoke(ctx, []certificate.RevokeCmd{{Actor: keep.Actor, Key: c.Key(), Certificate: carried}})).Must(t, "take it back")
		heard, err := c.Family.Messages(ctx, keep.Actor, family.MessageFilter{Person: keep.ID, Limit: 10})
		if err != nil || len(heard) != 2 || heard[0].From != keep.ID || heard[1].To != keep.ID {
			t.Errorf("the record that stays reads %+v, %v, want both messages", heard, err)
		}
		storetest.Read(t, c.DB, func(tx *store.Tx) error {
			for owner, want := range map[member.PersonID]int64{keep.ID: 105, drop.ID: 0} {
				key := ledger.Key{Owner: string(owner), Class: ledger.Saved}
				got, err := ledger.Balances(tx, []ledger.Key{key})
				if err != nil || got[key].Balance.Int64() != want {
					t.Errorf("got %v saved minutes, %v, want %d", got[key].Balance, err, want)
				}
			}
			kin, err := member.KinOf(tx, elder.ID)
			if len(kin) != 1 || kin[0].Relative != keep.ID {
				t.Errorf("got kin %+v, %v, want the record that stays", kin, err)
			}
			return err
		})
		if found, err := c.Members.LookUp(ctx, second.Actor, number, ""); err != nil || len(found) != 0 {
			t.Errorf("the number of the record that went finds %v, %v", found, err)
		}
		if report, err := ledger.Verify(ctx, c.DB, func(int64, [32]byte) error { return nil }); err != nil || len(report.Problems) > 0 {
			t.Errorf("the book after the merge: %v, %v", report.Problems, err)
		}
		if got := approve(second, id); got != "identity.proposal_decided" {
			t.Errorf("a second time: got %q, want identity.proposal_decided", got)
		}
	})
}
