package cli

import (
	"errors"
	"fmt"
	"time"

	"timebank/internal/app"
	"timebank/internal/id"
)

// keysCmds are the commands about an installation's secrets.
type keysCmds struct {
	Draw  drawCmd  `cmd:"" help:"Draw the keys of a new installation before its first start, so that a copy can be put away."`
	Turn  turnCmd  `cmd:"" help:"Draw a key of the ring, which wraps the keys that seal, and make it the active one."`
	Renew renewCmd `cmd:"" help:"Draw a data key, which seals; fields that stand there are sealed anew in the night."`
}

// drawCmd draws what keys are missing.
type drawCmd struct{ where }

// Run implements the command.
func (c *drawCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	keys, err := app.OpenKeys(cfg.KeyFolder(), cfg.City, id.System())
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "the keys of the city %s are in %s; key %d of the ring is active\n", cfg.City, cfg.KeyFolder(), keys.Ring.Active)
	for _, name := range []string{app.LedgerLog, app.AuditLog, app.CertificateKey} {
		fmt.Fprintf(e.out, "%s\n", keys.Signers[name].Verifier())
	}
	_, err = fmt.Fprintln(e.out, "copy the folder to where you keep its copy; the lines before this one are public")
	return err
}

// turnCmd adds a key to the ring.
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
	_, err = fmt.Fprintf(e.out, "key %d of the ring is active from the server's next start, which wraps the data keys under it; no field is touched\n"+
		"copy the key folder to where you keep its copy and to every server, and keep the old keys: backups need them\n", active)
	return err
}

// renewCmd draws a data key.
type renewCmd struct{ where }

// Run implements the command.
func (c *renewCmd) Run(e *env) (err error) {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	a, err := e.open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	key, err := a.RenewDataKey(e.ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "data key %d seals from %s; fields sealed before are sealed anew in the nights after\n", key.ID, key.SealsFrom.Format(time.RFC3339))
	return err
}
