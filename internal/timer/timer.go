// Package timer owns everything that waits: rows with a due time, run in (due, seq) order by one use-case.
//
// Time-outs of orders, credit delays, expiries, monthly grants and nightly work are all timers; nobody else sleeps or polls. A
// periodic job calls [Service.Run] with the clock's now, the replay with simulated time, tests with a fake clock. The package knows
// kinds and references, never what they mean: handlers are registered by the composition root.
package timer

import (
	"context"
	"fmt"
	"time"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// Timer is one thing that waits.
type Timer struct {
	Seq  int64  // set when loaded
	Kind string // names the handler: "order.escalate"
	Ref  string // the entity it is about; a kind waits at most once for a reference
	Due  time.Time
	Arg  string // what the handler wants to know besides, "" when nothing
}

// Handler does what due timers ask for, in the given order, within tx. It returns one error per timer, nil for those that are done;
// a timer with an error is parked with the error's text and does not stop the others. A second return value fails all of them.
type Handler func(tx *store.Tx, due []Timer) ([]error, error)

// Service runs timers.
type Service struct {
	db       *store.DB
	handlers map[string]Handler
	group    int
}

// DefaultGroup is how many timers of one kind a handler gets at most in one transaction.
const DefaultGroup = 512

// New returns a service without handlers. group is the most timers that one transaction runs; 0 means [DefaultGroup].
func New(db *store.DB, group int) *Service {
	if group <= 0 {
		group = DefaultGroup
	}
	return &Service{db: db, handlers: map[string]Handler{}, group: group}
}

// Handle registers the handler of a kind, once, before the first Run.
func (s *Service) Handle(kind string, h Handler) {
	if s.handlers[kind] != nil {
		panic("timer: two handlers for " + kind)
	}
	s.handlers[kind] = h
}

// Kinds lists the kinds that have a handler.
func (s *Service) Kinds() map[string]bool {
	kinds := make(map[string]bool, len(s.handlers))
	for k := range s.handlers {
		kinds[k] = true
	}
	return kinds
}

// Run runs every timer that is due at or before now, those included that become due by running, and returns how many ran.
//
// Each run of neighbours of the same kind is one transaction. When a handler fails as a whole, its timers are tried one at a time
// and the failing ones are parked, so the clock always goes on.
func (s *Service) Run(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for {
		ran, err := s.step(ctx, now, s.group)
		if err != nil && ran > 1 {
			// The group failed as a whole: go on one at a time until what was in it is behind us.
			for range ran {
				one, err := s.step(ctx, now, 1)
				if err != nil {
					if err = s.park(ctx, now, err); err != nil {
						return total, err
					}
				}
				total += one
			}
			continue
		}
		if err != nil && ran == 1 {
			if err := s.park(ctx, now, err); err != nil {
				return total, err
			}
			total++
			continue
		}
		if err != nil {
			return total, err
		}
		total += ran
		if ran == 0 {
			return total, nil
		}
	}
}

// step runs the first timers that are due and of one kind. ran is how many it took up, also when err says that they failed.
func (s *Service) step(ctx context.Context, now time.Time, most int) (ran int, err error) {
	err = s.db.Write(ctx, "timer.run", func(tx *store.Tx) error {
		ran = 0
		due, err := loadDue(tx, clock.Micros(now), most)
		if err != nil || len(due) == 0 {
			return err
		}
		n := 1
		for n < len(due) && due[n].Kind == due[0].Kind {
			n++
		}
		due, ran = due[:n], n
		h := s.handlers[due[0].Kind]
		if h == nil {
			return fmt.Errorf("timer: no handler for kind %q", due[0].Kind)
		}
		// Removed before the handler runs, so that it may set the same timer again.
		if err := remove(tx, due); err != nil {
			return err
		}
		failed, err := h(tx, due)
		if err != nil {
			return err
		}
		for i, f := range failed {
			if f != nil {
				if err := putParked(tx, due[i], f.Error()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return ran, err
}

func (s *Service) park(ctx context.Context, now time.Time, problem error) error {
	return s.db.Write(ctx, "timer.park", func(tx *store.Tx) error {
		due, err := loadDue(tx, clock.Micros(now), 1)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := remove(tx, due); err != nil {
			return err
		}
		return putParked(tx, due[0], problem.Error())
	})
}
