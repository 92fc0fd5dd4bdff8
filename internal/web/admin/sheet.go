package admin

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// workbook is a page as a file: a sheet for each table, and one that says what each figure counts.
func workbook(v *view) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	first := v.T("page.office.definitions")
	if err := f.SetSheetName("Sheet1", first); err != nil {
		return nil, err
	}
	rows := [][]string{{v.Title}, {v.Place}, {v.Lead}, {}, {v.T("page.office.figure"), v.T("page.office.value"), v.T("page.office.definition"), v.T("page.office.growth")}}
	var tables []*table
	for _, b := range v.Blocks {
		for _, x := range b.Figures {
			rows = append(rows, []string{x.Name, x.Number, x.Means, x.Growth})
		}
		for _, x := range b.Facts {
			rows = append(rows, []string{x.Name, x.Value})
		}
		if b.Table != nil {
			tables = append(tables, b.Table)
		}
	}
	if err := fillSheet(f, first, rows); err != nil {
		return nil, err
	}
	for i, t := range tables {
		// A sheet's name is short and has none of a few letters; the number keeps two from being one.
		name := strconv.Itoa(i+1) + " " + strings.Map(func(r rune) rune {
			if strings.ContainsRune(`:\/?*[]'`, r) {
				return -1
			}
			return r
		}, t.Caption)
		if short := []rune(name); len(short) > 31 {
			name = string(short[:31])
		}
		if _, err := f.NewSheet(name); err != nil {
			return nil, err
		}
		rows := [][]string{t.Head}
		for _, row := range t.Rows {
			line := make([]string, len(row))
			for i, c := range row {
				line[i] = c.Text
			}
			rows = append(rows, line)
		}
		if err := fillSheet(f, name, rows); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func fillSheet(f *excelize.File, sheet string, rows [][]string) error {
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for n, text := range row {
			cells[n] = harmless(text)
		}
		if err := w.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			return err
		}
	}
	return w.Flush()
}

// harmless is a cell that no program takes for a formula, also when the file is saved as text later. Numbers stay numbers.
func harmless(text string) any {
	if n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64); err == nil && len(text) < 16 && !strings.HasPrefix(text, "+") {
		return n
	}
	if strings.ContainsAny(text[:min(1, len(text))], "=+-@\t\r\n") {
		return "'" + text
	}
	return text
}
