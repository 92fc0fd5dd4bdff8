package order

import (
	"context"
	"slices"

	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// settleDue is the handler of TimerSettle: it pays for a group of confirmed orders in a handful of statements. An order that cannot be
// paid is set aside with its reason and waits for a decision; the others of its group do not notice.
func (s *Service) settleDue(tx *store.Tx, due []timer.Timer) ([]error, error) {
	ids := make([]ID, len(due))
	for i, t := range due {
		ids[i] = ID(t.Ref)
	}
	failed, captured, err := s.settleIn(tx, ids)
	if err != nil {
		return nil, err
	}
	return failed, captured.Write()
}

// settleIn decides a group and writes all of it but the book, which the caller writes last.
func (s *Service) settleIn(tx *store.Tx, ids []ID) ([]error, *ledger.Captured, error) {
	if err := tx.ByKey(); err != nil {
		return nil, nil, err
	}
	w, err := s.take(tx, ids)
	if err != nil {
		return nil, nil, err
	}
	failed := make([]error, len(ids))
	at := make([]int, 0, len(ids))
	settlements := make([]ledger.Settlement, 0, len(ids))
	taken := make(map[ID]bool, len(ids))
	for i, id := range ids {
		o, err := w.order(id)
		switch {
		case err != nil:
			failed[i] = err
			continue
		case o.State != Confirmed:
			failed[i] = errState("order.not_confirmed", o)
			continue
		case taken[id]:
			failed[i] = errState("order.settled_already", o)
			continue
		}
		settlement, err := w.settlement(o)
		if err != nil {
			return nil, nil, err
		}
		taken[id] = true
		at = append(at, i)
		settlements = append(settlements, settlement)
	}
	// Made so far without their wishes, settlements that may come above a cap are made anew with them.
	captured, err := ledger.Capture(tx, settlements, func(over []int) error {
		orders := make([]*Order, len(over))
		for i, n := range over {
			orders[i] = w.orders[ids[at[n]]]
		}
		if err := w.readWishes(orders); err != nil {
			return err
		}
		for i, n := range over {
			var err error
			if settlements[n], err = w.settlement(orders[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for n, p := range captured.Posted {
		o := w.orders[ids[at[n]]]
		if p.Err != nil {
			failed[at[n]] = p.Err
			o.Reason = errs.CodeOf(p.Err)
			w.move(system, "order.set_aside", o, Confirmed, ForDecision)
			continue
		}
		o.SettledAt, o.SettledBy = tx.Now(), string(p.Tx)
		for _, a := range o.Assignments {
			if a.State == CheckedOut {
				w.set(a, Paid)
			}
		}
		w.move(system, "order.settle", o, Settled, ForNothing)
		tx.Outbox("order.settled", string(o.ID), "{}")
	}
	if err := w.save(); err != nil {
		return nil, nil, err
	}
	return failed, captured, nil
}

// settlement is what the book has to do for an order: pay each volunteer, or the team in whose name the volunteer came.
func (w *work) settlement(o *Order) (ledger.Settlement, error) {
	r, err := w.rulesNow(o.Region)
	if err != nil {
		return ledger.Settlement{}, err
	}
	out := ledger.Settlement{Reason: ledger.ForService}
	grade, regionTo := BothSides, o.Region
	for _, a := range o.Assignments {
		if a.State != CheckedOut {
			continue
		}
		grade = worst(grade, a.Grade)
		if a.Minutes.IsZero() {
			continue
		}
		regionTo = a.Region
		c := credit(a, r, w.wishes[a.Volunteer].OverCap)
		c.RegionTo = string(a.Region)
		out.Credits = append(out.Credits, c)
	}
	out.Meta = w.meta(o, system.ID, string(grade), string(regionTo))
	return out, nil
}

// readWishes learns what the volunteers of orders want done with hours above the cap, in one statement for all of them.
func (w *work) readWishes(orders []*Order) (err error) {
	var who []member.PersonID
	for _, o := range orders {
		for _, a := range o.Assignments {
			if a.State == CheckedOut {
				who = append(who, a.Volunteer)
			}
		}
	}
	slices.Sort(who)
	w.wishes, err = member.WishesOf(w.tx, slices.Compact(who))
	return err
}

// surplus is what becomes of hours above the cap: what the saver chose if the rules still offer it, otherwise the first that they do.
func surplus(r policy.Rules, chosen policy.Surplus) policy.Surplus {
	if chosen != "" && r.AccountOverCap.Has(chosen) {
		return chosen
	}
	for first := range r.AccountOverCap.All() {
		return first
	}
	return policy.SurplusDonate
}

// credit is one volunteer's payment. A team's hours have no cap, because they can only be donated; where the city lets them be redeemed, they
// are those of the member who served.
func credit(a *Assignment, r policy.Rules, chosen policy.Surplus) ledger.Credit {
	if a.Team != "" && r.GroupUse == policy.GroupDonate {
		return ledger.Credit{To: ledger.Key{Owner: a.Team, Class: ledger.Group}, Debit: a.Minutes, Credit: a.Credit, Cap: hours.Zero}
	}
	c := ledger.Credit{To: ledger.Key{Owner: string(a.Volunteer), Class: ledger.Saved}, Debit: a.Minutes, Credit: a.Credit, Cap: r.AccountCap}
	if surplus(r, chosen) == policy.SurplusHonour {
		c.Overflow = ledger.RetiredAccount
	}
	return c
}

// Settle pays for confirmed orders now, whether they are due or not. Concurrent calls share groups: while one group is being written,
// the orders that arrive form the next. It returns an order's own refusal.
func (s *Service) Settle(ctx context.Context, id ID) error { return s.settle.do(ctx, id) }

// settler gathers concurrent settlements into groups, whose size follows the length of the queue by itself.
type settler struct {
	gather *store.Gather[ID]
}

func newSettler(s *Service) *settler {
	return &settler{gather: store.NewGather(settleGroup, s.db.Lanes(), func(ctx context.Context, ids []ID) (failed []error, err error) {
		err = s.db.Write(ctx, "order.settle", func(tx *store.Tx) error {
			var captured *ledger.Captured
			if failed, captured, err = s.settleIn(tx, ids); err != nil {
				return err
			}
			settled := make([]string, 0, len(ids))
			for i, id := range ids {
				if failed[i] == nil {
					settled = append(settled, string(id))
				}
			}
			if err := timer.Cancel(tx, TimerSettle, settled...); err != nil {
				return err
			}
			return captured.Write()
		})
		return failed, err
	})}
}

// settleGroup bounds a group, so that the first of a long queue is not kept waiting for the last.
const settleGroup = 512

func (s *settler) do(ctx context.Context, id ID) error { return s.gather.Do(ctx, id) }
