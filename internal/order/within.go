package order

import (
	"slices"

	"timebank/internal/identity"
	"timebank/internal/member"
	"timebank/internal/store"
)

// What stands here is for packages that build on orders and decide in a transaction of their own.

// Load returns orders with their assignments, for reading; an unknown one is missing from the map.
func Load(tx *store.Tx, ids []ID) (map[ID]*Order, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return load(tx, slices.Compact(ids), false)
}

// RecipientsOf says whom orders are for.
func RecipientsOf(tx *store.Tx, ids []ID) (map[ID]member.PersonID, error) {
	return recipientsOf(tx, ids)
}

// Lock is Load for a decision: nobody else changes the orders before the transaction ends.
func Lock(tx *store.Tx, ids []ID) (map[ID]*Order, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return load(tx, slices.Compact(ids), true)
}

// Serves reports whether the person has a place on the order: offered, taken, served or paid, not one that was given back or made void.
func (o *Order) Serves(p member.PersonID) bool { return o.serves(p) }

// Disputable reports whether an order in this state still has minutes that a dispute can freeze.
func (s State) Disputable() bool { return s == Awaiting || s == Confirmed || s == Settled }

// PlaceIn is [Service.Place] for one order within the caller's transaction. It writes nothing when it refuses.
func (s *Service) PlaceIn(tx *store.Tx, c PlaceCmd) (Placed, error) {
	w, o, err := s.placeOne(tx, &c)
	if err != nil {
		return Placed{}, err
	}
	if o.PlacedAs != BySelf {
		tx.Outbox("order.placed", string(o.ID), "{}")
	}
	return Placed{ID: o.ID, State: o.State, WaitsFor: o.WaitsFor}, w.save()
}

// ConfirmIn is [Service.Confirm] within the caller's transaction.
func (s *Service) ConfirmIn(tx *store.Tx, cmds []ConfirmCmd) ([]identity.Result[Changed], error) {
	return s.calls.confirm.Do(tx, cmds)
}

// DisputeIn is [Service.Dispute] within the caller's transaction.
func (s *Service) DisputeIn(tx *store.Tx, cmds []OrderCmd) ([]identity.Result[Changed], error) {
	return s.calls.dispute.Do(tx, cmds)
}

// DecideIn is [Service.Decide] within the caller's transaction.
func (s *Service) DecideIn(tx *store.Tx, cmds []DecideCmd) ([]identity.Result[Changed], error) {
	return s.calls.decide.Do(tx, cmds)
}
