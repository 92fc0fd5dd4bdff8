package order

import (
	"slices"
	"strings"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/store"
	"timebank/internal/timer"
	"timebank/internal/training"
	"timebank/internal/why"
)

// earliest finds, for each volunteer of a slice of commands, the start of its earliest order among them.
func (w *work) earliest(n int, of func(i int) ([]string, ID)) map[member.PersonID]time.Time {
	people := map[member.PersonID]time.Time{}
	for i := range n {
		who, id := of(i)
		o := w.orders[id]
		if o == nil {
			continue
		}
		for _, p := range who {
			if p == "" {
				continue
			}
			person := member.PersonID(p)
			if from, ok := people[person]; !ok || o.Start.Before(from) {
				people[person] = o.Start
			}
		}
	}
	return people
}

// mayTake decides whether a volunteer can have a place on an order: the limits that are flagged, or the refusal.
func (w *work) mayTake(o *Order, who member.PersonID, team member.TeamID) (flagged string, err error) {
	v, ok := w.volunteers[who]
	switch {
	case !ok:
		return "", errs.New(errs.NotFound, "order.volunteer_unknown")
	case o.State != Published && o.State != AtFund:
		return "", errState("order.not_published", o)
	case !v.Serves(w.tx.Now()):
		return "", errs.New(errs.Refused, "order.volunteer_not_certified").By("volunteer.certified", "city")
	case who == o.Recipient:
		return "", errs.New(errs.Refused, "order.serves_oneself").By("order.two_persons", "law")
	case o.serves(who):
		return "", errs.New(errs.Conflict, "order.taken_already").By("record.once", "nobody")
	}
	if live, _ := o.filled(); live >= o.Volunteers {
		return "", errs.New(errs.Conflict, "order.taken").By("order.places", "nobody")
	}
	if v.Person.Actor.String() == o.PlacedBy {
		// Who orders on behalf of somebody must not earn by it (two persons stand behind every hour).
		return "", errs.New(errs.Refused, "order.placed_by_volunteer").By("order.two_persons", "law")
	}
	r, err := w.rulesAt(o, o.Start)
	if err != nil {
		return "", err
	}
	item, err := w.item(o)
	if err != nil {
		return "", err
	}
	if item.Course != "" {
		// A course that ends before the visit is none for it.
		has, err := training.HasAt(w.tx, []member.PersonID{who}, item.Course, o.Start)
		if err != nil {
			return "", err
		}
		if !has[who] {
			return "", errs.New(errs.Refused, "order.course_missing").By("volunteer.certified", "city")
		}
	}
	if team != "" {
		in, err := member.InTeam(w.tx, team, who)
		if err != nil {
			return "", err
		}
		if !in {
			return "", errs.New(errs.Refused, "order.not_in_team").By("team.member", "nobody")
		}
	}
	return takeable(o, w.diary[who], "", r)
}

// engage gives a volunteer a place on an order, or says why not.
func (w *work) engage(actor identity.Actor, o *Order, who member.PersonID, team member.TeamID, how string, state AssignmentState, action string) error {
	flagged, err := w.mayTake(o, who, team)
	if err != nil {
		return err
	}
	was := o.standing()
	a := &Assignment{ID: store.NewID[Assignment](w.tx), Order: o.ID, Volunteer: who, Team: string(team), How: how, State: state,
		Recipient: o.Recipient, Region: w.volunteers[who].Person.Region, Start: o.Start, End: o.Start.Add(minutes(o.Minutes)), Flags: flagged, isNew: true}
	o.Assignments = append(o.Assignments, a)
	w.diary[who] = append(w.diary[who], a)
	w.touch(o)
	w.fill(actor, action, o, was)
	return nil
}

func minutes(m hours.Minutes) time.Duration { return time.Duration(m.Int64()) * time.Minute }

