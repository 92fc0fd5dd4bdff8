package canon

import (
	"encoding/binary"
	"time"

	"timebank/internal/errs"
)

var errRecord = errs.Invalid("canon.malformed")

// Reader takes a record apart in the order in which it was written. The first mistake sticks: every later call gives a zero value, and
// Err and Close report it, so that a whole record is read before the one check.
type Reader struct {
	tag     string
	version uint8
	rest    []byte
	err     error
}

// Open begins to read a record; the error has the code canon.malformed. The reader keeps b, which must not change meanwhile.
func Open(b []byte) (*Reader, error) {
	r := &Reader{rest: b}
	r.tag = string(r.prefixed(Kind(header)))
	if v := r.take(1); v != nil {
		r.version = v[0]
	}
	if r.err != nil {
		return nil, r.err
	}
	return r, nil
}

// Tag returns the record's tag.
func (r *Reader) Tag() string { return r.tag }

// Version returns the record's version.
func (r *Reader) Version() uint8 { return r.version }

// Next returns the kind of the item that comes next without taking it, KindEnd after the last one and after a mistake.
func (r *Reader) Next() Kind {
	if r.err != nil || len(r.rest) == 0 {
		return KindEnd
	}
	return Kind(r.rest[0])
}

// Str takes a text.
func (r *Reader) Str() string { return string(r.prefixed(KindStr)) }

// Blob takes bytes; they are the caller's own copy.
func (r *Reader) Blob() []byte { return append([]byte(nil), r.prefixed(KindBytes)...) }

// Int takes a whole number.
func (r *Reader) Int() int64 { return r.number(KindInt) }

// Time takes an instant, in UTC.
func (r *Reader) Time() time.Time { return time.UnixMicro(r.number(KindTime)).UTC() }

// Bool takes true or false.
func (r *Reader) Bool() bool {
	if r.Next() == KindTrue {
		r.kind(KindTrue)
		return true
	}
	r.kind(KindFalse)
	return false
}

// None takes an absent item when one comes next and reports whether it did; otherwise nothing is taken.
func (r *Reader) None() bool {
	if r.Next() != KindNone {
		return false
	}
	r.kind(KindNone)
	return true
}

// List takes the head of a list and returns how many elements follow. A number above the bytes that are left is a mistake, because
// every element takes one byte at least.
func (r *Reader) List() int {
	n := r.length(KindList)
	if uint64(n) > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

// Err returns the first mistake so far, with the code canon.malformed.
func (r *Reader) Err() error { return r.err }

// Close returns the first mistake; items that nobody took are one.
func (r *Reader) Close() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail()
	}
	return r.err
}

func (r *Reader) fail() { r.err, r.rest = errRecord, nil }

func (r *Reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *Reader) kind(k Kind) bool {
	if r.Next() != k {
		r.fail()
		return false
	}
	r.rest = r.rest[1:]
	return true
}

func (r *Reader) length(k Kind) uint32 {
	if !r.kind(k) {
		return 0
	}
	b := r.take(4)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

func (r *Reader) prefixed(k Kind) []byte { return r.take(uint64(r.length(k))) }

func (r *Reader) number(k Kind) int64 {
	if !r.kind(k) {
		return 0
	}
	b := r.take(8)
	if b == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b)) // #nosec G115 -- two's complement, as it was written
}
