// Package cli owns the command line: what can be asked for, what is printed, and with which exit code a command ends.
//
// A command reads its settings, opens what it needs and calls one use-case; it decides nothing about the time bank. Results go to the
// standard output, everything else to the standard error. Errors are one sentence in the reader's language, with the cause for operators.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"timebank/internal/app"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/obs"
)

// The exit codes of every command.
const (
	exitOK          = 0
	exitFinding     = 1 // the command ran and what it looked at is not as it should be
	exitUsage       = 2 // the command line, the settings or the input are wrong
	exitUnavailable = 3 // what the command needs is missing, in use or broken
)

// commands is the command line.
type commands struct {
	Config string            `help:"Settings file (TOML); also TIMEBANK_CONFIG." placeholder:"FILE" env:"TIMEBANK_CONFIG"`
	Set    map[string]string `help:"A setting by its key, such as --set jobs.timers=5s; see timebank settings." placeholder:"KEY=VALUE"`

	Demo    demoCmd    `cmd:"" help:"Run a demo city on the embedded database."`
	Found   foundCmd   `cmd:"" help:"Set a new city up, with those who run it, and print their invitations."`
	Serve   serveCmd   `cmd:"" help:"Run the server of an installation."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's version."`

	Replay      replayCmd       `cmd:"" help:"Drive the published Nanjing year through the use-cases into an empty database."`
	Ledger      ledgerCmds      `cmd:"" help:"Look into the book of hours."`
	Policy      policyCmds      `cmd:"" help:"Look at the rules of a city."`
	Receipt     receiptCmds     `cmd:"" help:"Issue and check receipts."`
	Certificate certificateCmds `cmd:"" help:"Check certificates of service."`
	Proof       proofCmds       `cmd:"" help:"Check lines of printed passbooks."`
	Backup      backupCmd       `cmd:"" help:"Copy a running embedded installation into a folder, and verify the copy."`
	Restore     restoreCmd      `cmd:"" help:"Put a backup into an empty data folder, and verify it."`
	Doctor      doctorCmd       `cmd:"" help:"Check whether an installation is well."`
	Keys        keysCmds        `cmd:"" help:"See to the installation's secrets."`
	Settings    settingsCmd     `cmd:"" help:"Print every setting with its value and meaning."`
	Version     versionCmd      `cmd:"" help:"Print the program's version."`
}

// env is what a command works with.
type env struct {
	ctx      context.Context
	stdin    io.Reader
	out, err io.Writer
	environ  []string
	root     *commands
}

// finding is a sentence about something that is not as it should be. It was printed already when text is empty.
type finding struct{ text string }

// Error is the sentence.
func (f finding) Error() string { return f.text }

// saying is standard output. It keeps the first error, so that a command that goes on after it does not end as if it had been heard.
type saying struct {
	to     io.Writer
	failed error
}

func (s *saying) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.failed = cmp.Or(s.failed, err)
	return n, err
}

// Main runs one command and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var root commands
	out := &saying{to: stdout}
	e := &env{ctx: ctx, stdin: stdin, out: out, err: stderr, environ: environ, root: &root}

	exited := -1
	parser, err := kong.New(&root, kong.Name("timebank"), kong.Description("The time bank of a city: service today is saved as hours and comes back as service."),
		kong.Writers(out, stderr), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		panic(err) // the structs above are wrong
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return max(exited, e.report(out.failed))
	}
	if err != nil {
		fmt.Fprintf(stderr, "timebank: %v\n", err)
		return exitUsage
	}
	err = parsed.Run(e)
	return e.report(cmp.Or(err, out.failed))
}

// report prints an error as a sentence and returns the exit code.
func (e *env) report(err error) int {
	var found finding
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &found):
		if found.text != "" {
			fmt.Fprintf(e.err, "timebank: %s\n", found.text)
		}
		return exitFinding
	}
	lang := language(e.environ)
	var known *errs.Error
	if !errors.As(err, &known) {
		fmt.Fprintf(e.err, "timebank: %v\n", err)
		return exitUnavailable
	}
	sentence := known.Code
	if i18n.Has(known.Code) {
		sentence = i18n.Text(lang, known.Code)
	}
	if known.Cause != nil {
		sentence += " (" + known.Code + ": " + known.Cause.Error() + ")"
	} else {
		sentence += " (" + known.Code + ")"
	}
	fmt.Fprintf(e.err, "timebank: %s\n", sentence)
	for _, f := range known.Fields {
		fmt.Fprintf(e.err, "  %s: %s\n", f.Path, say(lang, f.Code, f.Params...))
	}
	if known.Kind == errs.KindInvalid {
		return exitUsage
	}
	return exitUnavailable
}

// say is the sentence of a code, or the code itself while it has none.
func say(lang, code string, params ...any) string {
	if i18n.Has(code) {
		return i18n.Text(lang, code, params...)
	}
	return code
}

// language is Chinese where the terminal's locale is, and English elsewhere.
func language(environ []string) string {
	values := map[string]string{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := values[name]; v != "" {
			if strings.HasPrefix(strings.ToLower(v), "zh") {
				return i18n.Chinese
			}
			break
		}
	}
	return i18n.English
}

// settings reads the configuration; flags are settings by key, those that are empty do not count.
func (e *env) settings(flags map[string]string) (config.Config, error) {
	all := map[string]string{}
	for key, value := range e.root.Set {
		all[key] = value
	}
	for key, value := range flags {
		if value != "" {
			all[key] = value
		}
	}
	if e.root.Config == "" {
		return config.Load(nil, e.environ, all)
	}
	f, err := os.Open(e.root.Config)
	if err != nil {
		return config.Config{}, errs.New(errs.Unavailable, "config.unreadable").With(err)
	}
	defer f.Close()
	return config.Load(f, e.environ, all)
}

// logger writes to the standard error.
func (e *env) logger(c config.Config) *slog.Logger {
	return obs.Logger(e.err, c.Log.Format, c.Log.Level)
}

// where are the flags of every command that works on a database.
type where struct {
	Data     string `help:"Data folder." placeholder:"DIR" xor:"where"`
	Postgres string `help:"Connection string of a PostgreSQL database." placeholder:"DSN" xor:"where"`
}

func (w where) flags() map[string]string {
	return map[string]string{"data": w.Data, "postgres": w.Postgres}
}

// config reads the settings with the flags; a data folder on the command line means that folder, whatever the environment says of PostgreSQL.
func (w where) config(e *env) (config.Config, error) {
	c, err := e.settings(w.flags())
	if w.Data != "" {
		c.Postgres = ""
	}
	return c, err
}

// open opens the installation for writing.
func (e *env) open(c config.Config) (*app.App, error) {
	return app.Open(e.ctx, app.Options{Config: c, Log: e.logger(c)})
}
