package order

import (
	"cmp"
	"slices"
	"time"

	"timebank/internal/clock"
	"timebank/internal/ledger"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// closeDaily is the handler of TimerClose: what nobody serves any more is let go, what waits for hours is tried again, what is paid for long
// enough is closed, and old evidence is destroyed.
func (s *Service) closeDaily(tx *store.Tx, due []timer.Timer) ([]error, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	rules, err := s.policies.Current(tx, tx.Now(), []string{string(tree.City())})
	if err != nil {
		return nil, err
	}
	if err := s.lapse(tx); err != nil {
		return nil, err
	}
	if err := s.fundAgain(tx); err != nil {
		return nil, err
	}
	if err := closeSettled(tx, tx.Now().Add(-rules.OrderCloseAfter)); err != nil {
		return nil, err
	}
	if _, err := DestroyEvidence(tx, tx.Now().AddDate(0, 0, -rules.RetentionEvidenceDays)); err != nil {
		return nil, err
	}
	if err := destroyPhotos(tx, tx.Now().AddDate(0, 0, -rules.RetentionEvidenceDays)); err != nil {
		return nil, err
	}
	return make([]error, len(due)), s.ScheduleDaily(tx)
}

// ScheduleDaily sets the timer of the nightly work for the next civil night.
func (s *Service) ScheduleDaily(tx *store.Tx) error {
	tomorrow := clock.DayOf(tx.Now()).Add(1)
	return timer.Set(tx, timer.Timer{Kind: TimerClose, Ref: "city", Due: tomorrow.Start()})
}

// lapse ends the orders that nobody has begun to serve hold.expiry after they should have begun, so that hours are not held for ever
// (default). One that is being served, confirmed or disputed has a clock and an office of its own and keeps its hours.
func (s *Service) lapse(tx *store.Tx) error {
	return s.nightly(tx, staleSince, tx.Now().Add(-leastExpiry), func(w *work, ids []ID) error {
		for _, id := range ids {
			o := w.orders[id]
			r, err := w.rules(o)
			if err != nil {
				return err
			}
			from := o.Start
			if o.SubmittedAt.After(from) {
				from = o.SubmittedAt
			}
			if w.tx.Now().Before(from.Add(r.HoldExpiry)) {
				continue
			}
			o.Reason = string(ReasonLapsed)
			w.end(system, "order.lapse", o)
		}
		return nil
	})
}

// leastExpiry is the shortest hold.expiry that a city can set: what began later needs no look.
const leastExpiry = 24 * time.Hour

// nightly does something to the orders that a query finds.
func (s *Service) nightly(tx *store.Tx, find func(*store.Tx, time.Time) ([]ID, error), at time.Time, do func(*work, []ID) error) error {
	ids, err := find(tx, at)
	if err != nil || len(ids) == 0 {
		return err
	}
	w, err := s.take(tx, ids)
	if err != nil {
		return err
	}
	if err := do(w, ids); err != nil {
		return err
	}
	return w.save()
}

// fundAgain looks once more for hours for the orders that found none: a month's grant, a gift or a donation may have come. Whom donated hours
// serve first is tried first (published: key elders).
func (s *Service) fundAgain(tx *store.Tx) error {
	return s.nightly(tx, waitingForHours, tx.Now(), func(w *work, ids []ID) error {
		cmds := make(map[ID]*PlaceCmd, len(ids))
		list := make([]*PlaceCmd, len(ids))
		for i, id := range ids {
			list[i] = &PlaceCmd{Actor: system, Recipient: w.orders[id].Recipient}
			cmds[id] = list[i]
		}
		p, err := w.preparePlacing(list)
		if err != nil {
			return err
		}
		if ids, err = p.ranked(ids); err != nil {
			return err
		}
		needs := make([]ledger.Need, len(ids))
		for i, id := range ids {
			if needs[i], err = p.need(w.orders[id]); err != nil {
				return err
			}
		}
		if err := w.fund(needs); err != nil {
			return err
		}
		for _, id := range ids {
			if o := w.orders[id]; o.Funding != "" {
				if err := p.route("order.fund", cmds[id], o); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// ranked leaves out the orders of those who may ask no more and sorts the others: first whom donated hours serve first, then who asked first.
func (p *placing) ranked(ids []ID) ([]ID, error) {
	rank := make(map[ID]int, len(ids))
	kept := make([]ID, 0, len(ids))
	for _, id := range ids {
		o := p.orders[id]
		rec, ok := p.recipients[o.Recipient]
		if !ok || !rec.MayAsk() {
			continue
		}
		r, err := p.rules(o)
		if err != nil {
			return nil, err
		}
		rank[id] = poolRank(rec, r, clock.DayOf(p.tx.Now()))
		kept = append(kept, id)
	}
	slices.SortFunc(kept, func(a, b ID) int {
		return cmp.Or(cmp.Compare(rank[a], rank[b]), p.orders[a].SubmittedAt.Compare(p.orders[b].SubmittedAt), cmp.Compare(a, b))
	})
	return kept, nil
}
