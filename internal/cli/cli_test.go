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
// runs a server until stop or killed and puts its address into $ADDR and $ADDRESS (without http), get asks it for a page.
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
	cmd *exec.Cmd
	out *bytes.Buffer
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
	var rest bytes.Buffer
	go io.Copy(&rest, lines)
	current.Store(ts, &running{cmd, &stderr})
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
		err := r.cmd.Wait()
		if signal == syscall.SIGTERM && err != nil {
			ts.Fatalf("the server did not stop cleanly: %v\n%s", err, r.out)
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
