package admin

import "testing"

func TestACellIsNeverAFormula(t *testing.T) {
	for in, want := range map[string]any{"=1+1": "'=1+1", "+86": "'+86", "-x": "'-x", "@a": "'@a", "\t=1": "'\t=1", "1,234": int64(1234), "-5": int64(-5), "张**": "张**", "": "", "2020-10": "2020-10"} {
		if got := harmless(in); got != want {
			t.Errorf("harmless(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestOneParameterIsWrittenIntoTheWhole(t *testing.T) {
	for _, c := range []struct{ text, want string }{{"", "a.b = 2\n"}, {"a.b = 1\nc = 3\n", "a.b = 2\nc = 3\n"}, {"c = 3\n", "c = 3\na.b = 2\n"}} {
		if got := set(c.text, "a.b", "2"); got != c.want {
			t.Errorf("set(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestHowDeepAValueIs(t *testing.T) {
	for n, want := range map[int64]int{-1: 1, 0: 1, 1: 1, 50: 3, 100: 5} {
		if got := depth(n, 100); got != want {
			t.Errorf("depth(%d, 100) = %d, want %d", n, got, want)
		}
	}
}