// fill moves an order on once every place is taken and agreed to; was is how it stood before the act.
func (w *work) fill(actor identity.Actor, action string, o *Order, was string) {
	if _, accepted := o.filled(); accepted < o.Volunteers {
		w.note(actor, action, o, was, o.standing())
		return
	}
	w.unwait(TimerEscalate, o)
	w.move(actor, action, o, Accepted, ForService)
	w.tx.Outbox("order.accepted", string(o.ID), "{}")
}

func (w *work) claim(o *Order, c *ClaimCmd) error {
	if err := c.Actor.MayOwn(identity.OrderClaim, c.Actor.Person); err != nil {
		return err
	}
	if _, ok := w.volunteers[member.PersonID(c.Actor.Person)]; !ok {
		return errs.New(errs.NotFound, "order.volunteer_unknown")
	}
	if late(o, w.tx.Now()) {
		return errs.New(errs.Refused, "order.too_late").By("order.state", "law")
	}
	return w.engage(c.Actor, o, member.PersonID(c.Actor.Person), c.Team, "claimed", Taken, "order.claim")
}

func (w *work) dispatch(o *Order, c *DispatchCmd) error {
	if err := w.mayDispatch(o, c); err != nil {
		return err
	}
	state := Offered
	if c.Agreed {
		state = Taken
	} else if err := w.awake(c.Volunteer, o); err != nil {
		return err
	}
	if err := w.engage(c.Actor, o, c.Volunteer, c.Team, "dispatched", state, "order.dispatch"); err != nil {
		return err
	}
	if state == Offered {
		r, err := w.rules(o)
		if err != nil {
			return err
		}
		o.placeOf(c.Volunteer).AnswerBy = w.tx.Now().Add(r.OrderClaimWindow)
		w.awaitAnswers(o)
		w.tx.Outbox("order.offered", string(o.ID), `{"to":["`+string(c.Volunteer)+`"]}`)
	}
	return nil
}

// mayDispatch says who may offer a place by hand: staff, and for its own team whoever answers for that. The member then says yes or no itself.
func (w *work) mayDispatch(o *Order, c *DispatchCmd) error {
	refused := c.Actor.May(identity.OrderDispatch, o.Region, w.tree)
	if refused == nil || c.Team == "" || c.Agreed {
		return refused
	}
	teams, err := member.LoadTeams(w.tx, []member.TeamID{c.Team})
	if err != nil {
		return err
	}
	if t, ok := teams[c.Team]; !ok || c.Actor.MayOwn(identity.MemberTeam, string(t.Manager)) != nil {
		return refused
	}
	if late(o, w.tx.Now()) {
		return errs.New(errs.Refused, "order.too_late").By("order.state", "law")
	}
	return nil
}

// awake refuses to disturb a volunteer in its quiet hours. Somebody who said yes by telephone has not been disturbed by us.
func (w *work) awake(who member.PersonID, o *Order) error {
	wishes, err := member.WishesOf(w.tx, []member.PersonID{who})
	if err != nil {
		return err
	}
	q := wishes[who].Quiet
	if !q.Covers(w.tx.Now()) {
		return nil
	}
	return errs.New(errs.Refused, "order.quiet_hours").Because(why.Rule("member.quiet_hours", o.PolicyVersion, "person").
		With("until", q.Ends(w.tx.Now()).In(clock.Zone).Format("15:04")))
}

func (w *work) answer(o *Order, c *AnswerCmd) error {
	a := o.placeOf(member.PersonID(c.Actor.Person))
	if a == nil {
		// Whom nobody asked has nothing to answer, and is told what whoever may not see the order is told.
		return errs.New(errs.Forbidden, "order.not_offered").By("record.state", "nobody")
	}
	if a.State != Offered {
		return errs.New(errs.Conflict, "order.not_offered").By("record.state", "nobody")
	}
	w.touch(o)
	was := o.standing()
	to := Withdrawn
	if c.Accept {
		to = Taken
	}
	w.set(a, to)
	w.awaitAnswers(o)
	if !c.Accept {
		w.note(c.Actor, "order.answer", o, was, o.standing())
		return nil
	}
	w.fill(c.Actor, "order.answer", o, was)
	return nil
}

