package id

import "strings"

// maxCode is the longest code, check digit included, whose positions all have different weights.
const maxCode = 31

// Code returns n random characters (1 to 30, five bits each) followed by one check digit, for a receipt, a passbook or a door card. It says
// nothing about its holder. A length outside that range panics, because it is fixed where the code is called for.
func Code(src Source, n int) string {
	if n < 1 {
		panic("id: length of a code out of range")
	}
	b := make([]byte, n)
	src.Fill(b)
	return CodeOf(b)
}

// CodeOf returns the code that 1 to 30 bytes give, of each its five lowest bits: equal bytes give an equal code. Other lengths panic.
func CodeOf(b []byte) string {
	if len(b) < 1 || len(b) >= maxCode {
		panic("id: length of a code out of range")
	}
	code := make([]byte, len(b), len(b)+1)
	for i := range b {
		code[i] = alphabet[b[i]&31]
	}
	// The weighted sum of the whole is zero, and the last digit's weight is one: the check digit is the sum of the others.
	return string(append(code, alphabet[weigh(append(code, '0'))]))
}

// Group writes a code in capitals and in fours, as it stands on paper; ParseCode reads it back.
func Group(code string) string {
	var b strings.Builder
	for i, c := range strings.ToUpper(code) {
		// A single character at the end stays with the last four.
		if i > 0 && i%4 == 0 && i+1 < len(code) {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// CheckCode reports whether s is a code in its one canonical spelling with a right check digit; one wrong character and any two
// characters changed about are always found. The error has the code id.code_malformed.
func CheckCode(s string) error {
	if len(s) < 2 || len(s) > maxCode {
		return errCode
	}
	for i := range len(s) {
		if digits[s[i]] == 0xff {
			return errCode
		}
	}
	if weigh([]byte(s)) != 0 {
		return errCode
	}
	return nil
}

// ParseCode reads a code as a person writes it – capitals, spaces and hyphens, o for 0, i or l for 1 – and returns the canonical
// spelling; the error is that of CheckCode.
func ParseCode(s string) (string, error) {
	s = strings.NewReplacer(" ", "", "-", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(s))
	if err := CheckCode(s); err != nil {
		return "", err
	}
	return s, nil
}

// weigh sums the digits in GF(32), each weighted by a power of the generator 2 that counts from the right; Horner's rule.
func weigh(b []byte) byte {
	var sum byte
	for _, c := range b {
		sum <<= 1
		if sum&32 != 0 {
			sum ^= 0b100101 // x^5 + x^2 + 1, primitive: powers repeat only after 31
		}
		sum ^= digits[c]
	}
	return sum
}
