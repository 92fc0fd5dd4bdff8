package pii

import (
	"strings"

	"timebank/internal/errs"
)

var errPhone = errs.Invalid("pii.phone_malformed")

// Phone is a telephone number of mainland China: a mobile of 11 digits or a landline with its area code ("025-83638888").
// Its mask keeps the head and the last four digits: 138****5678, 025-****8888.
type Phone struct{ text }

// ParsePhone reads a mobile or a landline number with its area code; +86, 0086, spaces, hyphens, brackets and full-width digits are allowed. The
// error has the code pii.phone_malformed.
func ParsePhone(s string) (Phone, error) {
	n := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(narrow(s))
	abroad := false
	for _, prefix := range []string{"+86", "0086"} {
		if rest, ok := strings.CutPrefix(n, prefix); ok {
			n, abroad = rest, true
			break
		}
	}
	if n == "" || strings.Trim(n, "0123456789") != "" {
		return Phone{}, errPhone
	}
	if len(n) == 11 && n[0] == '1' && n[1] >= '3' {
		return Phone{hide(n, n[:3]+"****"+n[7:])}, nil
	}
	// From abroad the leading zero of the area code is left out.
	if abroad && n[0] != '0' {
		n = "0" + n
	}
	area := 4
	if len(n) > 1 && (n[1] == '1' || n[1] == '2') {
		area = 3
	}
	if len(n) < area+7 || n[0] != '0' || n[1] == '0' {
		return Phone{}, errPhone
	}
	code, local := n[:area], n[area:]
	if area == 3 && (len(local) != 8 || code[1] == '1' && code != "010") || len(local) > 8 || local[0] < '2' {
		return Phone{}, errPhone
	}
	hidden := len(local) - 4
	return Phone{hide(code+"-"+local, code+"-"+strings.Repeat("*", hidden)+local[hidden:])}, nil
}

// IsMobile reports whether the number can receive a text message.
func (p Phone) IsMobile() bool {
	s := p.Reveal()
	return len(s) == 11 && s[0] == '1'
}
