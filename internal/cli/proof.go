package cli

import (
	"fmt"

	"timebank/internal/app"
)

// proofCmds are about the codes on printed passbooks.
type proofCmds struct {
	Check proofCheckCmd `cmd:"" help:"Say whether a line of a printed passbook is true, by the code beside it."`
}

// proofCheckCmd checks a code.
type proofCheckCmd struct {
	where
	Code string `arg:"" help:"Code beside the line; capitals, spaces and hyphens do not matter."`
}

// Run implements the command.
func (c *proofCheckCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	p, err := app.CheckProof(e.ctx, cfg, c.Code)
	if err != nil {
		return err
	}
	if !p.True {
		return finding{"false: the book has no such line"}
	}
	fmt.Fprintf(e.out, "true: %s %s", p.Day, p.Minutes)
	if p.Reversed {
		fmt.Fprint(e.out, ", taken back later")
	}
	fmt.Fprintln(e.out)
	return nil
}
