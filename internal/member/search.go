package member

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"timebank/internal/audit"
	"timebank/internal/errs"
	"timebank/internal/identity"
	"timebank/internal/pii"
	"timebank/internal/region"
	"timebank/internal/store"
)

// A person is found while somebody types by marks: 32 bits each of a keyed digest of what may be typed. They stand in the person's own row,
// because a row for each would make registering several times as dear, and a search runs through the people of its place. What marks tell to
// whoever steals the database without the keys is in docs/security.md.

// The kinds of what may be typed.
const (
	typedSurname  = "s"
	typedBigram   = "b"
	typedInitials = "i"
	typedSound    = "p"
	typedPhone    = "t"
	typedStreet   = "a" // two characters of a street, an estate or a village
	typedHouse    = "h" // a number with the last characters of the street or estate before it
)

// The sound of a name is marked from its first two letters to its first six; what is typed beyond counts no more.
const (
	shortestSound = 2
	longestSound  = 6
	longestHead   = 3 // initials
)

// surnameSounds are surnames that sound unlike the same character elsewhere.
var surnameSounds = map[string]string{"单": "shan", "解": "xie", "仇": "qiu", "曾": "zeng", "区": "ou", "查": "zha", "朴": "piao", "盖": "ge", "尉迟": "yuchi",
	"万俟": "moqi", "长孙": "zhangsun", "乐": "yue", "缪": "miao", "种": "chong", "员": "yun", "召": "shao", "覃": "qin", "翟": "zhai"}

