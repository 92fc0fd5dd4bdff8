// Package jobs owns the work that nobody asks for at the moment it is done: what the installation does by itself again and again, and
// the outside effects that committed transactions asked for. River carries both.
//
// Each task and each delivery calls one use-case or one sender and nothing else. The package must never decide a rule, write a table of
// the domain, or hold an effect in memory alone: an event leaves the outbox only when River's own database has it. On PostgreSQL River's
// tables stand beside ours; on SQLite they have a file of their own, [FileName].
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/store"
)

// FileName is River's database inside an SQLite data folder.
const FileName = "jobs.db"

// Schedule tells when a task runs next, seen from a moment.
type Schedule func(now time.Time) time.Time

// Every is the schedule of a task that runs again and again after the same while, at least a second.
func Every(d time.Duration) Schedule {
	return func(now time.Time) time.Time { return now.Add(d) }
}

// Nightly is the schedule of a task that runs once a day at the hour of the city's zone.
func Nightly(hour int) Schedule {
	return func(now time.Time) time.Time {
		next := clock.DayOf(now).Start().Add(time.Duration(hour) * time.Hour)
		if !next.After(now) {
			next = clock.DayOf(now).Add(1).Start().Add(time.Duration(hour) * time.Hour)
		}
		return next
	}
}

// Task is a use-case that the installation gives itself. It also runs once when the process starts. Two processes may run it at the same
// time, so it must bear that; one process never does.
type Task struct {
	Name string // lower-case letters and underscores
	When Schedule
	Do   func(ctx context.Context) error
}

// Deliver carries out one outside effect. It is called at least once for an event; who must not do a thing twice remembers its Seq.
// An error means that it is tried again later, at growing distances.
type Deliver func(ctx context.Context, e store.Event) error

// Config is what the jobs of an installation are made of.
type Config struct {
	DB *store.DB
	// Postgres is the connection string when DB is PostgreSQL.
	Postgres string
	Log      *slog.Logger
	Tasks    []Task
	// Topics names who delivers the events of a topic; Otherwise delivers those of all others.
	Topics    map[string]Deliver
	Otherwise Deliver
	// Relay is how often the outbox is looked at.
	Relay time.Duration
	// Workers is how many events are delivered at a time.
	Workers int
	// Relayed is told how many events were handed over; nil means nobody.
	Relayed func(n int)
}

// client is what we use of River's client, which has a type parameter for the engine's transaction.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	InsertManyFast(ctx context.Context, params []river.InsertManyParams) (int, error)
}

// Jobs runs tasks and deliveries. Make it with [New].
type Jobs struct {
	cfg     Config
	pool    *sql.DB
	client  client
	started bool
	relay   sync.WaitGroup
	end     context.CancelFunc // ends the relay
}

// New opens River's database and brings its tables up to date. Nothing runs before [Jobs.Start].
func New(ctx context.Context, cfg Config) (*Jobs, error) {
	j := &Jobs{cfg: cfg}
	var err error
	if cfg.DB.Engine() == store.Postgres {
		// Two connections more than what runs at a time: fetching and the relay must not wait for a slow sender.
		if j.pool, err = openPool("pgx", cfg.Postgres, cfg.Workers+len(cfg.Tasks)+2); err == nil {
			j.client, err = connect(ctx, riverdatabasesql.New(j.pool), j)
		}
	} else {
		// FULL, because an event leaves the outbox when it is in this file. River wants one connection on SQLite.
		file := store.SQLiteDSN(filepath.Join(cfg.DB.Dir(), FileName), "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
		if j.pool, err = openPool("sqlite", file, 1); err == nil {
			j.client, err = connect(ctx, riversqlite.New(j.pool), j)
		}
	}
	if err != nil {
		err = errs.New(errs.Unavailable, "jobs.not_open").With(err)
		if j.pool != nil {
			err = errors.Join(err, j.pool.Close())
		}
		return nil, err
	}
	return j, nil
}

func openPool(driver, dsn string, connections int) (*sql.DB, error) {
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	return pool, nil
}

func connect[T any](ctx context.Context, driver riverdriver.Driver[T], j *Jobs) (client, error) {
	quiet := slog.New(atLeast{j.cfg.Log.Handler(), slog.LevelWarn})
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	return river.NewClient(driver, j.riverConfig(quiet))
}

// Jobs that were running when the process was killed are taken up again after rescueAfter (default, ours).
const (
	deliverWithin = time.Minute
	rescueAfter   = 2 * time.Minute
)

const eventQueue = "events"

func (j *Jobs) riverConfig(log *slog.Logger) *river.Config {
	c := &river.Config{
		Logger:       log,
		ErrorHandler: &failures{log: j.cfg.Log},
		JobTimeout:   deliverWithin, RescueStuckJobsAfter: rescueAfter,
		// Without it River asks an SQLite file for news twenty times a second.
		PollOnly: true,
		Queues:   map[string]river.QueueConfig{eventQueue: {MaxWorkers: j.cfg.Workers}},
		Workers:  river.NewWorkers(),
	}
	tasks := map[string]Task{}
	for _, t := range j.cfg.Tasks {
		// A queue of one worker: a task never runs beside itself, and a slow one holds back no other.
		c.Queues[t.Name] = river.QueueConfig{MaxWorkers: 1}
		tasks[t.Name] = t
		c.PeriodicJobs = append(c.PeriodicJobs, river.NewPeriodicJob(nextOf(t.When),
			func() (river.JobArgs, *river.InsertOpts) { return taskArgs{t.Name}, taskOpts(t.Name) }, &river.PeriodicJobOpts{ID: t.Name}))
	}
	river.AddWorker(c.Workers, &taskWorker{tasks: tasks})
	river.AddWorker(c.Workers, &eventWorker{topics: j.cfg.Topics, otherwise: j.cfg.Otherwise})
	return c
}

// nextOf makes a Schedule one of River's.
type nextOf Schedule

// Next implements river.PeriodicSchedule.
func (n nextOf) Next(now time.Time) time.Time { return n(now) }

// Start runs every task once, then by its schedule, and begins to hand over and deliver what waits in the outbox.
func (j *Jobs) Start(ctx context.Context) error {
	// Not ended by the caller's context: Stop ends them, in order.
	ctx = context.WithoutCancel(ctx)
	if err := j.client.Start(ctx); err != nil {
		return errs.New(errs.Unavailable, "jobs.not_started").With(err)
	}
	j.started = true
	// River's own run on start waits for the election of a leader, which takes a quarter of a minute after a process was killed.
	now := make([]river.InsertManyParams, len(j.cfg.Tasks))
	for i, t := range j.cfg.Tasks {
		now[i] = river.InsertManyParams{Args: taskArgs{t.Name}, InsertOpts: taskOpts(t.Name)}
	}
	if len(now) > 0 {
		if _, err := j.client.InsertManyFast(ctx, now); err != nil {
			return errs.New(errs.Unavailable, "jobs.not_started").With(err)
		}
	}
	relayed, end := context.WithCancel(ctx)
	j.end = end
	j.relay.Go(func() { j.relayLoop(relayed) })
	return nil
}

// Stop ends the relay, lets running jobs end until ctx does, cancels the rest, which are taken up again after the next start, and closes
// River's database.
func (j *Jobs) Stop(ctx context.Context) error {
	var all []error
	if j.end != nil {
		j.end()
		j.relay.Wait()
	}
	if j.started {
		stopped := j.client.Stop(ctx)
		if stopped != nil {
			stopped = j.client.StopAndCancel(context.WithoutCancel(ctx))
		}
		all = append(all, stopped)
	}
	return errors.Join(append(all, j.pool.Close())...)
}
