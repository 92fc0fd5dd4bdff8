package citytest

import (
	"testing"

	"timebank/internal/errs"
	"timebank/internal/identity"
)

// Outcome is what a use-case that was given one command came to: the command's own result, or the failure of the whole.
type Outcome[R any] struct {
	Value R
	Err   error
}

// Got takes the two results of a use-case that was given one command: Got(c.Orders.Confirm(ctx, cmds)).Must(t, "confirm").
func Got[R any](out []identity.Result[R], err error) Outcome[R] {
	switch {
	case err != nil:
		return Outcome[R]{Err: err}
	case len(out) != 1:
		panic("citytest: Got is for one command")
	}
	return Outcome[R]{Value: out[0].Value, Err: out[0].Err}
}

// Must returns the value and fails the test when the command was refused.
func (o Outcome[R]) Must(t testing.TB, what string) R {
	t.Helper()
	if o.Err != nil {
		t.Fatalf("%s: %v", what, o.Err)
	}
	return o.Value
}

// Refused fails the test when the command was not refused with the code.
func (o Outcome[R]) Refused(t testing.TB, what, code string) {
	t.Helper()
	if got := errs.CodeOf(o.Err); got != code {
		t.Errorf("%s: got %v, want %s", what, o.Err, code)
	}
}
