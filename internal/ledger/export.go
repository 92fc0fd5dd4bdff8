package ledger

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"timebank/internal/clock"
	"timebank/internal/store"
)

// WriteJournal writes the whole book as an hledger journal on one consistent snapshot. Accounts are "class:pseudonym" and amounts whole
// minutes, so that the journal names nobody; `hledger check` accepts it, and its balances are ours.
func WriteJournal(ctx context.Context, db *store.DB, out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprint(w, "; The book of hours. Amounts are whole minutes; accounts are class:pseudonym.\ncommodity 1000. min\n\n")
	err := db.Read(ctx, "ledger.export", func(tx *store.Tx) error {
		names := map[AccountID]string{}
		for after := AccountID(0); ; {
			page, err := loadAccounts(tx, after, verifyPage)
			if err != nil {
				return err
			}
			for _, a := range page {
				names[a.seq] = string(a.key.Class) + ":" + hex.EncodeToString(a.pseudonym[:])
				fmt.Fprintf(w, "account %s\n", names[a.seq])
				after = a.seq
			}
			if len(page) < verifyPage {
				break
			}
		}
		for after := int64(0); ; {
			page, _, err := loadRecords(tx, after, verifyPage)
			if err != nil {
				return err
			}
			for _, t := range page {
				after = t.seq
				// The day in the book, so that the journal is in order.
				fmt.Fprintf(w, "\n%s (%s) %s\n", clock.DayOf(clock.FromMicros(t.private.recordedAt)), t.id, t.reason)
				for _, e := range t.entries {
					fmt.Fprintf(w, "    %s  %d min\n    %s  %d min\n", names[e.source], -e.minutes, names[e.destination], e.minutes)
				}
			}
			if len(page) < verifyPage {
				return w.Flush()
			}
		}
	})
	return err
}

// passbookColumns are the i18n keys of a passbook's columns; the first row of an export is their translation.
var passbookColumns = []string{"passbook.day", "passbook.reason", "passbook.class", "passbook.bucket", "passbook.minutes", "passbook.balance",
	"passbook.counter", "passbook.service", "passbook.grade", "passbook.ref", "passbook.transaction", "passbook.number"}

func (l *Line) cells() []any {
	var number any = ""
	if l.Number >= 0 {
		number = l.Number
	}
	return []any{string(l.Day), string(l.Reason), string(l.Class), l.Bucket, l.Minutes.Int64(), l.Balance.Int64(), string(l.Counter), l.Service,
		l.Grade, l.Ref, string(l.Tx), number}
}

// WriteCSV writes lines of a passbook. translate turns a key such as "passbook.day" or "reason.service" into words; nil leaves the
// last part of the key.
func WriteCSV(out io.Writer, lines []Line, translate func(key string) string) error {
	w := csv.NewWriter(out)
	err := rows(lines, translate, func(cells []any) error {
		text := make([]string, len(cells))
		for i, c := range cells {
			switch v := c.(type) {
			case string:
				text[i] = v
			case int64:
				text[i] = strconv.FormatInt(v, 10)
			}
		}
		return w.Write(text)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// WriteXLSX writes lines of a passbook as a workbook of one sheet; translate is that of [WriteCSV].
func WriteXLSX(out io.Writer, lines []Line, translate func(key string) string) error {
	f := excelize.NewFile()
	defer f.Close()
	sheet := words(translate, "passbook.title")
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	n := 0
	if err := rows(lines, translate, func(cells []any) error {
		n++
		return w.SetRow("A"+strconv.Itoa(n), cells)
	}); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Write(out)
}

// rows gives the heading and one row for each line.
func rows(lines []Line, translate func(string) string, write func(cells []any) error) error {
	head := make([]any, len(passbookColumns))
	for i, key := range passbookColumns {
		head[i] = words(translate, key)
	}
	if err := write(head); err != nil {
		return err
	}
	for i := range lines {
		cells := lines[i].cells()
		for column, prefix := range map[int]string{1: "reason.", 2: "class.", 6: "class."} {
			cells[column] = words(translate, prefix+cells[column].(string))
		}
		if err := write(cells); err != nil {
			return err
		}
	}
	return nil
}

func words(translate func(string) string, key string) string {
	if translate != nil {
		return translate(key)
	}
	for i := len(key) - 1; i >= 0; i-- {
		if key[i] == '.' {
			return key[i+1:]
		}
	}
	return key
}
