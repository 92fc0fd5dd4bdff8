// Command pgtest runs another command beside a private PostgreSQL server, named to it in TIMEBANK_TEST_POSTGRES:
//
//	pgtest run [-durable] -- go test ./...
//
// It ends with that command's exit code, and the server ends with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"timebank/internal/store/pgtest"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	flags := flag.NewFlagSet("pgtest run", flag.ContinueOnError)
	durable := flags.Bool("durable", false, "keep fsync on, for benchmarks")
	if len(args) == 0 || args[0] != "run" {
		fmt.Fprintln(os.Stderr, "usage: pgtest run [-durable] -- command [argument ...]")
		return 2
	}
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "pgtest: which command?")
		return 2
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	server, err := pgtest.Start(context.Background(), pgtest.Config{Durable: *durable})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := execute(flags.Args(), server.DSN("postgres"), signals)
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// execute runs the command to its end and hands it the signals that this process gets, so that the server outlives it.
func execute(args []string, dsn string, signals <-chan os.Signal) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), pgtest.EnvServer+"="+dsn)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			// It may have ended in this moment; then the next turn of the loop says so.
			_ = cmd.Process.Signal(s)
		case err := <-ended:
			var exit *exec.ExitError
			switch {
			case err == nil:
				return 0
			case errors.As(err, &exit) && exit.ExitCode() > 0:
				return exit.ExitCode()
			default:
				fmt.Fprintln(os.Stderr, "pgtest:", err)
				return 1
			}
		}
	}
}
