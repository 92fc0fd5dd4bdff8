package cli

import (
	"fmt"
	"runtime/debug"

	"timebank/internal/app"
	"timebank/internal/config"
)

// serveCmd runs the server of an installation.
type serveCmd struct {
	where
	Addr string `help:"Address to listen on." placeholder:"HOST:PORT"`
}

// Run implements the command.
func (c *serveCmd) Run(e *env) error {
	flags := c.flags()
	flags["http.addr"] = c.Addr
	cfg, err := e.settings(flags)
	if err != nil {
		return err
	}
	if c.Data != "" {
		cfg.Postgres = ""
	}
	a, err := e.open(cfg)
	if err != nil {
		return err
	}
	return serve(e, a, func(url string) error {
		_, err := fmt.Fprintln(e.out, url)
		return err
	})
}

// serve announces the address and answers until a signal, then closes the installation.
func serve(e *env, a *app.App, announce func(url string) error) (err error) {
	defer func() {
		if closed := a.Close(); err == nil {
			err = closed
		}
	}()
	app.MakeRoom(a.Config.Memory)
	s, err := a.Listen(e.ctx)
	if err != nil {
		return err
	}
	return s.Run(e.ctx, func() error { return announce(s.URL) })
}

// migrateCmd brings the database to this program's version.
type migrateCmd struct{ where }

// Run implements the command.
func (c *migrateCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	a, err := e.open(cfg)
	if err != nil {
		return err
	}
	version, err := a.DB.SchemaVersion(e.ctx)
	if closed := a.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "schema %d\n", version)
	return nil
}

// settingsCmd prints every setting.
type settingsCmd struct{ where }

// Run implements the command.
func (c *settingsCmd) Run(e *env) error {
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	for _, f := range config.Fields(cfg) {
		fmt.Fprintf(e.out, "# %s (%s)\n%s = %q\n", f.Doc, f.Env, f.Key, f.Value)
	}
	return nil
}

// versionCmd prints the program's version.
type versionCmd struct{}

// Run implements the command.
func (versionCmd) Run(e *env) error {
	fmt.Fprintf(e.out, "timebank %s\n", version())
	return nil
}

// version is the commit that the program was built from, as far as the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			text = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	return text + dirty
}
