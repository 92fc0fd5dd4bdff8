package signin

import (
	"testing"
	"unicode/utf8"
)

func TestWordsAreEasyAndManyEnough(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range words {
		if utf8.RuneCountInString(w) != 2 || seen[w] {
			t.Errorf("%q is not two characters, or stands twice", w)
		}
		seen[w] = true
	}
	if len(words) != 256 {
		t.Errorf("%d words, want 256: a byte must choose evenly", len(words))
	}
}
