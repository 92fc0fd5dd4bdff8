package ledger

import (
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/store"
)

// Capture pays from the open holds of each settlement's reference, in the order in which they were made, and releases what is left
// of them. Settlements see the effect of those before them; one that is refused has its own error, keeps its holds, and does not stop
// the others.
//
// An earner who owes hours repays from the credit, and what then stands above the cap goes to the overflow account, all in the same
// transaction of the book. A settlement of no minutes writes no transaction and only releases.
//
// Errors of a settlement: Conflict ledger.nothing_held, Refused ledger.hold_too_small, ledger.pattern_refused and, where a weight
// cannot be paid, ledger.not_enough, Invalid ledger.settlement_malformed.
func Capture(tx *store.Tx, all []Settlement) ([]Posted, error) {
	refs := make([]string, len(all))
	for i := range all {
		refs[i] = all[i].Ref
	}
	return capture(tx, refs, all)
}

// capture is Capture where the holds stand under other references than the transactions.
func capture(tx *store.Tx, refs []string, all []Settlement) ([]Posted, error) {
	s, err := loadSet(tx, refs)
	if err != nil {
		return nil, err
	}
	b := newBook(tx, len(all))
	var keys []Key
	for i := range all {
		for j := range all[i].Credits {
			keys = all[i].Credits[j].keys(keys)
		}
	}
	if err := b.load(keys, s.accounts()); err != nil {
		return nil, err
	}
	posted := make([]Posted, len(all))
	for i := range all {
		p := &posted[i]
		if p.Err = s.capture(b, refs[i], &all[i], p); p.Err != nil {
			b.abort()
			*p = Posted{Err: p.Err}
			continue
		}
		p.Tx = b.post(all[i].Reason, all[i].Meta, "")
	}
	if err := s.write(tx); err != nil {
		return nil, err
	}
	return posted, b.write()
}

// keys adds the accounts that the credit may touch, those of its holds aside.
func (c *Credit) keys(list []Key) []Key {
	list = append(list, c.To)
	if c.To.Class == Saved || c.To.Class == Group {
		list = append(list, debtOf(c.To.Owner))
	}
	if c.Debit != c.Credit {
		list = append(list, AdjustmentAccount, IssuerAccount)
	}
	if c.Cap.Sign() > 0 {
		list = append(list, c.overflow())
	}
	return list
}

func debtOf(owner string) Key { return Key{Owner: owner, Class: Recovery} }

func (c *Credit) overflow() Key {
	if c.Overflow == (Key{}) {
		return PoolAccount
	}
	return c.Overflow
}

func (s *holdSet) capture(b *book, ref string, st *Settlement, p *Posted) error {
	if err := st.check(); err != nil {
		return err
	}
	rows := s.open[ref]
	if len(rows) == 0 {
		return errNothingHeld
	}
	left := make([]int64, len(rows))
	for i, h := range rows {
		left[i] = h.minutes
	}
	for i := range st.Credits {
		c := &st.Credits[i]
		to, debit, credit := b.byKey[c.To], c.Debit.Int64(), c.Credit.Int64()
		if err := payHeld(b, rows, left, st.Reason, to, min(debit, credit)); err != nil {
			return err
		}
		switch {
		case debit > credit:
			if err := payHeld(b, rows, left, ForAdjustment, b.byKey[AdjustmentAccount], debit-credit); err != nil {
				return err
			}
		case credit > debit:
			if !ForAdjustment.Allows(Adjustment, c.To.Class) {
				return refusePattern(ForAdjustment, Adjustment, c.To.Class)
			}
			b.move(ForAdjustment, b.byKey[IssuerAccount], b.byKey[AdjustmentAccount], credit-debit)
			b.move(ForAdjustment, b.byKey[AdjustmentAccount], to, credit-debit)
		}
		if err := settleCredit(b, c, to, credit, p); err != nil {
			return err
		}
	}
	for i, h := range rows {
		if left[i] > 0 {
			b.change(b.bySeq[h.account], 0, -left[i])
		}
	}
	s.drop(ref)
	return nil
}

// payHeld moves minutes from the holds that have any left.
func payHeld(b *book, rows []holdRow, left []int64, r Reason, to *account, minutes int64) error {
	for i := 0; minutes > 0; i++ {
		if i == len(rows) {
			return errHoldTooSmall
		}
		part := min(left[i], minutes)
		if part == 0 {
			continue
		}
		from := b.bySeq[rows[i].account]
		if from == to || !r.Allows(from.key.Class, to.key.Class) {
			return refusePattern(r, from.key.Class, to.key.Class)
		}
		b.change(from, 0, -part)
		b.move(r, from, to, part)
		left[i] -= part
		minutes -= part
	}
	return nil
}

// settleCredit lets an earner repay a debt and takes off what stands above the cap.
func settleCredit(b *book, c *Credit, to *account, credit int64, p *Posted) error {
	repaid := int64(0)
	if to.key.Class == Saved || to.key.Class == Group {
		if debt := b.byKey[debtOf(to.key.Owner)]; debt.balance < 0 {
			if repaid = min(credit, -debt.balance, to.free()); repaid > 0 {
				b.move(ForRepayment, to, debt, repaid)
				p.Repaid = p.Repaid.Add(hours.Of(repaid))
			}
		}
	}
	if c.Cap.Sign() <= 0 {
		return nil
	}
	if over := min(to.balance-c.Cap.Int64(), credit-repaid, to.free()); over > 0 {
		sink := b.byKey[c.overflow()]
		if !ForOverCap.Allows(to.key.Class, sink.key.Class) {
			return refusePattern(ForOverCap, to.key.Class, sink.key.Class)
		}
		b.move(ForOverCap, to, sink, over)
		p.Overflow = p.Overflow.Add(hours.Of(over))
	}
	return nil
}

func (st *Settlement) check() error {
	var bad errs.Fields
	if st.Actor == "" {
		bad.Add("actor", "ledger.actor_missing")
	}
	for i := range st.Credits {
		c := &st.Credits[i]
		if c.To.Owner == "" {
			bad.Add("credits.to", "ledger.account_missing")
		}
		if c.Debit.Sign() < 0 || c.Credit.Sign() < 0 || c.Cap.Sign() < 0 {
			bad.Add("credits", "ledger.minutes_negative")
		}
	}
	return bad.Err("ledger.settlement_malformed")
}
