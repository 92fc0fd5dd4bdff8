package member

import (
	"strings"
	"unicode"

	"timebank/internal/store"
)

// What of an address can be typed: the street or the estate, and the numbers of house and building. The door is not among it: nobody has to find
// one by typing, and what is not marked tells nothing.

// The most marks that an address gets, of its names and of its numbers.
const (
	mostPairs   = 16
	mostNumbers = 3
)

// units follow a number and name nothing; of two that begin alike the longer comes first.
var units = []string{"号楼", "号院", "单元", "号", "幢", "栋", "座", "弄", "巷", "楼", "院", "组", "室", "房", "户", "层"}

// part is a piece of an address as people write it: a name, or a number.
type part struct {
	name   []rune
	number string
}

// pairs are the neighbouring characters of a name.
func (p part) pairs() (all []string) {
	for i := 0; i+1 < len(p.name); i++ {
		all = append(all, string(p.name[i:i+2]))
	}
	return all
}

// partsOf takes an address apart. It leaves out the door: a number before 室, 房 or 户, and one behind a dash.
func partsOf(text string) (parts []part) {
	letters := []rune(text)
	for i := 0; i < len(letters); {
		from := i
		switch {
		case isHan(letters[i]):
			for i < len(letters) && isHan(letters[i]) {
				i++
			}
			name := string(letters[from:i])
			if from > 0 && isDigit(letters[from-1]) {
				for _, u := range units {
					if rest, found := strings.CutPrefix(name, u); found {
						name = rest
						break
					}
				}
			}
			if n := []rune(name); len(n) > 1 {
				parts = append(parts, part{name: n})
			}
		case isDigit(letters[i]):
			for i < len(letters) && isDigit(letters[i]) {
				i++
			}
			door := from > 0 && strings.ContainsRune("-－—#", letters[from-1]) || i < len(letters) && strings.ContainsRune("室房户", letters[i])
			if !door {
				parts = append(parts, part{number: string(letters[from:i])})
			}
		default:
			i++
		}
	}
	return parts
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// narrowDigits writes the wide digits of a Chinese keyboard as the others.
func narrowDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' {
			return '0' + r - '０'
		}
		return r
	}, text)
}

// findableAt returns what of an address finds a person. What stands before the street's name, city, district and office, is the same for all
// neighbours and left out.
func findableAt(address string) (all []typed) {
	address = narrowDigits(strings.ToLower(address))
	if i := strings.LastIndex(address, "街道"); i >= 0 {
		address = address[i+len("街道"):]
	}
	var before []string
	numbers := 0
	for _, p := range partsOf(address) {
		if p.number == "" {
			before = p.pairs()
			for _, two := range before {
				if len(all) < mostPairs {
					all = append(all, typed{typedStreet, two})
				}
			}
			continue
		}
		if numbers++; numbers > mostNumbers {
			break
		}
		// 和平路12 and 和平12 are the same house to who types.
		for _, two := range before[max(0, len(before)-2):] {
			all = append(all, typed{typedHouse, two + p.number})
		}
	}
	return all
}

// markAgain makes a person findable by what it is called and where it lives now.
func (s *Service) markAgain(tx *store.Tx, which PersonID) error {
	d, err := s.Open(tx, which)
	if err != nil {
		return err
	}
	return saveMarks(tx, which, s.marks(d))
}

// Remark makes up to max people after the given one findable as this version does it. It returns the last person it looked at, "" when there is
// none, and how many rows it changed.
func (s *Service) Remark(tx *store.Tx, after string, max int) (last string, changed int, err error) {
	rows, err := marksAfter(tx, after, max)
	if err != nil {
		return "", 0, err
	}
	for _, row := range rows {
		last = string(row.id)
		d, err := s.Open(tx, row.id)
		if err != nil {
			return "", 0, err
		}
		if marks := s.marks(d); string(marks) != string(row.marks) {
			if err := saveMarks(tx, row.id, marks); err != nil {
				return "", 0, err
			}
			changed++
		}
	}
	return last, changed, nil
}
