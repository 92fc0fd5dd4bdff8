package order

import (
	"slices"

	"timebank/internal/member"
	"timebank/internal/store"
)

// Unpaid reports whether a person has served, or is serving, on an order that is not paid or ended yet: its hours are still to come.
func Unpaid(tx *store.Tx, volunteer member.PersonID) (bool, error) { return unpaid(tx, volunteer) }

// Ended ends what a person who died or left still has open: its own requests are cancelled, and the places that it took are free again. It
// is part of the transaction of the timer that tells of the end; what is being served or paid goes on.
func (s *Service) Ended(tx *store.Tx, person member.PersonID) error {
	ids, err := openOf(tx, person)
	if err != nil {
		return err
	}
	w, err := s.take(tx, ids)
	if err != nil {
		return err
	}
	for _, id := range slices.Compact(ids) {
		o := w.orders[id]
		if o.Recipient == person {
			switch o.State {
			case Submitted, Published, Accepted, AtFund:
				o.Reason = string(ReasonEnded)
				w.end(system, "order.cancel", o)
			}
			continue
		}
		if a := o.placeOf(person); a != nil && (a.State == Taken || a.State == Offered) {
			w.set(a, Withdrawn)
			if err := w.freed(system, "order.withdraw", o); err != nil {
				return err
			}
		}
	}
	return w.save()
}
