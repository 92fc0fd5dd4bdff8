package pii

import (
	"regexp"
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

// An address names its house in one of these ways; what follows is for who stands in the stairwell.
var (
	untilBlock = regexp.MustCompile(`^.*?[0-9０-９A-Za-z甲乙丙丁一二三四五六七八九十]+(?:栋|幢|座)`)
	untilHouse = regexp.MustCompile(`^.*?号(?:院|楼)?(?:[\s,，]*[0-9０-９A-Za-z甲乙丙丁一二三四五六七八九十]+号楼)?`)
	theDoor    = regexp.MustCompile(`(?i)[\s,，]*(?:[0-9０-９A-Za-z一二三四五六七八九十百]+(?:单元|室|户|层)|\b(?:room|unit|flat|apartment)\b|[0-9０-９]+(?:[-－][0-9０-９]+)+$).*$`)
)

// Building returns the address without what lies inside the building: unit, floor and room. What is left finds the house and not the door.
func (a Address) Building() Address {
	text := a.Reveal()
	for _, until := range []*regexp.Regexp{untilBlock, untilHouse} {
		if house := until.FindString(text); house != "" {
			return Address{hide(house, "＊＊")}
		}
	}
	if rest := theDoor.ReplaceAllString(text, ""); rest != "" {
		text = rest
	}
	return Address{hide(text, "＊＊")}
}
