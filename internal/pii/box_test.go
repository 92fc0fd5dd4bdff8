package pii_test

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/id"
	"timebank/internal/pii"
	"timebank/internal/pii/piitest"
)

func ring(seed uint64) pii.Ring {
	return pii.Ring{Active: 2, Keys: map[byte][32]byte{1: {1}, 2: {2}}, Index: [32]byte{3}, Random: id.Seeded(seed)}
}

// box makes a box of a ring that holds one data key, the same for every ring of one seed.
func box(t piitest.T, r pii.Ring) *pii.Box { return piitest.Box(t, r) }

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
	nonce := func(kind, text string) string { return string(box(t, ring(1)).Seal(kind, text)[5:17]) }
	if n := nonce("a", "x"); n == nonce("a", "y") || n == nonce("b", "x") {
		t.Error("one nonce serves two texts")
	}
}

// sealedDirectly seals as fields were sealed before there were data keys: under a key of the ring itself, whose id is the first byte.
func sealedDirectly(t *testing.T, r pii.Ring, key byte, kind, text string) []byte {
	t.Helper()
	secret := r.Keys[key]
	aead, err := pii.International.AEAD(pii.International.MAC(secret[:], []byte("timebank/pii field"))[:32])
	if err != nil {
		t.Fatal(err)
	}
	nonce := []byte("twelve bytes")
	return aead.Seal(append([]byte{key}, nonce...), nonce, []byte(text), []byte(kind))
}

func TestWhatTheRingItselfSealedStillOpens(t *testing.T) {
	b := box(t, ring(1))
	sealed := sealedDirectly(t, ring(1), 1, "person.name", "李明")
	if got, err := b.Open("person.name", sealed); err != nil || got != "李明" {
		t.Errorf("got %q, %v", got, err)
	}
	fresh, err := b.Reseal("person.name", sealed)
	if err != nil || !b.Stale(sealed) || b.Stale(fresh) || fresh[0] != 0 {
		t.Errorf("sealed anew: %x, %v, want it under the data key", fresh, err)
	}
	gone := ring(1)
	delete(gone.Keys, 1)
	if _, err := box(t, gone).Open("person.name", sealed); errs.CodeOf(err) != "pii.key_unknown" {
		t.Errorf("got %v, want pii.key_unknown", err)
	}
	if _, err := b.Open("person.name", nil); errs.CodeOf(err) != "pii.cannot_open" {
		t.Errorf("got %v, want pii.cannot_open", err)
	}
}

func open(t *testing.T, r pii.Ring, active uint32, keys ...pii.DataKey) *pii.Box {
	t.Helper()
	b, err := pii.NewBox(r)
	if err == nil {
		err = b.Hold(active, keys)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTurningTheRingTouchesNoField wraps a data key anew: what it sealed opens as it is with the ring's new key alone.
func TestTurningTheRingTouchesNoField(t *testing.T) {
	old := ring(1)
	old.Active = 1
	drawer, err := pii.NewBox(old)
	if err != nil {
		t.Fatal(err)
	}
	first := drawer.DrawKey(1)
	sealed := open(t, old, 1, first).Seal("person.name", "李明")
	if bytes.Contains(sealed, first.Wrapped) || first.Under != 1 || binary.BigEndian.Uint32(sealed[1:]) != 1 {
		t.Errorf("sealed %x under the key %+v", sealed, first)
	}

	turned, err := pii.NewBox(ring(2))
	if err != nil {
		t.Fatal(err)
	}
	again, err := turned.Rewrap(first)
	if err != nil || again.Under != 2 || again.ID != 1 || bytes.Equal(again.Wrapped, first.Wrapped) {
		t.Fatalf("wrapped anew: %+v, %v", again, err)
	}
	if same, err := turned.Rewrap(again); err != nil || !bytes.Equal(same.Wrapped, again.Wrapped) {
		t.Errorf("wrapped once more: %+v, %v, want it as it was", same, err)
	}
	alone := ring(3)
	delete(alone.Keys, 1)
	if got, err := open(t, alone, 1, again).Open("person.name", sealed); err != nil || got != "李明" {
		t.Errorf("with the new key of the ring alone: %q, %v", got, err)
	}
	lost, err := pii.NewBox(alone)
	if err != nil {
		t.Fatal(err)
	}
	if err := lost.Hold(1, []pii.DataKey{first}); errs.CodeOf(err) != "pii.key_unknown" {
		t.Errorf("without the key that wrapped it: got %v, want pii.key_unknown", err)
	}
	if _, err := lost.Rewrap(first); errs.CodeOf(err) != "pii.key_unknown" {
		t.Errorf("wrapped anew without the key that wrapped it: got %v, want pii.key_unknown", err)
	}
}

func TestAWrappedKeyUnwrapsOnlyAsItWas(t *testing.T) {
	b, err := pii.NewBox(ring(1))
	if err != nil {
		t.Fatal(err)
	}
	good := b.DrawKey(7)
	if err := b.Hold(7, []pii.DataKey{good}); err != nil {
		t.Fatal(err)
	}
	for at := range good.Wrapped {
		wrong := good
		wrong.Wrapped = bytes.Clone(good.Wrapped)
		wrong.Wrapped[at] ^= 1
		if err := b.Hold(7, []pii.DataKey{wrong}); errs.CodeOf(err) != "pii.cannot_open" {
			t.Errorf("byte %d changed: got %v, want pii.cannot_open", at, err)
		}
		wrong.Wrapped = good.Wrapped[:at]
		if err := b.Hold(7, []pii.DataKey{wrong}); errs.CodeOf(err) != "pii.cannot_open" {
			t.Errorf("cut at %d: got %v, want pii.cannot_open", at, err)
		}
	}
	for name, c := range map[string]struct {
		active uint32
		key    pii.DataKey
		code   string
	}{
		"under another id":          {8, pii.DataKey{ID: 8, Under: good.Under, Wrapped: good.Wrapped}, "pii.cannot_open"},
		"under another ring key":    {7, pii.DataKey{ID: 7, Under: 1, Wrapped: good.Wrapped}, "pii.cannot_open"},
		"another one is the active": {9, good, "pii.key_ring_unusable"},
	} {
		if err := b.Hold(c.active, []pii.DataKey{c.key}); errs.CodeOf(err) != c.code {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	if b.Active() != 7 {
		t.Errorf("after what was refused the box seals under %d, want 7 as before", b.Active())
	}
}

func TestABoxWithoutADataKeySealsNothing(t *testing.T) {
	b, err := pii.NewBox(ring(1))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("it sealed")
		}
	}()
	b.Seal("person.name", "李明")
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
		"a key 0":       func(r *pii.Ring) { r.Active, r.Keys[0] = 0, [32]byte{1} },
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
	b := box(f, ring(1))
	f.Add(b.Seal("k", "李明"))
	f.Add([]byte{2})
	f.Add([]byte{0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := b.Open("k", sealed); err != nil && errs.KindOf(err) != errs.Internal {
			t.Fatalf("%x: %v", sealed, err)
		}
	})
}
