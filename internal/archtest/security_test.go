package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryMitigationNamesItsTest holds docs/security.md to the code: each row of a threat names tests, and each of them exists.
func TestEveryMitigationNamesItsTest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, p := range packages(t) {
		for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
			source, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(source, -1) {
				known[string(m[1])] = true
			}
		}
	}
	test := regexp.MustCompile(`\bTest\w+`)
	threats := 0
	for n, line := range strings.Split(string(text), "\n") {
		named := test.FindAllString(line, -1)
		for _, name := range named {
			if !known[name] {
				t.Errorf("docs/security.md:%d: there is no test %s", n+1, name)
			}
		}
		if len(line) > 4 && strings.HasPrefix(line, "| ") && strings.ContainsAny(line[2:3], "STRIDE") && !strings.HasPrefix(line, "| threat") {
			if threats++; len(named) == 0 {
				t.Errorf("docs/security.md:%d: the threat names no test: %s", n+1, line)
			}
		}
	}
	if threats < 30 {
		t.Errorf("got %d threats, want every surface", threats)
	}
}
