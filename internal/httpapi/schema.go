package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"timebank/internal/clock"
	"timebank/internal/hours"
	"timebank/internal/region"
)

// ID is an identifier: 26 lower-case characters that say nothing but when the thing was made.
type ID string

const idPattern = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"

// Schema describes an identifier.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: idPattern, Description: "Identifier", Examples: []any{"01h2xcejqtf2nbrexx3vqjhp41"}}
}

// Day is a civil day of the city, as YYYY-MM-DD.
type Day string

// Schema describes a civil day.
func (Day) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Description: "Civil day", Examples: []any{"2020-10-12"}, Pattern: years + "-", PatternDescription: withinYears}
}

// years are those from [clock.Earliest] to [clock.Latest], which bound every day, month and moment that comes in.
const years = "^(1[89]|2[01])[0-9]{2}"

// withinYears is how the description's validation says that a year is not among them.
const withinYears = "a year from 1800 to 2199"

// moment describes time.Time wherever it stands: RFC 3339, within the same years.
type moment struct{}

// Schema describes a moment.
func (moment) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Pattern: years + "-", PatternDescription: withinYears}
}

// Month is a civil month of the city, as YYYY-MM.
type Month string

// Schema describes a civil month.
func (Month) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: years + "-(0[1-9]|1[0-2])$", Description: "Civil month", Examples: []any{"2020-10"}}
}

// Minutes is an amount of time.
type Minutes struct {
	Minutes int64 `json:"minutes" minimum:"-1099511627776" maximum:"1099511627776" example:"90" doc:"Whole minutes"`
}

func minutesOf(m hours.Minutes) Minutes { return Minutes{m.Int64()} }

// hours gives the amount; the description has bounded it already.
func (m *Minutes) hours() hours.Minutes {
	if m == nil {
		return hours.Zero
	}
	return hours.Of(m.Minutes)
}

// Length is how long something takes: not nothing.
type Length struct {
	Minutes int64 `json:"minutes" minimum:"1" maximum:"1099511627776" example:"90" doc:"Whole minutes"`
}

// orZero gives the length that was sent, or zero.
func (l *Length) orZero() hours.Minutes {
	if l == nil {
		return hours.Zero
	}
	return hours.Of(l.Minutes)
}

// Point is a place on earth in millionths of a degree, WGS 84.
type Point struct {
	Lat int64 `json:"lat_e6" minimum:"-90000000" maximum:"90000000" example:"32060255"`
	Lon int64 `json:"lon_e6" minimum:"-180000000" maximum:"180000000" example:"118796877"`
}

func (p *Point) region() *region.Point {
	if p == nil {
		return nil
	}
	return &region.Point{LatE6: p.Lat, LonE6: p.Lon}
}

func (p *Point) orZero() region.Point {
	if p == nil {
		return region.Point{}
	}
	return *p.region()
}

func pointOf(p region.Point, has bool) *Point {
	if !has {
		return nil
	}
	return &Point{Lat: p.LatE6, Lon: p.LonE6}
}

// timeOf leaves the zero time out.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.In(clock.Zone)
	return &t
}

// orZero gives the time that was sent, or the zero time.
func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// each turns a list into what the API gives, never into null.
func each[A, B any](list []A, one func(A) B) []B {
	out := make([]B, 0, len(list))
	for _, x := range list {
		out = append(out, one(x))
	}
	return out
}

// The smallest inputs, which many operations share.

// OneID names one thing in the path.
type OneID struct {
	ID ID `path:"id"`
}

// ActOn names one thing in the path and the attempt to do something with it.
type ActOn struct {
	Mutation
	ID ID `path:"id"`
}

// With is a command about one thing, with a body.
type With[B any] struct {
	Mutation
	ID   ID `path:"id"`
	Body B
}

// Take is a command with a body.
type Take[B any] struct {
	Mutation
	Body B
}

// Nothing is an input without fields.
type Nothing struct{}

// Made names what a command made.
type Made struct {
	ID ID `json:"id" doc:"What was made"`
}
