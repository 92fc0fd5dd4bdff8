package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// listed is a column alone, NOT, and a list of texts or whole numbers, as a CHECK writes it, with what stands before: what is no column alone, as
// n % 7 is not, stays as it is.
var listed = regexp.MustCompile(`((?:[(,]|\b(?:AND|OR|NOT|WHEN)\b)\s*)([A-Za-z_]\w*)\s+(NOT\s+)?IN\s*\(\s*((?:'(?:[^']|'')*'|\d+)(?:\s*,\s*(?:'(?:[^']|'')*'|\d+))*)\s*\)`)

var literal = regexp.MustCompile(`'(?:[^']|'')*'|\d+`)

// unrolled writes lists of three and more as comparisons, which say the same, also of NULL.
func unrolled(text string) string {
	return listed.ReplaceAllStringFunc(text, func(found string) string {
		parts := listed.FindStringSubmatch(found)
		before, column, not := parts[1], parts[2], parts[3] != ""
		values := literal.FindAllString(parts[4], -1)
		if len(values) < 3 {
			return found
		}
		equal, join := " = ", " OR "
		if not {
			equal, join = " <> ", " AND "
		}
		for i, v := range values {
			values[i] = column + equal + v
		}
		return before + "(" + strings.Join(values, join) + ")"
	})
}

// unroll writes the lists in the CHECKs of an embedded database as comparisons. For each row and each CHECK, SQLite makes a table of a list
// of three and more before it looks for the value there, which costs more than writing the row does; of two, it compares. So migrations may
// write lists, as everybody does.
func (l *lite) unroll() error {
	return l.rewrite(unrolled)
}

// rewrite puts another text in place of each table's that better changes. No row changes, and none is looked at, as SQLite describes it for
// constraints (https://sqlite.org/lang_altertable.html#otheralter): the two texts must mean the same for every row. After an error the
// connection is to be closed, which takes everything back.
func (l *lite) rewrite(better func(text string) string) error {
	if _, err := l.exec("BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	var version int64
	if err := l.each("PRAGMA schema_version", func(r *Rows) error { return r.Scan(&version) }); err != nil {
		return err
	}
	var changes []statement
	err := l.each("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name", func(r *Rows) error {
		var name, text string
		err := r.Scan(&name, &text)
		if changed := better(text); changed != text {
			changes = append(changes, statement{text: "UPDATE sqlite_schema SET sql = $1 WHERE type = 'table' AND name = $2", args: []any{changed, name}})
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		// RESET forgets the tables as they were read and no longer overlooks a text that SQLite does not understand: the statement after it reads
		// all of them and tells.
		changes = slices.Concat([]statement{{text: "PRAGMA writable_schema = ON"}}, changes, []statement{
			{text: fmt.Sprintf("PRAGMA schema_version = %d", version+1)}, {text: "PRAGMA writable_schema = RESET"}, {text: "SELECT 1 FROM goose_db_version LIMIT 1"}})
	}
	for _, one := range append(changes, statement{text: "COMMIT"}) {
		if _, err := l.exec(one.text, one.args); err != nil {
			return err
		}
	}
	return nil
}

func (l *lite) each(text string, one func(*Rows) error) error {
	found, err := l.query(text, nil)
	if err != nil {
		return err
	}
	return (&Rows{found}).each(one)
}
