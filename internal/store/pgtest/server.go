package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// EnvServer names the environment variable that holds the address of a server shared by one run of tests.
const EnvServer = "TIMEBANK_TEST_POSTGRES"

// superuser is the role that initdb creates; tests connect as it.
const superuser = "postgres"

// maxSocketPath is what a Unix socket address holds on the smallest system we run on, less the name PostgreSQL appends.
const maxSocketPath = 103 - len("/.s.PGSQL.5432")

// ErrMissing says that no PostgreSQL server binaries were found on this machine.
var ErrMissing = errors.New("pgtest: no PostgreSQL server binaries found: run make test, it installs what is missing")

// Config says how a server is to run.
type Config struct {
	// Durable keeps fsync on, as benchmarks need it. Without it the server forgets its data when the machine stops, and is quicker.
	Durable bool
	// Settings are further server settings in the form name=value. They win over the ones this package chooses.
	Settings []string
}

// Server is a running private PostgreSQL server that listens on a Unix socket in its own temporary folder.
type Server struct {
	dir  string
	bin  string
	cred *syscall.Credential
	life io.Closer
	done chan error
}

// guard starts the server, says "ready", and waits for its standard input to end. That happens when the process that started it closes
// the pipe or dies in any way, a panic, a time-out and SIGKILL included; then the guard stops the server and removes its folder.
const guard = `
bin=$1 dir=$2 options=$3
finish() { rm -rf "$dir"; exit "$1"; }
if ! "$bin/initdb" --pgdata="$dir/data" --username=` + superuser + ` --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
	--no-sync --no-instructions >"$dir/log" 2>&1 ||
	! "$bin/pg_ctl" start --pgdata="$dir/data" --wait --timeout=60 --log="$dir/log" --options="$options" >>"$dir/ctl" 2>&1 </dev/null
then
	tail -n 20 "$dir/log" "$dir/ctl" 2>/dev/null
	finish 1
fi
echo ready
cat >/dev/null
"$bin/pg_ctl" stop --pgdata="$dir/data" --mode=immediate >/dev/null 2>&1
finish 0
`

// Start creates a data folder and starts a server on it. The server runs until Close is called or this process ends, however it ends.
// As root it runs as the system user postgres, since PostgreSQL refuses to run as root. It returns ErrMissing when PostgreSQL is not
// installed.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	cred, err := credential()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "timebank-pg-")
	if err != nil {
		return nil, fmt.Errorf("pgtest: make a folder: %w", err)
	}
	s := &Server{dir: dir, bin: bin, cred: cred, done: make(chan error, 1)}
	if err := s.start(ctx, cfg); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, cfg Config) error {
	if len(s.dir) > maxSocketPath {
		return fmt.Errorf("pgtest: %s is too long for a socket: set TMPDIR to a shorter folder", s.dir)
	}
	if s.cred != nil {
		if err := os.Chown(s.dir, int(s.cred.Uid), int(s.cred.Gid)); err != nil {
			return fmt.Errorf("pgtest: give the folder to user postgres: %w", err)
		}
	}
	cmd := exec.Command("/bin/sh", "-c", guard, "guard", s.bin, s.dir, options(s.dir, cfg))
	cmd.Dir = s.dir
	// A group of its own: a Ctrl-C at the terminal ends the tests first, and their end ends the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred, Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pgtest: start the guard: %w", err)
	}
	s.life = in

	said := make(chan []byte, 1)
	go func() {
		word := make([]byte, len("ready\n"))
		n, err := io.ReadFull(out, word)
		if err == nil && bytes.Equal(word, []byte("ready\n")) {
			said <- nil
		} else {
			rest, _ := io.ReadAll(out)
			said <- append(word[:n], rest...)
		}
		s.done <- cmd.Wait()
		close(s.done)
	}()
	select {
	case complaint := <-said:
		if complaint != nil {
			return fmt.Errorf("pgtest: PostgreSQL did not start:\n%s", complaint)
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("pgtest: start: %w", ctx.Err()), s.Close())
	}
}

// Close stops the server at once, waits for its end and removes its folder. Open connections are cut. A second call does nothing.
func (s *Server) Close() error {
	if err := s.life.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("pgtest: stop: %w", err)
	}
	if err := <-s.done; err != nil {
		return fmt.Errorf("pgtest: stop: %w", err)
	}
	return nil
}

// Restart cuts every connection as a crash would, without a checkpoint, and starts the server again on the same data. It is for tests of
// what a lost database does to us.
func (s *Server) Restart(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "pg_ctl"), "restart", "--pgdata="+filepath.Join(s.dir, "data"),
		"--wait", "--timeout=60", "--mode=immediate", "--log="+filepath.Join(s.dir, "log"))
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.cred}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: restart: %w\n%s", err, out)
	}
	return nil
}

// DSN returns the address of a database on the server, as a URL that pgx and PostgreSQL's own tools understand. The database "postgres"
// exists from the start.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Tool returns the path of one of PostgreSQL's programs, such as pgbench or pg_dump, from the folder whose server the tests run. It
// returns ErrMissing when PostgreSQL is not installed.
func Tool(name string) (string, error) {
	bin, err := binDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(bin, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return path, nil
}

func options(dir string, cfg Config) string {
	settings := []string{
		"listen_addresses=", "port=5432", "unix_socket_directories=" + dir,
		"max_connections=200", "shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC",
	}
	if !cfg.Durable {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	var b strings.Builder
	for _, s := range append(settings, cfg.Settings...) {
		b.WriteString(" -c '" + strings.ReplaceAll(s, "'", `'\''`) + "'")
	}
	return b.String()
}

// credential is nil for an ordinary user, and the system user postgres for root.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: as root the server needs the system user postgres: %w", ErrMissing, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("pgtest: user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("pgtest: user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// binDir finds the folder of the server's binaries: beside an initdb on the path, else where Debian and others install them, the
// version we are tested with first and then the newest.
func binDir() (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	dirs = append(dirs, "/usr/lib/postgresql/15/bin")
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("pgtest: %s: %w", pattern, err)
		}
		slices.Reverse(found)
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if isServer(dir) {
			return dir, nil
		}
	}
	return "", ErrMissing
}

func isServer(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}
