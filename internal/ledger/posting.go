package ledger

import (
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/store"
)

// Book posts transactions of transfers, each seeing the effect of those before it. One that is refused has its own error and does not
// stop the others. Its transfers are made one after the other, so a later one may use what an earlier one brought.
//
// Errors of a posting: Refused ledger.not_enough with the shortfall and ledger.pattern_refused, Invalid ledger.posting_malformed.
func Book(tx *store.Tx, all []Posting) ([]Posted, error) {
	b := newBook(tx, len(all))
	var keys []Key
	for i := range all {
		for _, t := range all[i].Transfers {
			keys = append(keys, t.From, t.To)
		}
	}
	if err := b.load(keys, nil); err != nil {
		return nil, err
	}
	posted := make([]Posted, len(all))
	for i := range all {
		posted[i] = b.book(&all[i])
	}
	return posted, b.write()
}

// BookInstead posts a transaction in the place of what a reference holds: its holds are let go with it, and it may spend what they set aside. If
// it is refused, with an error of [Book], they stay.
func BookInstead(tx *store.Tx, ref string, p Posting) (Posted, error) {
	s, err := loadSet(tx, []string{ref})
	if err != nil {
		return Posted{}, err
	}
	b := newBook(tx, 1)
	keys := make([]Key, 0, 2*len(p.Transfers))
	for _, t := range p.Transfers {
		keys = append(keys, t.From, t.To)
	}
	if err := b.load(keys, nil); err != nil {
		return Posted{}, err
	}
	b.know(s.accounts)
	if len(s.open[ref]) > 0 {
		s.release(b, ref)
	}
	posted := b.book(&p)
	if posted.Err != nil {
		return posted, nil
	}
	if err := s.write(tx); err != nil {
		return Posted{}, err
	}
	return posted, b.write()
}

// book decides and posts one posting whose accounts are loaded.
func (b *book) book(p *Posting) Posted {
	if err := p.check(); err != nil {
		return Posted{Err: err}
	}
	for _, t := range p.Transfers {
		from, to, minutes := b.byKey[t.From], b.byKey[t.To], t.Minutes.Int64()
		err := error(nil)
		switch free := from.available(b.today); {
		case !p.Reason.Allows(t.From.Class, t.To.Class):
			err = refusePattern(p.Reason, t.From.Class, t.To.Class)
		case free < minutes && !t.From.Class.mayOwe():
			err = notEnough(minutes, free)
		}
		if err != nil {
			b.abort()
			return Posted{Err: err}
		}
		b.move(p.Reason, from, to, minutes)
	}
	return Posted{Tx: b.post(p.Reason, p.Meta, "")}
}

func (p *Posting) check() error {
	var bad errs.Fields
	if p.Actor == "" {
		bad.Add("actor", "ledger.actor_missing")
	}
	if len(p.Transfers) == 0 {
		bad.Add("transfers", "ledger.transfers_missing")
	}
	for _, t := range p.Transfers {
		if t.From.Owner == "" || t.To.Owner == "" {
			bad.Add("transfers", "ledger.account_missing")
		}
		if t.From == t.To {
			bad.Add("transfers", "ledger.same_account")
		}
		if t.Minutes.Sign() <= 0 {
			bad.Add("transfers.minutes", "ledger.minutes_not_positive")
		}
	}
	return bad.Err("ledger.posting_malformed")
}

// GrantMonthly gives each grantee the month's hours from the public pool, into a bucket of the month's name; expires is the first day
// on which they are gone, "" for never. m says who grants and under which rules; Region and RegionTo are each grantee's.
//
// Errors of a grant: Conflict ledger.granted_already when the bucket exists, Refused ledger.not_enough when the pool is empty.
func GrantMonthly(tx *store.Tx, month clock.Month, all []Grantee, expires clock.Day, m Meta) ([]Posted, error) {
	return grantInto(tx, string(month), all, expires, m)
}

// JoiningBucket is the bucket of what a new member is given, once in a life.
const JoiningBucket = "joining"

func grantInto(tx *store.Tx, bucket string, all []Grantee, expires clock.Day, m Meta) ([]Posted, error) {
	b := newBook(tx, len(all))
	keys := make([]Key, 1, len(all)+1)
	keys[0] = PoolAccount
	for _, g := range all {
		keys = append(keys, Key{Owner: g.Owner, Class: Granted, Bucket: bucket})
	}
	if err := b.load(keys, nil); err != nil {
		return nil, err
	}
	posted := make([]Posted, len(all))
	for i, g := range all {
		to := b.byKey[keys[i+1]]
		if to.open {
			posted[i].Err = errGranted
			continue
		}
		to.expires = expires
		p := Posting{Meta: m, Reason: ForGrant, Transfers: []Transfer{{PoolAccount, to.key, g.Minutes}}}
		p.Region, p.RegionTo = g.Region, g.Region
		posted[i] = b.book(&p)
	}
	return posted, b.write()
}

// expireMost bounds how many accounts one call of ExpireGrants takes up.
const expireMost = 2048

