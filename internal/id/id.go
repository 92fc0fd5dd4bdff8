// Package id owns identity: UUIDv7 as 26-character text with one Go type per entity, the sources of randomness, and the short codes
// that people carry. It must never know an entity, and no identifier it makes may say anything about the thing but its time of birth.
package id

import (
	"time"

	"timebank/internal/errs"
)

// alphabet is Crockford's base 32 in lower case: ascending in ASCII, so that text sorts as the bytes do, and without i, l, o and u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const textLen = 26

var (
	errID   = errs.Invalid("id.malformed")
	errCode = errs.Invalid("id.code_malformed")
)

// digits maps a character to its value, 0xff for one that is not in the alphabet.
var digits = func() (d [256]byte) {
	for i := range d {
		d[i] = 0xff
	}
	for i := range len(alphabet) {
		d[alphabet[i]] = byte(i)
	}
	return d
}()

// ID is the identifier of one entity E: 26 characters of lower-case Crockford base 32 that sort by time of birth. It is a string kind, so that
// database/sql and encoding/json take it as it is; the zero value "" stands for "none". Packages declare type ID = id.ID[Order].
type ID[E any] string

// Parse reads the text of an identifier; only the one canonical spelling is accepted. The error has the code id.malformed.
func Parse[E any](s string) (ID[E], error) {
	if _, ok := decode(s); !ok {
		return "", errID
	}
	return ID[E](s), nil
}

// From gives the identifier whose 16 bytes are u.
func From[E any](u [16]byte) ID[E] { return ID[E](encode(u)) }

// UUID returns the 16 bytes of the identifier; ok is false for the zero value and for text that Parse would refuse.
func (i ID[E]) UUID() (u [16]byte, ok bool) { return decode(string(i)) }

// Time returns the time of birth in UTC to the millisecond, or the zero time when the identifier is not well formed.
func (i ID[E]) Time() time.Time {
	u, ok := decode(string(i))
	if !ok {
		return time.Time{}
	}
	var ms int64
	for _, b := range u[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// IsZero reports whether the identifier is the zero value, which names nothing.
func (i ID[E]) IsZero() bool { return i == "" }

// String returns the text of the identifier.
func (i ID[E]) String() string { return string(i) }

// UnmarshalText reads an identifier as Parse does, so that JSON never brings in a malformed one.
func (i *ID[E]) UnmarshalText(b []byte) error {
	v, err := Parse[E](string(b))
	if err != nil {
		return err
	}
	*i = v
	return nil
}

// encode writes 128 bits as 26 digits of five bits, the first digit holding the top three.
func encode(u [16]byte) string {
	var out [textLen]byte
	var acc uint32
	bits := 2 // two leading zero bits make 130 of 128
	n := 0
	for _, b := range u {
		acc = acc<<8 | uint32(b)
		bits += 8
		for bits >= 5 {
			bits -= 5
			out[n] = alphabet[acc>>bits&31]
			n++
		}
	}
	return string(out[:])
}

func decode(s string) (u [16]byte, ok bool) {
	if len(s) != textLen || s[0] > '7' {
		return u, false
	}
	var acc uint32
	bits, n := -2, 0
	for i := range textLen {
		d := digits[s[i]]
		if d == 0xff {
			return [16]byte{}, false
		}
		acc = acc<<5 | uint32(d)
		bits += 5
		if bits >= 8 {
			bits -= 8
			u[n] = byte(acc >> bits) // #nosec G115 -- the lowest eight bits are meant
			n++
		}
	}
	return u, true
}
