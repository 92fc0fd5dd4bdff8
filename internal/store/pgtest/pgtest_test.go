package pgtest_test

import (
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timebank/internal/store/pgtest"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func text(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var s string
	if err := db.QueryRow(query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestEachDatabaseIsNewAndSpeaksUTF8(t *testing.T) {
	a, b := open(t, pgtest.DSN(t)), open(t, pgtest.DSN(t))
	if _, err := a.Exec(`CREATE TABLE pool (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	if got := text(t, b, `SELECT COALESCE(to_regclass('pool')::TEXT, 'absent')`); got != "absent" {
		t.Errorf("table of one database in the other: got %q, want absent", got)
	}
	const want = "UTF8 C.UTF-8"
	const query = `SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = current_database()`
	if got := text(t, a, query); got != want {
		t.Errorf("encoding and collation: got %q, want %q", got, want)
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	var name string
	t.Run("inner", func(t *testing.T) {
		name = text(t, open(t, pgtest.DSN(t)), `SELECT current_database()::TEXT`)
	})
	got := text(t, open(t, pgtest.DSN(t)), `SELECT COUNT(*)::TEXT FROM pg_database WHERE datname = '`+name+`'`)
	if got != "0" {
		t.Errorf("databases named %s after the test: got %s, want 0", name, got)
	}
}

func TestCopyBuildsItsTemplateOnce(t *testing.T) {
	builds := 0
	build := func(ctx context.Context, dsn string) error {
		builds++
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, `CREATE TABLE pool AS SELECT 'full' AS state`)
		return err
	}
	// The key is this test's own in a shared server, whatever ran on it before.
	key := text(t, open(t, pgtest.DSN(t)), `SELECT SUBSTR(current_database()::TEXT, 6, 16)`)
	for range 3 {
		if got := text(t, open(t, pgtest.Copy(t, key, build)), `SELECT state FROM pool`); got != "full" {
			t.Errorf("state in the copy: got %q, want full", got)
		}
	}
	if builds != 1 {
		t.Errorf("builds: got %d, want 1", builds)
	}
}

func TestServerRestartsAndLeavesNothingBehind(t *testing.T) {
	server, err := pgtest.Start(t.Context(), pgtest.Config{Durable: true, Settings: []string{"max_connections=20"}})
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, server.DSN("postgres"))
	if got := text(t, db, `SELECT current_setting('fsync') || ' ' || current_setting('max_connections')`); got != "on 20" {
		t.Errorf("settings: got %q, want %q", got, "on 20")
	}
	if _, err := db.Exec(`CREATE TABLE kept AS SELECT 'yes' AS answer`); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := text(t, open(t, server.DSN("postgres")), `SELECT answer FROM kept`); got != "yes" {
		t.Errorf("row after the restart: got %q, want yes", got)
	}
	dir := text(t, open(t, server.DSN("postgres")), `SELECT current_setting('unix_socket_directories')`)
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("folder after Close: got %v, want it gone", err)
	}
}

// A process that is killed cannot clean up; the guard must.
func TestServerEndsWithAKilledProcess(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "pgtest")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/pgtest").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(tool, "run", "--", "sh", "-c", "echo $TIMEBANK_TEST_POSTGRES; exec cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 512)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	dsn := strings.TrimSpace(string(line[:n]))
	dir := text(t, open(t, dsn), `SELECT current_setting('unix_socket_directories')`)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(dir); os.IsNotExist(err) {
				return
			}
		case <-deadline:
			t.Fatalf("30 s after the process was killed its server's folder %s is still there", dir)
		}
	}
}

func TestRunPassesTheExitCode(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "pgtest")
	if out, err := exec.Command("go", "build", "-o", tool, "./cmd/pgtest").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(tool, "run", "--", "sh", "-c", "exit 7")
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != 7 {
		t.Errorf("exit code: got %d, want 7", got)
	}
}
