package ui

import (
	"strconv"
	"strings"
	"testing"
)

func TestACodeHasItsBorderAndFinderPatterns(t *testing.T) {
	path, side := qrPath("320100/receipt/7K2M-9QXA")
	if side < 21+2*quiet {
		t.Fatalf("side of a code: got %d modules, want at least %d", side, 21+2*quiet)
	}
	// The upper edge of two finder patterns: seven modules each, at the border's inner corners.
	for _, want := range []string{"M4 4h7v1h-7z", "M" + strconv.Itoa(side-quiet-7) + " 4h7v1h-7z"} {
		if !strings.Contains(path, want) {
			t.Errorf("path of a code: got %.80s…, want %q in it", path, want)
		}
	}
	if path, side := qrPath(strings.Repeat("x", 5000)); path != "" || side != 0 {
		t.Errorf("a text too long for a code: got %d modules, want none", side)
	}
}
