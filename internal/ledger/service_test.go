package ledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"timebank/internal/audit"
	"timebank/internal/citytest"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/store"
	"timebank/internal/store/storetest"
)

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if got := errs.CodeOf(err); got != code {
		t.Errorf("%s: got %v, want %q", what, err, code)
	}
}

// kinOf makes the elder of the two a parent of the other.
func kinOf(t *testing.T, c *citytest.City, child, parent citytest.Person) {
	t.Helper()
	added, err := c.Members.AddKin(t.Context(), []member.AddKinCmd{{Actor: identity.System, Key: c.Key(), Person: child.ID, Relative: parent.ID, Relation: member.Parent, Confirmed: true}})
	citytest.Must(t, added, err)
}

func TestTransferDonateUndo(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		s := ledger.New(c.DB, c.Regions, c.Policies)
		chen, mother, stranger := c.Person(40, c.Home()), c.Person(70, c.Home()), c.Person(70, c.Home())
		kinOf(t, c, chen, mother)
		account := saved(string(chen.ID))
		endow(t, c.DB, account, 3000)
		give := func(by identity.Actor, to citytest.Person, minutes int64) (ledger.PendingID, error) {
			return s.Transfer(t.Context(), ledger.TransferCmd{Actor: by, Key: c.Key(), From: chen.ID, To: to.ID, Minutes: hours.Of(minutes)})
		}
		_, err := give(chen.Actor, stranger, 60)
		wantCode(t, "gift to a stranger", err, "ledger.not_kin")
		_, err = give(stranger.Actor, mother, 60)
		wantCode(t, "gift by a stranger", err, "identity.not_allowed")
		_, err = give(chen.Actor, mother, 4000)
		wantCode(t, "gift of more than there is", err, "ledger.not_enough")
		_, err = give(chen.Actor, mother, 13000)
		wantCode(t, "gift above the year's", err, "ledger.transfers_used_up")
		for range 4 {
			if _, err = give(chen.Actor, mother, 60); err != nil {
				t.Fatal(err)
			}
		}
		last, err := give(chen.Actor, mother, 60)
		wantCode(t, "fifth gift of the year", err, "ledger.transfers_used_up")
		if last != "" {
			t.Errorf("a refused gift has the id %s", last)
		}

		same := ledger.DonateCmd{Actor: chen.Actor, Key: c.Key(), From: account, Minutes: hours.Of(100)}
		first, err := s.Donate(t.Context(), same)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Donate(t.Context(), same); again != first || err != nil {
			t.Errorf("the same donation again: got %s, %v, want %s", again, err, first)
		}
		wantCode(t, "undo by a stranger", s.Undo(t.Context(), ledger.UndoCmd{Actor: stranger.Actor, Key: c.Key(), ID: first}), "ledger.not_pending")
		wantCode(t, "undo", s.Undo(t.Context(), ledger.UndoCmd{Actor: chen.Actor, Key: c.Key(), ID: first}), "")
		wantCode(t, "undo twice", s.Undo(t.Context(), ledger.UndoCmd{Actor: chen.Actor, Key: c.Key(), ID: first}), "ledger.not_pending")
		wantBalance(t, c.DB, account, 3000, 240)
		c.Pass(25 * time.Hour)
		wantBalance(t, c.DB, account, 2760, 0)
		wantBalance(t, c.DB, donated(string(mother.ID)), 240, 0)
		wantSound(t, c.DB)
	})
}

