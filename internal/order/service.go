package order

import (
	"context"

	"timebank/internal/audit"
	"timebank/internal/canon"
	"timebank/internal/catalog"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/photo"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/why"
)

// The kinds of timers that orders set.
const (
	TimerOfferExpire = "order.offer_expire" // a dispatched volunteer has not answered
	TimerEscalate    = "order.escalate"     // nobody has taken the order at this level
	TimerAutoConfirm = "order.auto_confirm" // nobody has confirmed
	TimerSettle      = "order.settle"       // the hours fall due
	TimerClose       = "order.close"        // once a day: paid orders whose time for complaints is over

	// TimerFollowUp tells the feedback room at once that the station has to ask about a visit; the handler is that room's.
	TimerFollowUp = "order.follow_up"
)

// Service holds the use-cases of orders.
type Service struct {
	db       *store.DB
	regions  *region.Service
	policies *policy.Service
	catalog  *catalog.Service
	photos   *photo.Folder

	place  identity.Call[PlaceCmd, Placed]
	calls  calls
	attach identity.Call[taken, PhotoID]
	settle *settler
}

// calls are the commands on one existing order; they differ only in what they decide.
type calls struct {
	review     identity.Call[ReviewCmd, Changed]
	claim      identity.Call[ClaimCmd, Changed]
	dispatch   identity.Call[DispatchCmd, Changed]
	answer     identity.Call[AnswerCmd, Changed]
	checkIn    identity.Call[CheckCmd, Changed]
	checkOut   identity.Call[CheckCmd, Changed]
	confirm    identity.Call[ConfirmCmd, Changed]
	undo       identity.Call[OrderCmd, Changed]
	cancel     identity.Call[OrderCmd, Changed]
	restore    identity.Call[OrderCmd, Changed]
	reschedule identity.Call[RescheduleCmd, Changed]
	withdraw   identity.Call[OrderCmd, Changed]
	escalate   identity.Call[OrderCmd, Changed]
	dispute    identity.Call[OrderCmd, Changed]
	noShow     identity.Call[NoShowCmd, Changed]
	fund       identity.Call[FundCmd, Changed]
	decide     identity.Call[DecideCmd, Changed]
}

// New returns the service. Register its [Service.Handlers] before the first timer runs.
func New(db *store.DB, regions *region.Service, policies *policy.Service, items *catalog.Service, photos *photo.Folder) *Service {
	s := &Service{db: db, regions: regions, policies: policies, catalog: items, photos: photos}
	s.settle = newSettler(s)
	s.attach = identity.Call[taken, PhotoID]{Name: "order.photo", Head: headPhoto, Encode: identity.Same[PhotoID], Decode: identity.AsID[PhotoID], Run: s.runAttach}
	s.place = identity.Call[PlaceCmd, Placed]{Name: "order.place", Head: headPlace, Encode: encodePlaced, Decode: decodePlaced, Run: s.runPlace}
	s.calls = calls{
		review: call(s, "order.review", headReview, func(c *ReviewCmd) ID { return c.Order }, (*work).review),
		claim: call(s, "order.claim", headClaim, func(c *ClaimCmd) ID { return c.Order }, (*work).claim,
			knowing(func(c *ClaimCmd) []string { return []string{c.Actor.Person} })),
		dispatch: call(s, "order.dispatch", headDispatch, func(c *DispatchCmd) ID { return c.Order }, (*work).dispatch,
			knowing(func(c *DispatchCmd) []string { return []string{string(c.Volunteer)} })),
		answer: call(s, "order.answer", headAnswer, func(c *AnswerCmd) ID { return c.Order }, (*work).answer,
			knowing(func(c *AnswerCmd) []string { return []string{c.Actor.Person} })),
		checkIn: call(s, "order.check_in", headCheck, func(c *CheckCmd) ID { return c.Order }, (*work).checkIn,
			reading(func(c *CheckCmd) []string { return []string{string(c.who())} })),
		checkOut: call(s, "order.check_out", headCheck, func(c *CheckCmd) ID { return c.Order }, (*work).checkOut,
			reading(func(c *CheckCmd) []string { return []string{string(c.who())} })),
		confirm:    call(s, "order.confirm", headConfirm, func(c *ConfirmCmd) ID { return c.Order }, (*work).confirm),
		undo:       call(s, "order.undo_confirm", headOrder, orderOf, (*work).undoConfirm),
		cancel:     call(s, "order.cancel", headOrder, orderOf, (*work).cancel),
		restore:    call(s, "order.undo_cancel", headOrder, orderOf, (*work).restore),
		reschedule: call(s, "order.reschedule", headReschedule, func(c *RescheduleCmd) ID { return c.Order }, (*work).reschedule, whoComes),
		withdraw:   call(s, "order.withdraw", headOrder, orderOf, (*work).withdraw),
		escalate:   call(s, "order.escalate", headOrder, orderOf, (*work).escalateByHand),
		dispute:    call(s, "order.dispute", headOrder, orderOf, (*work).dispute),
		noShow:     call(s, "order.no_show", headNoShow, func(c *NoShowCmd) ID { return c.Order }, (*work).noShow),
		fund:       call(s, "order.fund_claim", headFund, func(c *FundCmd) ID { return c.Order }, (*work).fundClaim),
		decide:     call(s, "order.decide", headDecide, func(c *DecideCmd) ID { return c.Order }, (*work).decide),
	}
	s.calls.fund.Forever, s.calls.decide.Forever, s.calls.confirm.Forever = true, true, true
	return s
}

