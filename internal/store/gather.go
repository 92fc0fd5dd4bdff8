package store

import (
	"context"
	"runtime"
	"sync"

	"timebank/internal/errs"
)

// Gather turns many concurrent calls for one element each into few calls for many: while groups are being worked on, the elements that arrive
// form the next. A single caller is served at once, alone.
type Gather[T any] struct {
	most, lanes int
	run         func(ctx context.Context, group []T) ([]error, error)
	mu          sync.Mutex
	waiting     []*gathered[T]
	running     int // groups that are not answered yet
}

type gathered[T any] struct {
	one  T
	done chan error
}

// NewGather returns a gatherer whose groups have at most the given length and of which as many as there are lanes run at once; see [DB.Lanes].
// run returns an error for each element, or one for all.
func NewGather[T any](most, lanes int, run func(ctx context.Context, group []T) ([]error, error)) *Gather[T] {
	return &Gather[T]{most: most, lanes: lanes, run: run}
}

// Do hands in one element and returns what became of it. A context cancelled before is refused; afterwards it is ignored.
func (g *Gather[T]) Do(ctx context.Context, one T) error {
	if err := ctx.Err(); err != nil {
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	w := &gathered[T]{one: one, done: make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	free := g.running < g.lanes
	if free {
		g.running++
	}
	g.mu.Unlock()
	if free {
		go g.work(context.WithoutCancel(ctx))
	}
	return <-w.done
}

// work runs one group after the other until nobody waits.
func (g *Gather[T]) work(ctx context.Context) {
	for {
		// Who has just been answered often has a next one: let them ask before the group is closed, or every other group is of one.
		runtime.Gosched()
		group := g.form()
		if group == nil {
			return
		}
		items := make([]T, len(group))
		for i, w := range group {
			items[i] = w.one
		}
		failed, err := g.run(ctx, items)
		for i, w := range group {
			if err != nil {
				w.done <- err
			} else {
				w.done <- failed[i]
			}
		}
	}
}

// form takes the next group from those who wait, or gives up the lane.
func (g *Gather[T]) form() []*gathered[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), g.most)
	if n == 0 {
		g.running--
		return nil
	}
	group := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return group
}
