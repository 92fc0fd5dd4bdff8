package ledger

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// Problem is a row of the book that contradicts the rest of it.
type Problem struct {
	Table string // "ledger_entry"
	Row   string // the row's key: an id, "id/n" of a transfer, "owner/class/bucket" of an account
	What  string // what is wrong, with the figures
}

// String names the row and what is wrong with it, on one line.
func (p Problem) String() string { return p.Table + " " + p.Row + ": " + p.What }

// Report is the outcome of [Verify].
type Report struct {
	Accounts     int64
	Transactions int64
	Entries      int64
	Numbered     int64 // transactions that stand in the log
	Problems     []Problem
}

// verifyPage is how many rows are in memory at once.
const verifyPage = 2048

// maxProblems bounds a report: a damaged book is damaged, however many rows say so.
const maxProblems = 1000

// Verify recomputes the whole book from its transfers on one consistent snapshot: sums, balances, holds, floors, patterns, reversals,
// leaf digests, and the sequence of the log. What it finds is in the report; an error means that the book could not be read.
//
// yield gets every numbered leaf in the order of the log, so that the caller holds them against the Merkle tree; it may be nil. Memory
// grows with the number of accounts only.
func Verify(ctx context.Context, db *store.DB, yield func(number int64, leaf [32]byte) error) (Report, error) {
	v := verifier{accounts: map[AccountID]*folded{}}
	err := db.Read(ctx, "ledger.verify", func(tx *store.Tx) error {
		for _, step := range []func(*store.Tx) error{v.loadAccounts, v.foldEntries, v.compareAccounts, v.checkHolds} {
			if err := step(tx); err != nil {
				return err
			}
		}
		return v.walkLog(tx, yield)
	})
	return v.report, err
}

// folded is an account and the sum of its transfers so far.
type folded struct {
	account
	sum int64
}

type verifier struct {
	report   Report
	accounts map[AccountID]*folded
	commits  bool // an account was seen whose pseudonym commits to its owner: all that follow do
}

func (v *verifier) problem(table, row, format string, args ...any) {
	if len(v.report.Problems) < maxProblems {
		v.report.Problems = append(v.report.Problems, Problem{table, row, fmt.Sprintf(format, args...)})
	}
}

// String is the account's key as owner/class/bucket.
func (k Key) String() string { return k.Owner + "/" + string(k.Class) + "/" + k.Bucket }

func (v *verifier) loadAccounts(tx *store.Tx) error {
	for after := AccountID(0); ; {
		page, err := loadAccounts(tx, after, verifyPage)
		if err != nil {
			return err
		}
		for _, a := range page {
			v.accounts[a.seq] = &folded{account: *a}
			after = a.seq
			switch {
			case a.salted && a.commit(a.openedAt) == a.pseudonym:
				v.commits = true
			case a.salted || v.commits:
				v.problem("account", a.key.String(), "it is not the account that the log knows by this pseudonym: its owner, class, bucket, last day or opening was changed")
			}
		}
		v.report.Accounts += int64(len(page))
		if len(page) < verifyPage {
			return nil
		}
	}
}

func (v *verifier) foldEntries(tx *store.Tx) error {
	for after := int64(0); ; {
		page, strays, err := loadRecords(tx, after, verifyPage)
		if err != nil {
			return err
		}
		for _, e := range strays {
			v.report.Entries++
			v.problem("ledger_entry", fmt.Sprintf("%d/%d", e.tx, e.n), "its transaction does not exist")
			v.fold(e, fmt.Sprint(e.tx))
		}
		var reversals []*record
		for _, t := range page {
			after = t.seq
			v.record(t)
			if t.reason == ForReversal {
				reversals = append(reversals, t)
			}
		}
		if err := v.checkReversals(tx, reversals); err != nil {
			return err
		}
		if len(page) < verifyPage {
			return nil
		}
	}
}

// name is the pseudonym of an account.
func (v *verifier) name(a AccountID) (pseudonym, bool) {
	if f := v.accounts[a]; f != nil {
		return f.pseudonym, true
	}
	return pseudonym{}, false
}

// record checks one transaction by itself and adds its transfers to the accounts.
func (v *verifier) record(t *record) {
	v.report.Transactions++
	if len(t.entries) == 0 {
		v.problem("ledger_tx", t.id, "it has no transfers")
	}
	if leaf, ok := t.leafBytes(v.name); ok {
		if digest := digestOf(leaf); !bytes.Equal(digest[:], t.leaf) {
			v.problem("ledger_tx", t.id, "the record, or one of its %d rows in ledger_entry, is not what was written: leaf digest %x, recomputed %x", len(t.entries), t.leaf, digest)
		}
	}
	if day := clock.DayOf(clock.FromMicros(t.private.occurredAt)); string(day) != t.private.day {
		v.problem("ledger_tx", t.id, "day %s, but it occurred on %s", t.private.day, day)
	}
	for i, e := range t.entries {
		v.report.Entries++
		if e.n != int64(i) {
			v.problem("ledger_entry", fmt.Sprintf("%s/%d", t.id, i), "the transfer is missing")
		}
		v.fold(e, t.id)
		src, dst := v.accounts[e.source], v.accounts[e.destination]
		switch {
		case (e.reason == ForReversal) != (t.reason == ForReversal):
			v.problem("ledger_entry", fmt.Sprintf("%s/%d", t.id, e.n), "reason %s within a transaction of reason %s", e.reason, t.reason)
		case src == nil || dst == nil || t.reason == ForReversal:
		case !e.reason.Allows(src.key.Class, dst.key.Class):
			v.problem("ledger_entry", fmt.Sprintf("%s/%d", t.id, e.n), "reason %s does not move from %s to %s", e.reason, src.key.Class, dst.key.Class)
		}
	}
}

