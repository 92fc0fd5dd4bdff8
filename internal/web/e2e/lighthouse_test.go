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

// judged are the pages that most people see; search engines are asked about public pages alone, since all others keep them out.
func (w *town) judged() map[string]citytest.Person {
	w.t.Helper()
	w.Claim(w.helper, w.Place(w.elder.Actor, w.elder))
	w.Place(w.elder.Actor, w.elder)
	return map[string]citytest.Person{"/": {}, "/public/figures": {}, "/elder/": w.elder, "/volunteer/": w.helper, "/desk/": w.officer}
}

// A stranger's judgement of the pages. Its figure for speed is measured on the machine's clock, and so it is a benchmark's.
func TestLighthouseFindsLittleToMend(t *testing.T) {
	w := newTown(t)
	for path, as := range w.judged() {
		categories := "accessibility,best-practices"
		if as.Actor.ID == "" {
			categories += ",seo"
		}
		for id, c := range w.lighthouse(path, as, categories).Categories {
			if c.Score < 0.95 {
				t.Errorf("%s: Lighthouse gives %.0f for %s, want at least 95", path, 100*c.Score, id)
			}
		}
	}
}

// How fast the pages are for a slow telephone on a slow network, from 0 to 100; at least 95 is wanted. It needs a machine that does nothing
// else.
func BenchmarkLighthouse(b *testing.B) {
	w := newTown(b)
	for path, as := range w.judged() {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(100*w.lighthouse(path, as, "performance").Categories["performance"].Score, "score")
			}
		})
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
	if len(r.Categories) == 0 {
		w.t.Fatalf("lighthouse on %s: no category was judged", path)
	}
	return r
}
