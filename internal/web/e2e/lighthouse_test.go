package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"timebank/internal/citytest"
	"timebank/internal/identity"
)

// A stranger's judgement of the pages that most people see. Its figure for speed is reckoned from what a page loads and runs, for a slow
// telephone on a slow network; search engines are asked about public pages alone, since all others keep them out.
func TestLighthouseFindsLittleToMend(t *testing.T) {
	w := newTown(t)
	w.Claim(w.helper, w.Place(w.elder.Actor, w.elder))
	w.Place(w.elder.Actor, w.elder)
	for _, p := range []struct {
		path string
		as   citytest.Person
	}{{"/", citytest.Person{}}, {"/public/figures", citytest.Person{}}, {"/elder/", w.elder}, {"/volunteer/", w.helper}, {"/desk/", w.officer}} {
		categories := "performance,accessibility,best-practices"
		if p.as.Actor.ID == "" {
			categories += ",seo"
		}
		for id, c := range w.lighthouse(p.path, p.as, categories).Categories {
			if c.Score < 0.95 {
				t.Errorf("%s: Lighthouse gives %.0f for %s, want at least 95", p.path, 100*c.Score, id)
			}
		}
	}
}

// report is what Lighthouse says of a page: a score from 0 to 1 for each category.
type report struct {
	Categories map[string]struct{ Score float64 }
}

func (w *town) lighthouse(path string, as citytest.Person, categories string) (r report) {
	w.t.Helper()
	args := []string{filepath.Join("node_modules", "lighthouse", "cli", "index.js"), w.base + path, "--quiet", "--output", "json", "--only-categories", categories,
		"--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-background-networking", "--max-wait-for-load", "30000"}
	if as.Actor.ID != "" {
		token, err := w.Identity.IssueToken(w.t.Context(), identity.ActorID(as.Actor.ID), time.Hour, "test")
		if err != nil {
			w.t.Fatal(err)
		}
		args = append(args, "--extra-headers", fmt.Sprintf(`{"Cookie":"session=%s"}`, token))
	}
	cmd := exec.CommandContext(w.t.Context(), "node", args...)
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		w.t.Fatalf("these stories need chromium (scripts/install-deps): %v", err)
	}
	cmd.Env = append(cmd.Environ(), "CHROME_PATH="+chromium, "TMPDIR="+w.t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		said := ""
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			said = string(exit.Stderr)
		}
		w.t.Fatalf("lighthouse (scripts/install-deps) on %s: %v\n%s", path, err, said)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		w.t.Fatalf("lighthouse on %s says %.200s: %v", path, out, err)
	}
	if len(r.Categories) < 3 {
		w.t.Fatalf("lighthouse on %s: got %d categories, want at least 3", path, len(r.Categories))
	}
	return r
}
