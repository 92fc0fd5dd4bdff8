// Package clock owns time: the injected clock, the city's zone, and the civil day and month that rules count in.
// It is the only package that reads the machine's clock, and must never hold a business rule or a deadline.
package clock

import (
	"sync"
	"time"
	_ "time/tzdata" // the zone must be there on a machine without a zone database
)

// Clock tells the present time in UTC, cut to whole microseconds, which is what both database engines store.
type Clock interface {
	Now() time.Time
}

// Zone is the civil zone of the city, Asia/Shanghai (published: China keeps one zone); days and months are counted in it.
var Zone = mustZone("Asia/Shanghai")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

type system struct{}

func (system) Now() time.Time { return normal(time.Now()) }

// System returns the machine's clock.
func System() Clock { return system{} }

func normal(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Fake is a clock that stands still until it is told otherwise; tests and the replay use it. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a clock that stands at t, in UTC and cut to microseconds.
func NewFake(t time.Time) *Fake { return &Fake{now: normal(t)} }

// Now returns the time that the clock stands at.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Set moves the clock to t, forwards or backwards.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = normal(t)
}

// Advance moves the clock by d and returns the new time.
func (f *Fake) Advance(d time.Duration) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = normal(f.now.Add(d))
	return f.now
}

// Micros returns t as microseconds since 1970 in UTC, the form in which every table stores a time.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros returns the UTC time of that many microseconds since 1970.
func FromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
