package order

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"timebank/internal/audit"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/why"
)

// RescheduleCmd asks that a visit begin at another time; its length, its item's version and its rules stay those it was placed under. The
// actor is the recipient, a relative whom the recipient made its delegate, or the staff of a station of the recipient's place.
type RescheduleCmd struct {
	Actor identity.Actor
	Key   string
	Order ID
	Start time.Time
}

// Rescheduled is the payload of the event "order.rescheduled": who is asked again until when, who need not come, who moved it, and from when
// to when. Persons are named by their ids.
type Rescheduled struct {
	Asked     []member.PersonID `json:"asked,omitempty"`
	CalledOff []member.PersonID `json:"called_off,omitempty"`
	By        member.PersonID   `json:"by,omitempty"`
	From      time.Time         `json:"was"`
	To        time.Time         `json:"start"`
	Until     time.Time         `json:"until"`
}

// Reschedule moves orders to another time before anybody has checked in. Whoever was coming is asked again and keeps the place by saying yes
// before the clock of an offer runs out; who cannot by the rules, since something else was taken on, is called off. A visit in another month
// is paid from what that month has, and goes to the station with the reason when there is nothing. Errors of a command: order.invalid with
// all bad fields, order.not_movable, order.moves_own_service, order.moved_too_often for who is not the station's staff, identity.not_allowed.
func (s *Service) Reschedule(ctx context.Context, cmds []RescheduleCmd) ([]identity.Result[Changed], error) {
	return s.calls.reschedule.Perform(ctx, s.db, cmds)
}

// whoComes loads the diaries of the volunteers who have places on the orders that are to be moved.
func whoComes(w *work, cmds []*RescheduleCmd, _ func(*RescheduleCmd) ID) error {
	since := map[member.PersonID]time.Time{}
	for _, c := range cmds {
		o := w.orders[c.Order]
		if o == nil {
			continue
		}
		for _, a := range o.Assignments {
			if from, known := since[a.Volunteer]; a.State.live() && (!known || c.Start.Before(from)) {
				since[a.Volunteer] = c.Start
			}
		}
	}
	return w.read(since)
}

func (w *work) reschedule(o *Order, c *RescheduleCmd) error {
	if err := w.mayAnswerFor(c.Actor, o, identity.OrderPlace, identity.OrderPlaceFor); err != nil {
		return err
	}
	if o.serves(member.PersonID(c.Actor.Person)) {
		return errs.New(errs.Forbidden, "order.moves_own_service").Because(why.Rule("order.two_persons", o.PolicyVersion, "law"))
	}
	if !o.Movable() {
		return errState("order.not_movable", o)
	}
	if err := w.mayMoveAgain(o, c.Actor); err != nil {
		return err
	}
	item, err := w.item(o)
	if err != nil {
		return err
	}
	var bad errs.Fields
	checkStart(&bad, c.Start, w.tx.Now(), o.Minutes, *item)
	if c.Start.Equal(o.Start) {
		bad.Add("start", "order.start_same")
	}
	if err := bad.Err("order.invalid"); err != nil {
		return err
	}
	told := Rescheduled{By: member.PersonID(c.Actor.Person), From: o.Start.UTC(), To: c.Start.UTC()}
	o.Start, o.moved = c.Start, true
	w.touch(o)
	if err := w.rehouse(o); err != nil {
		return err
	}
	w.note(c.Actor, "order.reschedule", o, told.From.Format(time.RFC3339), told.To.Format(time.RFC3339))
	if err := w.fundMoved(o, told.From); err != nil {
		return err
	}
	if err := w.askAgain(o, &told); err != nil {
		return err
	}
	if err := w.afterMove(o, c.Actor); err != nil {
		return err
	}
	payload, err := json.Marshal(told)
	if err != nil {
		return err
	}
	w.tx.Outbox("order.rescheduled", string(o.ID), string(payload))
	return nil
}

// mayMoveAgain refuses a move to the recipient's side once the visit was moved as often as the rules of its placing let it: each move asks a volunteer
// anew and keeps the hours held. The station goes on moving it. How often it was is what the trail says, whoever did it.
func (w *work) mayMoveAgain(o *Order, by identity.Actor) error {
	if by.May(identity.OrderPlaceFor, o.Region, w.tree) == nil {
		return nil
	}
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	trail, err := audit.Of(w.tx, string(o.ID))
	if err != nil {
		return err
	}
	moves := 0
	for _, e := range trail {
		if e.Action == "order.reschedule" {
			moves++
		}
	}
	if moves < r.OrderMaxMoves {
		return nil
	}
	return errs.New(errs.Refused, "order.moved_too_often").Because(r.Why("order.max_moves", why.Value{Name: "moves", Value: strconv.Itoa(moves)}))
}

// Movable reports whether an order can still be moved: nobody has come, and nothing has ended it.
func (o *Order) Movable() bool {
	switch o.State {
	case Submitted, Published, Accepted, AtFund:
		return !slices.ContainsFunc(o.Assignments, func(a *Assignment) bool { return a.State == CheckedIn || a.State == CheckedOut })
	}
	return false
}

