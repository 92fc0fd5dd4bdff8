// Package pii owns what identifies a person: names, phone numbers, identity numbers and addresses. A value shows its mask wherever it is printed,
// logged or marshalled; the text itself comes out by Reveal alone, and a Box seals it for the database.
// It must never put a text in clear into an error, a log, JSON or a column, and never decide who may see one.
package pii

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unique"

	"timebank/internal/errs"
)

var errUnsealed = errs.New(errs.Internal, "pii.unsealed")

// text is what the four types share. The clear text is held by a handle and not as a string, because fmt prints the
// unexported fields of an enclosing struct without asking any method; of a handle it sees only an address. Handles of equal texts are equal,
// so that values compare with ==.
type text struct {
	plain  unique.Handle[string]
	masked string
}

func hide(plain, masked string) text {
	return text{plain: unique.Make(plain), masked: masked}
}

// Reveal returns the text in clear; every call of it is a place to look at in a review.
func (t text) Reveal() string {
	if t.IsZero() {
		return ""
	}
	return t.plain.Value()
}

// IsZero reports whether nothing was given.
func (t text) IsZero() bool { return t == text{} }

// String returns the masked form.
func (t text) String() string { return t.masked }

// Format prints the masked form whatever the verb, in quotes for %q and %#v.
func (t text) Format(f fmt.State, verb rune) {
	s := t.masked
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		s = strconv.Quote(s)
	}
	_, _ = io.WriteString(f, s)
}

// LogValue gives slog the masked form.
func (t text) LogValue() slog.Value { return slog.StringValue(t.masked) }

// MarshalText gives the masked form to every encoder, as a JSON string too.
func (t text) MarshalText() ([]byte, error) { return []byte(t.masked), nil }

// MarshalJSON gives the masked form as a JSON string.
func (t text) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.masked)
}

// Value refuses with the code pii.unsealed: a column takes what a Box sealed, and neither the clear text nor the mask.
func (t text) Value() (driver.Value, error) { return nil, errUnsealed }

// narrow turns full-width digits, letters and signs, which Chinese input methods write, into ASCII and trims spaces.
func narrow(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　':
			return ' '
		}
		return r
	}, s))
}
