package store

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Keeps reports whether both databases can keep texts as they are: PostgreSQL takes neither U+0000 nor what is not UTF-8. Surfaces ask it about
// everything that comes in, so that no use-case has to.
func Keeps(texts ...string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !utf8.ValidString(text) || strings.ContainsRune(text, 0) })
}
