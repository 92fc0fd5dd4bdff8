// Package errs owns what can go wrong in words that every surface understands: a small closed set of kinds, a stable code that is
// one sentence shown to a person, the bad fields of an input, and the answer to "why?".
// It must never know HTTP, a language's text, or a business concept, and must never print parameters, which may name a person.
package errs

import (
	"errors"
	"slices"
	"strings"

	"timebank/internal/why"
)

// Kind says what sort of failure an error is; the set is closed, and each surface maps it once. The zero Kind belongs to no error.
type Kind uint8

const (
	// KindInvalid means that the input is malformed or breaks a rule that can be seen in the input alone (HTTP 422);
	// such an error is made by Invalid.
	KindInvalid Kind = iota + 1
	// Unauthenticated means that nobody is signed in, or that the session ended (HTTP 401).
	Unauthenticated
	// Forbidden means that the actor is known and has no right to this act in this region (HTTP 403).
	Forbidden
	// NotFound means that the thing does not exist or that the actor may not know that it does (HTTP 404).
	NotFound
	// Conflict means that the state has moved on, or that an idempotency key came back with another input (HTTP 409).
	Conflict
	// Refused means that a rule said no to a well-formed request; such an error says why (HTTP 422).
	Refused
	// TooMany means that the actor asked too often and should wait (HTTP 429).
	TooMany
	// Unavailable means that something we rely on is away for now and the same request may succeed later (HTTP 503).
	Unavailable
	// Internal means a fault of ours; nothing of its detail leaves the server (HTTP 500).
	Internal
)

var kindNames = [...]string{"none", "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "refused", "too_many", "unavailable", "internal"}

// String gives the kind's name in lower case, for logs and metrics.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// CodeInternal is the code of every error that did not come from this package.
const CodeInternal = "internal"

// Field is one bad field of an input. Path is the field as the client wrote it ("window.start", "items.2.minutes"), Code the i18n key
// of what is wrong with it, Params alternate keys and values that the sentence needs.
type Field struct {
	Path   string
	Code   string
	Params []any
}

// Error is the one error type that leaves a domain package. Code is "area.words_with_underscores" and also the i18n key; Fields are all
// bad fields; Why is set when a rule decided; Cause is for logs only. Treat a value as immutable: With and Because copy.
type Error struct {
	Kind   Kind
	Code   string
	Fields []Field
	Why    *why.Why
	Cause  error
}

// New makes an error of the given kind and code; a package keeps its own as variables and adds detail with With and Because.
func New(k Kind, code string) *Error {
	return &Error{Kind: k, Code: code}
}

// Invalid makes an error of kind KindInvalid with the code of the whole input and the fields that are bad.
func Invalid(code string, f ...Field) *Error {
	return &Error{Kind: KindInvalid, Code: code, Fields: slices.Clone(f)}
}

// With returns a copy that wraps the cause, which errors.Is and errors.As then find.
func (e *Error) With(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Because returns a copy that answers "why?" with w.
func (e *Error) Because(w why.Why) *Error {
	c := *e
	c.Why = &w
	return &c
}

// By returns a copy that answers "why?" with a rule that is no parameter of the policy, and who can change it: "law", "person" for a consent, a
// level, or "nobody" for what the record itself rests on. It has no version, since it is the same for every case.
func (e *Error) By(rule, owner string) *Error { return e.Because(why.Rule(rule, "", owner)) }

// Error gives code, bad fields, rule and cause on one line for logs; parameters and values are left out, because they may be personal.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for i, f := range e.Fields {
		if i == 0 {
			b.WriteString(" [")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(f.Path + " " + f.Code)
	}
	if len(e.Fields) > 0 {
		b.WriteByte(']')
	}
	if e.Why != nil {
		b.WriteString(" (rule " + e.Why.Rule + ")")
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether the target is an Error of the same kind and code, so that errors.Is(err, order.ErrX) holds for every copy of ErrX.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t != nil && e.Kind == t.Kind && e.Code == t.Code
}

// KindOf returns the kind of the outermost Error in err's chain, Internal when there is none, and zero for a nil error.
func KindOf(err error) Kind {
	if err == nil {
		return 0
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e.Kind
	}
	return Internal
}

// Fault reports whether err is a failure of the program or of what it stands on, and not an answer to whoever asked. What decides several things in one
// transaction gives up the whole of it then: a part may be half written, and a lost race is run again.
func Fault(err error) bool {
	k := KindOf(err)
	return k == Internal || k == Unavailable
}

// CodeOf returns the code of the outermost Error in err's chain, CodeInternal when there is none, and "" for a nil error.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e.Code
	}
	return CodeInternal
}

// Blank reports whether somebody who was asked for words wrote none: a reason of spaces is no reason.
func Blank(words string) bool { return strings.TrimSpace(words) == "" }

// Fields collects all bad fields of one input, so that a person corrects them in one go. The zero value is ready to use.
type Fields struct {
	list []Field
}

// Add notes that the field at path is bad for the reason given by code; params alternate keys and values for its sentence.
func (f *Fields) Add(path, code string, params ...any) {
	f.list = append(f.list, Field{Path: path, Code: code, Params: params})
}

// AddErr notes the error of a field's own parser under path: the code of an Error, with its fields below path; nil adds nothing. Below the path "" fields
// keep their own.
func (f *Fields) AddErr(path string, err error) {
	if err == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) || e == nil || len(e.Fields) == 0 {
		f.Add(path, CodeOf(err))
		return
	}
	for _, inner := range e.Fields {
		p := path
		switch {
		case path == "":
			p = inner.Path
		case inner.Path != "":
			p += "." + inner.Path
		}
		f.Add(p, inner.Code, inner.Params...)
	}
}

// Len returns how many bad fields were added.
func (f *Fields) Len() int { return len(f.list) }

// Err returns nil when no field was added, and otherwise an error of kind KindInvalid with the given code and all fields.
func (f *Fields) Err(code string) error {
	if len(f.list) == 0 {
		return nil
	}
	return Invalid(code, f.list...)
}
