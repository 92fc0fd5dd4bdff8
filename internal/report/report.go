// Package report owns the figures of the bank: what each counts, for which place and which days, and the entries behind it.
//
// A figure is one selection of rows (query.go). The number is their sum and the list is the same selection page by page, so that the two
// cannot say different things. The package reads the tables of the rooms to its left, because one figure joins several of them; it must never
// write to them, decide anything by a figure, or hold what identifies a person.
package report

import (
	"time"

	"timebank/internal/clock"
	"timebank/internal/region"
)

// Code names a figure; its definition for people is the text of the same code.
type Code string

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Count   Unit = "count"
	Minutes Unit = "minutes"
)

// Group is the chapter of a page that a figure stands in.
type Group string

// The chapters, in the order of a page: the use of hours comes first.
const (
	OfHours   Group = "hours"
	OfOrders  Group = "orders"
	OfPeople  Group = "people"
	OfQuality Group = "quality"
)

// Groups lists the chapters in the order of a page.
func Groups() []Group { return []Group{OfHours, OfOrders, OfPeople, OfQuality} }

// The two figures whose quotient is the redemption rate.
const (
	Redeemed Code = "figure.redeemed"
	Earned   Code = "figure.earned"
)

// Figure is one figure without its number.
type Figure struct {
	Code  Code
	Unit  Unit
	Group Group
	// Stock figures say how things stand now and know no period; all others count what happened in one.
	Stock bool
	// Kind is what the entries are: "order", "person", "point", "complaint", "follow_up" or "transaction".
	Kind string
}

// Figures lists every figure in the order of a page.
func Figures() []Figure {
	out := make([]Figure, len(table))
	for i, f := range table {
		out[i] = f.Figure()
	}
	return out
}

// Of returns the figure of a code; false for an unknown one.
func Of(code Code) (Figure, bool) {
	for _, f := range table {
		if f.code == string(code) {
			return f.Figure(), true
		}
	}
	return Figure{}, false
}

// Figure returns what may be known of a figure outside this package.
func (f figure) Figure() Figure {
	return Figure{Code: Code(f.code), Unit: f.unit, Group: f.group, Stock: f.stock, Kind: f.kind}
}

// Span is the time that a figure counts: from one moment, inclusive, to another, exclusive. The zero From is the beginning, the zero Until has
// no end.
type Span struct{ From, Until time.Time }

// Days is the span of some civil days, both included.
func Days(from, to clock.Day) Span { return Span{from.Start(), to.End()} }

// Before is the span of equal length right before this one; false when it has no beginning or no end.
func (s Span) Before() (Span, bool) {
	if s.From.IsZero() || s.Until.IsZero() {
		return Span{}, false
	}
	return Span{s.From.Add(-s.Until.Sub(s.From)), s.From}, true
}

// at cuts a span of whole days in two at a moment; a part that has no time is the zero span.
func (s Span) at(moment time.Time) (before, since Span) {
	if s.From.Before(moment) {
		before = Span{s.From, moment}
		if !s.Until.IsZero() && s.Until.Before(moment) {
			before.Until = s.Until
		}
	}
	if s.Until.IsZero() || s.Until.After(moment) {
		since = Span{moment, s.Until}
		if s.From.After(moment) {
			since.From = s.From
		}
	}
	return before, since
}

// latest is the first microsecond that nothing is counted at or after.
const latest = int64(1) << 62

func (s Span) micros() (from, until int64) {
	until = latest
	if !s.From.IsZero() {
		from = clock.Micros(s.From)
	}
	if !s.Until.IsZero() {
		until = clock.Micros(s.Until)
	}
	return from, until
}

// Entry is one row behind a figure.
type Entry struct {
	At     time.Time // when it happened; for a stock figure since when it holds, zero when nobody noted it
	Ref    string    // id of what the figure's Kind says
	Person string    // id of the person it is about, "" for none
	Region region.ID
	What   string // a code: the service, the state, the class of the account
	Value  int64  // 1 for a count, else minutes, below zero for what was taken back
}

// Page is a page of the entries behind a figure, with the figure itself as of the same moment.
type Page struct {
	Rows  []Entry
	Next  string // cursor of the next page, "" on the last
	Value int64
	Lines int64 // how many entries there are in all
}
