package ledger

import (
	"timebank/internal/errs"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// TimerPost is the kind of the timers that post what is due; see [PostDue].
const TimerPost = "ledger.post"

// Schedule holds the minutes of each posting at once and posts them when they are due. Until then [Undo] takes one back without a
// trace in the book.
//
// Errors of a posting: those of [Hold], and Refused ledger.pattern_refused.
func Schedule(tx *store.Tx, all []Pending) ([]Scheduled, error) {
	needs := make([]Need, len(all))
	for i, p := range all {
		needs[i] = Need{Reason: string(p.Reason), Minutes: p.Minutes, Sources: []Key{p.From}}
	}
	b := newBook(tx, len(all))
	h, err := prepareHolds(b, needs)
	if err != nil {
		return nil, err
	}
	results := make([]Scheduled, len(all))
	kept := make([]Pending, 0, len(all))
	timers := make([]timer.Timer, 0, len(all))
	for i, p := range all {
		p.ID = store.NewID[Pending](tx)
		needs[i].Ref = string(p.ID)
		if results[i].Err = h.schedule(&needs[i], &p); results[i].Err != nil {
			continue
		}
		if p.OccurredAt.IsZero() {
			p.OccurredAt = tx.Now()
		}
		results[i].ID = p.ID
		kept = append(kept, p)
		timers = append(timers, timer.Timer{Kind: TimerPost, Ref: string(p.ID), Due: p.Due})
	}
	if err := h.write(); err != nil {
		return nil, err
	}
	if err := insertPending(tx, kept); err != nil {
		return nil, err
	}
	if err := timer.Set(tx, timers...); err != nil {
		return nil, err
	}
	return results, b.write()
}

func (h *holder) schedule(n *Need, p *Pending) error {
	if p.Actor == "" || p.To.Owner == "" || p.To == p.From || p.Due.IsZero() || p.Cap.Sign() < 0 {
		return errs.Invalid("ledger.posting_malformed", errs.Field{Path: "transfers", Code: "ledger.posting_malformed"})
	}
	if !p.Reason.Allows(p.From.Class, p.To.Class) {
		return refusePattern(p.Reason, p.From.Class, p.To.Class)
	}
	_, err := h.hold(n)
	return err
}

// Undo takes a posting back before it is due and returns it. Error: Conflict ledger.not_pending when it was posted or undone already.
func Undo(tx *store.Tx, id PendingID) (Pending, error) {
	found, err := loadPending(tx, []PendingID{id})
	if err != nil {
		return Pending{}, err
	}
	if len(found) == 0 {
		return Pending{}, errNotPending
	}
	if err := timer.Cancel(tx, TimerPost, string(id)); err != nil {
		return Pending{}, err
	}
	if err := deletePending(tx, []PendingID{id}); err != nil {
		return Pending{}, err
	}
	return found[0], Release(tx, string(id))
}

// PostDue is the handler of the timers of kind [TimerPost], whose reference is that of a pending posting. One that was undone in the
// meantime is done with; one that is refused stays pending and is parked with its timer.
func PostDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	ids := make([]PendingID, len(due))
	for i, t := range due {
		ids[i] = PendingID(t.Ref)
	}
	found, err := loadPending(tx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[PendingID]*Pending, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	var refs []string
	var all []Settlement
	var at []int
	for i, id := range ids {
		if p := byID[id]; p != nil {
			refs, all, at = append(refs, string(id)), append(all, p.settlement()), append(at, i)
		}
	}
	captured, err := capture(tx, refs, all, nil)
	if err != nil {
		return nil, err
	}
	failed := make([]error, len(due))
	var done []PendingID
	for j, p := range captured.Posted {
		if failed[at[j]] = p.Err; p.Err == nil {
			done = append(done, ids[at[j]])
		}
	}
	if err := deletePending(tx, done); err != nil {
		return nil, err
	}
	return failed, captured.Write()
}

func (p *Pending) settlement() Settlement {
	m := p.Meta
	if m.Ref == "" {
		m.Ref = string(p.ID)
	}
	return Settlement{Meta: m, Reason: p.Reason, Credits: []Credit{{To: p.To, Debit: p.Minutes, Credit: p.Minutes, Cap: p.Cap, Overflow: p.Overflow}}}
}
