package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"timebank/internal/errs"
)

const maxName = 50

var errName = errs.Invalid("pii.name_malformed")

// Name is a person's name. Its mask keeps the surname of a Chinese name (李*, 欧阳**) and the first letter of any other (J***).
type Name struct{ text }

// compound lists the surnames of two characters that are in use today.
var compound = strings.Fields(`欧阳 司马 上官 诸葛 司徒 夏侯 皇甫 东方 尉迟 公孙 慕容 长孙 宇文 令狐 轩辕 端木 独孤 南宫 西门 呼延 闻人 申屠 太史 澹台 公冶 宗政
	濮阳 淳于 单于 公羊 赫连 钟离 万俟 第五 百里 东郭 南门 公西 仲孙 鲜于 闾丘 亓官 司寇 巫马 漆雕 壤驷 拓跋 夹谷 宰父 谷梁 段干 梁丘 左丘 歐陽 司馬 諸葛`)

// dots makes one middle dot of those that keyboards have.
var dots = strings.NewReplacer("•", "·", "．", "·", "‧", "·", "・", "·")

// ParseName reads a name of 1 to 50 characters: letters of any script, with spaces, hyphens, apostrophes, full stops and the middle dot between
// them. White space is tidied, and • and ． become ·. The error has the code pii.name_malformed.
func ParseName(s string) (Name, error) {
	s = dots.Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName {
		return Name{}, errName
	}
	for i, r := range s {
		if unicode.IsLetter(r) || i > 0 && (unicode.IsMark(r) || strings.ContainsRune(" -'’.·", r)) {
			continue
		}
		return Name{}, errName
	}
	return Name{hide(s, maskName(s))}, nil
}

// Surname returns the surname of a Chinese name in clear, and "" for any other.
func (n Name) Surname() string {
	r := []rune(n.Reveal())
	if len(r) < 2 || !unicode.Is(unicode.Han, r[0]) {
		return ""
	}
	return string(r[:surnameLen(r)])
}

func surnameLen(name []rune) int {
	if len(name) > 2 {
		first := string(name[:2])
		for _, c := range compound {
			if first == c {
				return 2
			}
		}
	}
	return 1
}

func maskName(s string) string {
	r := []rune(s)
	if !unicode.Is(unicode.Han, r[0]) {
		return string(r[:1]) + "***"
	}
	if len(r) == 1 {
		return "*"
	}
	keep := surnameLen(r)
	// Three stars at most: the length of a long name would tell who it is.
	return string(r[:keep]) + strings.Repeat("*", min(len(r)-keep, 3))
}