// awaitAnswers sets the clock of an order's offers, which is one, to when the first of them runs out; none runs where nobody is asked any more.
func (w *work) awaitAnswers(o *Order) {
	var first time.Time
	for _, a := range o.Assignments {
		if a.State == Offered && (first.IsZero() || a.AnswerBy.Before(first)) {
			first = a.AnswerBy
		}
	}
	if first.IsZero() {
		w.unwait(TimerOfferExpire, o)
		return
	}
	w.wait(TimerOfferExpire, o, first, "")
}

// offerExpired takes back the offers that have run out. Each has its own time: who was asked later, or at night, may still answer.
func (w *work) offerExpired(o *Order, _ timer.Timer) error {
	was := o.standing()
	over := false
	for _, a := range o.Assignments {
		if a.State == Offered && !a.AnswerBy.After(w.tx.Now()) {
			w.set(a, Withdrawn)
			over = true
		}
	}
	if over {
		w.touch(o)
		w.note(system, "order.offer_expired", o, was, o.standing())
	}
	w.awaitAnswers(o)
	return nil
}

// who is the volunteer whom a check is about.
func (c *CheckCmd) who() member.PersonID {
	if c.Volunteer != "" {
		return c.Volunteer
	}
	return member.PersonID(c.Actor.Person)
}

// onPaper reports whether the desk keys in what a slip says.
func (c *CheckCmd) onPaper() bool {
	return slices.ContainsFunc(c.Factors, func(f Factor) bool { return f.Method == ByPaper })
}

// check finds the place and the proof of a check-in or check-out.
func (w *work) check(o *Order, c *CheckCmd, moment Moment) (a *Assignment, at time.Time, p proof, distance int64, flagged string, err error) {
	fail := func(err error) (*Assignment, time.Time, proof, int64, string, error) {
		return nil, time.Time{}, 0, 0, "", err
	}
	station := false
	if c.Actor.MayOwn(identity.OrderCheckIn, string(c.who())) != nil {
		if err := c.Actor.May(identity.OrderWitness, o.Region, w.tree); err != nil {
			return fail(err)
		}
		station = true
	}
	if a = o.placeOf(c.who()); a == nil {
		return fail(errs.New(errs.NotFound, "order.not_assigned"))
	}
	at = c.OccurredAt
	if at.IsZero() {
		at = w.tx.Now()
	}
	if at.After(w.tx.Now()) {
		return fail(errs.Invalid("order.invalid", errs.Field{Path: "occurred_at", Code: "order.in_future"}))
	}
	r, err := w.rulesAt(o, at)
	if err != nil {
		return fail(err)
	}
	if moment == AtCheckIn && !c.onPaper() {
		if err := sentEarly(at, o.Start, r); err != nil {
			return fail(err)
		}
	}
	p, distance, flagged, err = presence(o, c.Factors, station, r)
	if err != nil {
		return fail(err)
	}
	// Whoever ordered for somebody does not witness the visit too, nor tells the code in its place: what it says stands there, and silence
	// afterwards confirms nothing.
	if station && c.Actor.ID == o.PlacedBy {
		p &= byPaper
	}
	if p&byPaper == 0 && at.Before(o.SubmittedAt) {
		return fail(errs.Invalid("order.invalid", errs.Field{Path: "occurred_at", Code: "order.before_request"}))
	}
	if !station {
		late, err := sentLate(at, w.tx.Now(), r)
		if err != nil {
			return fail(err)
		}
		flagged = flags(flagged, late)
	}
	return a, at, p, distance, flagged, nil
}

