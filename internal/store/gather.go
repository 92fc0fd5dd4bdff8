package store

import (
	"context"
	"runtime"
	"sync"

	"timebank/internal/errs"
)

// Gather turns many concurrent calls for one element each into few calls for many: while one group is being written, the elements
// that arrive form the next. A single caller is served at once, alone.
type Gather[T any] struct {
	most    int
	run     func(ctx context.Context, group []T, next func()) ([]error, error)
	mu      sync.Mutex
	waiting []*gathered[T]
	turn    bool // somebody has the turn to form the next group
	running int  // groups that are not answered yet
}

type gathered[T any] struct {
	one  T
	done chan error
}

// atOnce is how many groups run at once: one that is being decided and one that is being written.
const atOnce = 2

// NewGather returns a gatherer whose groups have at most the given length. run returns an error for each element, or one for all. It may
// call next, once or more often, when it has decided and only writes: from then on the next group may be formed and run beside it.
func NewGather[T any](most int, run func(ctx context.Context, group []T, next func()) ([]error, error)) *Gather[T] {
	return &Gather[T]{most: most, run: run}
}

// Do hands in one element and returns what became of it. A context cancelled before is refused; afterwards it is ignored.
func (g *Gather[T]) Do(ctx context.Context, one T) error {
	if err := ctx.Err(); err != nil {
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	w := &gathered[T]{one: one, done: make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, w)
	lead := g.take()
	g.mu.Unlock()
	if lead {
		// The first who finds nobody working works for all that come meanwhile, then hands over by going idle.
		g.work(context.WithoutCancel(ctx))
	}
	return <-w.done
}

// take takes the turn if nobody has it and there is room for a group. The caller holds the lock.
func (g *Gather[T]) take() bool {
	if g.turn || g.running == atOnce {
		return false
	}
	g.turn = true
	return true
}

// work forms groups and runs them as long as it has the turn.
func (g *Gather[T]) work(ctx context.Context) {
	for {
		// Who has just been answered often has a next one: let them ask before the group is closed, or every other group is of one.
		runtime.Gosched()
		group := g.form()
		if len(group) == 0 {
			return
		}
		items := make([]T, len(group))
		for i, w := range group {
			items[i] = w.one
		}
		passed := false
		failed, err := g.run(ctx, items, func() {
			if !passed {
				passed = true
				go g.work(ctx)
			}
		})
		for i, w := range group {
			switch {
			case err != nil:
				w.done <- err
			default:
				w.done <- failed[i]
			}
		}
		g.mu.Lock()
		g.running--
		// Who was given the turn may have put it down because there was no room beside this group.
		again := !passed || g.take()
		g.mu.Unlock()
		if !again {
			return
		}
	}
}

// form takes the next group from those who wait. Without one, or without room for it, it puts the turn down.
func (g *Gather[T]) form() []*gathered[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), g.most)
	if n == 0 || g.running == atOnce {
		g.turn = false
		return nil
	}
	g.running++
	group := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return group
}
