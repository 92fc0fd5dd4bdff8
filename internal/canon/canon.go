// Package canon owns canonical bytes: the one way in which anything that is hashed or signed is written down. A record is a tag and
// a version followed by typed, length-prefixed items, so that two different records never share their bytes.
// It must never know what a record means, and nothing may be hashed or signed here as JSON.
//
// The bytes, all numbers big-endian:
//
//	record  = 'C' len32 tag version8 item*
//	item    = 'S' len32 UTF-8 bytes        text
//	        | 'B' len32 bytes              bytes
//	        | 'I' int64                    whole number, two's complement
//	        | 'T' int64                    microseconds since 1970 in UTC
//	        | 'L' len32                    a list: so many elements follow, each written by its own items
//	        | 'Y' | 'N'                    true, false
//	        | '0'                          nothing: an optional item that is absent
package canon

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"
)

// Kind is the type of one item, the byte that it starts with.
type Kind byte

// The kinds of items. KindEnd is what a Reader gives when no item is left.
const (
	KindEnd   Kind = 0
	KindStr   Kind = 'S'
	KindBytes Kind = 'B'
	KindInt   Kind = 'I'
	KindTime  Kind = 'T'
	KindList  Kind = 'L'
	KindTrue  Kind = 'Y'
	KindFalse Kind = 'N'
	KindNone  Kind = '0'
)

const header byte = 'C'

// Writer builds one record; its methods return it, so that a record reads as one expression. Not safe for concurrent use.
type Writer struct {
	buf []byte
}

// New starts a record. The tag names what is written ("timebank/order.confirm"); the version changes with any change of the items.
func New(tag string, version uint8) *Writer {
	w := &Writer{buf: make([]byte, 0, 128)}
	w.prefixed(header, tag)
	w.buf = append(w.buf, version)
	return w
}

func (w *Writer) length(kind byte, n int) {
	if n < 0 || n > math.MaxUint32 {
		panic("canon: length out of range")
	}
	w.buf = binary.BigEndian.AppendUint32(append(w.buf, kind), uint32(n))
}

func (w *Writer) prefixed(kind byte, s string) *Writer {
	w.length(kind, len(s))
	w.buf = append(w.buf, s...)
	return w
}

func (w *Writer) number(kind Kind, n int64) *Writer {
	w.buf = binary.BigEndian.AppendUint64(append(w.buf, byte(kind)), uint64(n)) // #nosec G115 -- two's complement, as docs/ledger-format.md writes it
	return w
}

// Str writes text; its bytes are taken as they are, without normalisation.
func (w *Writer) Str(s string) *Writer { return w.prefixed(byte(KindStr), s) }

// Blob writes bytes, such as a digest or a sealed field; nil and empty are the same.
func (w *Writer) Blob(b []byte) *Writer {
	w.length(byte(KindBytes), len(b))
	w.buf = append(w.buf, b...)
	return w
}

// Int writes a whole number: minutes, counts, enumerations.
func (w *Writer) Int(n int64) *Writer { return w.number(KindInt, n) }

// Time writes an instant as microseconds in UTC; what is finer is cut off, and the zone is not part of it.
func (w *Writer) Time(t time.Time) *Writer { return w.number(KindTime, t.UnixMicro()) }

// Bool writes true or false.
func (w *Writer) Bool(b bool) *Writer {
	k := KindFalse
	if b {
		k = KindTrue
	}
	w.buf = append(w.buf, byte(k))
	return w
}

// None writes that an optional item is absent, which differs from an empty one.
func (w *Writer) None() *Writer {
	w.buf = append(w.buf, byte(KindNone))
	return w
}

// List writes that n elements follow; the caller writes the items of each. A negative n panics.
func (w *Writer) List(n int) *Writer {
	w.length(byte(KindList), n)
	return w
}

// Strs writes a list of texts in the order given.
func (w *Writer) Strs(list []string) *Writer {
	w.List(len(list))
	for _, s := range list {
		w.Str(s)
	}
	return w
}

// Bytes returns the record so far; it stays valid and unchanged when the writer goes on.
func (w *Writer) Bytes() []byte { return append([]byte(nil), w.buf...) }

// Digest returns the SHA-256 of the record so far.
func (w *Writer) Digest() [32]byte { return sha256.Sum256(w.buf) }
