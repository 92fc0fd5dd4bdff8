// Package replay owns the synthetic city: its people, its orders and its published year, and the driver that pushes all of it through the
// same use-cases as the API under a simulated clock.
//
// The plan (plan.go and its neighbours) is a pure function of scale and seed; it hits the published figures exactly and avoids what a use-case
// would refuse. The driver (drive.go and its neighbours) is one ordered producer, so that the same seed comes to the same book on either
// engine and whatever the size of its groups. The package must never write a row by itself, decide a rule, or hold real personal data:
// everybody in it is invented.
package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"timebank/internal/app"
	"timebank/internal/catalog"
	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/region"
	"timebank/internal/report"
	"timebank/internal/store"
	"timebank/internal/timer"
)

// Config says which year is replayed.
type Config struct {
	// App is an installation on an empty, migrated database whose clock is a clock.Fake. For a run to repeat itself, its identifiers
	// come from id.Streams and its keys from a seed.
	App *app.App
	// Scale is the size of the city, 1 being the published one; 0 means 1.
	Scale float64
	// Seed decides who everybody is. The figures hold for every seed.
	Seed uint64
	// Group is the most commands that one transaction takes; 0 means 500. It does not change the result.
	Group int
	// Progress hears how many commands of about how many are done, a few hundred times in a run. It may be nil.
	Progress func(done, total int)
}

// DefaultGroup is the size of groups when none is asked for.
const DefaultGroup = 500

// Open opens an installation for a replay: on a simulated clock, with identifiers and keys drawn from the seed.
func Open(ctx context.Context, c config.Config, seed uint64, timers int) (*app.App, error) {
	// The keys have a source of their own, because an engine may draw more or less of it.
	keys, err := app.NewKeys(c.City, id.Streams(^seed))
	if err != nil {
		return nil, err
	}
	c.DB.Cache, c.DB.Readers = min(c.DB.Cache, mostCache), 2
	return app.Open(ctx, app.Options{Config: c, Clock: clock.NewFake(calendar{firstDay}.time(0)), IDs: id.Streams(seed), Keys: &keys, Timers: timers})
}

// mostCache bounds the page cache in MiB: a run is to stay below 300 MB.
const mostCache = 48

// Run replays the year and returns what it came to. An error means that the run could not go on; commands that were refused although the
// plan did not expect it are counted in the report, whose OK is then false.
func Run(ctx context.Context, cfg Config) (Report, error) {
	watch := stopwatch{clock.System()}
	begun := watch.now()
	if cfg.Scale == 0 {
		cfg.Scale = 1
	}
	p, err := newPlan(cfg.Scale, cfg.Seed, firstDay, region.Nanjing(), catalog.Default(), false)
	if err != nil {
		return Report{}, err
	}
	d, err := newDriver(cfg, p, watch)
	if err != nil {
		return Report{}, err
	}
	if founded, err := d.Founded(ctx); err != nil {
		return Report{}, err
	} else if founded {
		return Report{}, errs.New(errs.Conflict, "replay.not_empty")
	}
	if err := d.all(ctx, p.end()); err != nil {
		return Report{}, err
	}
	return d.report(ctx, begun)
}

// all runs the year up to a tick.
func (d *driver) all(ctx context.Context, end tick) error {
	d.fake.Set(d.plan.cal.time(0))
	err := d.DB.Together(ctx, func(ctx context.Context) error {
		if err := d.found(ctx); err != nil {
			return err
		}
		return d.DB.Write(ctx, "replay.figures", func(tx *store.Tx) error { return timer.Cancel(tx, report.TimerNightly, "city") })
	})
	if err != nil {
		return fmt.Errorf("set up the city: %w", err)
	}
	for day := 0; at(day, 0) < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := d.DB.Whole(ctx, func(ctx context.Context) (err error) {
			day, err = d.span(ctx, day, end)
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.DB.Write(ctx, "replay.figures", d.compare)
}

// compare recomputes the figures once, where an installation does it every night: it reads the whole history, so the nights of a year would
// take longer than the year. From now on they are recomputed as in any installation.
func (d *driver) compare(tx *store.Tx) error {
	found, err := report.Recompute(tx, d.tree)
	if err != nil {
		return err
	}
	for _, f := range found {
		d.unequal = append(d.unequal, fmt.Sprintf("%s in %s: the orders say %d, the book says %d", f.Code, f.Place, f.Was, f.Is))
	}
	return d.Reports.ScheduleDaily(tx)
}

// A commit takes as many days as make up spanCommands, and spanDays at the most. A page that many days change is then written once.
const (
	spanCommands = 20_000
	spanDays     = 28
)

// span runs whole days, numbers what they wrote, and returns the first day that it did not run. It does not look at how the commands are
// grouped, so the groups do not change where the logs are signed.
func (d *driver) span(ctx context.Context, day int, end tick) (int, error) {
	done, last := d.commands+spanCommands, day+spanDays
	for d.commands < done && day < last && at(day, 0) < end {
		if err := d.day(ctx, day, end); err != nil {
			return day, fmt.Errorf("%s: %w", d.plan.cal.first.Add(day), err)
		}
		day++
	}
	_, err := d.Sequence(ctx)
	return day, err
}

// stopwatch measures how long the machine takes, which is no part of any result.
type stopwatch struct{ clock.Clock }

func (s stopwatch) now() time.Time { return s.Now() }

var (
	errPlace = errors.New("replay: the city has other regions than the plan")
	errClock = errors.New("replay: the clock of the installation must be a fake one")
)
