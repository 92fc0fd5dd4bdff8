package member_test

import (
	"errors"
	"testing"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func TestRecipients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB, clk *clock.Fake) {
		w := newWorld(t, db, clk)
		ctx := t.Context()
		// 79 today and 80 in ten days; 85; 70.
		soon, old, young := w.person("1940-10-22"), w.person("1935-01-01"), w.person("1950-01-01")
		alone := member.Attributes{LivesAlone: true}
		ill := member.Attributes{LivesAlone: true, Allowance: true, Disability: policy.DisabilityHalf}
		apply := func(by identity.Actor, p member.PersonID, a member.Attributes, consents ...member.Purpose) member.ApplyRecipientCmd {
			return member.ApplyRecipientCmd{Actor: by, Key: w.key(), Person: p, Attributes: a, Consents: consents}
		}
		out, err := w.s.ApplyRecipients(ctx, []member.ApplyRecipientCmd{
			apply(w.self(soon), soon, alone), apply(w.desk, old, alone), apply(w.desk, young, ill), apply(w.far, young, ill),
			apply(w.desk, young, ill, member.PurposeHealth, member.PurposeAllowance), apply(w.desk, old, alone), apply(w.desk, "nobody", alone),
		})
		wants(t, "apply", out, err, "", "", "member.recipient_invalid", "identity.not_allowed", "", "member.recipient_exists", "member.person_unknown")

		review := func(by identity.Actor, p member.PersonID, approve bool, reason string, assessed *member.Attributes) member.ReviewRecipientCmd {
			return member.ReviewRecipientCmd{Actor: by, Key: w.key(), Person: p, Approve: approve, Reason: reason, Assessed: assessed}
		}
		notIll := member.Attributes{}
		done, err := w.s.ReviewRecipients(ctx, []member.ReviewRecipientCmd{
			review(w.self(soon), soon, true, "", nil), review(w.desk, soon, true, "", nil), review(w.manager, soon, true, "", nil),
			review(w.manager, old, true, "", nil), review(w.manager, old, true, "", nil), review(w.manager, young, false, "", nil),
			review(w.street, young, true, "", &notIll),
		})
		wants(t, "review", done, err, "member.own_case", "identity.not_allowed", "", "", "member.recipient_not_waiting", "member.recipient_invalid", "")
		for i, want := range map[int]bool{2: false, 3: true, 6: false} {
			if done[i].Value.KeyElder != want || done[i].Value.State != member.RecipientApproved {
				t.Errorf("review %d: got %+v, want key elder %v", i, done[i].Value, want)
			}
		}
		r := w.recipient(old)
		if !r.KeyElder || r.PolicyVersion == "" || r.KeyElderBasis.Rule != "key_elder.rule" || r.KeyElderBasis.Version != string(r.PolicyVersion) || !r.MayAsk() {
			t.Errorf("the decision does not say why: %+v", r)
		}
		assessed, err := w.s.Assess(ctx, []member.AssessCmd{{Actor: w.desk, Key: w.key(), Person: young, Attributes: ill},
			{Actor: w.desk, Key: w.key(), Person: old, Attributes: member.Attributes{LivesAlone: true, ChildrenNear: true}}})
		wants(t, "assess", assessed, err, "", "")
		if !assessed[0].Value.KeyElder || assessed[1].Value.KeyElder {
			t.Errorf("assess: got %+v, want the first to be a key elder now and the second no longer", assessed)
		}

		// Each look at what a visit found out is an entry, the person's own excepted; a list that shows only where people stand is none.
		looks := func() (n int) {
			storetest.Read(t, db, func(tx *store.Tx) error {
				if _, err := member.Standings(tx, []member.PersonID{young}); err != nil {
					return err
				}
				return tx.QueryRow("SELECT COUNT(*) FROM audit WHERE action = 'member.look' AND ref = $1 AND after = 'attributes'", string(young)).Scan(&n)
			})
			return n
		}
		card := w.self(young)
		card.ByCard = true
		for i, c := range []struct {
			by    identity.Actor
			code  string
			looks int
		}{{w.desk, "", 1}, {w.street, "", 2}, {w.self(young), "", 2}, {card, "", 3}, {w.far, "identity.not_allowed", 3}, {w.self(old), "identity.not_allowed", 3}} {
			r, known, err := w.s.Assessed(ctx, c.by, young)
			if errs.CodeOf(err) != c.code || c.code == "" && (!known || r.Attributes != ill || r.KeyElderBasis.Rule == "") {
				t.Errorf("look %d at what a visit found out: got %+v %v %v, want %q", i, r, known, err, c.code)
			}
			if got := looks(); got != c.looks {
				t.Errorf("look %d: got %d entries, want %d", i, got, c.looks)
			}
		}
		if _, known, err := w.s.Assessed(ctx, w.desk, w.person("1950-02-02")); known || err != nil {
			t.Errorf("who never applied: got %v %v", known, err)
		}

		clk.Set(clock.Day("1940-10-22").Start().AddDate(80, 0, 0).Add(-time.Second))
		w.run()
		if w.recipient(soon).KeyElder {
			t.Error("a key elder a second before its 80th birthday")
		}
		clk.Advance(time.Hour * 2)
		w.run()
		if !w.recipient(soon).KeyElder {
			t.Error("no key elder on its 80th birthday")
		}
		storetest.Read(t, db, func(tx *store.Tx) error {
			first, err := member.KeyElders(tx, "", 1)
			if err != nil || len(first) != 1 {
				t.Fatalf("key elders: got %v %v, want one", first, err)
			}
			rest, err := member.KeyElders(tx, first[0].Person.ID, 9)
			if len(rest) != 1 {
				t.Errorf("the other key elders: got %v, want one", rest)
			}
			n, err2 := member.Count(tx, w.tree.City())
			if n.Persons != 4 || n.Recipients != 3 || n.KeyElders != 2 {
				t.Errorf("counts: got %+v", n)
			}
			return errors.Join(err, err2)
		})
	})
}
