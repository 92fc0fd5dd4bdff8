package ledger

import (
	"slices"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// TimerHoldExpire is the kind of the timers that let holds fall; see [ExpireHolds].
const TimerHoldExpire = "ledger.hold_expire"

// Hold sets minutes aside, each need whole or not at all, each seeing the effect of those before it. A need is filled from its
// sources in their order; an account that does not exist, is frozen or has expired gives nothing.
//
// Errors of a need: Refused ledger.not_enough with the shortfall, Conflict ledger.held_already when its reference has an open hold,
// Invalid ledger.need_malformed.
func Hold(tx *store.Tx, needs []Need) ([]HoldResult, error) {
	b := newBook(tx, len(needs))
	h, err := prepareHolds(b, needs)
	if err != nil {
		return nil, err
	}
	results := make([]HoldResult, len(needs))
	for i := range needs {
		results[i].Lines, results[i].Err = h.hold(&needs[i])
	}
	if err := h.write(); err != nil {
		return nil, err
	}
	return results, b.write()
}

// holder makes holds within a book.
type holder struct {
	b      *book
	held   map[string]bool
	rows   []holdRow
	timers []timer.Timer
}

func prepareHolds(b *book, needs []Need) (*holder, error) {
	refs := make([]string, len(needs))
	var keys []Key
	for i := range needs {
		refs[i] = needs[i].Ref
		keys = append(keys, needs[i].Sources...)
	}
	held, err := heldRefs(b.tx, refs)
	if err != nil {
		return nil, err
	}
	return &holder{b: b, held: held}, b.load(keys, nil)
}

func (h *holder) hold(n *Need) ([]HoldLine, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if h.held[n.Ref] {
		return nil, errHeldAlready
	}
	rest, first := n.Minutes.Int64(), len(h.rows)
	var lines []HoldLine
	for _, k := range n.Sources {
		a := h.b.byKey[k]
		ratio := n.ratio(k)
		part := min(rest, buys(a.available(h.b.today), ratio))
		if part <= 0 {
			continue
		}
		cost := costs(part, ratio)
		h.b.change(a, 0, cost)
		lines = append(lines, HoldLine{Account: a.seq, Key: k, Minutes: hours.Of(cost)})
		h.rows = append(h.rows, holdRow{ref: n.Ref, n: len(lines) - 1, account: a.seq, minutes: cost, reason: n.Reason, expires: micros(n), ratio: ratio})
		if rest -= part; rest == 0 {
			break
		}
	}
	if rest > 0 {
		h.b.abort()
		h.rows = h.rows[:first]
		return nil, notEnough(n.Minutes.Int64(), n.Minutes.Int64()-rest)
	}
	h.b.keep()
	h.held[n.Ref] = true
	if !n.Expires.IsZero() {
		h.timers = append(h.timers, timer.Timer{Kind: TimerHoldExpire, Ref: n.Ref, Due: n.Expires})
	}
	return lines, nil
}

// par is the ratio of hour for hour, in thousandths.
const par = 1000

// ratio is what a thousand minutes of an account buy: only saved hours are redeemed, everything else is hour for hour.
func (n *Need) ratio(k Key) int64 {
	if k.Class != Saved || n.Ratio == 0 {
		return par
	}
	return n.Ratio
}

// buys is how many whole minutes of service held minutes pay for.
func buys(held, ratio int64) int64 { return held * ratio / par }

// costs is how many whole minutes have to be held for minutes of service.
func costs(service, ratio int64) int64 { return (service*par + ratio - 1) / ratio }

func micros(n *Need) *int64 {
	if n.Expires.IsZero() {
		return nil
	}
	at := clock.Micros(n.Expires)
	return &at
}

func (n *Need) check() error {
	var bad errs.Fields
	if n.Ref == "" {
		bad.Add("ref", "ledger.ref_missing")
	}
	if n.Reason == "" {
		bad.Add("reason", "ledger.reason_missing")
	}
	if n.Minutes.Sign() <= 0 || n.Ratio < 0 {
		bad.Add("minutes", "ledger.minutes_not_positive")
	}
	for _, k := range n.Sources {
		if !k.spendable() {
			bad.Add("sources", "ledger.source_refused")
			break
		}
	}
	return bad.Err("ledger.need_malformed")
}

// spendable reports whether the account's hours can be set aside at all.
func (k Key) spendable() bool {
	switch k.Class {
	case Saved, Granted, Donated, Group, Campaign, Pool, Fund:
		return k.Owner != ""
	}
	return false
}

func (h *holder) write() error {
	if err := insertHolds(h.b.tx, h.rows); err != nil {
		return err
	}
	return timer.Set(h.b.tx, h.timers...)
}

// Release lets go of the open holds of the references. One without a hold is no error.
func Release(tx *store.Tx, refs ...string) error {
	if len(refs) == 0 {
		return nil
	}
	s, err := loadSet(tx, refs)
	if err != nil {
		return err
	}
	b := newBook(tx, len(refs))
	b.know(s.accounts)
	for ref := range s.open {
		s.release(b, ref)
	}
	b.keep()
	if err := s.write(tx); err != nil {
		return err
	}
	return b.write()
}

// holdSet is the open holds of some references while they are being paid from.
type holdSet struct {
	open map[string][]holdRow
	// accounts are those that they are on. Like all that only receive or let go, they are not locked; see loadLoose.
	accounts map[AccountID]*account

	gone   []string // references whose holds are to be deleted
	timers []string // of these, the ones with a timer
}

// loadSet reads the open holds of references; by a transaction for later, they are there when it has waited.
func loadSet(tx *store.Tx, refs []string) (*holdSet, error) {
	refs = slices.Clone(refs)
	slices.Sort(refs)
	s := &holdSet{open: make(map[string][]holdRow, len(refs)), accounts: make(map[AccountID]*account, len(refs))}
	return s, loadHolds(tx, slices.Compact(refs), func(h holdRow, a *account) {
		s.open[h.ref] = append(s.open[h.ref], h)
		s.accounts[h.account] = a
	})
}

// offPar reports whether some of it is not redeemed hour for hour.
func (s *holdSet) offPar() bool {
	for _, rows := range s.open {
		for _, h := range rows {
			if h.ratio != par {
				return true
			}
		}
	}
	return false
}

// release lets go of what a reference still holds.
func (s *holdSet) release(b *book, ref string) {
	for _, h := range s.open[ref] {
		if h.minutes > 0 {
			b.change(b.bySeq[h.account], 0, -h.minutes)
		}
	}
	s.drop(ref)
}

func (s *holdSet) drop(ref string) {
	if s.open[ref][0].expires != nil {
		s.timers = append(s.timers, ref)
	}
	s.gone = append(s.gone, ref)
	delete(s.open, ref)
}

func (s *holdSet) write(tx *store.Tx) error {
	slices.Sort(s.gone)
	if err := deleteHolds(tx, s.gone); err != nil {
		return err
	}
	return timer.Cancel(tx, TimerHoldExpire, s.timers...)
}

// ExpireHolds is the handler of the timers of kind [TimerHoldExpire], whose reference is that of a hold.
func ExpireHolds(tx *store.Tx, due []timer.Timer) ([]error, error) {
	refs := make([]string, len(due))
	for i, t := range due {
		refs[i] = t.Ref
	}
	return make([]error, len(due)), Release(tx, refs...)
}

const (
	disputePrefix = "dispute/"
	disputeReason = "dispute"
)

// Freeze holds what was earned by the settled services of the references, as far as it is still there, and returns how much for each.
// A reference frozen already, or without a settled service, gives zero.
func Freeze(tx *store.Tx, refs ...string) ([]hours.Minutes, error) {
	sorted := slices.Clone(refs)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	names := make([]string, len(sorted))
	for i, r := range sorted {
		names[i] = disputePrefix + r
	}
	held, err := heldRefs(tx, names)
	if err != nil {
		return nil, err
	}
	all, err := loadEarned(tx, sorted)
	if err != nil {
		return nil, err
	}
	seqs := make([]AccountID, len(all))
	for i, e := range all {
		seqs[i] = e.account
	}
	b := newBook(tx, len(refs))
	if err := b.load(nil, seqs); err != nil {
		return nil, err
	}
	frozen := make(map[string]int64, len(refs))
	lines := make(map[string]int, len(refs))
	var rows []holdRow
	for _, e := range all {
		ref, a := disputePrefix+e.ref, b.bySeq[e.account]
		part := min(e.minutes, a.free())
		if part <= 0 || held[ref] {
			continue
		}
		b.change(a, 0, part)
		rows = append(rows, holdRow{ref: ref, n: lines[ref], account: a.seq, minutes: part, reason: disputeReason, ratio: par})
		lines[ref]++
		frozen[e.ref] += part
	}
	b.keep()
	if err := insertHolds(tx, rows); err != nil {
		return nil, err
	}
	out := make([]hours.Minutes, len(refs))
	for i, r := range refs {
		out[i] = hours.Of(frozen[r])
	}
	return out, b.write()
}

// Unfreeze lets go of what [Freeze] held for the references.
func Unfreeze(tx *store.Tx, refs ...string) error {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = disputePrefix + r
	}
	return Release(tx, names...)
}
