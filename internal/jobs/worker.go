package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"timebank/internal/errs"
)

// taskArgs asks for one run of a task.
type taskArgs struct {
	Name string `json:"name"`
}

// Kind implements river.JobArgs.
func (taskArgs) Kind() string { return "task" }

// A task that failed is not tried again: its schedule brings it back.
func taskOpts(name string) *river.InsertOpts { return &river.InsertOpts{Queue: name, MaxAttempts: 1} }

type taskWorker struct {
	river.WorkerDefaults[taskArgs]
	tasks map[string]Task
}

// Timeout implements river.Worker: catching up after a long stop takes what it takes, and a stop cancels it.
func (w *taskWorker) Timeout(*river.Job[taskArgs]) time.Duration { return -1 }

// Work implements river.Worker.
func (w *taskWorker) Work(ctx context.Context, job *river.Job[taskArgs]) error {
	t, known := w.tasks[job.Args.Name]
	if !known {
		return river.JobCancel(fmt.Errorf("jobs: no task %q", job.Args.Name))
	}
	return t.Do(ctx)
}

type eventWorker struct {
	river.WorkerDefaults[eventArgs]
	topics    map[string]Deliver
	otherwise Deliver
}

// Work implements river.Worker.
func (w *eventWorker) Work(ctx context.Context, job *river.Job[eventArgs]) error {
	deliver := w.topics[job.Args.Topic]
	if deliver == nil {
		deliver = w.otherwise
	}
	return deliver(ctx, job.Args.Event)
}

// failures writes down what went wrong, once for each attempt; arguments are left out.
type failures struct{ log *slog.Logger }

// HandleError implements river.ErrorHandler.
func (f *failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	level := slog.LevelError
	if errs.KindOf(err) == errs.Conflict || errs.KindOf(err) == errs.Unavailable {
		level = slog.LevelWarn // another process is at it, or it is tried again
	}
	f.log.Log(ctx, level, "a job failed", "job", job.ID, "kind", job.Kind, "queue", job.Queue, "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (f *failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, panicked any, trace string) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "a job panicked", "job", job.ID, "kind", job.Kind, "queue", job.Queue, "attempt", job.Attempt,
		"panic", fmt.Sprint(panicked), "trace", trace)
	return nil
}

// atLeast lets only lines of a level and above through.
type atLeast struct {
	slog.Handler
	least slog.Level
}

// Enabled implements slog.Handler.
func (a atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= a.least && a.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (a atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{a.Handler.WithAttrs(attrs), a.least}
}

// WithGroup implements slog.Handler.
func (a atLeast) WithGroup(name string) slog.Handler {
	return atLeast{a.Handler.WithGroup(name), a.least}
}
