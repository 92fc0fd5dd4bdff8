package order

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"timebank/internal/audit"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/ledger"
	"timebank/internal/member"
	"timebank/internal/policy"
	"timebank/internal/region"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// work is one transaction's orders: loaded together, decided one after another, each seeing what was decided before it, and saved in a
// few statements for all.
type work struct {
	s          *Service
	tx         *store.Tx
	tree       *region.Tree
	view       policy.View
	items      *catalog.Catalogue // set when first asked for
	orders     map[ID]*Order
	volunteers map[member.PersonID]member.Volunteer
	diary      map[member.PersonID][]*Assignment
	wishes     map[member.PersonID]member.Wish // of those who may come to hold more than the cap
	touched    []*Order                        // in the order in which they were first changed
	evidence   []Evidence
	trail      []audit.Entry
	timers     []timer.Timer
	cancels    map[string][]string
	releases   []string
}

func (s *Service) begin(tx *store.Tx) (*work, error) {
	tree, err := s.regions.Tree(tx)
	if err != nil {
		return nil, err
	}
	view, err := s.policies.View(tx)
	if err != nil {
		return nil, err
	}
	return &work{s: s, tx: tx, tree: tree, view: view, cancels: map[string][]string{}}, nil
}

// take begins with the orders that commands are about, which it locks.
func (s *Service) take(tx *store.Tx, ids []ID) (*work, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	// Answered with the question for the newest rules.
	orders, err := load(tx.Later(), slices.Compact(ids), true)
	if err != nil {
		return nil, err
	}
	w, err := s.begin(tx)
	if err != nil {
		return nil, err
	}
	w.orders = orders
	return w, tx.Await()
}

// order returns a loaded order, or NotFound.
func (w *work) order(id ID) (*Order, error) {
	if o := w.orders[id]; o != nil {
		return o, nil
	}
	return nil, errs.New(errs.NotFound, "order.not_found")
}

// know loads volunteers.
func (w *work) know(people map[member.PersonID]time.Time) (err error) {
	w.volunteers, err = member.LoadVolunteers(w.tx, slices.Sorted(maps.Keys(people)))
	return err
}

// read loads the diaries of volunteers from the beginning of the earliest month that matters.
func (w *work) read(people map[member.PersonID]time.Time) error {
	ids := slices.Sorted(maps.Keys(people))
	spans := make([]span, len(ids))
	for i, id := range ids {
		spans[i] = span{volunteer: string(id), from: clock.MonthOf(people[id]).Start()}
	}
	all, err := diaries(w.tx, spans)
	if err != nil {
		return err
	}
	w.diary = make(map[member.PersonID][]*Assignment, len(ids))
	for _, a := range all {
		// The same place must be one value, so that a decision on the order shows in the diary.
		if o := w.orders[a.Order]; o != nil {
			if i := slices.IndexFunc(o.Assignments, func(b *Assignment) bool { return b.ID == a.ID }); i >= 0 {
				a = o.Assignments[i]
			}
		}
		w.diary[a.Volunteer] = append(w.diary[a.Volunteer], a)
	}
	return nil
}

// path names whose rules hold in a place at a moment.
func (w *work) path(place region.ID, at time.Time) []string {
	return w.tree.RulePath(place, clock.DayOf(at))
}

// rulesNow are the rules in force at the transaction's time in a place.
func (w *work) rulesNow(place region.ID) (policy.Rules, error) {
	return w.view.At(w.tx.Now(), w.path(place, w.tx.Now()))
}

// rules are the rules that an order was placed under and keeps.
func (w *work) rules(o *Order) (policy.Rules, error) {
	return w.view.Version(policy.VersionID(o.PolicyVersion), w.path(o.Region, o.SubmittedAt))
}

// rulesAt are the rules in force where the order is served at the moment when a service took place, or is to: limits, proofs, weights and
// the time to confirm are those of the service, not of the request. A slip from before the city's first rules keeps those of its order.
func (w *work) rulesAt(o *Order, at time.Time) (policy.Rules, error) {
	r, err := w.view.At(at, w.path(o.Region, at))
	if errs.KindOf(err) == errs.Unavailable {
		return w.rules(o)
	}
	return r, err
}

func (w *work) item(o *Order) (*catalog.Item, error) {
	c, err := w.catalogue()
	if err != nil {
		return nil, err
	}
	return c.ByVersion(o.Item, o.ItemVersion)
}

// catalogue is the catalogue as the transaction sees it, asked for once.
func (w *work) catalogue() (_ *catalog.Catalogue, err error) {
	if w.items == nil {
		w.items, err = w.s.catalog.Catalogue(w.tx)
	}
	return w.items, err
}

// touch marks an order as changed.
func (w *work) touch(o *Order) {
	if !o.changed && !o.isNew {
		o.changed = true
		w.touched = append(w.touched, o)
	}
}

// move changes an order's state and what it waits for, and writes the act into the trail.
func (w *work) move(actor identity.Actor, action string, o *Order, to State, waits WaitsFor) {
	before := string(o.State)
	if o.isNew && o.State == "" {
		before = ""
	}
	o.State, o.WaitsFor, o.Since = to, waits, w.tx.Now()
	w.touch(o)
	w.note(actor, action, o, before, string(to))
}

