package order

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// load reads orders with their assignments, locked in id order. ids must be sorted and unique.
func load(tx *store.Tx, ids []ID, lock bool) (map[ID]*Order, error) {
	clause := ""
	if lock {
		clause = tx.ForUpdate()
	}
	orders, err := store.In(tx, "SELECT "+orderColumns+" FROM service_order WHERE id IN (", ids, ") ORDER BY id"+clause, scanOrder)
	if err != nil {
		return nil, err
	}
	found := make(map[ID]*Order, len(orders))
	for _, o := range orders {
		found[o.ID] = o
	}
	assignments, err := store.In(tx, "SELECT "+assignmentColumns+" FROM assignment WHERE order_id IN (", ids, ") ORDER BY id", scanAssignment)
	if err != nil {
		return nil, err
	}
	for _, a := range assignments {
		if o := found[a.Order]; o != nil {
			o.Assignments = append(o.Assignments, a)
		}
	}
	return found, nil
}

// span is the part of a volunteer's diary that the limits look at.
type span struct {
	volunteer string
	from      time.Time
}

// diaries reads the assignments of volunteers from the given times on.
func diaries(tx *store.Tx, spans []span) ([]*Assignment, error) {
	args := make([]any, 0, 2*len(spans))
	for _, s := range spans {
		args = append(args, s.volunteer, clock.Micros(s.from))
	}
	return store.AllWith(tx, "WITH v (volunteer, since) AS (VALUES ", []string{"TEXT", "BIGINT"}, args,
		") SELECT a.id, a.order_id, a.volunteer, a.team, a.how, a.state, a.recipient, a.region, a.start_at, a.end_at, a.in_at, a.out_at,"+
			" a.minutes, a.credit, a.grade, a.flags, a.proof FROM v JOIN assignment a ON a.volunteer = v.volunteer AND a.start_at >= v.since"+
			" ORDER BY a.volunteer, a.start_at, a.id", scanAssignment)
}

// servedBefore returns which of the recipients have had an order that got past review.
func servedBefore(tx *store.Tx, recipients []string) (map[string]bool, error) {
	found, err := store.In(tx, "SELECT DISTINCT recipient FROM service_order WHERE recipient IN (", recipients,
		") AND state NOT IN ('submitted', 'cancelled')", func(r *store.Rows) (s string, err error) { return s, r.Scan(&s) })
	m := make(map[string]bool, len(found))
	for _, f := range found {
		m[f] = true
	}
	return m, err
}

// signed tells whether the recipient has signed the agreement about the item.
func signed(tx *store.Tx, recipient, item string) (bool, error) {
	n, err := store.All(tx, func(r *store.Rows) (n int64, err error) { return n, r.Scan(&n) },
		"SELECT 1 FROM agreement WHERE recipient = $1 AND item = $2", recipient, item)
	return len(n) > 0, err
}
