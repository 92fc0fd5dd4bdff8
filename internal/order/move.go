package order

import (
	"encoding/json"

	"timebank/internal/clock"
	"timebank/internal/member"
	"timebank/internal/region"
	"timebank/internal/store"
)

// A visit is where its recipient lives on its day. It goes along when that changes: a move is planned, made or taken back, or the visit itself
// is moved to a day on which the recipient lives elsewhere.

// homeOn is where a recipient lives on a day, given who plans to move.
func (w *work) homeOn(planned map[member.PersonID]member.Residence, who member.Person, day clock.Day) member.Residence {
	if later, ok := planned[who.ID]; ok && day >= later.From {
		return later
	}
	return member.HomeNow(who, w.tree)
}

// homesOf returns the home of a recipient for any day.
func (w *work) homesOf(who member.PersonID) (on func(clock.Day) member.Residence, err error) {
	people, err := member.LoadPersons(w.tx, []member.PersonID{who})
	if err != nil {
		return nil, err
	}
	planned, err := member.PlannedHomes(w.tx, w.tree, []member.PersonID{who})
	return func(day clock.Day) member.Residence { return w.homeOn(planned, people[who], day) }, err
}

// Rehoused lets the open visits to a person go along with its home, where nobody has come yet: those from the given day on, of which something
// has changed, and those that stand in another community than the home of their day. Whoever was coming is asked again, as for a visit at
// another time. It is part of the transaction of the timer that tells of the homes.
func (s *Service) Rehoused(tx *store.Tx, person member.PersonID, from clock.Day) error {
	ids, err := openFor(tx, person)
	if err != nil || len(ids) == 0 {
		return err
	}
	w, err := s.take(tx, ids)
	if err != nil {
		return err
	}
	home, err := w.homesOf(person)
	if err != nil {
		return err
	}
	if err := w.read(w.earliest(len(ids), func(i int) ([]string, ID) { return w.orders[ids[i]].coming(), ids[i] })); err != nil {
		return err
	}
	for _, id := range ids {
		o := w.orders[id]
		if !o.Movable() || late(o, tx.Now()) {
			continue
		}
		was, day := o.Region, clock.DayOf(o.Start)
		w.house(o, home(day))
		if o.Region == was && (from == "" || day < from) {
			continue // it is where it was, or has only a better place on the map
		}
		if err := w.goAlong(o, was); err != nil {
			return err
		}
	}
	return w.save()
}

// coming are the volunteers who have a place on an order.
func (o *Order) coming() (who []string) {
	for _, a := range o.Assignments {
		if a.State.live() {
			who = append(who, string(a.Volunteer))
		}
	}
	return who
}

// house puts an order where the recipient lives on its day.
func (w *work) house(o *Order, at member.Residence) {
	if o.Region == at.Region && o.Point == at.Point {
		return
	}
	o.Region, o.Point, o.rehoused = at.Region, at.Point, true
	w.touch(o)
}

// goAlong asks everybody again who was coming to the home that a visit has left, and tells the trail.
func (w *work) goAlong(o *Order, was region.ID) error {
	w.touch(o)
	w.note(system, "order.rehouse", o, string(was), string(o.Region))
	told := Rescheduled{From: o.Start.UTC(), To: o.Start.UTC()}
	if err := w.askAgain(o, &told); err != nil {
		return err
	}
	if err := w.afterMove(o, system); err != nil {
		return err
	}
	payload, err := json.Marshal(told)
	if err != nil {
		return err
	}
	w.tx.Outbox("order.rehoused", string(o.ID), string(payload))
	return nil
}

// rehouse is what another day means for where a visit is: its recipient may live elsewhere then.
func (w *work) rehouse(o *Order) error {
	home, err := w.homesOf(o.Recipient)
	if err != nil {
		return err
	}
	was := o.Region
	if w.house(o, home(clock.DayOf(o.Start))); o.Region != was {
		w.note(system, "order.rehouse", o, string(was), string(o.Region))
	}
	return nil
}
