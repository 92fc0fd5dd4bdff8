package cli

import (
	"fmt"

	"timebank/internal/app"
	"timebank/internal/id"
)

// keysCmds are the commands about an installation's secrets.
type keysCmds struct {
	Turn turnCmd `cmd:"" help:"Add a sealing key and make it the active one."`
}

// turnCmd adds a sealing key.
type turnCmd struct{ where }

// Run implements the command.
func (c *turnCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	active, err := app.TurnKey(cfg.KeyFolder(), id.System())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "sealing key %d is active from the server's next start; fields sealed before are sealed anew in the night\n"+
		"copy the key folder to where you keep its copy, and keep the old keys: backups need them\n", active)
	return err
}
