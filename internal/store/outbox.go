package store

import (
	"errors"
	"time"

	"timebank/internal/clock"
)

// Event is an outside effect that a committed transaction asks for. It is delivered at least once and named by its Seq.
type Event struct {
	Seq     int64
	Topic   string // "order.claimed"
	Ref     string // id of the entity it is about
	Payload string // JSON with ids, never with personal data
}

// Outbox asks for an outside effect. The row is written with the transaction, in one statement with its neighbours; see [Tx.Append].
func (tx *Tx) Outbox(topic, ref, payload string) {
	tx.Append("outbox", "topic, ref, payload, recorded_at", topic, ref, payload, tx.NowMicros())
}

const eventColumns = "SELECT seq, topic, ref, payload FROM outbox ORDER BY seq LIMIT $1"

func scanEvent(r *Rows) (e Event, err error) {
	return e, r.Scan(&e.Seq, &e.Topic, &e.Ref, &e.Payload)
}

// TakeEvents removes up to max of the oldest events and returns them in order. When the transaction fails they are still there. It is
// for a taker whose own record of them is in the same transaction; any other reads [WaitingEvents] and then drops them.
func TakeEvents(tx *Tx, max int) ([]Event, error) {
	events, err := All(tx, scanEvent, eventColumns+tx.SkipLocked(), max)
	if err != nil {
		return nil, err
	}
	return events, DropEvents(tx, events)
}

// WaitingEvents returns up to max of the oldest events in order and leaves them there.
func WaitingEvents(tx *Tx, max int) ([]Event, error) { return All(tx, scanEvent, eventColumns, max) }

// DropEvents removes events that have been handed over. One that is gone already is no error: another process handed it over too.
func DropEvents(tx *Tx, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, len(events))
	for i, e := range events {
		args[i] = e.Seq
	}
	_, err := tx.With("WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args, ") DELETE FROM outbox WHERE seq IN (SELECT v.seq FROM v)")
	return err
}

// DiscardEvents removes every event that waits, handed over or not, and returns how many there were: the outside effects of a simulated
// year must never happen.
func DiscardEvents(tx *Tx) (int64, error) { return tx.Exec("DELETE FROM outbox") }

// OldestEvent returns when the oldest event that still waits was asked for; ok is false when none waits.
func OldestEvent(tx *Tx) (at time.Time, ok bool, err error) {
	var micros int64
	err = tx.QueryRow("SELECT recorded_at FROM outbox ORDER BY seq LIMIT 1").Scan(&micros)
	if errors.Is(err, ErrNoRows) {
		return time.Time{}, false, nil
	}
	return clock.FromMicros(micros), err == nil, err
}
