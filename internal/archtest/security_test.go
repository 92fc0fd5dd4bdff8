package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryMitigationNamesItsTest holds docs/security.md to the code: each surface has a page with all kinds of threats, each row of a threat names
// tests, and each of them exists.
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
	surface := ""
	letters := map[string]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			surface = title
		}
		if line == "| threat | what stands against it | test |" {
			letters[surface] += " "
		}
		named := test.FindAllString(line, -1)
		for _, name := range named {
			if !known[name] {
				t.Errorf("docs/security.md:%d: there is no test %s", n+1, name)
			}
		}
		if len(line) > 4 && strings.HasPrefix(line, "| ") && strings.ContainsAny(line[2:3], "STRIDE") && !strings.HasPrefix(line, "| threat") {
			kinds, _, _ := strings.Cut(line[2:], " ")
			letters[surface] += kinds
			if len(named) == 0 {
				t.Errorf("docs/security.md:%d: the threat names no test: %s", n+1, line)
			}
		}
	}
	for _, surface := range []string{"Signing in", "The JSON API and the pages", "Public pages", "Staff pages", "Hours", "Personal data", "Messages", "Pictures", "Certificates",
		"Copies, exports and paper", "Search marks", "The public log and receipts", "Jobs", "Command line, backup and restore", "The installation"} {
		if letters[surface] == "" {
			t.Errorf("docs/security.md has no page %q", surface)
		}
	}
	// Every page, one that is added too, says something of each kind of threat.
	for surface, told := range letters {
		for _, kind := range "STRIDE" {
			if !strings.ContainsRune(told, kind) {
				t.Errorf("docs/security.md: the page %q says nothing of %c", surface, kind)
			}
		}
	}
}
