// Package printtest reads printed documents back, with poppler's pdftotext, which scripts/install-deps installs.
//
// It must never be imported by the program: it is for tests.
package printtest

import (
	"bytes"
	"os/exec"
	"testing"
)

// Text returns the words of a PDF as they stand on its pages, lines under each other, pages parted by form feeds. A document that poppler
// complains of fails the test.
func Text(t testing.TB, pdf []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Fatalf("pdftotext (scripts/install-deps installs it): %v: %s", err, complaints.String())
	}
	if complaints.Len() > 0 {
		t.Errorf("pdftotext complains of the document: %s", complaints.String())
	}
	return out.String()
}
