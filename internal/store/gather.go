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
	run     func(ctx context.Context, group []T) ([]error, error)
	mu      sync.Mutex
	waiting []*gathered[T]
	busy    bool
}

type gathered[T any] struct {
	one  T
	done chan error
}

// NewGather returns a gatherer whose groups have at most the given length. run returns an error for each element, or one for all.
func NewGather[T any](most int, run func(ctx context.Context, group []T) ([]error, error)) *Gather[T] {
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
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead {
		// The first who finds nobody working works for all that come meanwhile, then hands over by going idle.
		g.work(context.WithoutCancel(ctx))
	}
	return <-w.done
}

func (g *Gather[T]) work(ctx context.Context) {
	for {
		// Who has just been answered often has a next one: let them ask before the group is closed, or every other group is of one.
		runtime.Gosched()
		g.mu.Lock()
		n := min(len(g.waiting), g.most)
		if n == 0 {
			g.busy = false
			g.mu.Unlock()
			return
		}
		group := g.waiting[:n:n]
		g.waiting = g.waiting[n:]
		g.mu.Unlock()
		items := make([]T, n)
		for i, w := range group {
			items[i] = w.one
		}
		failed, err := g.run(ctx, items)
		for i, w := range group {
			switch {
			case err != nil:
				w.done <- err
			default:
				w.done <- failed[i]
			}
		}
	}
}
