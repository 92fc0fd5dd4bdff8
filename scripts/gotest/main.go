// Command gotest runs go test with the arguments it is given, prints what go test prints for packages and for tests that fail, and
// closes with the line "N passed, N failed".
//
// It exists because that line is to be counted, not guessed: a package that does not build or dies without naming a test is one failure,
// and so is a skipped test, since nothing here may be skipped.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		return 1
	}
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		return 1
	}
	c := newCount(os.Stdout)
	readErr := c.read(out)
	// What go test says by its exit code is counted even when its output names no failure.
	waitErr := cmd.Wait()
	if readErr != nil {
		fmt.Fprintln(os.Stderr, "gotest: read what go test says:", readErr)
	}
	if c.failed == 0 && (readErr != nil || waitErr != nil) {
		c.failed++
	}
	fmt.Printf("%d passed, %d failed\n", c.passed, c.failed)
	if c.failed > 0 {
		return 1
	}
	return 0
}

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// count keeps the output of running tests until it is known whether anybody wants to read it.
type count struct {
	w              io.Writer
	passed, failed int
	// output of tests that have not ended, by package and test
	output map[[2]string]*strings.Builder
	// failures of tests by package
	failures map[string]int
}

func newCount(w io.Writer) *count {
	return &count{w: w, output: map[[2]string]*strings.Builder{}, failures: map[string]int{}}
}

func (c *count) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				_, _ = c.w.Write(line)
			} else {
				c.take(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *count) take(e event) {
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(c.w, e.Output)
	case "output":
		if e.Test == "" {
			if e.Output != "PASS\n" {
				fmt.Fprint(c.w, e.Output)
			}
			return
		}
		if c.output[key] == nil {
			c.output[key] = &strings.Builder{}
		}
		c.output[key].WriteString(e.Output)
	case "pass":
		if e.Test != "" {
			c.passed++
			delete(c.output, key)
		}
	case "fail", "skip":
		c.fail(e, key)
	}
}

func (c *count) fail(e event, key [2]string) {
	if e.Test != "" {
		c.failed++
		c.failures[e.Package]++
		c.show(key)
		return
	}
	// A package without tests is reported as skipped.
	if e.Action == "fail" && c.failures[e.Package] == 0 {
		for k := range c.output {
			if k[0] == e.Package {
				c.show(k)
			}
		}
		c.failed++
	}
}

func (c *count) show(key [2]string) {
	if b := c.output[key]; b != nil {
		fmt.Fprint(c.w, b.String())
		delete(c.output, key)
	}
}
