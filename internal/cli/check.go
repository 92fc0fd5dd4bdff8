package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"timebank/internal/app"
	"timebank/internal/errs"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/policy"
)

// policyCmds look at the rules of a city.
type policyCmds struct {
	Check policyCheckCmd `cmd:"" help:"Check a file of rules: what is wrong, what keeps the city from going live, what differs from the defaults."`
	Print policyPrintCmd `cmd:"" help:"Print the rules that a new city begins with, or Nanjing's."`
}

// policyCheckCmd checks a file of rules.
type policyCheckCmd struct {
	File string `arg:"" help:"TOML file, - for the standard input."`
}

// Run implements the command.
func (c *policyCheckCmd) Run(e *env) error {
	in, err := e.input(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	r, err := policy.CheckFile(in)
	if err != nil {
		return err
	}
	for _, d := range r.Changes {
		fmt.Fprintf(e.out, "%s = %s (default %s)\n", d.Key, d.Value, orNone(d.Default))
	}
	lang := language(e.environ)
	for _, p := range r.Problems {
		fmt.Fprintf(e.err, "%s: %s\n", p.Key, say(lang, p.Code, p.Params...))
	}
	switch {
	case !r.Publishable():
		return finding{fmt.Sprintf("%s has %d problems", c.File, len(r.Problems))}
	case !r.Live():
		return finding{fmt.Sprintf("%s is well-formed, but %d parameters must be set before the city goes live", c.File, len(r.Problems))}
	}
	fmt.Fprintf(e.out, "ok, digest %s\n", r.Digest)
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// policyPrintCmd prints rules.
type policyPrintCmd struct {
	Nanjing bool `help:"Nanjing's rules instead of the defaults."`
}

// Run implements the command.
func (c *policyPrintCmd) Run(e *env) error {
	text := policy.Defaults().Text()
	if c.Nanjing {
		text = string(policy.NanjingTOML())
	}
	_, err := io.WriteString(e.out, text)
	return err
}

// input opens a file for reading, or the standard input for "-".
func (e *env) input(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(e.stdin), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "cli.file_unreadable").With(err)
	}
	return f, nil
}

// receiptCmds issue and check receipts.
type receiptCmds struct {
	Verify receiptVerifyCmd `cmd:"" help:"Check a receipt offline with the log's public key alone."`
	Issue  receiptIssueCmd  `cmd:"" help:"Write the receipt of a transaction of the book."`
	Keys   receiptKeysCmd   `cmd:"" help:"Print the public keys of an installation: of its logs and of its certificates."`
}

// receiptVerifyCmd checks a receipt.
type receiptVerifyCmd struct {
	File string `arg:"" help:"Receipt, - for the standard input."`
	Key  string `required:"" help:"The log's verifier key, or a file that holds it." placeholder:"KEY"`
	JSON bool   `help:"Print what the receipt proves as JSON." name:"json"`
}

// Run implements the command.
func (c *receiptVerifyCmd) Run(e *env) error {
	text, key, err := e.proof(c.File, c.Key)
	if err != nil {
		return err
	}
	p, err := notary.VerifyReceipt(text, key)
	if err != nil {
		return e.notProven(err)
	}
	if c.JSON {
		return json.NewEncoder(e.out).Encode(struct {
			Origin string `json:"origin"`
			Index  int64  `json:"index"`
			Size   int64  `json:"size"`
			Root   string `json:"root"`
			Digest string `json:"digest"`
			Public []byte `json:"public"`
		}{p.Checkpoint.Origin, p.Index, p.Checkpoint.Size, fmt.Sprintf("%x", p.Checkpoint.Root), fmt.Sprintf("%x", p.Digest), p.Leaf.Public})
	}
	fmt.Fprintf(e.out, "ok: entry %d of %d in the log %s\ndigest %x\nroot   %x\n", p.Index, p.Checkpoint.Size, p.Checkpoint.Origin, p.Digest, p.Checkpoint.Root)
	return nil
}

// proof reads what is to be checked, and the key that checks it: itself or in a file.
func (e *env) proof(file, key string) (text []byte, verifier string, err error) {
	in, err := e.input(file)
	if err != nil {
		return nil, "", err
	}
	defer in.Close()
	if text, err = io.ReadAll(io.LimitReader(in, notary.MaxReceipt+1)); err != nil {
		return nil, "", errs.New(errs.Unavailable, "cli.file_unreadable").With(err)
	}
	if !strings.Contains(key, "+") {
		published, err := os.ReadFile(key)
		if err != nil {
			return nil, "", errs.New(errs.Unavailable, "cli.file_unreadable").With(err)
		}
		key = strings.TrimSpace(string(published))
	}
	return text, key, nil
}

// notProven is a finding, unless what failed is not the thing that was checked.
func (e *env) notProven(err error) error {
	if errs.CodeOf(err) == "notary.verifier_malformed" || errs.KindOf(err) == errs.Internal {
		return err
	}
	return finding{say(language(e.environ), errs.CodeOf(err)) + " (" + errs.CodeOf(err) + ")"}
}

// receiptIssueCmd writes the receipt of a transaction.
type receiptIssueCmd struct {
	where
	Transaction string `arg:"" help:"Id of a transaction of the book."`
	Out         string `short:"o" help:"File to write; the standard output without it." placeholder:"FILE"`
}

// Run implements the command.
func (c *receiptIssueCmd) Run(e *env) (err error) {
	db, err := c.database(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	text, err := app.Receipt(e.ctx, db, ledger.TxID(c.Transaction))
	if err != nil {
		return err
	}
	out, done, err := e.output(c.Out)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, done())
}

// receiptKeysCmd prints the public keys of the logs.
type receiptKeysCmd struct{ where }

// Run implements the command.
func (c *receiptKeysCmd) Run(e *env) (err error) {
	db, err := c.database(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := app.PublicKeys(e.ctx, db)
	if err != nil {
		return err
	}
	for _, log := range []string{app.LedgerLog, app.AuditLog, app.CertificateKey} {
		if k, ok := keys[log]; ok {
			fmt.Fprintln(e.out, k.Verifier())
		}
	}
	return nil
}
