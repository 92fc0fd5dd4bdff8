// Package hours owns the quantity of time that people save and spend: signed whole minutes with checked arithmetic.
// It must never use a float, never wrap round, and never know what an hour is worth.
package hours

import (
	"cmp"
	"math/bits"

	"timebank/internal/errs"
)

// limit bounds every amount to ±2^40 minutes, two million years: far above any book, far below where int64 wraps.
const limit = int64(1) << 40

var (
	errRange  = errs.Invalid("hours.out_of_range")
	errFormat = errs.Invalid("hours.malformed")
	errBug    = errs.New(errs.Internal, "hours.overflow")
)

// Minutes is a signed number of whole minutes within ±2^40. The zero value is no time at all; values compare with == and Cmp.
type Minutes struct{ m int64 }

// Zero is no time at all.
var Zero Minutes

// Of returns m minutes and panics outside ±2^40, as all arithmetic here does: that far out, a programming error is at work, which store.Write
// turns into that command's error. Use Try for a number from outside.
func Of(m int64) Minutes {
	v, err := Try(m)
	if err != nil {
		panic(errBug)
	}
	return v
}

// Try returns m minutes, or an error with the code hours.out_of_range outside ±2^40.
func Try(m int64) (Minutes, error) {
	if m < -limit || m > limit {
		return Zero, errRange
	}
	return Minutes{m}, nil
}

// Int64 returns the number of minutes.
func (a Minutes) Int64() int64 { return a.m }

// Add returns a + b; see Of for the panic.
func (a Minutes) Add(b Minutes) Minutes { return Of(a.m + b.m) }

// Sub returns a − b; see Of for the panic.
func (a Minutes) Sub(b Minutes) Minutes { return Of(a.m - b.m) }

// Times returns a × n, such as the longest minutes of a service for n volunteers; see Of for the panic.
func (a Minutes) Times(n int64) Minutes {
	hi, lo := bits.Mul64(abs(a.m), abs(n))
	if hi != 0 || lo > uint64(limit) {
		panic(errBug)
	}
	if (a.m < 0) != (n < 0) {
		return Of(-int64(lo))
	}
	return Of(int64(lo))
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n) // #nosec G115 -- two's complement gives the magnitude
	}
	return uint64(n) // #nosec G115 -- not negative here
}

// Neg returns −a.
func (a Minutes) Neg() Minutes { return Minutes{-a.m} }

// Cmp returns −1, 0 or +1 as a is less than, equal to or greater than b.
func (a Minutes) Cmp(b Minutes) int { return cmp.Compare(a.m, b.m) }

// Sign returns −1, 0 or +1 as a is negative, zero or positive.
func (a Minutes) Sign() int { return cmp.Compare(a.m, 0) }

// IsZero reports whether a is no time at all.
func (a Minutes) IsZero() bool { return a.m == 0 }

// Min returns the smaller of a and b.
func Min(a, b Minutes) Minutes { return Minutes{min(a.m, b.m)} }

// Max returns the greater of a and b.
func Max(a, b Minutes) Minutes { return Minutes{max(a.m, b.m)} }

// RoundDown returns the multiple of step next to a towards zero, so that a reversal rounds like its original. A step that is not positive panics,
// because policy never holds one.
func (a Minutes) RoundDown(step Minutes) Minutes {
	return Minutes{a.m - a.m%positive(step)}
}

// RoundUp returns the multiple of step next to a away from zero; a step that is not positive panics.
func (a Minutes) RoundUp(step Minutes) Minutes {
	down := a.RoundDown(step)
	if down == a {
		return a
	}
	return down.Add(Minutes{int64(a.Sign()) * step.m})
}

// RoundNearest returns the multiple of step nearest to a, and the one away from zero from exactly half way; a step that is not positive
// panics.
func (a Minutes) RoundNearest(step Minutes) Minutes {
	down := a.RoundDown(step)
	if rest := abs(a.m - down.m); rest*2 < uint64(step.m) { // #nosec G115 -- a step that is not positive has panicked
		return down
	}
	return a.RoundUp(step)
}

func positive(step Minutes) int64 {
	if step.m <= 0 {
		panic(errBug)
	}
	return step.m
}