func (v *verifier) fold(e entryRow, id string) {
	if e.minutes <= 0 || e.source == e.destination {
		v.problem("ledger_entry", fmt.Sprintf("%s/%d", id, e.n), "%d minutes from account %d to %d", e.minutes, e.source, e.destination)
	}
	for _, side := range []struct {
		a       AccountID
		minutes int64
	}{{e.source, -e.minutes}, {e.destination, e.minutes}} {
		if f := v.accounts[side.a]; f != nil {
			f.sum += side.minutes
		} else {
			v.problem("ledger_entry", fmt.Sprintf("%s/%d", id, e.n), "account %d does not exist", side.a)
		}
	}
}

// checkReversals holds each reversal against the transaction that it names: the same sources get back what they gave, from the same
// destinations or from the recovery accounts of these destinations' owners.
func (v *verifier) checkReversals(tx *store.Tx, reversals []*record) error {
	ids := make([]TxID, len(reversals))
	for i, t := range reversals {
		ids[i] = TxID(t.private.reverses)
	}
	originals, err := loadOriginals(tx, ids)
	if err != nil {
		return err
	}
	type back struct {
		owner string
		to    AccountID
	}
	for _, t := range reversals {
		o := originals[TxID(t.private.reverses)]
		if o == nil || o.reason == ForReversal || o.seq >= t.seq {
			v.problem("ledger_tx", t.id, "it reverses %q, which is no earlier transaction that can be reversed", t.private.reverses)
			continue
		}
		// What each owner gave to each account is owed back by that owner, in whatever parts.
		owed := map[back]int64{}
		for _, e := range o.entries {
			owed[back{owner: e.owner, to: e.source}] += e.minutes
		}
		pairs := map[[2]AccountID]bool{}
		for _, e := range o.entries {
			pairs[[2]AccountID{e.destination, e.source}] = true
		}
		for _, e := range t.entries {
			src := v.accounts[e.source]
			if src == nil {
				continue
			}
			if !pairs[[2]AccountID{e.source, e.destination}] && src.key.Class != Recovery {
				v.problem("ledger_entry", fmt.Sprintf("%s/%d", t.id, e.n), "it takes from an account that the reversed transaction did not pay")
			}
			owed[back{owner: src.key.Owner, to: e.destination}] -= e.minutes
		}
		for _, rest := range owed {
			if rest != 0 {
				v.problem("ledger_tx", t.id, "it does not give back exactly what %s moved", o.id)
				break
			}
		}
	}
	return nil
}

func (v *verifier) compareAccounts(tx *store.Tx) error {
	held, err := holdSums(tx)
	if err != nil {
		return err
	}
	seqs := make([]AccountID, 0, len(v.accounts))
	for s := range v.accounts {
		seqs = append(seqs, s)
	}
	slices.Sort(seqs)
	total := int64(0)
	for _, s := range seqs {
		f := v.accounts[s]
		total += f.balance
		if f.balance != f.sum {
			v.problem("account", f.key.String(), "balance %d, but its transfers sum to %d", f.balance, f.sum)
		}
		if f.held != held[s] {
			v.problem("account", f.key.String(), "held %d, but its open holds sum to %d", f.held, held[s])
		}
		delete(held, s)
		switch class := f.key.Class; {
		case class == Recovery && f.balance > 0:
			v.problem("account", f.key.String(), "a debt of %d minutes above zero", f.balance)
		case !class.mayOwe() && f.free() < 0:
			v.problem("account", f.key.String(), "balance %d is below what is held, %d", f.balance, f.held)
		}
	}
	if total != 0 {
		v.problem("account", "all", "the book sums to %d instead of zero", total)
	}
	for s := range held {
		v.problem("hold", fmt.Sprint("account ", s), "the account does not exist")
	}
	return nil
}

func (v *verifier) checkHolds(tx *store.Tx) error {
	ids, err := unheldPending(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		v.problem("pending_posting", id, "its minutes are not held")
	}
	refs, err := brokenHolds(tx)
	for _, ref := range refs {
		v.problem("hold", ref, "a line of it is missing or says another reason")
	}
	return err
}

// walkLog checks that numbers have no gap and hands the leaves on in the order of the log.
func (v *verifier) walkLog(tx *store.Tx, yield func(int64, [32]byte) error) error {
	for next := int64(0); ; {
		page, err := loadNumbered(tx, next, verifyPage)
		if err != nil {
			return err
		}
		for _, n := range page {
			if n.number != next {
				v.problem("ledger_tx", n.id, "number %d follows %d: the sequence has a gap", n.number, next-1)
			}
			next = n.number + 1
			v.report.Numbered++
			if yield == nil {
				continue
			}
			var leaf [32]byte
			copy(leaf[:], n.leaf)
			if err := yield(n.number, leaf); err != nil {
				return err
			}
		}
		if len(page) < verifyPage {
			return nil
		}
	}
}
