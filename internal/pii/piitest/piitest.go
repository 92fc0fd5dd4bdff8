// Package piitest makes boxes that hold a data key, for tests that have no database to keep one in.
//
// It must never be imported by the program: what it draws, anybody can draw.
package piitest

import (
	"timebank/internal/id"
	"timebank/internal/pii"
)

// T is what is needed of a test.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Key draws a data key of a number, wrapped under the active key of the ring: the same key for every ring.
func Key(t T, ring pii.Ring, number uint32) pii.DataKey {
	t.Helper()
	ring.Random = id.Seeded(uint64(number))
	drawer, err := pii.NewBox(ring)
	if err != nil {
		t.Fatalf("make a box: %v", err)
	}
	return drawer.DrawKey(number)
}

// Box makes a box that holds the data key 1, or those of the numbers and seals under the first of them.
func Box(t T, ring pii.Ring, numbers ...uint32) *pii.Box {
	t.Helper()
	if len(numbers) == 0 {
		numbers = []uint32{1}
	}
	box, err := pii.NewBox(ring)
	if err != nil {
		t.Fatalf("make a box: %v", err)
	}
	keys := make([]pii.DataKey, len(numbers))
	for i, n := range numbers {
		keys[i] = Key(t, ring, n)
	}
	if err := box.Hold(numbers[0], keys); err != nil {
		t.Fatalf("hold the data keys: %v", err)
	}
	return box
}