// Handlers are the timers of orders, by kind.
func (s *Service) Handlers() map[string]timer.Handler {
	return map[string]timer.Handler{
		TimerOfferExpire: s.onDue((*work).offerExpired),
		TimerEscalate:    s.onDue((*work).escalate),
		TimerAutoConfirm: s.onDue((*work).autoConfirm),
		TimerSettle:      s.settleDue,
		TimerClose:       s.closeDaily,

		ledger.TimerTakenBack: s.onDue((*work).takeBack),
	}
}

// Review decides on submitted orders.
func (s *Service) Review(ctx context.Context, cmds []ReviewCmd) ([]identity.Result[Changed], error) {
	return s.calls.review.Perform(ctx, s.db, cmds)
}

// Claim takes places on published orders: first come, first served.
func (s *Service) Claim(ctx context.Context, cmds []ClaimCmd) ([]identity.Result[Changed], error) {
	return s.calls.claim.Perform(ctx, s.db, cmds)
}

// Dispatch offers places to volunteers by hand.
func (s *Service) Dispatch(ctx context.Context, cmds []DispatchCmd) ([]identity.Result[Changed], error) {
	return s.calls.dispatch.Perform(ctx, s.db, cmds)
}

// Answer takes or gives back an offered place.
func (s *Service) Answer(ctx context.Context, cmds []AnswerCmd) ([]identity.Result[Changed], error) {
	return s.calls.answer.Perform(ctx, s.db, cmds)
}

// CheckIn begins services.
func (s *Service) CheckIn(ctx context.Context, cmds []CheckCmd) ([]identity.Result[Changed], error) {
	return s.calls.checkIn.Perform(ctx, s.db, cmds)
}

// CheckOut ends services and counts their minutes.
func (s *Service) CheckOut(ctx context.Context, cmds []CheckCmd) ([]identity.Result[Changed], error) {
	return s.calls.checkOut.Perform(ctx, s.db, cmds)
}

// Confirm says that services were done. The hours are paid when the undo window and the credit delay are over.
func (s *Service) Confirm(ctx context.Context, cmds []ConfirmCmd) ([]identity.Result[Changed], error) {
	return s.calls.confirm.Perform(ctx, s.db, cmds)
}

// UndoConfirm takes confirmations back within the undo window.
func (s *Service) UndoConfirm(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.undo.Perform(ctx, s.db, cmds)
}

// Cancel ends orders before anybody has checked in and lets go of their hours.
func (s *Service) Cancel(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.cancel.Perform(ctx, s.db, cmds)
}

// Withdraw gives places back; the orders are published again.
func (s *Service) Withdraw(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.withdraw.Perform(ctx, s.db, cmds)
}

// Escalate hands orders up by one level before their clock does.
func (s *Service) Escalate(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.escalate.Perform(ctx, s.db, cmds)
}

// NoShow records that volunteers did not come; the orders are published again.
func (s *Service) NoShow(ctx context.Context, cmds []NoShowCmd) ([]identity.Result[Changed], error) {
	return s.calls.noShow.Perform(ctx, s.db, cmds)
}

