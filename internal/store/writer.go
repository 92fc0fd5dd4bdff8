package store

import (
	"context"
	"errors"
	"sync"

	"timebank/internal/errs"
)

// groupMax bounds how many writes share one fsync, so that the first of a long queue is not kept waiting for the last.
const groupMax = 256

// writer is the one goroutine that writes to an SQLite database.
type writer struct {
	db      *DB
	session *session
	queue   chan *job
	mu      sync.RWMutex // held for reading while a job is handed in, for writing by stop
	stopped bool
	done    chan struct{}
}

// job is one queued piece of work: fn shares a group, own wants a transaction to itself, pause wants the writer not to write.
type job struct {
	ctx    context.Context
	fn     func(tx *Tx) error
	own    func(s *session) error
	pause  func() error
	err    error
	result chan error
}

func newWriter(db *DB, s *session) *writer {
	w := &writer{db: db, session: s, queue: make(chan *job, 4*groupMax), done: make(chan struct{})}
	go w.loop()
	return w
}

func (w *writer) do(ctx context.Context, fn func(tx *Tx) error) error {
	return w.enqueue(&job{ctx: ctx, fn: fn, result: make(chan error, 1)})
}

func (w *writer) alone(ctx context.Context, own func(s *session) error) error {
	return w.enqueue(&job{ctx: ctx, own: own, result: make(chan error, 1)})
}

// pause runs fn while the writer waits for it.
func (w *writer) pause(fn func() error) error {
	return w.enqueue(&job{pause: fn, result: make(chan error, 1)})
}

func (w *writer) enqueue(j *job) error {
	w.mu.RLock()
	if w.stopped {
		w.mu.RUnlock()
		return errs.New(errs.Unavailable, "store.closed")
	}
	w.queue <- j
	w.mu.RUnlock()
	return <-j.result
}

// stop lets what is queued finish and ends the goroutine.
func (w *writer) stop() error {
	w.mu.Lock()
	if w.stopped {
		w.mu.Unlock()
		return nil
	}
	w.stopped = true
	close(w.queue)
	w.mu.Unlock()
	<-w.done
	return w.session.lite.close()
}

func (w *writer) loop() {
	defer close(w.done)
	var next *job // taken from the queue but not part of the group before it
	for {
		first := next
		next = nil
		if first == nil {
			var ok bool
			if first, ok = <-w.queue; !ok {
				return
			}
		}
		switch {
		case first.own != nil:
			first.result <- w.transaction(first.own)
			continue
		case first.pause != nil:
			first.result <- first.pause()
			continue
		}
		group := []*job{first}
		for len(group) < groupMax && next == nil {
			select {
			case j, ok := <-w.queue:
				switch {
				case !ok:
					w.runGroup(group)
					return
				case j.fn == nil:
					next = j
				default:
					group = append(group, j)
				}
				continue
			default:
			}
			break
		}
		w.runGroup(group)
	}
}

// runGroup commits all jobs of the group with one fsync; when the group as such cannot be kept, each job runs alone.
func (w *writer) runGroup(group []*job) {
	w.db.watch.Group(len(group))
	err := w.transaction(func(s *session) error {
		for _, j := range group {
			j.err = w.start(j, s, len(group) > 1)
			if _, lost := errors.AsType[*groupLost](j.err); lost || (j.err != nil && len(group) == 1) {
				return j.err
			}
		}
		return nil
	})
	if err != nil && len(group) > 1 {
		for _, j := range group {
			j.err = w.transaction(func(s *session) error { return w.start(j, s, false) })
		}
	} else if err != nil {
		group[0].err = err
	}
	for _, j := range group {
		j.result <- mapError(j.err)
	}
}

func (w *writer) start(j *job, s *session, shared bool) error {
	if err := j.ctx.Err(); err != nil {
		return errs.New(errs.Unavailable, "store.cancelled").With(err)
	}
	if !shared {
		return w.db.run(s, context.WithoutCancel(j.ctx), j.fn)
	}
	return w.db.savepoint(s, j.ctx, j.fn)
}

func (w *writer) transaction(fn func(s *session) error) (err error) {
	if err := w.session.plain("BEGIN IMMEDIATE"); err != nil {
		return mapError(err)
	}
	committed := false
	defer func() {
		w.session.pending.reset()
		w.session.memory.forget()
		if !committed {
			// After a full disk SQLite may have rolled back by itself, and then there is nothing to take back.
			_ = w.session.plain("ROLLBACK")
		}
	}()
	if err := fn(w.session); err != nil {
		return mapError(err)
	}
	if err := w.db.settle(w.session); err != nil {
		return err
	}
	if err := w.session.plain("COMMIT"); err != nil {
		return mapError(err)
	}
	committed = true
	return nil
}
