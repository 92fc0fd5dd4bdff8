package canon_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"timebank/internal/canon"
	"timebank/internal/errs"
)

// record is a record as data, so that two can be compared by something other than their bytes.
type record struct {
	tag     string
	version uint8
	items   []any // string, []byte, int64, time.Time, bool, list, nil
}

type list int

func (r record) writer() *canon.Writer {
	w := canon.New(r.tag, r.version)
	for _, item := range r.items {
		switch v := item.(type) {
		case string:
			w.Str(v)
		case []byte:
			w.Blob(v)
		case int64:
			w.Int(v)
		case time.Time:
			w.Time(v)
		case bool:
			w.Bool(v)
		case list:
			w.List(int(v))
		case nil:
			w.None()
		}
	}
	return w
}

// read takes any record apart by the kinds that it finds.
func read(b []byte) (record, error) {
	r, err := canon.Open(b)
	if err != nil {
		return record{}, err
	}
	got := record{tag: r.Tag(), version: r.Version()}
	for {
		switch r.Next() {
		case canon.KindStr:
			got.items = append(got.items, r.Str())
		case canon.KindBytes:
			got.items = append(got.items, r.Blob())
		case canon.KindInt:
			got.items = append(got.items, r.Int())
		case canon.KindTime:
			got.items = append(got.items, r.Time())
		case canon.KindTrue, canon.KindFalse:
			got.items = append(got.items, r.Bool())
		case canon.KindList:
			got.items = append(got.items, list(r.List()))
		case canon.KindNone:
			r.None()
			got.items = append(got.items, nil)
		default:
			return got, r.Close()
		}
	}
}

func records() *rapid.Generator[record] {
	item := rapid.OneOf(
		rapid.StringN(0, 4, -1).AsAny(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) any { return append([]byte(nil), b...) }),
		rapid.Int64().AsAny(),
		rapid.Map(rapid.Int64Range(-1e16, 1e16), func(n int64) any { return time.UnixMicro(n).UTC() }),
		rapid.Bool().AsAny(),
		rapid.Just[any](list(0)),
		rapid.Just[any](nil),
	)
	return rapid.Custom(func(t *rapid.T) record {
		return record{
			tag:     rapid.SampledFrom([]string{"", "a", "ab", "C", "aS\x00"}).Draw(t, "tag"),
			version: rapid.SampledFrom([]uint8{0, 1, 'S', 255}).Draw(t, "version"),
			items:   rapid.SliceOfN(item, 0, 5).Draw(t, "items"),
		}
	})
}

func same(a, b record) bool {
	return a.tag == b.tag && a.version == b.version && len(a.items) == len(b.items) && (len(a.items) == 0 || reflect.DeepEqual(a.items, b.items))
}

func TestDifferentRecordsHaveDifferentBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := records().Draw(t, "a"), records().Draw(t, "b")
		if got := bytes.Equal(a.writer().Bytes(), b.writer().Bytes()); got != same(a, b) {
			t.Fatalf("equal bytes %v, equal records %v", got, same(a, b))
		}
	})
}

func TestRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := records().Draw(t, "a")
		b := a.writer().Bytes()
		got, err := read(b)
		if err != nil || !same(a, got) {
			t.Fatalf("got %v, %v, want %v", got, err, a)
		}
		// Cut short anywhere, a record is another record or none, never the same one.
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if got, err := read(b[:cut]); err == nil && same(a, got) {
			t.Fatalf("cut at %d it is still %v", cut, got)
		}
	})
}

func TestKnownBytes(t *testing.T) {
	w := canon.New("t", 2).Str("李").Blob([]byte{0xff}).Int(-1).Time(time.UnixMicro(256)).Bool(true).Bool(false).None().Strs([]string{"a"})
	want := "43" + "00000001" + "74" + "02" +
		"53" + "00000003" + "e69d8e" + "42" + "00000001" + "ff" +
		"49" + "ffffffffffffffff" + "54" + "0000000000000100" +
		"59" + "4e" + "30" + "4c" + "00000001" + "53" + "00000001" + "61"
	if got := hex.EncodeToString(w.Bytes()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := w.Digest(), sha256.Sum256(w.Bytes()); got != want {
		t.Errorf("digest %x, want %x", got, want)
	}
}

func TestBytesAreTheCallersOwn(t *testing.T) {
	w := canon.New("t", 1).Str("a")
	before := w.Bytes()
	before[0] = 'X'
	w.Str("b")
	if got := w.Bytes(); got[0] != 'C' || len(before) == len(got) {
		t.Errorf("got %q after %q was changed", got, before)
	}
}

func TestTimeIsTheInstantAlone(t *testing.T) {
	at := time.Date(2020, 10, 1, 8, 0, 0, 0, time.FixedZone("", 8*3600))
	if a, b := canon.New("t", 1).Time(at), canon.New("t", 1).Time(at.UTC().Add(999*time.Nanosecond)); a.Digest() != b.Digest() {
		t.Error("zone or nanoseconds changed the bytes")
	}
}

func TestReaderRefuses(t *testing.T) {
	good := canon.New("t", 1).Str("a").Int(1).Bytes()
	for name, b := range map[string][]byte{
		"nothing":       nil,
		"no version":    good[:6],
		"other header":  append([]byte("D"), good[1:]...),
		"cut tag":       good[:3],
		"endless tag":   {'C', 0xff, 0xff, 0xff, 0xff, 't'},
		"cut text":      good[:12],
		"cut number":    good[:len(good)-1],
		"unknown kind":  append(bytes.Clone(good), 'Z'),
		"list too long": append(bytes.Clone(good), 'L', 0, 0, 0, 1),
	} {
		if _, err := read(b); errs.CodeOf(err) != "canon.malformed" {
			t.Errorf("%s: got %v", name, err)
		}
	}

	r, err := canon.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	if r.None() || r.Str() != "a" || r.Close() == nil {
		t.Error("an item that nobody took was not reported")
	}
	r, err = canon.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	if r.Int() != 0 || r.Str() != "" || r.Bool() || r.Blob() != nil || r.List() != 0 || r.Next() != canon.KindEnd || r.Err() == nil {
		t.Error("the first mistake did not stick")
	}
}

func TestNegativeListPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a list of -1 was written")
		}
	}()
	canon.New("t", 1).List(-1)
}

func FuzzOpen(f *testing.F) {
	f.Add(canon.New("t", 1).Bytes())
	f.Add(canon.New("t", 2).Str("李").Blob([]byte{0xff}).Int(-1).Time(time.UnixMicro(256)).Bool(true).Bool(false).None().Strs([]string{"a"}).Bytes())
	f.Add([]byte("C\xff\xff\xff\xfft"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b)
		if err != nil {
			return
		}
		// What can be read has one spelling: writing it again gives the very bytes.
		if again := got.writer().Bytes(); !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %v, which is %x", b, got, again)
		}
	})
}
