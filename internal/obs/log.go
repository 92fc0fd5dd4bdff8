// Package obs owns what the program tells its operators about itself: log lines, metrics and health.
//
// It must never know a business noun or carry personal data: what is attached to a line or used as a label is an id, a code or a number.
// Personal values have closed types that print themselves masked, so that a slip shows stars.
package obs

import (
	"context"
	"io"
	"log/slog"
)

type fieldsKey struct{}

// With returns a context whose log lines carry the fields besides those it has already. Give ids and codes only.
func With(ctx context.Context, fields ...slog.Attr) context.Context {
	before, _ := ctx.Value(fieldsKey{}).([]slog.Attr)
	all := make([]slog.Attr, 0, len(before)+len(fields))
	return context.WithValue(ctx, fieldsKey{}, append(append(all, before...), fields...))
}

// Logger writes lines of at least the level ("debug", "info", "warn", "error") to w, as JSON or, for any other format, as text. A line
// that is written with a context carries the fields of [With].
func Logger(w io.Writer, format, level string) *slog.Logger {
	var least slog.Level
	// An unknown level is refused by config; here it means info.
	_ = least.UnmarshalText([]byte(level))
	opts := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(scoped{slog.NewJSONHandler(w, opts)})
	}
	return slog.New(scoped{slog.NewTextHandler(w, opts)})
}

// scoped adds the context's fields to each line.
type scoped struct{ slog.Handler }

// Handle implements slog.Handler.
func (s scoped) Handle(ctx context.Context, r slog.Record) error {
	if fields, ok := ctx.Value(fieldsKey{}).([]slog.Attr); ok {
		r = r.Clone()
		r.AddAttrs(fields...)
	}
	return s.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (s scoped) WithAttrs(a []slog.Attr) slog.Handler { return scoped{s.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (s scoped) WithGroup(name string) slog.Handler { return scoped{s.Handler.WithGroup(name)} }
