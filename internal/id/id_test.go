package id_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/id"
)

type thing struct{}

type thingID = id.ID[thing]

func uuids() *rapid.Generator[[16]byte] {
	return rapid.Custom(func(t *rapid.T) [16]byte {
		return [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	})
}

func TestTextKeepsBytesAndOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := uuids().Draw(t, "a"), uuids().Draw(t, "b")
		x, y := id.From[thing](a), id.From[thing](b)
		if got, ok := x.UUID(); !ok || got != a {
			t.Fatalf("%x came back as %x", a, got)
		}
		if p, err := id.Parse[thing](x.String()); err != nil || p != x {
			t.Fatalf("%s: parsed as %s, %v", x, p, err)
		}
		if got, want := strings.Compare(string(x), string(y)), bytes.Compare(a[:], b[:]); got != want {
			t.Fatalf("%s and %s: text order %d, byte order %d", x, y, got, want)
		}
	})
}

func TestKnownText(t *testing.T) {
	for _, c := range []struct {
		u    [16]byte
		want thingID
	}{
		{[16]byte{}, "00000000000000000000000000"},
		{[16]byte(bytes.Repeat([]byte{0xff}, 16)), "7zzzzzzzzzzzzzzzzzzzzzzzzz"},
		{[16]byte{15: 32}, "00000000000000000000000010"},
		{[16]byte{0x01, 0x74, 0xe1, 0x02, 0x15, 0x40, 0x70, 0, 0x80}, "01ekgg45a0e008000000000000"},
	} {
		if got := id.From[thing](c.u); got != c.want {
			t.Errorf("%x: got %s, want %s", c.u, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	good := "01ekgg45a0e008000000000000"
	for _, s := range []string{"", good[:25], good + "0", strings.ToUpper(good), "8" + good[1:], good[:25] + "u", good[:25] + "o", good[:25] + "i", good[:25] + "l", good[:25] + "-", " " + good[1:], good[:23] + "中", "z" + good[1:]} {
		if got, err := id.Parse[thing](s); got != "" || errs.CodeOf(err) != "id.malformed" {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
		if _, ok := thingID(s).UUID(); ok || !thingID(s).Time().IsZero() {
			t.Errorf("%q has bytes or a time", s)
		}
	}
	if !thingID("").IsZero() || thingID(good).IsZero() {
		t.Error("only the empty id is zero")
	}
}

func TestJSON(t *testing.T) {
	type row struct {
		ID thingID `json:"id"`
	}
	x := id.From[thing](id.Seeded(1).UUID(time.UnixMilli(1601510400000)))
	b, err := json.Marshal(row{x})
	if want := `{"id":"` + string(x) + `"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v, want %s", b, err, want)
	}
	var got row
	if err := json.Unmarshal(b, &got); err != nil || got.ID != x {
		t.Errorf("got %v, %v, want %s", got, err, x)
	}
	for _, s := range []string{`{"id":""}`, `{"id":"x"}`, `{"id":7}`} {
		if err := json.Unmarshal([]byte(s), &got); err == nil || got.ID != x {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
}

func TestUUIDIsVersion7OfItsTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 1<<52).Draw(t, "us")
		u := id.Seeded(rapid.Uint64().Draw(t, "seed")).UUID(time.UnixMicro(us))
		if u[6]>>4 != 7 || u[8]>>6 != 2 {
			t.Fatalf("%x is not version 7 of variant 2", u)
		}
		if got := id.From[thing](u).Time().UnixMilli(); got != us/1000 && us >= 1000 {
			t.Fatalf("born at %d ms, says %d", us/1000, got)
		}
	})
}

func TestUUIDsAscendWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := id.Seeded(7)
		var last thingID
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			at := time.UnixMicro(rapid.Int64Range(-10, 3000).Draw(t, "at"))
			next := id.From[thing](src.UUID(at))
			if next <= last {
				t.Fatalf("%s after %s", next, last)
			}
			last = next
		}
	})
}

func TestCountingOnCarriesIntoTheMillisecond(t *testing.T) {
	src, at := id.Seeded(3), time.UnixMilli(1601510400000)
	var last thingID
	for range 10000 {
		next := id.From[thing](src.UUID(at))
		if next <= last {
			t.Fatalf("%s after %s", next, last)
		}
		last = next
	}
	if got := last.Time().Sub(at); got != 2*time.Millisecond {
		t.Errorf("ten thousand at once reach %v ahead, want 2ms", got)
	}
}

func TestSeededRepeatsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b, other := id.Seeded(seed), id.Seeded(seed), id.Seeded(seed+1)
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			at := time.UnixMicro(rapid.Int64Range(0, 1<<50).Draw(t, "at"))
			x, y := a.UUID(at), b.UUID(at)
			if x != y || x == other.UUID(at) {
				t.Fatalf("%x and %x", x, y)
			}
			p, q := make([]byte, rapid.IntRange(0, 40).Draw(t, "len")), make([]byte, 40)
			a.Fill(p)
			b.Fill(q[:len(p)])
			if !bytes.Equal(p, q[:len(p)]) {
				t.Fatalf("%x and %x", p, q)
			}
			other.Fill(p)
		}
	})
}

func TestSystemNeverRepeatsItself(t *testing.T) {
	const workers, each = 8, 500
	at := time.UnixMilli(1601510400000)
	got := make([][]thingID, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				got[w] = append(got[w], id.From[thing](id.System().UUID(at)))
			}
		})
	}
	wg.Wait()
	seen := map[thingID]bool{}
	for _, list := range got {
		var last thingID
		for _, x := range list {
			if seen[x] || x <= last {
				t.Fatalf("%s after %s", x, last)
			}
			seen[x], last = true, x
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "01ekgg45a0e008000000000000", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "01EKGG45A0E008000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := id.Parse[thing](s)
		if err != nil {
			return
		}
		u, ok := x.UUID()
		if !ok || id.From[thing](u) != x || string(x) != s {
			t.Fatalf("%q is %x, which is %s", s, u, id.From[thing](u))
		}
	})
}
