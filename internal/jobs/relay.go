package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"timebank/internal/store"
)

// relayBatch is how many events are handed over at a time.
const relayBatch = 500

func (j *Jobs) relayLoop(ctx context.Context) {
	tick := time.NewTicker(j.cfg.Relay)
	defer tick.Stop()
	failing := false
	for {
		_, err := j.Relay(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			// Said once, not every second: what waits is in the outbox's own figure.
			j.cfg.Log.ErrorContext(ctx, "the outbox cannot be handed over", "error", err)
		}
		failing = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Relay hands over what waits in the outbox and returns how many events that were. It inserts first and drops afterwards: a process that
// ends in between hands the same events over again, and River knows them by their content, number included.
func (j *Jobs) Relay(ctx context.Context) (int, error) {
	total := 0
	for {
		events, err := j.handOver(ctx)
		if err != nil || len(events) == 0 {
			return total, err
		}
		err = j.cfg.DB.Write(ctx, "outbox.drop", func(tx *store.Tx) error { return store.DropEvents(tx, events) })
		if err != nil {
			return total, err
		}
		total += len(events)
		if j.cfg.Relayed != nil {
			j.cfg.Relayed(len(events))
		}
	}
}

// handOver inserts the oldest events into River and leaves them in the outbox.
func (j *Jobs) handOver(ctx context.Context) (events []store.Event, err error) {
	err = j.cfg.DB.Read(ctx, "outbox.waiting", func(tx *store.Tx) error {
		events, err = store.WaitingEvents(tx, relayBatch)
		return err
	})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	params := make([]river.InsertManyParams, len(events))
	for i, e := range events {
		params[i] = river.InsertManyParams{Args: eventArgs{e}, InsertOpts: eventOpts}
	}
	_, err = j.client.InsertManyFast(ctx, params)
	return events, err
}

// eventArgs is an event as River keeps it.
type eventArgs struct{ store.Event }

// Kind implements river.JobArgs.
func (eventArgs) Kind() string { return "event" }

// The whole event makes it one of a kind, not its number alone: a restored backup counts on from an older number.
var eventOpts = &river.InsertOpts{Queue: eventQueue, UniqueOpts: river.UniqueOpts{ByArgs: true}}
