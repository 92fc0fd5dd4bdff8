package id_test

import (
	"testing"
	"time"

	"timebank/internal/id"
)

// Ten of one kind and ten of another are the same whether they are drawn in turn or one kind after the other.
func TestStreamsDoNotDependOnEachOther(t *testing.T) {
	at := time.Date(2020, 10, 1, 0, 0, 0, 0, time.UTC)
	type draws struct {
		orders, entries [10][16]byte
		codes           [10][4]byte
		salts           [10][32]byte
	}
	var inTurn, apart draws
	s := id.Streams(7)
	for i := range 10 {
		inTurn.orders[i] = s.UUIDOf("order", at)
		s.Fill(inTurn.codes[i][:])
		inTurn.entries[i] = s.UUIDOf("entry", at)
		s.Fill(inTurn.salts[i][:])
	}
	s = id.Streams(7)
	for i := range 10 {
		s.Fill(apart.salts[i][:])
	}
	for i := range 10 {
		apart.entries[i] = s.UUIDOf("entry", at)
	}
	for i := range 10 {
		apart.orders[i] = s.UUIDOf("order", at)
		s.Fill(apart.codes[i][:])
	}
	if inTurn != apart {
		t.Errorf("got %v, want %v", apart, inTurn)
	}
	seen := map[[16]byte]bool{}
	for i := range 10 {
		for _, u := range [][16]byte{inTurn.orders[i], inTurn.entries[i]} {
			if seen[u] {
				t.Errorf("%x was given twice", u)
			}
			seen[u] = true
		}
	}
	if other := id.Streams(8); other.UUIDOf("order", at) == inTurn.orders[0] {
		t.Error("two seeds gave one identifier")
	}
}