// note writes an act into the trail.
func (w *work) note(actor identity.Actor, action string, o *Order, before, after string) {
	behalf := ""
	if !actor.IsSystem() && actor.Behalf(string(o.Recipient)) != "" && !o.serves(member.PersonID(actor.Person)) {
		behalf = string(o.Recipient)
	}
	w.trail = append(w.trail, audit.Entry{Actor: actor.ID, OnBehalf: behalf, Action: action, Kind: "order", Ref: string(o.ID),
		Region: string(o.Region), Before: before, After: after, Origin: actor.Origin})
}

// prove records evidence.
func (w *work) prove(actor identity.Actor, o *Order, a AssignmentID, m Moment, methods []Method, at time.Time, distance int64) {
	w.evidence = append(w.evidence, Evidence{Order: o.ID, Assignment: a, Moment: m, Methods: methods, Actor: actor.ID, OccurredAt: at, Distance: distance})
}

// wait sets a timer for an order, in the place of one of the kind that this very work wants: two volunteers may be asked at once.
func (w *work) wait(kind string, o *Order, due time.Time, arg string) {
	one := timer.Timer{Kind: kind, Ref: string(o.ID), Due: due, Arg: arg}
	if i := slices.IndexFunc(w.timers, func(t timer.Timer) bool { return t.Kind == kind && t.Ref == one.Ref }); i >= 0 {
		w.timers[i] = one
		return
	}
	w.timers = append(w.timers, one)
}

// unwait cancels a timer that the order may have, one that this very work wants included.
func (w *work) unwait(kind string, o *Order) {
	w.timers = slices.DeleteFunc(w.timers, func(t timer.Timer) bool { return t.Kind == kind && t.Ref == string(o.ID) })
	w.cancels[kind] = append(w.cancels[kind], string(o.ID))
}

// unwaitAll cancels every timer of an order.
func (w *work) unwaitAll(o *Order) {
	for _, kind := range []string{TimerOfferExpire, TimerEscalate, TimerAutoConfirm, TimerSettle} {
		w.unwait(kind, o)
	}
}

// release lets go of the hours that an order holds when the work is saved.
func (w *work) release(o *Order) {
	w.releases = append(w.releases, string(o.ID))
	o.Funding = ""
	w.touch(o)
}

// add makes an order known that this work creates.
func (w *work) add(o *Order) {
	o.isNew = true
	if w.orders == nil {
		w.orders = map[ID]*Order{}
	}
	w.orders[o.ID] = o
	w.touched = append(w.touched, o)
}

// save writes everything, in an order that is the same for the same commands.
func (w *work) save() error {
	var fresh, changed []*Order
	var newOnes, old []*Assignment
	for _, o := range w.touched {
		if o.isNew {
			fresh = append(fresh, o)
		} else {
			changed = append(changed, o)
		}
		for _, a := range o.Assignments {
			switch {
			case a.isNew:
				newOnes = append(newOnes, a)
			case a.changed:
				old = append(old, a)
			}
		}
	}
	for _, kind := range []string{TimerOfferExpire, TimerEscalate, TimerAutoConfirm, TimerSettle} {
		if err := timer.Cancel(w.tx, kind, w.cancels[kind]...); err != nil {
			return err
		}
	}
	known := knownOrders(w.tx)
	tx := w.tx.Answering("service_order", "assignment")
	steps := []func() error{
		func() error { return insertOrders(tx, fresh) },
		func() error { return updateOrders(tx, changed) },
		func() error { return insertAssignments(tx, newOnes) },
		func() error { return updateAssignments(tx, old) },
		func() error { return timer.Set(w.tx, w.timers...) },
		func() error { return audit.Record(w.tx, w.trail...) },
	}
	if len(w.releases) > 0 {
		steps = append(steps, func() error { return ledger.Release(w.tx, w.releases...) })
	}
	insertEvidence(w.tx, w.evidence)
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if known != nil {
		for _, o := range w.touched {
			known.Put(o.ID, o.copied())
		}
	}
	return nil
}

// partOf returns the place of a volunteer who has a part in the order: a live one, or the one that the order's end took. One that was given back, or to
// which the volunteer did not come, is none.
func (o *Order) partOf(p member.PersonID) (part *Assignment) {
	for _, a := range o.Assignments {
		if p != "" && a.Volunteer == p && (a.State.live() || a.State == CalledOff || a.State == VoidService) {
			part = a
		}
	}
	return part
}

// serves reports whether the person has a live place on the order.
func (o *Order) serves(p member.PersonID) bool { return o.placeOf(p) != nil }

// placeOf returns the live place of a volunteer, or nil.
func (o *Order) placeOf(p member.PersonID) *Assignment {
	for _, a := range o.Assignments {
		if p != "" && a.Volunteer == p && a.State.live() {
			return a
		}
	}
	return nil
}

// standing says how an order stands for the trail: its state, and how many of its places are in which: "published: offered 1, taken 1". An act that one
// of several volunteers does changes the second alone.
func (o *Order) standing() string {
	said := string(o.State)
	sep := ": "
	for _, state := range assignmentStates {
		n := 0
		for _, a := range o.Assignments {
			if a.State == state {
				n++
			}
		}
		if n > 0 {
			said += sep + string(state) + " " + strconv.Itoa(n)
			sep = ", "
		}
	}
	return said
}

// live counts the places that are taken; accepted those of them that the volunteer has agreed to.
func (o *Order) filled() (live, accepted int) {
	for _, a := range o.Assignments {
		if a.State.live() {
			live++
			if a.State != Offered {
				accepted++
			}
		}
	}
	return live, accepted
}
