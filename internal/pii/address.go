package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"timebank/internal/errs"
)

const maxAddress = 200

var errAddress = errs.Invalid("pii.address_malformed")

// Address is a street address as people write it. Its mask tells nothing: where the area may be shown, the region of record names it.
type Address struct{ text }

// ParseAddress reads an address of 1 to 200 characters on one line; white space is tidied. The error has the code
// pii.address_malformed.
func ParseAddress(s string) (Address, error) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxAddress || strings.ContainsFunc(s, unicode.IsControl) {
		return Address{}, errAddress
	}
	return Address{hide(s, "＊＊")}, nil
}
