package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/replay"
)

// replayCmd drives the published year through the use-cases.
type replayCmd struct {
	where
	Scale float64 `help:"Size of the city, 1 being the published one." default:"1"`
	Seed  uint64  `help:"Who everybody is; the figures hold for every seed." default:"1"`
	Group int     `help:"Most commands in one transaction; the result does not depend on it." placeholder:"N"`
	JSON  bool    `help:"Print the result as JSON." name:"json"`
}

// Run implements the command.
func (c *replayCmd) Run(e *env) error {
	if c.Data == "" && c.Postgres == "" {
		return errs.Invalid("cli.replay_invalid", errs.Field{Path: "--data", Code: "cli.where_missing"})
	}
	if !(c.Scale > 0 && c.Scale <= mostScale) { // not a number is neither
		return errs.Invalid("cli.replay_invalid", errs.Field{Path: "--scale", Code: "cli.scale_out_of_range"})
	}
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	if c.Postgres != "" {
		// The keys come from the seed: there is nothing to keep in a folder.
		cfg.Data, cfg.Keys.Folder = "", ""
	}
	a, err := replay.Open(e.ctx, cfg, c.Seed, c.Group)
	if err != nil {
		return err
	}
	report, err := replay.Run(e.ctx, replay.Config{App: a, Scale: c.Scale, Seed: c.Seed, Group: c.Group, Progress: progress(e.err)})
	if closed := a.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(e.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		err = printReport(e.out, report)
	}
	if err == nil && !report.OK {
		err = finding{"the replay did not come to what was planned"}
	}
	return err
}

// mostScale keeps a slip of the finger from filling a disk (default, ours).
const mostScale = 100

// printReport says in a few lines what a replay came to; the JSON form says all of it.
func printReport(out io.Writer, r replay.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "volunteers\t%d\twanted %d\n", r.Volunteers, r.Wanted.Volunteers)
	fmt.Fprintf(w, "recipients\t%d\twanted %d\n", r.Recipients, r.Wanted.Recipients)
	fmt.Fprintf(w, "service points\t%d\twanted %d\n", r.ServicePoints, r.Wanted.ServicePoints)
	fmt.Fprintf(w, "completed orders\t%d\twanted %d\n", r.OrdersCompleted, r.Wanted.Orders)
	fmt.Fprintf(w, "minutes served\t%d\twanted %d\n", r.MinutesServed, r.Wanted.Minutes)
	for _, fate := range slices.Sorted(maps.Keys(r.OrdersByFate)) {
		fmt.Fprintf(w, "orders %s\t%d\n", fate, r.OrdersByFate[fate])
	}
	for _, what := range slices.Sorted(maps.Keys(r.RefusedUnexpected)) {
		fmt.Fprintf(w, "refused %s\t%d\tunexpected\n", what, r.RefusedUnexpected[what])
	}
	for _, line := range append(r.Refusals, r.Problems...) {
		fmt.Fprintf(w, "problem\t%s\n", line)
	}
	fmt.Fprintf(w, "commands\t%d\t%.1f s, %.0f orders/s, %d MiB at most\n", r.Commands, r.Seconds, r.OrdersPerSecond, r.PeakRSSBytes>>20)
	fmt.Fprintf(w, "book\t%s\troot %s\n", map[bool]string{true: "verifies", false: "DOES NOT VERIFY"}[r.LedgerOK], r.LedgerRoot)
	return w.Flush()
}

// barWidth is how many characters the progress bar has.
const barWidth = 30

// progress draws a bar that moves on a terminal, and writes a line for every tenth elsewhere.
func progress(out io.Writer) func(done, total int) {
	terminal := false
	if f, ok := out.(*os.File); ok {
		info, err := f.Stat()
		terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	watch := clock.System()
	begun := watch.Now()
	tenth, ended := -1, false
	return func(done, total int) {
		if total <= 0 || ended {
			return
		}
		done = min(done, total)
		took := watch.Now().Sub(begun)
		bar := strings.Repeat("#", barWidth*done/total) + strings.Repeat(".", barWidth-barWidth*done/total)
		line := fmt.Sprintf("[%s] %3d%%  %d of %d commands, %s", bar, 100*done/total, done, total, took.Round(time.Second))
		ended = done == total
		switch {
		case terminal && ended:
			fmt.Fprintf(out, "\r%s\n", line)
		case terminal:
			fmt.Fprintf(out, "\r%s", line)
		case 10*done/total > tenth:
			fmt.Fprintln(out, line)
		}
		tenth = max(tenth, 10*done/total)
	}
}
