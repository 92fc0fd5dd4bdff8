package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// markup collects the source of pages and has the Nu HTML checker read them all at once.
type markup struct{ folder string }

func newMarkup(t *testing.T) markup {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Fatalf("the Nu HTML checker needs java (scripts/install-deps): %v", err)
	}
	return markup{t.TempDir()}
}

// keep writes down what the server sends for the page that the window shows.
func (m markup) keep(v *window, name string) {
	v.t.Helper()
	m.write(v.t, name, v.fetch("location.href"))
}

func (m markup) write(t testing.TB, name, source string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.folder, name+".html"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
}

// remark is what the checker says of one place.
type remark struct {
	Type, SubType, URL, Message, Extract string
	LastLine                             int
}

// check returns what is wrong, warnings included.
func (m markup) check(t *testing.T) []remark {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "java", "-Xss8m", "-jar", filepath.Join("node_modules", "vnu-jar", "build", "dist", "vnu.jar"),
		"--stdout", "--exit-zero-always", "--skip-non-html", "--format", "json", m.folder).Output()
	if err != nil {
		t.Fatalf("the Nu HTML checker (scripts/install-deps): %v", err)
	}
	var said struct{ Messages []remark }
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("the Nu HTML checker says %.200s: %v", out, err)
	}
	return said.Messages
}

// A checker that finds nothing anywhere would pass as well.
func TestTheCheckerOfMarkupFindsWhatIsWrong(t *testing.T) {
	m := newMarkup(t)
	m.write(t, "spoilt", `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p id="a"><p id="a"></div></body></html>`)
	if got := m.check(t); len(got) < 2 {
		t.Errorf("a spoilt page: got %v, want its double id and its stray end tag", got)
	}
}