func methodsOf(factors []Factor) []Method {
	all := make([]Method, len(factors))
	for i, f := range factors {
		all[i] = f.Method
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (w *work) checkIn(o *Order, c *CheckCmd) error {
	if o.State != Accepted && o.State != InService {
		return errState("order.not_accepted", o)
	}
	a, at, p, distance, flagged, err := w.check(o, c, AtCheckIn)
	if err != nil {
		return err
	}
	if a.State != Taken {
		return errs.New(errs.Conflict, "order.checked_in_already").By("record.once", "nobody")
	}
	r, err := w.rulesAt(o, at)
	if err != nil {
		return err
	}
	for _, other := range w.diary[a.Volunteer] {
		// A slip, or what a phone kept, may speak of a time before a visit that goes on now or is over.
		if other.ID != a.ID && !at.Before(other.In) && (other.State == CheckedIn || other.State.served() && at.Before(other.Out)) {
			f, err := limit(r.CheckInOverlap, true, "order.overlaps", r.Why("checkin.overlap"))
			if err != nil {
				return err
			}
			flagged = flags(flagged, f)
		}
	}
	a.In, a.proof, a.Flags = at, a.proof|p, flags(a.Flags, flagged)
	w.set(a, CheckedIn)
	w.prove(c.Actor, o, a.ID, AtCheckIn, methodsOf(c.Factors), at, distance)
	w.move(c.Actor, "order.check_in", o, InService, ForService)
	return nil
}

func (w *work) checkOut(o *Order, c *CheckCmd) error {
	if o.State != InService {
		return errState("order.not_in_service", o)
	}
	a, at, p, distance, flagged, err := w.check(o, c, AtCheckOut)
	if err != nil {
		return err
	}
	switch {
	case a.State == CheckedOut:
		return errs.New(errs.Conflict, "order.checked_out_already").By("record.once", "nobody")
	case a.State != CheckedIn:
		return errs.New(errs.Conflict, "order.not_checked_in").By("order.state", "law")
	case at.Before(a.In):
		return errs.Invalid("order.invalid", errs.Field{Path: "occurred_at", Code: "order.before_check_in"})
	}
	r, err := w.rulesAt(o, a.In)
	if err != nil {
		return err
	}
	longest, err := w.longest(o)
	if err != nil {
		return err
	}
	item, err := w.item(o)
	if err != nil {
		return err
	}
	if err := checkOutcomes(*item, c.Outcomes); err != nil {
		return err
	}
	if len(c.Outcomes) > 0 {
		o.Outcome = strings.Join(c.Outcomes, " ")
		w.touch(o)
	}
	if err := checkTravel(c.Travel, r); err != nil {
		return err
	}
	a.Out, a.proof, a.Flags = at, a.proof|p, flags(a.Flags, flagged)
	finish(a, w.diary[a.Volunteer], visit{travel: c.Travel, longest: longest, skilled: item.Course != ""}, r)
	if !c.Travel.IsZero() {
		w.note(c.Actor, "order.travel", o, "", c.Travel.String())
	}
	// From now on the diary shows the visit as it was.
	a.Start, a.End, a.moved = a.In, a.Out, true
	if !a.End.After(a.Start) {
		a.End = a.Start.Add(time.Minute)
	}
	was := o.standing()
	w.set(a, CheckedOut)
	w.prove(c.Actor, o, a.ID, AtCheckOut, methodsOf(c.Factors), at, distance)
	for _, other := range o.Assignments {
		if other.State == Taken || other.State == CheckedIn || other.State == Offered {
			w.touch(o)
			w.note(c.Actor, "order.check_out", o, was, o.standing())
			return nil
		}
	}
	return w.over(c.Actor, "order.check_out", o)
}

// withdraw gives a volunteer's place back before the service.
func (w *work) withdraw(o *Order, c *OrderCmd) error {
	a := o.placeOf(member.PersonID(c.Actor.Person))
	if a == nil {
		return errs.New(errs.NotFound, "order.not_assigned")
	}
	if a.State != Taken && a.State != Offered {
		return errState("order.service_begun", o)
	}
	w.set(a, Withdrawn)
	return w.freed(c.Actor, "order.withdraw", o)
}

// freed sees to an order of which a place became free. It is opened again, unless a volunteer has come: then the visit goes on with those who did,
// and what they served is confirmed and paid although somebody else stayed away.
func (w *work) freed(actor identity.Actor, action string, o *Order) error {
	w.awaitAnswers(o)
	begun, coming := false, false
	for _, a := range o.Assignments {
		begun = begun || a.State == CheckedIn || a.State == CheckedOut
		coming = coming || a.State == Offered || a.State == Taken || a.State == CheckedIn
	}
	switch {
	case !begun:
		r, err := w.rules(o)
		if err != nil {
			return err
		}
		w.publish(actor, action, o, r)
		return nil
	case coming:
		w.touch(o)
		w.note(actor, action, o, string(o.State), o.standing())
		return nil
	}
	return w.over(actor, action, o)
}

// over lets a visit from which everybody has checked out wait for its confirmation.
func (w *work) over(actor identity.Actor, action string, o *Order) error {
	r, err := w.rulesAt(o, o.served())
	if err != nil {
		return err
	}
	w.move(actor, action, o, Awaiting, ForConfirmation)
	w.wait(TimerAutoConfirm, o, w.tx.Now().Add(r.ConfirmAutoAfter), "")
	w.tx.Outbox("order.awaiting", string(o.ID), "{}")
	return nil
}

// noShow frees the place of a volunteer who did not come, and counts it against the volunteer.
func (w *work) noShow(o *Order, c *NoShowCmd) error {
	if err := w.mayAnswerFor(c.Actor, o, identity.OrderConfirm, identity.OrderDispatch); err != nil {
		return err
	}
	a := o.placeOf(c.Volunteer)
	if a == nil {
		return errs.New(errs.NotFound, "order.not_assigned")
	}
	if a.State != Taken {
		return errState("order.service_begun", o)
	}
	if w.tx.Now().Before(o.Start) {
		return errs.New(errs.Refused, "order.not_started").By("order.state", "law")
	}
	r, err := w.rulesNow(o.Region)
	if err != nil {
		return err
	}
	if err := member.RecordNoShow(w.tx, a.Volunteer, o.Start, r); err != nil {
		return err
	}
	w.set(a, NoShow)
	return w.freed(c.Actor, "order.no_show", o)
}

// mayAnswerFor lets the recipient, its delegate, or staff with the right act on an order.
func (w *work) mayAnswerFor(actor identity.Actor, o *Order, own, staff identity.Right) error {
	_, err := w.sideOf(actor, o, own, staff)
	return err
}

// sideOf says for whom an actor answers on the recipient's side: the recipient, its family, or the desk.
func (w *work) sideOf(actor identity.Actor, o *Order, own, staff identity.Right) (ConfirmedBy, error) {
	if !actor.IsSystem() && actor.MayOwn(own, string(o.Recipient)) == nil {
		return ByRecipient, nil
	}
	refused := actor.May(staff, o.Region, w.tree)
	if refused == nil {
		return ByDesk, nil
	}
	delegate, err := member.IsDelegate(w.tx, o.Recipient, member.PersonID(actor.Person))
	switch {
	case err != nil:
		return "", err
	case delegate:
		return ByFamily, nil
	}
	return "", refused
}

// partiesThatCount are the sides whose proof lets silence confirm.
func partiesThatCount(r policy.Rules) (p proof) {
	if r.ConfirmNeeds.Has(policy.PartyRecipient) || r.ConfirmNeeds.Has(policy.PartyFamily) {
		p |= byRecipient
	}
	if r.ConfirmNeeds.Has(policy.PartyStation) || r.ConfirmNeeds.Has(policy.PartyCallBack) {
		p |= byStation
	}
	return p
}
