package cli

import (
	"fmt"

	"timebank/internal/app"
)

// backupCmd copies a running embedded installation.
type backupCmd struct {
	where
	To   string `arg:"" help:"New folder for the copy." placeholder:"FOLDER"`
	Keys bool   `help:"Copy the keys too; keep such a copy where the data folder may be kept." `
}

// Run implements the command.
func (c *backupCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	v, err := app.Backup(e.ctx, cfg, c.To, c.Keys)
	if err != nil {
		return err
	}
	return printVerification(e, v)
}

// restoreCmd puts a backup into an empty data folder.
type restoreCmd struct {
	From string `arg:"" help:"Folder of a backup." placeholder:"FOLDER"`
	where
}

// Run implements the command.
func (c *restoreCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	v, err := app.Restore(e.ctx, cfg, c.From)
	if err != nil {
		return err
	}
	return printVerification(e, v)
}

// doctorCmd checks whether an installation is well.
type doctorCmd struct{ where }

// Run implements the command.
func (c *doctorCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	bad := 0
	for _, check := range app.Examine(e.ctx, cfg) {
		word := "ok  "
		if !check.OK {
			word = "BAD "
			bad++
		}
		fmt.Fprintf(e.out, "%s %s: %s\n", word, check.Name, check.Says)
	}
	if bad > 0 {
		return finding{fmt.Sprintf("%d checks found something", bad)}
	}
	return nil
}
