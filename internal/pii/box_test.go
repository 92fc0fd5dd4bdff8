package pii_test

import (
	"bytes"
	"crypto/cipher"
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/pii"
)

func ring(seed uint64) pii.Ring {
	return pii.Ring{Active: 2, Keys: map[byte][32]byte{1: {1}, 2: {2}}, Index: [32]byte{3}, Random: id.Seeded(seed)}
}

func box(t interface{ Fatalf(string, ...any) }, r pii.Ring) *pii.Box {
	b, err := pii.NewBox(r)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return b
}

func TestSealedFieldsOpenOnlyAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := box(t, ring(1))
		kind, text := rapid.String().Draw(t, "kind"), rapid.String().Draw(t, "text")
		sealed := b.Seal(kind, text)
		if got, err := b.Open(kind, sealed); err != nil || got != text {
			t.Fatalf("got %q, %v, want %q", got, err, text)
		}
		if got, err := b.Open(kind+"x", sealed); err == nil {
			t.Fatalf("opened under another kind as %q", got)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		wrong := bytes.Clone(sealed)
		wrong[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if got, err := b.Open(kind, wrong); err == nil {
			t.Fatalf("opened with byte %d changed as %q", i, got)
		}
		if got, err := b.Open(kind, sealed[:i]); err == nil {
			t.Fatalf("opened cut at %d as %q", i, got)
		}
	})
}

func TestSealRepeatsWithItsSource(t *testing.T) {
	a, b := box(t, ring(1)), box(t, ring(1))
	first := a.Seal("person.phone", "13812345678")
	if !bytes.Equal(first, b.Seal("person.phone", "13812345678")) {
		t.Error("the same source sealed other bytes")
	}
	if bytes.Equal(first, a.Seal("person.phone", "13812345678")) {
		t.Error("two seals of one text are equal")
	}
	if bytes.Contains(first, []byte("1381234")) {
		t.Error("the text shows")
	}
}

func TestARepeatedSourceNeverRepeatsANonceForAnotherText(t *testing.T) {
	nonce := func(kind, text string) string { return string(box(t, ring(1)).Seal(kind, text)[1:13]) }
	if n := nonce("a", "x"); n == nonce("a", "y") || n == nonce("b", "x") {
		t.Error("one nonce serves two texts")
	}
}

func TestOldKeysStillOpen(t *testing.T) {
	old := ring(1)
	old.Active = 1
	sealed := box(t, old).Seal("person.name", "李明")
	if sealed[0] != 1 {
		t.Errorf("key id %d, want 1", sealed[0])
	}
	if got, err := box(t, ring(1)).Open("person.name", sealed); err != nil || got != "李明" {
		t.Errorf("got %q, %v", got, err)
	}
	gone := ring(1)
	delete(gone.Keys, 1)
	if _, err := box(t, gone).Open("person.name", sealed); errs.CodeOf(err) != "pii.key_unknown" {
		t.Errorf("got %v, want pii.key_unknown", err)
	}
	if _, err := box(t, gone).Open("person.name", nil); errs.CodeOf(err) != "pii.cannot_open" {
		t.Errorf("got %v, want pii.cannot_open", err)
	}
}

func TestIndex(t *testing.T) {
	a, b := box(t, ring(1)), box(t, ring(2))
	x := a.Index("person.id_number", "11010519491231002X")
	if len(x) != 16 || !bytes.Equal(x, b.Index("person.id_number", "11010519491231002X")) {
		t.Errorf("got %x, want 16 bytes that do not depend on the source", x)
	}
	other := ring(1)
	other.Index = [32]byte{4}
	for name, y := range map[string][]byte{
		"another kind":  a.Index("person.phone", "11010519491231002X"),
		"another value": a.Index("person.id_number", "110105194912310021"),
		"another split": a.Index("person.id_number1", "1010519491231002X"),
		"another key":   box(t, other).Index("person.id_number", "11010519491231002X"),
	} {
		if bytes.Equal(x, y) {
			t.Errorf("%s has the same index", name)
		}
	}
}

func TestNewBoxRefuses(t *testing.T) {
	for name, change := range map[string]func(*pii.Ring){
		"no active key": func(r *pii.Ring) { r.Active = 9 },
		"no randomness": func(r *pii.Ring) { r.Random = nil },
		"half a suite":  func(r *pii.Ring) { r.Suite.MAC = pii.International.MAC },
		"broken cipher": func(r *pii.Ring) {
			r.Suite = pii.International
			r.Suite.AEAD = func([]byte) (cipher.AEAD, error) { return pii.International.AEAD(nil) }
		},
	} {
		r := ring(1)
		change(&r)
		if _, err := pii.NewBox(r); errs.CodeOf(err) != "pii.key_ring_unusable" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b, err := pii.NewBox(ring(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Seal("k", "李明"))
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := b.Open("k", sealed); err != nil && errs.KindOf(err) != errs.Internal {
			t.Fatalf("%x: %v", sealed, err)
		}
	})
}
