package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"timebank/internal/app"
	"timebank/internal/errs"
	"timebank/internal/i18n"
	"timebank/internal/ledger"
	"timebank/internal/notary"
	"timebank/internal/store"
)

// ledgerCmds look into the book.
type ledgerCmds struct {
	Verify verifyCmd `cmd:"" help:"Recompute everything from the entries; exit 1 and name the row when one byte differs."`
	Export exportCmd `cmd:"" help:"Write the book as an hledger journal, or one person's passbook as CSV or XLSX."`
}

// verifyCmd recomputes a database from its entries.
type verifyCmd struct {
	where
	Key []string `help:"Published verifier key of a log; without it the database's own are used." placeholder:"KEY"`
}

// Run implements the command.
func (c *verifyCmd) Run(e *env) (err error) {
	db, err := c.database(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var keys map[string]notary.Key
	if len(c.Key) > 0 {
		if keys, err = app.ParseVerifiers(c.Key); err != nil {
			return err
		}
	}
	v, err := app.Verify(e.ctx, db, keys)
	if err != nil {
		return err
	}
	return printVerification(e, v)
}

// database opens the database of the flags for reading.
func (w where) database(e *env) (*store.DB, error) {
	cfg, err := w.config(e)
	if err != nil {
		return nil, err
	}
	return app.OpenDatabase(e.ctx, cfg)
}

// printVerification says what was found; problems make it a finding.
func printVerification(e *env, v app.Verification) error {
	fmt.Fprintf(e.out, "accounts      %d\ntransactions  %d\nentries       %d\nnumbered      %d\naudit entries %d\n",
		v.Book.Accounts, v.Book.Transactions, v.Book.Entries, v.Book.Numbered, v.Trail)
	for _, log := range []string{app.LedgerLog, app.AuditLog} {
		if head, ok := v.Heads[log]; ok && head.Size > 0 {
			fmt.Fprintf(e.out, "%-13s %d leaves, root %x, signed by %s\n", log+" log", head.Size, head.Root, head.Origin)
		}
	}
	if len(v.Problems) == 0 {
		fmt.Fprintln(e.out, "ok")
		return nil
	}
	for _, p := range v.Problems {
		fmt.Fprintf(e.err, "%s\n", p)
	}
	return finding{fmt.Sprintf("the book does not verify: %d problems", len(v.Problems))}
}

// exportCmd writes the book or a passbook.
type exportCmd struct {
	where
	Format string `help:"hledger (the whole book, pseudonymous), csv or xlsx (one person's passbook)." enum:"hledger,csv,xlsx" default:"hledger"`
	Owner  string `help:"Whose passbook: the id of a person or team." placeholder:"ID"`
	Out    string `short:"o" help:"File to write; the standard output without it." placeholder:"FILE"`
}

// Run implements the command.
func (c *exportCmd) Run(e *env) (err error) {
	if (c.Format == "hledger") != (c.Owner == "") {
		return errs.Invalid("cli.export_invalid", errs.Field{Path: "--owner", Code: "cli.owner_for_passbook"})
	}
	db, err := c.database(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	out, done, err := e.output(c.Out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if c.Format == "hledger" {
		return ledger.WriteJournal(e.ctx, db, out)
	}
	var lines []ledger.Line
	err = db.Read(e.ctx, "cli.passbook", func(tx *store.Tx) error {
		lines, err = allLines(tx, c.Owner)
		return err
	})
	if err != nil {
		return err
	}
	lang := language(e.environ)
	translate := func(key string) string { return i18n.Text(lang, key) }
	if c.Format == "csv" {
		return ledger.WriteCSV(out, lines, translate)
	}
	return ledger.WriteXLSX(out, lines, translate)
}

// passbookPage is how many lines are asked for at a time.
const passbookPage = 500

// allLines reads a whole passbook, newest first as the book gives it.
func allLines(tx *store.Tx, owner string) (lines []ledger.Line, err error) {
	for before := ""; ; {
		page, err := ledger.PassbookOf(tx, owner, before, passbookPage)
		if err != nil {
			return nil, err
		}
		lines = append(lines, page.Lines...)
		if before = page.Next; before == "" {
			return lines, nil
		}
	}
}

// output opens a file for writing, or the standard output for "". done flushes and closes it.
func (e *env) output(path string) (out io.Writer, done func() error, err error) {
	if path == "" {
		b := bufio.NewWriter(e.out)
		return b, b.Flush, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, errs.New(errs.Unavailable, "cli.file_unwritable").With(err)
	}
	return f, f.Close, nil
}
