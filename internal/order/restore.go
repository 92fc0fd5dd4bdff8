package order

import (
	"cmp"
	"context"
	"slices"
	"time"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/why"
)

// UndoCancel takes a cancellation back within the undo window, for whoever cancelled: the order is funded and published again, or goes to
// the station again if that has to look at it, and whoever was coming comes again unless something else was taken on meanwhile. Errors of a
// command: order.not_cancelled, order.not_yours_to_undo, order.undo_over with the rule, order.too_late, identity.not_allowed.
func (s *Service) UndoCancel(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.restore.Perform(ctx, s.db, cmds)
}

func (w *work) restore(o *Order, c *OrderCmd) error {
	if err := w.mayAnswerFor(c.Actor, o, identity.OrderCancel, identity.OrderCancelFor); err != nil {
		return err
	}
	if o.State != Cancelled {
		return errState("order.not_cancelled", o)
	}
	cancelled, err := w.lastTo(o, Cancelled)
	if err != nil {
		return err
	}
	if cancelled.Action != "order.cancel" || cancelled.Actor != c.Actor.ID {
		return errs.New(errs.Forbidden, "order.not_yours_to_undo").By("order.who", "nobody")
	}
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	if until := o.Since.Add(r.UndoWindow); w.tx.Now().After(until) {
		return errs.New(errs.Refused, "order.undo_over").Because(r.Why("undo.window", why.Value{Name: "until", Value: until.Format(time.RFC3339)}))
	}
	if late(o, w.tx.Now()) {
		return errs.New(errs.Refused, "order.too_late").By("order.state", "law")
	}
	was := o.Region
	if err := w.rehouse(o); err != nil {
		return err
	}
	p, err := w.preparePlacing([]*PlaceCmd{{Recipient: o.Recipient}})
	if err != nil {
		return err
	}
	o.Level, o.Reason = Community, ""
	need, err := p.need(o)
	if err != nil {
		return err
	}
	if err := w.fund([]ledger.Need{need}); err != nil {
		return err
	}
	if err := p.route("order.undo_cancel", &PlaceCmd{Actor: c.Actor}, o); err != nil {
		return err
	}
	return w.comeAgain(o, c.Actor, o.State == Published && o.Region == was)
}

// lastTo is the act that brought the order to a state last.
func (w *work) lastTo(o *Order, state State) (last audit.Recorded, err error) {
	history, err := audit.Of(w.tx, string(o.ID))
	return lastIn(history, state), err
}

// lastIn is the act of a history that brought its order to a state last.
func lastIn(history []audit.Recorded, state State) (last audit.Recorded) {
	for _, e := range history {
		if e.Kind == "order" && e.After == string(state) {
			last = e
		}
	}
	return last
}

// comeAgain gives their places back to those who were called off, where they may come again; who cannot come has no part in the order any more.
func (w *work) comeAgain(o *Order, actor identity.Actor, may bool) error {
	var gone []*Assignment
	since := map[member.PersonID]time.Time{}
	for _, a := range o.Assignments {
		if a.State == CalledOff {
			w.set(a, Withdrawn)
			gone = append(gone, a)
			since[a.Volunteer] = o.Start
		}
	}
	if !may || len(gone) == 0 {
		return nil
	}
	if err := w.know(since); err != nil {
		return err
	}
	if err := w.read(since); err != nil {
		return err
	}
	slices.SortFunc(gone, func(a, b *Assignment) int { return cmp.Compare(a.ID, b.ID) })
	for _, a := range gone {
		if _, err := w.mayTake(o, a.Volunteer, member.TeamID(a.Team)); errs.Fault(err) {
			return err
		} else if err == nil {
			was := o.standing()
			w.set(a, Taken)
			w.fill(actor, "order.undo_cancel", o, was)
		}
	}
	return nil
}