// FundClaim settles orders that nobody could take from the guarantee fund.
func (s *Service) FundClaim(ctx context.Context, cmds []FundCmd) ([]identity.Result[Changed], error) {
	return s.calls.fund.Perform(ctx, s.db, cmds)
}

// Dispute freezes the minutes of orders until somebody decides.
func (s *Service) Dispute(ctx context.Context, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.dispute.Perform(ctx, s.db, cmds)
}

// Decide ends disputes: the minutes are released, or reversed. What the office has reversed by itself cannot be released: order.taken_back.
func (s *Service) Decide(ctx context.Context, cmds []DecideCmd) ([]identity.Result[Changed], error) {
	return s.calls.decide.Perform(ctx, s.db, cmds)
}

// option prepares a work for a slice of commands.
type option[C any] func(w *work, cmds []*C, id func(*C) ID) error

// knowing loads the volunteers that commands are about, with their diaries.
func knowing[C any](people func(*C) []string) option[C] {
	return func(w *work, cmds []*C, id func(*C) ID) error {
		since := w.earliest(len(cmds), func(i int) ([]string, ID) { return people(cmds[i]), id(cmds[i]) })
		if err := w.know(since); err != nil {
			return err
		}
		return w.read(since)
	}
}

// reading loads only the diaries of the volunteers: whoever has a place on an order was looked at when it got it.
func reading[C any](people func(*C) []string) option[C] {
	return func(w *work, cmds []*C, id func(*C) ID) error {
		return w.read(w.earliest(len(cmds), func(i int) ([]string, ID) { return people(cmds[i]), id(cmds[i]) }))
	}
}

// call builds the batch form of a command on one existing order from the function that decides one of them.
func call[C any](s *Service, name string, head func(*C, *canon.Writer) (identity.Actor, string), id func(*C) ID,
	decide func(*work, *Order, *C) error, options ...option[C]) identity.Call[C, Changed] {
	run := func(tx *store.Tx, cmds []*C, out []*identity.Result[Changed]) error {
		ids := make([]ID, len(cmds))
		for i, c := range cmds {
			ids[i] = id(c)
		}
		w, err := s.take(tx, ids)
		if err != nil {
			return err
		}
		for _, prepare := range options {
			if err := prepare(w, cmds, id); err != nil {
				return err
			}
		}
		for i, c := range cmds {
			o, err := w.order(ids[i])
			if err == nil {
				err = decide(w, o, c)
			}
			if k := errs.KindOf(err); o != nil && (k == errs.Forbidden || k == errs.NotFound) {
				by, _ := head(c, canon.New(name, 1))
				err = w.hidden(by, o, err)
			}
			if out[i].Err = err; err == nil {
				out[i].Value = Changed{ID: o.ID, State: o.State, WaitsFor: o.WaitsFor}
			} else if errs.Fault(err) {
				return err
			}
		}
		return w.save()
	}
	return identity.Call[C, Changed]{Name: name, Head: head, Encode: encodeChanged, Decode: decodeChanged, Run: run}
}

// onDue builds a timer handler from the function that decides one order.
func (s *Service) onDue(decide func(w *work, o *Order, t timer.Timer) error) timer.Handler {
	return func(tx *store.Tx, due []timer.Timer) ([]error, error) {
		ids := make([]ID, len(due))
		for i, t := range due {
			ids[i] = ID(t.Ref)
		}
		w, err := s.take(tx, ids)
		if err != nil {
			return nil, err
		}
		failed := make([]error, len(due))
		for i, t := range due {
			o, err := w.order(ids[i])
			if err == nil {
				err = decide(w, o, t)
			}
			failed[i] = err
		}
		return failed, w.save()
	}
}

// hidden turns a refusal into what somebody is told who may not see the order: that there is none.
func (w *work) hidden(by identity.Actor, o *Order, refused error) error {
	if _, err := w.show(by, o); err != nil {
		return err
	}
	return refused
}

// errState is the refusal of a command that comes at the wrong time in an order's life.
func errState(code string, o *Order) error {
	return errs.New(errs.Conflict, code).Because(why.Rule("order.state", o.PolicyVersion, "law").With("state", string(o.State)))
}

// system is who does what timers ask for.
var system = identity.System.From(audit.System)
