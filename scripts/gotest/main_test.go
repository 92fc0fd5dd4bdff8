package main

import (
	"strings"
	"testing"
)

func TestCount(t *testing.T) {
	for _, c := range []struct {
		name, events   string
		passed, failed int
		shows, hides   string
	}{
		{"a package that passes", `{"Action":"run","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"A","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`, 1, 0, "ok  \tp\t0.1s\n", "quiet"},
		{"a test that fails", `{"Action":"output","Package":"p","Test":"A","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"A"}
{"Action":"pass","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`, 1, 1, "got 1, want 2\nFAIL\tp\t0.1s\n", ""},
		{"a package that does not build", `{"ImportPath":"p","Action":"build-output","Output":"p.go:1: undefined\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p"}
`, 0, 1, "p.go:1: undefined\nFAIL\tp [build failed]\n", ""},
		{"a test that never ends", `{"Action":"output","Package":"p","Test":"A","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}
`, 0, 1, "panic: test timed out\n", ""},
		{"a test that skips", `{"Action":"output","Package":"p","Test":"A","Output":"no engine\n"}
{"Action":"skip","Package":"p","Test":"A"}
`, 0, 1, "no engine\n", ""},
		{"a package without tests", `{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}
{"Action":"skip","Package":"p"}
`, 0, 0, "?   \tp\t[no test files]\n", ""},
		{"a line that is no event", "go: warning\n", 0, 0, "go: warning\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w strings.Builder
			n := newCount(&w)
			if err := n.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			if n.passed != c.passed || n.failed != c.failed {
				t.Errorf("got %d passed, %d failed, want %d, %d", n.passed, n.failed, c.passed, c.failed)
			}
			if w.String() != c.shows {
				t.Errorf("printed: got %q, want %q", w.String(), c.shows)
			}
			if c.hides != "" && strings.Contains(w.String(), c.hides) {
				t.Errorf("printed %q, want it hidden", c.hides)
			}
		})
	}
}
