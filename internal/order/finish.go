package order

import (
	"strings"
	"time"

	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/timer"
	"timebank/internal/why"
)

func (w *work) confirm(o *Order, c *ConfirmCmd) error {
	by, err := w.sideOf(c.Actor, o, identity.OrderConfirm, identity.OrderConfirmFor)
	if err != nil {
		return err
	}
	if o.State != Awaiting {
		return errState("order.not_awaiting_confirmation", o)
	}
	// Nor with the recipient's card, nor as the delegate that it also is: whoever works the desk has ordered for somebody and would now say that
	// it was done.
	if (by == ByDesk || c.Actor.ByCard || o.PlacedAs == ByStation) && c.Actor.ID == o.PlacedBy {
		return errs.New(errs.Forbidden, "order.confirm_own_proxy").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	if o.serves(member.PersonID(c.Actor.Person)) {
		return errs.New(errs.Forbidden, "order.confirm_own_service").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	item, err := w.item(o)
	if err != nil {
		return err
	}
	if err := checkOutcomes(*item, c.Outcomes); err != nil {
		return err
	}
	method := Method("own_word")
	if by == ByDesk {
		method = "station"
		if c.CallBack {
			method = ByCallBack
		}
	}
	w.prove(c.Actor, o, "", AtConfirm, []Method{method}, w.tx.Now(), -1)
	// Who confirms without ticking anything leaves what the volunteer ticked.
	if len(c.Outcomes) > 0 {
		o.Outcome = strings.Join(c.Outcomes, " ")
	}
	return w.accept(c.Actor, "order.confirm", o, by)
}

// accept takes a service as done: it is graded, and its hours wait until nobody can take the confirmation back any more.
func (w *work) accept(actor identity.Actor, action string, o *Order, by ConfirmedBy) error {
	r, err := w.rulesAt(o, o.served())
	if err != nil {
		return err
	}
	now, err := w.rulesNow(o.Region)
	if err != nil {
		return err
	}
	for _, a := range o.Assignments {
		if a.State == CheckedOut {
			a.Grade = gradeOf(a.proof, by)
			w.set(a, CheckedOut)
		}
	}
	o.ConfirmedBy, o.ConfirmedAt = by, w.tx.Now()
	w.unwait(TimerAutoConfirm, o)
	w.move(actor, action, o, Confirmed, ForCredit)
	w.wait(TimerSettle, o, w.tx.Now().Add(max(now.UndoWindow, r.CreditDelay)), "")
	return nil
}

// undoConfirm takes a confirmation back within the undo window. What an officer has decided is none.
func (w *work) undoConfirm(o *Order, c *OrderCmd) error {
	if err := w.mayAnswerFor(c.Actor, o, identity.OrderConfirm, identity.OrderConfirmFor); err != nil {
		return err
	}
	if o.State != Confirmed {
		return errState("order.not_confirmed", o)
	}
	confirmed, err := w.lastTo(o, Confirmed)
	if err != nil {
		return err
	}
	if confirmed.Action == "order.decide" {
		return errs.New(errs.Forbidden, "order.not_yours_to_undo").By("order.who", "nobody")
	}
	r, err := w.rulesAt(o, o.ConfirmedAt)
	if err != nil {
		return err
	}
	service, err := w.rulesAt(o, o.served())
	if err != nil {
		return err
	}
	if until := o.ConfirmedAt.Add(r.UndoWindow); w.tx.Now().After(until) {
		return errs.New(errs.Refused, "order.undo_over").Because(r.Why("undo.window", why.Value{Name: "until", Value: until.Format(time.RFC3339)}))
	}
	o.ConfirmedBy, o.ConfirmedAt = NotConfirmed, time.Time{}
	w.unwait(TimerSettle, o)
	w.move(c.Actor, "order.undo_confirm", o, Awaiting, ForConfirmation)
	w.wait(TimerAutoConfirm, o, w.tx.Now().Add(service.ConfirmAutoAfter), "")
	return nil
}

// autoConfirm takes silence for a confirmation where somebody besides the volunteer has shown that the service took place; otherwise the
// station has to ask.
func (w *work) autoConfirm(o *Order, _ timer.Timer) error {
	if o.State != Awaiting {
		return nil
	}
	r, err := w.rulesAt(o, o.served())
	if err != nil {
		return err
	}
	if mayTimeOut(o.Assignments, partiesThatCount(r)) {
		return w.accept(system, "order.time_out", o, ByTimeOut)
	}
	w.move(system, "order.ask", o, Awaiting, ForFollowUp)
	w.wait(TimerFollowUp, o, w.tx.Now(), "")
	return nil
}

// escalate hands an order that nobody has seen to up by one level; behind the city stands the guarantee fund.
func (w *work) escalate(o *Order, _ timer.Timer) error { return w.rise(system, "order.escalate", o) }

func (w *work) escalateByHand(o *Order, c *OrderCmd) error {
	if err := c.Actor.May(identity.OrderEscalate, o.Region, w.tree); err != nil {
		return err
	}
	if o.State != Submitted && o.State != Published {
		return errState("order.not_published", o)
	}
	if o.Level == Fund {
		return errState("order.at_fund_already", o)
	}
	w.unwait(TimerEscalate, o)
	return w.rise(c.Actor, "order.escalate", o)
}

func (w *work) rise(actor identity.Actor, action string, o *Order) error {
	if o.State != Submitted && o.State != Published {
		return nil
	}
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	before := o.Level
	o.Level = before.next()
	waits, state := o.WaitsFor, o.State
	if o.Level == Fund {
		if o.State == Submitted {
			// What waits for a decision cannot be bought; it stays with the city, and the board shows since when.
			o.Level = City
			o.LevelSince = w.tx.Now()
			w.touch(o)
			w.note(actor, action, o, string(before), string(o.Level))
			return nil
		}
		if r.UnfilledFallback == policy.FallbackMarket {
			// Nobody buys the service: the recipient is told of the paid market, with the rule that says so.
			o.Level, o.Reason = before, string(ReasonMarket)
			w.end(actor, "order.to_market", o)
			return nil
		}
		state, waits = AtFund, ForProvider
	}
	o.State, o.WaitsFor = state, waits
	w.touch(o)
	w.climb(o, r)
	w.note(actor, action, o, string(before), string(o.Level))
	w.tx.Outbox("order.escalated", string(o.ID), `{"level":"`+string(o.Level)+`"}`)
	return nil
}

// cancel ends an order before the service.
func (w *work) cancel(o *Order, c *OrderCmd) error {
	if err := w.mayAnswerFor(c.Actor, o, identity.OrderCancel, identity.OrderCancelFor); err != nil {
		return err
	}
	if errs.Blank(c.Reason) {
		return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
	}
	switch o.State {
	case Submitted, Published, Accepted, AtFund:
	default:
		return errState("order.not_cancellable", o)
	}
	o.Reason = c.Reason
	w.end(c.Actor, "order.cancel", o)
	return nil
}

// fundClaim records that a provider did the service for the guarantee fund.
func (w *work) fundClaim(o *Order, c *FundCmd) error {
	if err := c.Actor.May(identity.OrderFundClaim, o.Region, w.tree); err != nil {
		return err
	}
	if o.State != AtFund {
		return errState("order.not_at_fund", o)
	}
	var bad errs.Fields
	if errs.Blank(c.Provider) {
		bad.Add("provider", "order.provider_missing")
	}
	if errs.Blank(c.Document) {
		bad.Add("document", "order.document_missing")
	}
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	if c.Minutes.Sign() <= 0 || c.Minutes.Cmp(r.TimeMaxPerOrder) > 0 {
		bad.Add("minutes", "order.length_not_allowed", "shortest", "1m", "longest", r.TimeMaxPerOrder.String())
	}
	if err := bad.Err("order.invalid"); err != nil {
		return err
	}
	// The order may have held the fund's hours itself.
	posted, err := ledger.BookInstead(w.tx, string(o.ID), ledger.Posting{Reason: ledger.ForFundClaim,
		Meta:      w.meta(o, c.Actor.ID, string(Witnessed), string(o.Region)),
		Transfers: []ledger.Transfer{{From: ledger.FundAccount, To: ledger.RetiredAccount, Minutes: c.Minutes}}})
	if err != nil {
		return err
	}
	if posted.Err != nil {
		return posted.Err
	}
	if err := insertClaim(w.tx, o.ID, c.Provider, c.Document, c.Minutes, c.Actor.ID); err != nil {
		return err
	}
	calledOff := w.callOff(o)
	o.Funding = string(ledger.Fund)
	o.ConfirmedBy, o.ConfirmedAt = ByFund, w.tx.Now()
	o.SettledAt, o.SettledBy = w.tx.Now(), string(posted.Tx)
	w.move(c.Actor, "order.fund_claim", o, Settled, ForNothing)
	if calledOff != "" {
		w.tx.Outbox("order.bought", string(o.ID), `{"to":[`+calledOff+`]}`)
	}
	return nil
}

// meta is what the book says about a transaction of an order.
func (w *work) meta(o *Order, actor, grade, regionTo string) ledger.Meta {
	return ledger.Meta{Ref: string(o.ID), Service: o.Item, Grade: grade, Region: string(o.Region), RegionTo: regionTo,
		PolicyVersion: o.PolicyVersion, OccurredAt: o.served(), Actor: actor}
}

// served is when an order's service took place.
func (o *Order) served() time.Time {
	for _, a := range o.Assignments {
		if !a.In.IsZero() {
			return a.In
		}
	}
	return o.Start
}

// dispute freezes an order's minutes until somebody decides.
func (w *work) dispute(o *Order, c *OrderCmd) error {
	if !o.serves(member.PersonID(c.Actor.Person)) {
		if err := w.mayAnswerFor(c.Actor, o, identity.OrderDispute, identity.OrderWitness); err != nil {
			return err
		}
	}
	if errs.Blank(c.Reason) {
		return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
	}
	switch o.State {
	case Awaiting, Confirmed:
		w.unwait(TimerSettle, o)
		w.unwait(TimerAutoConfirm, o)
	case Settled:
		if _, err := ledger.Freeze(w.tx, string(o.ID)); err != nil {
			return err
		}
	default:
		return errState("order.not_disputable", o)
	}
	o.Reason, o.DisputedBy = c.Reason, c.Actor.ID
	o.Level, o.LevelSince = Community, w.tx.Now()
	w.move(c.Actor, "order.dispute", o, Disputed, ForDecision)
	return nil
}

// decide ends a dispute. Whoever placed, served or disputed the order cannot decide on it: hours are taken back by two persons.
func (w *work) decide(o *Order, c *DecideCmd) error {
	if err := c.Actor.May(identity.OrderDecide, o.Region, w.tree); err != nil {
		return err
	}
	if o.State != Disputed {
		return errState("order.not_disputed", o)
	}
	if c.Actor.ID == o.PlacedBy || c.Actor.ID == o.DisputedBy || o.serves(member.PersonID(c.Actor.Person)) || c.Actor.IsPerson(string(o.Recipient)) {
		return errs.New(errs.Forbidden, "order.decide_own").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	if errs.Blank(c.Reason) {
		return errs.Invalid("order.invalid", errs.Field{Path: "reason", Code: "order.reason_missing"})
	}
	paid := !o.SettledAt.IsZero()
	if c.Uphold && paid {
		// Nothing is left to be released, and who made the hours twice would be one person.
		if gone, err := w.takenBack(o); err != nil {
			return err
		} else if gone {
			return errs.New(errs.Conflict, "order.taken_back").By("record.once", "nobody")
		}
	}
	if paid {
		if err := ledger.Unfreeze(w.tx, string(o.ID)); err != nil {
			return err
		}
	}
	o.Reason = c.Reason
	switch {
	case c.Uphold && paid:
		w.move(c.Actor, "order.decide", o, Settled, ForNothing)
		return nil
	case c.Uphold:
		by := o.ConfirmedBy
		if by == NotConfirmed {
			by = ByDesk
		}
		return w.accept(c.Actor, "order.decide", o, by)
	case o.SettledBy != "":
		reversed, err := ledger.Reverse(w.tx, []ledger.Reversal{{Tx: ledger.TxID(o.SettledBy), Actor: c.Actor.ID, Note: c.Reason}})
		if err != nil {
			return err
		}
		// The office may have taken the same transaction back in the meantime: then it is as decided.
		if err := reversed[0].Err; err != nil && errs.CodeOf(err) != "ledger.reversed_already" {
			return err
		}
	case paid:
		// Its minutes were rounded to nothing, so that nothing was posted.
	default:
		w.release(o)
	}
	w.void(c.Actor, "order.decide", o)
	return nil
}

// takenBack reports whether the office has reversed what an order names as its payment.
func (w *work) takenBack(o *Order) (bool, error) {
	if o.SettledBy == "" {
		return false, nil
	}
	return ledger.Reversed(w.tx, ledger.TxID(o.SettledBy))
}

// takeBack ends an order whose payment the office has reversed, and with it a dispute over it: nothing is paid any more, and only two persons make
// hours again.
func (w *work) takeBack(o *Order, _ timer.Timer) error {
	switch o.State {
	case Settled, Closed, Disputed:
	default:
		return nil
	}
	if gone, err := w.takenBack(o); err != nil || !gone {
		return err
	}
	if o.State == Disputed {
		// What a dispute froze that came between the reversal and now.
		if err := ledger.Unfreeze(w.tx, string(o.ID)); err != nil {
			return err
		}
	}
	o.Reason = string(ReasonTakenBack)
	w.void(system, "order.take_back", o)
	return nil
}

// void ends an order for which nothing is paid, or what was paid is reversed.
func (w *work) void(actor identity.Actor, action string, o *Order) {
	for _, a := range o.Assignments {
		if a.State.live() {
			w.set(a, VoidService)
		}
	}
	w.move(actor, action, o, Void, ForNothing)
}
