package signin

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRFC6238 holds the vectors of RFC 6238, appendix B (SHA-1, their last six digits).
func TestRFC6238(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := hotp([]byte("12345678901234567890"), stepOf(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
	}
}

func TestACodeIsGoodForAStepEitherSideAndOnce(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1234567890, 0)
	for off, want := range map[time.Duration]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		step, ok := totpMatch(secret, hotp(secret, stepOf(now.Add(off*totpStep))), now, 0)
		if ok != want {
			t.Errorf("%d steps off: got %v, want %v", off, ok, want)
		}
		if ok {
			if _, again := totpMatch(secret, hotp(secret, step), now, step); again {
				t.Errorf("%d steps off: the code is good twice", off)
			}
		}
	}
}

// TestPausesGrow holds for every limit that a pause is never shorter than the one before it, never longer than the longest, and none while
// attempts are free.
func TestPausesGrow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limit{Free: rapid.Int64Range(0, 10).Draw(t, "free"), Pause: time.Duration(rapid.Int64Range(1, 1e12).Draw(t, "pause")),
			Most: time.Duration(rapid.Int64Range(1, 1e15).Draw(t, "most"))}
		last, before := time.Unix(1e9, 0), time.Duration(0)
		for hits := range int64(100) {
			pause := l.next(hits, last).Sub(last)
			if hits < l.Free && pause != 0 || hits >= l.Free && (pause <= 0 || pause > l.Most) || pause < before {
				t.Fatalf("after %d attempts under %+v the pause is %s, before it %s", hits, l, pause, before)
			}
			before = pause
		}
	})
}
