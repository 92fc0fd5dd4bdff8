package cli

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/BurntSushi/toml"

	"timebank/internal/app"
	"timebank/internal/clock"
	"timebank/internal/errs"
	"timebank/internal/hours"
)

// foundCmd sets a new city up.
type foundCmd struct {
	Officials string `arg:"" help:"TOML file of those who run the city, - for the standard input: for each an [[official]] with login, name, id_number, phone, address, community (code of twelve digits) and role (administrator, reviewer, dispatcher, auditor, readonly)."`
	Rules     string `help:"The city's first rules, as policy check takes them; without it those of Nanjing." placeholder:"FILE"`
	Pool      int64  `help:"Hours that the public pool begins with." default:"0"`
	Fund      int64  `help:"Hours that the guarantee fund begins with." default:"0"`
	where
}

// mostHours bounds what a pool begins with (default, ours).
const mostHours = 10_000_000

// Run implements the command.
func (c *foundCmd) Run(e *env) (err error) {
	f := app.Nanjing()
	var bad errs.Fields
	if c.Pool < 0 || c.Pool > mostHours {
		bad.Add("pool", "cli.hours_out_of_range", "most", mostHours)
	}
	if c.Fund < 0 || c.Fund > mostHours {
		bad.Add("fund", "cli.hours_out_of_range", "most", mostHours)
	}
	if err := bad.Err("app.founding_invalid"); err != nil {
		return err
	}
	f.Pool, f.Fund = hours.Of(c.Pool*60), hours.Of(c.Fund*60)
	if c.Rules != "" {
		if f.Rules, err = e.read(c.Rules); err != nil {
			return err
		}
	}
	text, err := e.read(c.Officials)
	if err != nil {
		return err
	}
	officials, err := officialsOf(text)
	if err != nil {
		return err
	}
	cfg, err := c.config(e)
	if err != nil {
		return err
	}
	a, err := e.open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	made, err := a.Begin(e.ctx, f, officials)
	if err != nil {
		return err
	}
	for _, m := range made {
		fmt.Fprintf(e.out, "%s\t%s\tuntil %s\n", m.Login, m.Code, m.Expires.In(clock.Zone).Format(time.DateTime))
	}
	return nil
}

// officialsOf reads the file of those who run the city.
func officialsOf(text []byte) ([]app.Official, error) {
	var file struct {
		Official []app.Official `toml:"official"`
	}
	read, err := toml.Decode(string(text), &file)
	if err != nil {
		// The reason may quote the file, which names people: only the line is told.
		var at toml.ParseError
		if errors.As(err, &at) {
			return nil, errs.Invalid("app.founding_invalid", errs.Field{Path: fmt.Sprintf("line %d", at.Position.Line), Code: "cli.not_toml"})
		}
		return nil, errs.Invalid("app.founding_invalid", errs.Field{Path: "file", Code: "cli.not_toml"})
	}
	var bad errs.Fields
	for _, key := range read.Undecoded() {
		bad.Add(key.String(), "cli.key_unknown")
	}
	return file.Official, bad.Err("app.founding_invalid")
}

// read returns what stands in a file, or in the standard input.
func (e *env) read(path string) ([]byte, error) {
	in, err := e.input(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "cli.file_unreadable").With(err)
	}
	return text, nil
}
