// Package oidctest starts a real OpenID Connect provider for tests of signing in: npm's oidc-provider, in a process of its own.
//
// It must never be imported by the program, and never plays the provider's part itself.
package oidctest

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed package.json package-lock.json provider.mjs
var files embed.FS

// The client that the provider knows.
const (
	Client = "timebank"
	Secret = "a secret between the two of us, for tests" // #nosec G101 -- of a provider that lives as long as a test
)

// Claims are what the provider says of an account.
type Claims = map[string]any

func fine(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed writes the provider down outside of the repository and installs what its lock file names, once for each content.
func installed(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	fine(t, err)
	entries, err := files.ReadDir(".")
	fine(t, err)
	sum := sha256.New()
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		fine(t, err)
		sum.Write(text)
	}
	dir := filepath.Join(cache, "timebank", fmt.Sprintf("oidc-%x", sum.Sum(nil))[:21])
	fine(t, os.MkdirAll(dir, 0o750))
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		fine(t, err)
		fine(t, os.WriteFile(filepath.Join(dir, e.Name()), text, 0o600))
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("install the provider (node and npm are needed): %v\n%s", err, out)
		}
	}
	return dir
}

// Provide starts a provider with accounts by their login, which sends people back to an address of ours, and returns its issuer. It ends with
// the test. Further settings are "NAME=value": CLAIMS=token puts all claims into the identity token.
func Provide(t testing.TB, redirect string, accounts map[string]Claims, env ...string) string {
	t.Helper()
	text, err := json.Marshal(accounts)
	fine(t, err)
	cmd := exec.Command("node", "provider.mjs") // #nosec G204 -- a fixed program
	cmd.Dir = installed(t)
	cmd.Env = append(append(os.Environ(), "ACCOUNTS="+string(text), "REDIRECT="+redirect, "CLIENT="+Client, "SECRET="+Secret), env...)
	stdin, err := cmd.StdinPipe()
	fine(t, err)
	stdout, err := cmd.StdoutPipe()
	fine(t, err)
	fine(t, cmd.Start())
	t.Cleanup(func() {
		fine(t, stdin.Close())
		_, _ = io.Copy(io.Discard, stdout)
		fine(t, cmd.Wait())
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			return lines.Text()
		}
	}
	t.Fatal("the provider printed no address")
	return ""
}