// ExpireGrants gives back to the pool what is not held in accounts whose day has come, and returns how many there were, at most 2,048:
// call it again until it returns 0. What is still held follows on a later call, after it was released.
func ExpireGrants(tx *store.Tx, on clock.Day, actor string) (int, error) {
	seqs, err := loadExpired(tx, on, expireMost)
	if err != nil || len(seqs) == 0 {
		return 0, err
	}
	b := newBook(tx, len(seqs))
	if err := b.load([]Key{PoolAccount}, seqs); err != nil {
		return 0, err
	}
	pool, n := b.byKey[PoolAccount], 0
	for _, s := range seqs {
		a := b.bySeq[s]
		// The row was read before it was locked: a neighbour may have spent the rest.
		if a.free() > 0 && a.key.Class == Granted {
			b.move(ForGrantExpire, a, pool, a.free())
			b.post(ForGrantExpire, Meta{Actor: actor}, "")
			n++
		}
	}
	return n, b.write()
}

// Close moves what an owner has to another account, after repaying a debt, and freezes the owner's accounts: saved hours and gifts go
// to the given account – an heir's saved or donated account, or the public pool – and grants and group hours to the public pool. It
// returns a Posted without a transaction when the owner has nothing.
//
// Errors: Conflict ledger.holds_open while orders, disputes or pending postings hold some of it or a pending posting goes to it, Refused
// ledger.pattern_refused.
func Close(tx *store.Tx, owner string, to Key, m Meta) (Posted, error) {
	// What arrives in a closed account reaches nobody.
	if coming, err := pendingTo(tx, owner); err != nil || coming {
		return Posted{Err: errHoldsOpen}, err
	}
	seqs, err := accountsOf(tx, owner)
	if err != nil {
		return Posted{}, err
	}
	b := newBook(tx, 1)
	if err := b.load([]Key{to, PoolAccount, debtOf(owner)}, seqs); err != nil {
		return Posted{}, err
	}
	headline := ForHeir
	if to.Class == Pool {
		headline = ForClosing
	}
	debt := b.byKey[debtOf(owner)]
	for _, s := range seqs {
		a := b.bySeq[s]
		if a.held > 0 {
			return Posted{Err: errHoldsOpen}, nil
		}
		if repaid := min(a.balance, -debt.balance); repaid > 0 && ForRepayment.Allows(a.key.Class, Recovery) {
			b.move(ForRepayment, a, debt, repaid)
		}
		if a.balance <= 0 {
			continue
		}
		r, dst := ForClosing, b.byKey[PoolAccount]
		if a.key.Class == Saved || a.key.Class == Donated {
			r, dst = headline, b.byKey[to]
		}
		if a == dst || !r.Allows(a.key.Class, dst.key.Class) {
			return Posted{Err: refusePattern(r, a.key.Class, dst.key.Class)}, nil
		}
		b.move(r, a, dst, a.balance)
	}
	p := Posted{Tx: b.post(headline, m, "")}
	if err := b.write(); err != nil {
		return Posted{}, err
	}
	return p, setFrozen(tx, owner, true)
}

// SetFrozen freezes or thaws all accounts of an owner, such as one who leaves the city: nothing can be held or taken, what is held
// already may still be paid, and credits still arrive.
func SetFrozen(tx *store.Tx, owner string, frozen bool) error { return setFrozen(tx, owner, frozen) }

// Reverse takes transactions back, each once: every destination gives back what it has that is not held, the rest becomes the debt of
// its owner, and every source gets back what it gave. Unfreeze what a dispute holds first, in the same transaction.
//
// Errors of a reversal: NotFound ledger.transaction_unknown, Conflict ledger.reversed_already, Refused ledger.is_reversal, Invalid
// ledger.reversal_malformed.
func Reverse(tx *store.Tx, all []Reversal) ([]Posted, error) {
	ids := make([]TxID, len(all))
	for i, r := range all {
		ids[i] = r.Tx
	}
	originals, err := loadOriginals(tx, ids)
	if err != nil {
		return nil, err
	}
	b := newBook(tx, len(all))
	var keys []Key
	var seqs []AccountID
	for _, o := range originals {
		for _, e := range o.entries {
			keys = append(keys, debtOf(e.owner))
			seqs = append(seqs, e.source, e.destination)
		}
	}
	if err := b.load(keys, seqs); err != nil {
		return nil, err
	}
	posted := make([]Posted, len(all))
	for i, r := range all {
		posted[i] = b.reverse(r, originals[r.Tx])
	}
	return posted, b.write()
}

func (b *book) reverse(r Reversal, o *original) Posted {
	switch {
	case r.Actor == "" || r.Note == "":
		return Posted{Err: errs.Invalid("ledger.reversal_malformed", errs.Field{Path: "note", Code: "ledger.reason_missing"})}
	case o == nil:
		return Posted{Err: errUnknownTx}
	case o.reason == ForReversal:
		return Posted{Err: errIsReversal}
	case o.reversed:
		return Posted{Err: errReversed}
	}
	o.reversed = true
	var owed int64
	// Backwards, so that what went on to the cap or to a debt is there again before the credit itself is taken back.
	for i := len(o.entries) - 1; i >= 0; i-- {
		e := o.entries[i]
		b.regionTo = e.regionTo
		src, dst := b.bySeq[e.source], b.bySeq[e.destination]
		part := e.minutes
		if !dst.key.Class.mayOwe() {
			part = min(part, dst.free())
		}
		if part > 0 {
			b.move(ForReversal, dst, src, part)
		}
		if rest := e.minutes - part; rest > 0 {
			b.move(ForReversal, b.byKey[debtOf(e.owner)], src, rest)
			owed += rest
		}
	}
	m := o.meta
	m.Actor, m.Note = r.Actor, r.Note
	return Posted{Tx: b.post(ForReversal, m, o.id), Debt: hours.Of(owed)}
}
