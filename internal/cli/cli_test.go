package cli

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"timebank/internal/store"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"timebank": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) },
	})
}

// The scripts show what a person types and sees. Besides testscript's own commands: tamper changes a row behind the program's back, start
// runs a server until stop or killed and puts its address into $ADDR and $ADDRESS (without http), get asks it for a page, account asks it
// who the demo's person of a name is, someone puts a saver's id into $OWNER and a transaction's into $TRANSACTION.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_GB.UTF-8")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"tamper": tamper, "start": start, "stop": stop(syscall.SIGTERM), "killed": stop(syscall.SIGKILL), "get": get, "code": code,
			"account": account, "someone": someone,
		},
	})
}

// code runs the program and checks its exit code: code 3 timebank …
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code NUMBER COMMAND …")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code: got %d, want %s", got, args[0])
	}
}

// tamper runs SQL on the database of a data folder, without the triggers that guard it.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper FOLDER SQL")
	}
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(filepath.Join(args[0], store.FileName)))
	ts.Check(err)
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger'")
	ts.Check(err)
	var names []string
	for rows.Next() {
		var name string
		ts.Check(rows.Scan(&name))
		names = append(names, name)
	}
	ts.Check(rows.Close())
	for _, name := range names {
		_, err := db.Exec("DROP TRIGGER " + name)
		ts.Check(err)
	}
	done, err := db.Exec(args[1])
	ts.Check(err)
	if n, _ := done.RowsAffected(); n == 0 {
		ts.Fatalf("tamper changed no row")
	}
}

// running is a server that a script started.
type running struct {
	cmd  *exec.Cmd
	out  output
	err  *bytes.Buffer
	read chan struct{} // closed when the output has ended
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: start COMMAND …")
	}
	path, err := os.Executable()
	ts.Check(err)
	cmd := exec.Command(path, args...)
	cmd.Args[0] = "timebank" // by this name the test binary is the program
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "LANG=en_GB.UTF-8")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			ts.Fatalf("the server ended before it said where it is: %s", stderr.String())
		}
		if at := strings.Index(line, "http://"); at >= 0 {
			addr := strings.TrimRight(strings.Fields(line[at:])[0], "/")
			ts.Setenv("ADDR", addr)
			ts.Setenv("ADDRESS", strings.TrimPrefix(addr, "http://"))
			break
		}
	}
	r := &running{cmd: cmd, err: &stderr, out: output{more: make(chan struct{}, 1)}, read: make(chan struct{})}
	go func() {
		defer close(r.read)
		_, _ = io.Copy(&r.out, lines)
	}()
	current.Store(ts, r)
}

// account waits for the line of a demo's person and asks the server who the bearer of its token is.
func account(ts *testscript.TestScript, _ bool, args []string) {
	found, ok := current.Load(ts)
	if !ok {
		ts.Fatalf("no server runs")
	}
	r := found.(*running)
	deadline := time.After(time.Minute)
	for {
		for line := range strings.Lines(r.out.String()) {
			if !strings.Contains(line, "  "+args[0]) {
				continue
			}
			token := regexp.MustCompile(`[A-Za-z0-9_-]{43}`).FindString(line)
			req, err := http.NewRequest(http.MethodGet, ts.Getenv("ADDR")+"/api/v1/me", nil)
			ts.Check(err)
			req.Header.Set("Authorization", "Bearer "+token)
			res, err := http.DefaultClient.Do(req)
			ts.Check(err)
			body, err := io.ReadAll(res.Body)
			ts.Check(err)
			ts.Check(res.Body.Close())
			if res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"person"`) {
				ts.Fatalf("who is %s: got %d %s", args[0], res.StatusCode, body)
			}
			return
		}
		select {
		case <-r.out.more:
		case <-deadline:
			ts.Fatalf("no line of %s in %q", args[0], r.out.String())
		}
	}
}

// someone finds a saver and the transaction number 5 of a data folder.
func someone(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(filepath.Join(args[0], store.FileName)))
	ts.Check(err)
	defer db.Close()
	var owner, tx string
	ts.Check(db.QueryRow("SELECT owner FROM account WHERE class = 'saved' AND balance > 0 ORDER BY seq").Scan(&owner))
	ts.Check(db.QueryRow("SELECT id FROM ledger_tx WHERE number = 5").Scan(&tx))
	ts.Setenv("OWNER", owner)
	ts.Setenv("TRANSACTION", tx)
}

// output collects what a program prints and tells when there is more.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// current is the server of each script.
var current sync.Map

func stop(signal syscall.Signal) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		found, ok := current.LoadAndDelete(ts)
		if !ok {
			ts.Fatalf("no server runs")
		}
		r := found.(*running)
		ts.Check(r.cmd.Process.Signal(signal))
		<-r.read
		err := r.cmd.Wait()
		if signal == syscall.SIGTERM && err != nil {
			ts.Fatalf("the server did not stop cleanly: %v\n%s", err, r.err)
		}
	}
}

// get asks the server for a page and checks the status: get 200 /path
func get(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, ts.Getenv("ADDR")+args[1], nil)
	ts.Check(err)
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(res.Body.Close())
	if fmt.Sprint(res.StatusCode) != args[0] {
		ts.Fatalf("GET %s: got %d, want %s\n%s", args[1], res.StatusCode, args[0], body)
	}
}
