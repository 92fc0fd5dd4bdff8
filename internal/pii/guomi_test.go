package pii_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"timebank/internal/errs"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
)

// TestGuomiVectors holds the suite against published vectors: SM4-GCM of RFC 8998, appendix A.1.
func TestGuomiVectors(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	aead, err := pii.Guomi.AEAD(append(unhex("0123456789ABCDEFFEDCBA9876543210"), make([]byte, 16)...))
	if err != nil {
		t.Fatal(err)
	}
	text := unhex("AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDDEEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA")
	want := unhex("17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D" +
		"83DE3541E4C2B58177E065A9BF7B62EC")
	if got := aead.Seal(nil, unhex("00001234567800000000ABCD"), text, unhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")); !bytes.Equal(got, want) {
		t.Errorf("SM4-GCM: got %x, want %x", got, want)
	}
	if got := len(pii.Guomi.MAC([]byte("key"), []byte("abc"))); got != 32 {
		t.Errorf("HMAC-SM3: got %d bytes, want 32", got)
	}
}

// TestSuitesDoNotOpenEachOther keeps a city from changing its suite by accident.
func TestSuitesDoNotOpenEachOther(t *testing.T) {
	chinese := ring(1)
	chinese.Suite = pii.Guomi
	a, b := box(t, ring(1)), box(t, chinese)
	sealed := b.Seal("person.name", "李明")
	if got, err := b.Open("person.name", sealed); err != nil || got != "李明" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := a.Open("person.name", sealed); errs.CodeOf(err) != "pii.cannot_open" {
		t.Errorf("another suite: got %v, want pii.cannot_open", err)
	}
	if bytes.Equal(a.Index("k", "v"), b.Index("k", "v")) {
		t.Error("both suites have the same blind index")
	}
}

func TestResealTurnsTheKey(t *testing.T) {
	b := box(t, ring(1))
	sealed := b.Seal("person.name", "李明")
	first, second := piitest.Key(t, ring(1), 1), b.DrawKey(2)
	if err := b.Hold(2, []pii.DataKey{first, second}); err != nil {
		t.Fatal(err)
	}
	fresh, err := b.Reseal("person.name", sealed)
	if err != nil || !b.Stale(sealed) || b.Stale(fresh) || fresh[4] != 2 {
		t.Fatalf("got %x, %v, want it under the data key 2", fresh, err)
	}
	if got, err := b.Open("person.name", sealed); err != nil || got != "李明" {
		t.Errorf("under the key before: %q, %v", got, err)
	}
	if got, err := open(t, ring(1), 2, second).Open("person.name", fresh); err != nil || got != "李明" {
		t.Errorf("under the new key alone: %q, %v", got, err)
	}
	again, err := b.Reseal("person.name", fresh)
	if err != nil || !bytes.Equal(again, fresh) {
		t.Errorf("a fresh field was sealed again: %v", err)
	}
	if none, err := b.Reseal("person.name", nil); err != nil || none != nil {
		t.Errorf("nothing became %x, %v", none, err)
	}
}
