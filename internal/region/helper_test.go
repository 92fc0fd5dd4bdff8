package region

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"timebank/internal/errs"
)

// fields lists the bad fields of an error as "path code".
func fields(err error) []string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return nil
	}
	var all []string
	for _, f := range e.Fields {
		all = append(all, f.Path+" "+f.Code)
	}
	return all
}

func sortedEqual(t *testing.T, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
