package errs_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"timebank/internal/errs"
	"timebank/internal/why"
)

var errLate = errs.New(errs.Refused, "order.too_late")

func TestKindAndCode(t *testing.T) {
	var none *errs.Error
	for name, c := range map[string]struct {
		err  error
		kind errs.Kind
		code string
	}{
		"nil":       {nil, 0, ""},
		"ours":      {errLate, errs.Refused, "order.too_late"},
		"wrapped":   {fmt.Errorf("settle: %w", errLate), errs.Refused, "order.too_late"},
		"joined":    {errors.Join(io.EOF, errLate), errs.Refused, "order.too_late"},
		"outermost": {errs.New(errs.Unavailable, "store.away").With(errLate), errs.Unavailable, "store.away"},
		"foreign":   {io.EOF, errs.Internal, errs.CodeInternal},
		"typed nil": {none, errs.Internal, errs.CodeInternal},
	} {
		if got := errs.KindOf(c.err); got != c.kind {
			t.Errorf("%s: kind %v, want %v", name, got, c.kind)
		}
		if got := errs.Fault(c.err); got != (c.kind == errs.Internal || c.kind == errs.Unavailable) {
			t.Errorf("%s: a fault is %v", name, got)
		}
		if got := errs.CodeOf(c.err); got != c.code {
			t.Errorf("%s: code %q, want %q", name, got, c.code)
		}
	}
}

func TestCopiesAreStillTheSameError(t *testing.T) {
	e := errLate.With(io.EOF).Because(why.Rule("claim_window", "v1", "city"))
	if errLate.Cause != nil || errLate.Why != nil {
		t.Fatal("With or Because changed the original")
	}
	if !errors.Is(e, errLate) || !errors.Is(e, io.EOF) {
		t.Errorf("%v is neither its origin nor its cause", e)
	}
	if errors.Is(e, errs.New(errs.Conflict, "order.too_late")) {
		t.Error("an error of another kind is not the same error")
	}
	if e.Why.Rule != "claim_window" {
		t.Errorf("rule %q, want claim_window", e.Why.Rule)
	}
}

func TestFieldsCollectsAll(t *testing.T) {
	var none errs.Fields
	if err := none.Err("order.invalid"); err != nil {
		t.Fatalf("got %v, want nil", err)
	}

	var f errs.Fields
	f.Add("window.start", "order.start_past", "now", "2020-10-01")
	f.AddErr("phone", errs.Invalid("pii.phone_malformed"))
	f.AddErr("items.0", errs.Invalid("order.item_invalid", errs.Field{Path: "minutes", Code: "hours.malformed"}, errs.Field{Code: "order.item_closed"}))
	f.AddErr("", errs.Invalid("order.invalid", errs.Field{Path: "note", Code: "order.note_missing"}))
	f.AddErr("fine", nil)
	f.AddErr("odd", io.EOF)
	err := f.Err("order.invalid")

	var e *errs.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T, want *errs.Error", err)
	}
	want := []errs.Field{
		{Path: "window.start", Code: "order.start_past", Params: []any{"now", "2020-10-01"}},
		{Path: "phone", Code: "pii.phone_malformed"},
		{Path: "items.0.minutes", Code: "hours.malformed"},
		{Path: "items.0", Code: "order.item_closed"},
		{Path: "note", Code: "order.note_missing"},
		{Path: "odd", Code: "internal"},
	}
	if d := cmp.Diff(want, e.Fields); d != "" {
		t.Errorf("fields (-want +got):\n%s", d)
	}
	if f.Len() != len(want) || errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("got %d fields of kind %v", f.Len(), errs.KindOf(err))
	}
	f.Add("later", "order.late")
	if len(e.Fields) != len(want) {
		t.Error("an error changed after it was made")
	}
}

func TestErrorLineLeavesParametersOut(t *testing.T) {
	err := errs.Invalid("order.invalid", errs.Field{Path: "a", Code: "x.bad", Params: []any{"who", "李小明"}}, errs.Field{Path: "b", Code: "y.bad"}).
		Because(why.Rule("account.cap", "v1", "city").With("who", "李小明")).With(io.EOF)
	got := err.Error()
	if want := "order.invalid [a x.bad, b y.bad] (rule account.cap): EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(got, "李") {
		t.Error("a parameter was printed")
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := errs.KindInvalid; k <= errs.Internal; k++ {
		if s := k.String(); s == "unknown" || seen[s] {
			t.Errorf("kind %d has the name %q", k, s)
		} else {
			seen[s] = true
		}
	}
	if got := errs.Kind(200).String(); got != "unknown" {
		t.Errorf("got %q, want unknown", got)
	}
}
