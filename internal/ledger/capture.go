package ledger

import (
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/store"
)

// Captured is what [Capture] has decided. [Captured.Write] writes it.
type Captured struct {
	Posted []Posted // by settlement
	tx     *store.Tx
	holds  *holdSet
	book   *book
}

// Write writes what was decided, the balances last: whatever else the transaction changes goes before it, because others that pay from the same
// account wait from here to its end.
func (c *Captured) Write() error {
	if err := c.holds.write(c.tx); err != nil {
		return err
	}
	return c.book.write()
}

// Capture pays from the open holds of each settlement's reference, in the order in which they were made, and releases what is left
// of them. Settlements see the effect of those before them; one that is refused has its own error, keeps its holds, and does not stop
// the others.
//
// An earner who owes hours repays from the credit, and what then stands above the cap goes to the overflow account, all in the same
// transaction of the book. A settlement of no minutes writes no transaction and only releases.
//
// Where somebody may come to hold more than a credit's cap, choose is told the settlements, by their place in all, and may set the overflow
// account of their credits before anything is decided: what people want done with such hours need not be known of everybody. nil leaves all as
// they are.
//
// Errors of a settlement: Conflict ledger.nothing_held, Refused ledger.hold_too_small, ledger.pattern_refused and, where a weight
// cannot be paid, ledger.not_enough, Invalid ledger.settlement_malformed.
func Capture(tx *store.Tx, all []Settlement, choose func(at []int) error) (*Captured, error) {
	refs := make([]string, len(all))
	for i := range all {
		refs[i] = all[i].Ref
	}
	return capture(tx, refs, all, choose)
}

// capture is Capture where the holds stand under other references than the transactions.
func capture(tx *store.Tx, refs []string, all []Settlement, choose func(at []int) error) (*Captured, error) {
	s, err := loadSet(tx.Later(), refs)
	if err != nil {
		return nil, err
	}
	b := newBook(tx, len(all))
	var earners, others []Key
	weighed := false
	for i := range all {
		for j := range all[i].Credits {
			earners = all[i].Credits[j].earners(earners)
			weighed = weighed || all[i].Credits[j].Debit != all[i].Credits[j].Credit
		}
	}
	if err := b.load(earners, nil); err != nil {
		return nil, err
	}
	// Where nobody earns, nobody has waited for the holds.
	if err := tx.Await(); err != nil {
		return nil, err
	}
	b.know(s.accounts)
	if weighed || s.offPar() {
		others = append(others, AdjustmentAccount, IssuerAccount)
	}
	if over := mayOverflow(b, all); len(over) > 0 {
		if choose != nil {
			if err := choose(over); err != nil {
				return nil, err
			}
		}
		for _, i := range over {
			for j := range all[i].Credits {
				others = append(others, all[i].Credits[j].overflow())
			}
		}
	}
	if err := b.loadLoose(others); err != nil {
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
	return &Captured{Posted: posted, tx: tx, holds: s, book: b}, nil
}

// earners adds the accounts whose state decides about the credit: of whom it goes to and of what that one owes.
func (c *Credit) earners(keys []Key) []Key {
	keys = append(keys, c.To)
	if c.To.Class == Saved || c.To.Class == Group {
		keys = append(keys, debtOf(c.To.Owner))
	}
	return keys
}

// mayOverflow returns the settlements that may take an account above the cap of a credit, if none before them is refused and no debt repaid.
func mayOverflow(b *book, all []Settlement) (at []int) {
	comes := map[Key]int64{}
	for i := range all {
		over := false
		for j := range all[i].Credits {
			c := &all[i].Credits[j]
			comes[c.To] += max(c.Credit.Int64(), 0)
			over = over || c.Cap.Sign() > 0 && b.byKey[c.To].balance+comes[c.To] > c.Cap.Int64()
		}
		if over {
			at = append(at, i)
		}
	}
	return at
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
	paid := make([]int64, len(rows))
	for i := range st.Credits {
		c := &st.Credits[i]
		to, debit, credit := b.byKey[c.To], c.Debit.Int64(), c.Credit.Int64()
		b.regionTo = c.RegionTo
		if err := payHeld(b, rows, paid, st.Reason, to, min(debit, credit)); err != nil {
			return err
		}
		switch {
		case debit > credit:
			if err := payHeld(b, rows, paid, ForAdjustment, b.byKey[AdjustmentAccount], debit-credit); err != nil {
				return err
			}
		case credit > debit:
			if err := topUp(b, to, credit-debit); err != nil {
				return err
			}
		}
		if err := settleCredit(b, c, to, credit, p); err != nil {
			return err
		}
	}
	for i, h := range rows {
		if left := h.minutes - costs(paid[i], h.ratio); left > 0 {
			b.change(b.bySeq[h.account], 0, -left)
		}
	}
	s.drop(ref)
	return nil
}

// payHeld pays minutes of service from the holds that have any left; paid counts what each has paid for. Where hours are not redeemed hour for
// hour, the difference goes through [AdjustmentAccount].
func payHeld(b *book, rows []holdRow, paid []int64, r Reason, to *account, minutes int64) error {
	for i := 0; minutes > 0; i++ {
		if i == len(rows) {
			return errHoldTooSmall
		}
		h := &rows[i]
		part := min(buys(h.minutes, h.ratio)-paid[i], minutes)
		if part <= 0 {
			continue
		}
		from := b.bySeq[h.account]
		if from == to || !r.Allows(from.key.Class, to.key.Class) {
			return refusePattern(r, from.key.Class, to.key.Class)
		}
		// By what is paid in all, so that roundings of parts never cost more than is held.
		cost := costs(paid[i]+part, h.ratio) - costs(paid[i], h.ratio)
		b.change(from, 0, -cost)
		if direct := min(part, cost); direct > 0 {
			b.move(r, from, to, direct)
		}
		switch {
		case cost > part:
			b.move(ForAdjustment, from, b.byKey[AdjustmentAccount], cost-part)
		case cost < part:
			if err := topUp(b, to, part-cost); err != nil {
				return err
			}
		}
		paid[i] += part
		minutes -= part
	}
	return nil
}

// topUp gives an account the hours that nobody pays for: what a weight or a ratio adds.
func topUp(b *book, to *account, minutes int64) error {
	if to.key == AdjustmentAccount {
		b.move(ForAdjustment, b.byKey[IssuerAccount], to, minutes)
		return nil
	}
	if !ForAdjustment.Allows(Adjustment, to.key.Class) {
		return refusePattern(ForAdjustment, Adjustment, to.key.Class)
	}
	b.move(ForAdjustment, b.byKey[IssuerAccount], b.byKey[AdjustmentAccount], minutes)
	b.move(ForAdjustment, b.byKey[AdjustmentAccount], to, minutes)
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
