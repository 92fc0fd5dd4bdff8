package id_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"timebank/internal/errs"
	"timebank/internal/id"
)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

func codes() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return id.Code(id.Seeded(rapid.Uint64().Draw(t, "seed")), rapid.IntRange(1, 30).Draw(t, "n"))
	})
}

func TestCodeHasItsLengthAndChecks(t *testing.T) {
	src := id.Seeded(1)
	for n := 1; n <= 30; n++ {
		c := id.Code(src, n)
		if len(c) != n+1 || strings.Trim(c, alphabet) != "" {
			t.Errorf("%d characters: got %q", n, c)
		}
		if err := id.CheckCode(c); err != nil {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func TestOneWrongCharacterIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := codes().Draw(t, "code")
		i := rapid.IntRange(0, len(c)-1).Draw(t, "at")
		wrong := c[:i] + string(alphabet[rapid.IntRange(0, 31).Draw(t, "to")]) + c[i+1:]
		if (id.CheckCode(wrong) == nil) != (wrong == c) {
			t.Fatalf("%q for %q: %v", wrong, c, id.CheckCode(wrong))
		}
	})
}

func TestTwoCharactersChangedAboutAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(codes().Draw(t, "code"))
		c := string(b)
		i, j := rapid.IntRange(0, len(b)-1).Draw(t, "i"), rapid.IntRange(0, len(b)-1).Draw(t, "j")
		b[i], b[j] = b[j], b[i]
		if wrong := string(b); (id.CheckCode(wrong) == nil) != (wrong == c) {
			t.Fatalf("%q for %q: %v", wrong, c, id.CheckCode(wrong))
		}
	})
}

func TestParseCodeForgivesHandwriting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := codes().Draw(t, "code")
		i := rapid.IntRange(0, len(c)).Draw(t, "gap")
		written := strings.ToUpper(c[:i] + rapid.SampledFrom([]string{"-", " ", ""}).Draw(t, "sign") + c[i:])
		written = strings.NewReplacer("0", "O", "1", "I").Replace(written)
		if got, err := id.ParseCode(written); err != nil || got != c {
			t.Fatalf("%q: got %q, %v, want %q", written, got, err, c)
		}
	})
}

func TestCheckCodeRefuses(t *testing.T) {
	c := id.Code(id.Seeded(1), 12)
	for _, s := range []string{"", "0", strings.ToUpper(c), c + " ", c[:5] + "-" + c[5:], c + "u", strings.Repeat("0", 32)} {
		if err := id.CheckCode(s); errs.CodeOf(err) != "id.code_malformed" {
			t.Errorf("%q: got %v", s, err)
		}
	}
	for _, n := range []int{-1, 0, 31} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a code of %d characters was made", n)
				}
			}()
			id.Code(id.Seeded(1), n)
		}()
	}
}
