package pii

import (
	"strings"

	"timebank/internal/clock"
	"timebank/internal/errs"
)

var errIDNumber = errs.Invalid("pii.id_number_malformed")

// Sex is what an identity number says of its holder's sex.
type Sex string

// The two values that GB 11643 knows: an odd sequence number is a man's, an even one a woman's.
const (
	Male   Sex = "male"
	Female Sex = "female"
)

// IDNumber is a citizen identity number of 18 characters (law: GB 11643). Its mask keeps the first three and the last two.
type IDNumber struct{ text }

// ParseIDNumber reads an identity number; a small x and full-width characters are allowed. Area, date of birth and check digit must be
// possible ones; the numbers of 15 digits have been void since 2013 and are refused. The error has the code pii.id_number_malformed.
func ParseIDNumber(s string) (IDNumber, error) {
	s = strings.ToUpper(narrow(s))
	if len(s) != 18 || strings.Trim(s[:17], "0123456789") != "" || s[0] == '0' || s[17] != checkDigit(s[:17]) {
		return IDNumber{}, errIDNumber
	}
	born, err := clock.ParseDay(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	if err != nil || born < "1850-01-01" || born >= "2100-01-01" {
		return IDNumber{}, errIDNumber
	}
	return IDNumber{hide(s, s[:3]+strings.Repeat("*", 13)+s[16:])}, nil
}

// Birth returns the date of birth that the number contains, or "" for the zero value.
func (n IDNumber) Birth() clock.Day {
	if n.IsZero() {
		return ""
	}
	s := n.Reveal()
	return clock.Day(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
}

// Sex returns the sex that the number contains, or "" for the zero value.
func (n IDNumber) Sex() Sex {
	if n.IsZero() {
		return ""
	}
	if (n.Reveal()[16]-'0')%2 == 1 {
		return Male
	}
	return Female
}

// checkDigit computes the 18th character by ISO 7064 MOD 11-2: position i counts 2^(18-i), and the whole is 1 modulo 11.
func checkDigit(first17 string) byte {
	sum := 0
	for i := range len(first17) {
		sum = (sum + int(first17[i]-'0')) * 2 % 11
	}
	return "0123456789X"[(12-sum)%11]
}