func TestTwoPersonsMakeAndTakeHours(t *testing.T) {
	citytest.Each(t, func(t *testing.T, c *citytest.City) {
		s := ledger.New(c.DB, c.Regions, c.Policies)
		one, two := c.Staff(identity.Administrator, c.Tree.City()), c.Staff(identity.Administrator, c.Tree.City())
		citizen := c.Person(40, c.Home())
		pool := balance(t, c.DB, ledger.PoolAccount).Balance
		issue := ledger.Act{Reason: ledger.ForIssue, Account: ledger.PoolAccount, Minutes: hours.Of(600)}
		_, err := s.Propose(t.Context(), ledger.ProposeCmd{Actor: citizen.Actor, Key: c.Key(), Act: issue, Note: "more"})
		wantCode(t, "issue by a citizen", err, "identity.not_allowed")
		for what, act := range map[string]ledger.Act{
			"owner":              {Reason: ledger.ForAdjustment, Account: saved("no such person"), Minutes: hours.Of(10)},
			"minutes":            {Reason: ledger.ForIssue, Account: ledger.PoolAccount, Minutes: hours.Of(1_000_000_001)},
			"minutes of nothing": {Reason: ledger.ForAdjustment, Account: saved(string(citizen.ID))},
			"class":              {Reason: ledger.ForIssue, Account: saved(ledger.City), Minutes: hours.Of(10)},
			"transaction":        {Reason: ledger.ForReversal},
			"act":                {Reason: ledger.ForService, Account: saved(string(citizen.ID)), Minutes: hours.Of(10)},
		} {
			_, err := s.Propose(t.Context(), ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: act, Note: "a slip of the pen"})
			wantCode(t, what, err, "ledger.act_malformed")
			if e, ok := errors.AsType[*errs.Error](err); !ok || len(e.Fields) != 1 || !strings.HasPrefix(what, e.Fields[0].Path) {
				t.Errorf("%s: got %v", what, err)
			}
		}
		_, err = s.Propose(t.Context(), ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: ledger.Act{Reason: ledger.ForAdjustment, Account: ledger.Key{Owner: "no such person", Class: ledger.Issuer}}, Note: " "})
		e, _ := errors.AsType[*errs.Error](err)
		if e == nil || len(e.Fields) != 4 {
			t.Errorf("everything wrong at once: got %v, want class, minutes, reason and owner", err)
		}
		propose := func(a ledger.Act) identity.ProposalID {
			p, err := s.Propose(t.Context(), ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: a, Note: "budget of the year"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		approve := func(by identity.Actor, p identity.ProposalID) (ledger.TxID, error) {
			return s.Approve(t.Context(), ledger.ApproveCmd{Actor: by, Key: c.Key(), Proposal: p})
		}
		p := propose(issue)
		_, err = approve(one.Actor, p)
		wantCode(t, "approved by who proposed", err, "identity.second_person_needed")
		made, err := approve(two.Actor, p)
		if err != nil {
			t.Fatal(err)
		}
		wantBalance(t, c.DB, ledger.PoolAccount, pool.Int64()+600, 0)
		says := func(what string, made ledger.TxID, before, after, behalf string) {
			t.Helper()
			storetest.Read(t, c.DB, func(tx *store.Tx) error {
				entries, err := audit.Of(tx, string(made))
				if err != nil || len(entries) != 1 || entries[0].Before != before || !strings.HasPrefix(entries[0].After, after+"; proposal ") || entries[0].OnBehalf != behalf {
					t.Errorf("%s: the trail says %+v, %v, want before %q and after %q for %q", what, entries, err, before, after, behalf)
				}
				return nil
			})
		}
		in := func(minutes int64) string { return hours.Of(minutes).String() }
		says("an issue", made, "pool city "+pool.String(), "pool city "+in(pool.Int64()+600), "")
		_, err = approve(two.Actor, p)
		wantCode(t, "approved twice", err, "identity.proposal_decided")

		// A correction that the account cannot bear is refused, and the proposal stays open until it can.
		account := saved(string(citizen.ID))
		p = propose(ledger.Act{Reason: ledger.ForAdjustment, Account: account, Minutes: hours.Of(-30)})
		_, err = approve(two.Actor, p)
		wantCode(t, "correction below zero", err, "ledger.not_enough")
		endow(t, c.DB, account, 100)
		corrected, err := approve(two.Actor, p)
		if err != nil {
			t.Error(err)
		}
		wantBalance(t, c.DB, account, 70, 0)
		says("a correction", corrected, "saved "+string(citizen.ID)+" "+in(100), "saved "+string(citizen.ID)+" "+in(70), string(citizen.ID))

		back := propose(ledger.Act{Reason: ledger.ForReversal, Tx: made})
		reversed, err := approve(two.Actor, back)
		if err != nil {
			t.Error(err)
		}
		wantBalance(t, c.DB, ledger.PoolAccount, pool.Int64(), 0)
		issued := func(more int64) int64 { return balance(t, c.DB, ledger.IssuerAccount).Balance.Int64() - more }
		says("taking back", reversed, "issuer city "+in(issued(600))+"; pool city "+in(pool.Int64()+600), "issuer city "+in(issued(0))+"; pool city "+in(pool.Int64()), "")
		_, err = s.Propose(t.Context(), ledger.ProposeCmd{Actor: one.Actor, Key: c.Key(), Act: ledger.Act{Reason: ledger.ForReversal, Tx: made}, Note: "again"})
		wantCode(t, "reversal proposed again", err, "ledger.reversed_already")

		// Nobody is one of the two where its own hours are taken back.
		mine := c.Staff(identity.Administrator, c.Tree.City())
		given, err := approve(two.Actor, propose(ledger.Act{Reason: ledger.ForAdjustment, Account: saved(mine.Actor.Person), Minutes: hours.Of(45)}))
		if err != nil {
			t.Fatal(err)
		}
		takeBack := ledger.Act{Reason: ledger.ForReversal, Tx: given}
		_, err = s.Propose(t.Context(), ledger.ProposeCmd{Actor: mine.Actor, Key: c.Key(), Act: takeBack, Note: "not mine"})
		wantCode(t, "reversal of one's own hours proposed", err, "member.own_case")
		back = propose(takeBack)
		_, err = approve(mine.Actor, back)
		wantCode(t, "reversal of one's own hours approved", err, "member.own_case")
		if _, err = approve(two.Actor, back); err != nil {
			t.Error(err)
		}
		wantSound(t, c.DB)
	})
}