// sounds returns how a name is spoken: one syllable a character, and the letters of other scripts as they are.
func sounds(name string) (syllables []string) {
	rest := name
	for n := min(2, len([]rune(name))-1); n > 0; n-- {
		head := string([]rune(name)[:n])
		if sound, ok := surnameSounds[head]; ok {
			syllables, rest = append(syllables, sound), strings.TrimPrefix(name, head)
			break
		}
	}
	args := pinyin.NewArgs()
	word := ""
	flush := func() {
		if word != "" {
			syllables, word = append(syllables, word), ""
		}
	}
	for _, r := range rest {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			if got := pinyin.SinglePinyin(r, args); len(got) > 0 {
				syllables = append(syllables, strings.ReplaceAll(got[0], "ü", "v"))
			}
		case unicode.IsLetter(r):
			word += string(unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	return syllables
}

// typed is one thing that may be typed to find somebody.
type typed struct{ kind, text string }

// findableBy returns what finds a person: some twenty things.
func findableBy(name pii.Name, phone pii.Phone, home pii.Address) (all []typed) {
	clear := name.Reveal()
	letters := []rune(clear)
	surname := name.Surname()
	if len(letters) == 1 {
		surname = clear // a name of one character is all that can be typed of it
	}
	if surname != "" {
		all = append(all, typed{typedSurname, surname})
	}
	for i := 0; i+1 < len(letters); i++ {
		if unicode.Is(unicode.Han, letters[i]) && unicode.Is(unicode.Han, letters[i+1]) {
			all = append(all, typed{typedBigram, string(letters[i : i+2])})
		}
	}
	heads, sound := "", ""
	for _, s := range sounds(clear) {
		heads, sound = heads+string([]rune(s)[:1]), sound+s
	}
	for n := shortestSound; n <= min(len([]rune(heads)), longestHead); n++ {
		all = append(all, typed{typedInitials, string([]rune(heads)[:n])})
	}
	for n := shortestSound; n <= min(len([]rune(sound)), longestSound); n++ {
		all = append(all, typed{typedSound, string([]rune(sound)[:n])})
	}
	if p := phone.Reveal(); len(p) >= 4 {
		all = append(all, typed{typedPhone, p[len(p)-4:]})
	}
	return append(all, findableAt(home.Reveal())...)
}

// asked is what one typed word looks for: all of these groups, and one of each.
type asked [][]typed

// parseTyped reads what was typed: a surname, a part of a name, its sound or initials, the last four digits of a phone, a street or an estate with
// the numbers of house and building, or several of them with spaces between.
func parseTyped(text string) (a asked, ok bool) {
	street := ""
	for _, word := range strings.Fields(narrowDigits(strings.ToLower(text))) {
		letters := []rune(word)
		switch {
		case strings.Trim(word, "0123456789") == "":
			var either []typed
			if len(word) == 4 {
				either = append(either, typed{typedPhone, word})
			}
			if street != "" {
				either = append(either, typed{typedHouse, street + word})
			}
			if either == nil {
				return nil, false
			}
			a = append(a, either)
		case len(letters) == 1 && isHan(letters[0]):
			a = append(a, []typed{{typedSurname, word}})
		case strings.ContainsFunc(word, isHan):
			for _, part := range partsOf(word) {
				switch {
				case part.number == "":
					for _, two := range part.pairs() {
						a = append(a, []typed{{typedBigram, two}, {typedStreet, two}})
						street = two
					}
				case street != "":
					a = append(a, []typed{{typedHouse, street + part.number}})
				}
			}
		case len(letters) < shortestSound:
			return nil, false
		default:
			either := []typed{{typedSound, string(letters[:min(len(letters), longestSound)])}}
			if len(letters) <= longestHead {
				either = append(either, typed{typedInitials, word})
			}
			a = append(a, either)
		}
	}
	return a, len(a) > 0
}

func (s *Service) mark(t typed) uint32 {
	return binary.BigEndian.Uint32(s.box.Index("person.typed."+t.kind, t.text))
}

// marks are a person's marks as they are stored: in the order of their values, so that their place does not tell what each is of.
func (s *Service) marks(d Details) []byte {
	all := findableBy(d.Name, d.Phone, d.Address)
	values := make([]uint32, len(all))
	for i, t := range all {
		values[i] = s.mark(t)
	}
	slices.Sort(values)
	out := make([]byte, 0, 4*len(values))
	for _, v := range slices.Compact(values) {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}

// found reports whether marks have one of each group.
func found(marks []byte, groups [][]uint32) bool {
	for _, group := range groups {
		has := false
		for i := 0; i+4 <= len(marks) && !has; i += 4 {
			m := binary.BigEndian.Uint32(marks[i:])
			for _, want := range group {
				has = has || m == want
			}
		}
		if !has {
			return false
		}
	}
	return true
}

// Match is a person that a search found. Name and phone print their masks: that is enough to go on typing, and the record itself is a look.
type Match struct {
	Person Person
	Name   pii.Name
	Phone  pii.Phone
}

// searchMost is how many people a search shows: more is a reason to type on.
const searchMost = 10

// Search finds people who live in a region or below while somebody types: by surname or a name of one character, two or more characters of the name, its sound or initials, the
// last four digits of the phone, or the street with the numbers of house and building. It shows the first ten in the order of registration; each search is in the audit trail with whom it showed, and
// never with what was typed. Errors: member.look_up_invalid, identity.not_allowed.
func (s *Service) Search(ctx context.Context, by identity.Actor, place region.ID, text string) (matches []Match, err error) {
	a, ok := parseTyped(text)
	if !ok {
		return nil, errs.Invalid("member.look_up_invalid", errs.Field{Path: "text", Code: "member.type_more"})
	}
	groups := make([][]uint32, len(a))
	for i, group := range a {
		for _, t := range group {
			groups[i] = append(groups[i], s.mark(t))
		}
	}
	err = s.db.Write(ctx, "member.search", func(tx *store.Tx) error {
		sc, err := s.scene(tx)
		if err != nil {
			return err
		}
		if err := by.May(identity.MemberLookUp, place, sc.tree); err != nil {
			return err
		}
		ids, err := marked(tx, place, sc.today, groups, searchMost)
		if err != nil {
			return err
		}
		people, err := LoadPersons(tx, ids)
		if err != nil {
			return err
		}
		matches = matches[:0]
		shown := []string{strconv.Itoa(len(ids))}
		for _, id := range ids {
			d, err := s.Open(tx, id)
			if err != nil {
				return err
			}
			matches, shown = append(matches, Match{people[id], d.Name, d.Phone}), append(shown, string(id))
		}
		return audit.Record(tx, audit.Entry{Actor: by.ID, Action: "member.search", Kind: "region", Ref: string(place), Region: string(place),
			After: strings.Join(shown, " "), Origin: by.Origin})
	})
	if err != nil {
		return nil, err
	}
	return matches, nil
}
