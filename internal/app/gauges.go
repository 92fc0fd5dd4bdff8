package app

import (
	"context"
	"time"

	"timebank/internal/store"
	"timebank/internal/timer"
)

// gaugeWithin bounds how long a figure may take to read, so that a busy database does not hold up the metrics.
const gaugeWithin = time.Second

// gauges adds the figures that say what is late.
func (a *App) gauges() {
	ask := func(name string, read func(tx *store.Tx) (float64, error)) func() float64 {
		return func() (value float64) {
			ctx, cancel := context.WithTimeout(context.Background(), gaugeWithin)
			defer cancel()
			err := a.DB.Read(ctx, name, func(tx *store.Tx) (err error) {
				value, err = read(tx)
				return err
			})
			if err != nil {
				return -1
			}
			return value
		}
	}
	a.Metrics.Gauge("timers_lag_seconds", "How long the earliest waiting timer has been due; 0 when none is, -1 when unknown.",
		ask("obs.timers", func(tx *store.Tx) (float64, error) {
			due, ok, err := timer.Next(tx)
			return lag(tx, due, ok), err
		}))
	a.Metrics.Gauge("timers_parked", "Timers that failed and wait for a person; -1 when unknown.",
		ask("obs.parked", func(tx *store.Tx) (float64, error) {
			parked, err := timer.ListParked(tx)
			return float64(len(parked)), err
		}))
	a.Metrics.Gauge("outbox_lag_seconds", "Age of the oldest outside effect that was not handed over; 0 when none waits, -1 when unknown.",
		ask("obs.outbox", func(tx *store.Tx) (float64, error) {
			at, ok, err := store.OldestEvent(tx)
			return lag(tx, at, ok), err
		}))
}

func lag(tx *store.Tx, since time.Time, waits bool) float64 {
	if !waits || since.After(tx.Now()) {
		return 0
	}
	return tx.Now().Sub(since).Seconds()
}