// fundMoved pays an order anew that was moved into another month, because a month's grant is for visits of that month. What the guarantee
// fund buys stays as it is.
func (w *work) fundMoved(o *Order, from time.Time) error {
	if o.State == AtFund || clock.MonthOf(from) == clock.MonthOf(o.Start) {
		return nil
	}
	if err := ledger.Release(w.tx, string(o.ID)); err != nil {
		return err
	}
	p, err := w.preparePlacing([]*PlaceCmd{{Recipient: o.Recipient}})
	if err != nil {
		return err
	}
	need, err := p.need(o)
	if err != nil {
		return err
	}
	return w.fund([]ledger.Need{need})
}

// askAgain asks everybody who has a place on an order that was moved whether the new time suits. Who has something else then, or would go over
// a limit that is enforced, loses the place; so does everybody when no hours were found for it.
func (w *work) askAgain(o *Order, told *Rescheduled) error {
	r, err := w.rulesAt(o, o.Start)
	if err != nil {
		return err
	}
	for _, a := range o.Assignments {
		if a.State != Taken && a.State != Offered {
			continue
		}
		flagged, refused := takeable(o, w.diary[a.Volunteer], a.ID, r)
		if errs.Fault(refused) {
			return refused
		}
		if refused != nil || o.Funding == "" && o.State != AtFund {
			told.CalledOff = append(told.CalledOff, a.Volunteer)
			w.set(a, Withdrawn)
			continue
		}
		told.Asked = append(told.Asked, a.Volunteer)
		a.Start, a.End, a.Flags, a.moved = o.Start, o.Start.Add(minutes(o.Minutes)), flagged, true
		w.set(a, Offered)
		if !slices.Contains(w.diary[a.Volunteer], a) {
			w.diary[a.Volunteer] = append(w.diary[a.Volunteer], a)
		}
	}
	if len(told.Asked) > 0 {
		if told.Until, err = w.answerBy(o, told.Asked); err != nil {
			return err
		}
	}
	for _, a := range o.Assignments {
		if a.State == Offered {
			a.AnswerBy = told.Until
		}
	}
	w.awaitAnswers(o)
	return nil
}

// answerBy is until when volunteers can answer: as long as for any offer, counted from when all of them are awake, and not beyond the visit.
func (w *work) answerBy(o *Order, who []member.PersonID) (time.Time, error) {
	r, err := w.rules(o)
	if err != nil {
		return time.Time{}, err
	}
	wishes, err := member.WishesOf(w.tx, who)
	if err != nil {
		return time.Time{}, err
	}
	awake := w.tx.Now()
	for _, p := range who {
		quiet := member.Night
		if wish, asked := wishes[p]; asked {
			quiet = wish.Quiet
		}
		if end := quiet.Ends(w.tx.Now()); end.After(awake) {
			awake = end
		}
	}
	until := awake.Add(r.OrderClaimWindow)
	if until.After(o.Start) {
		until = o.Start
	}
	return until, nil
}

// afterMove says what an order that was moved waits for now: the station when no hours were found, and else a volunteer if its places are not
// all agreed to any more. The clock of who has been waiting for a volunteer goes on.
func (w *work) afterMove(o *Order, actor identity.Actor) error {
	r, err := w.rules(o)
	if err != nil {
		return err
	}
	switch {
	case o.State == AtFund:
	case o.Funding == "" && o.WaitsFor != ForFunding:
		w.move(actor, "order.unfunded", o, Submitted, ForFunding)
		w.climb(o, r)
	case o.Funding == "":
		// It waits for hours as before; every night they are looked for again.
	case o.WaitsFor == ForFunding:
		return w.routeAgain(o, actor)
	case o.State == Accepted:
		w.publish(actor, "order.ask_again", o, r)
	}
	return nil
}

// routeAgain sends an order on its way that found no hours for its first time and has some now.
func (w *work) routeAgain(o *Order, actor identity.Actor) error {
	p, err := w.preparePlacing([]*PlaceCmd{{Recipient: o.Recipient}})
	if err != nil {
		return err
	}
	return p.route("order.fund", &PlaceCmd{Actor: actor}, o)
}

// Asks says what a volunteer with an offered place is asked, besides until when: for when the visit stood before it was moved, zero for one that was not,
// and whether it is at another home than it was.
func (v *View) Asks() (from time.Time, rehoused bool) {
	var asked time.Time
	for _, e := range v.History {
		switch e.Action {
		case "order.dispatch", "order.reschedule", "order.rehouse":
			if !e.At.Equal(asked) {
				asked, from, rehoused = e.At, time.Time{}, false
			}
		}
		switch e.Action {
		case "order.reschedule":
			// What does not parse is not a time of ours, and nothing is said of it.
			from, _ = time.Parse(time.RFC3339, e.Before)
		case "order.rehouse":
			rehoused = true
		}
	}
	return from, rehoused
}
