package store

// Event is an outside effect that a committed transaction asks for. It is delivered at least once and named by its Seq.
type Event struct {
	Seq     int64
	Topic   string // "order.claimed"
	Ref     string // id of the entity it is about
	Payload string // JSON with ids, never with personal data
}

// Outbox asks for an outside effect. The row is written with the transaction, after fn, in one statement with its neighbours.
func (tx *Tx) Outbox(topic, ref, payload string) {
	tx.outbox = append(tx.outbox, topic, ref, payload, tx.NowMicros())
}

func (tx *Tx) flush() error {
	if len(tx.outbox) == 0 {
		return nil
	}
	_, err := tx.Insert("INSERT INTO outbox (topic, ref, payload, recorded_at)", 4, tx.outbox, "")
	tx.outbox = nil
	return err
}

// TakeEvents removes up to max of the oldest events and returns them in order. When the transaction fails they are still there.
func TakeEvents(tx *Tx, max int) ([]Event, error) {
	events, err := All(tx, func(r *Rows) (e Event, err error) {
		return e, r.Scan(&e.Seq, &e.Topic, &e.Ref, &e.Payload)
	}, "SELECT seq, topic, ref, payload FROM outbox ORDER BY seq LIMIT $1"+tx.SkipLocked(), max)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	args := make([]any, len(events))
	for i, e := range events {
		args[i] = e.Seq
	}
	_, err = tx.With("WITH v (seq) AS (VALUES ", []string{"BIGINT"}, args, ") DELETE FROM outbox WHERE seq IN (SELECT v.seq FROM v)")
	return events, err
}
