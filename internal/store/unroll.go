package store

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// listed is a column, NOT, and a list of texts or whole numbers, as a CHECK writes it.
var listed = regexp.MustCompile(`(\w+)\s+(NOT\s+)?IN\s*\(\s*((?:'(?:[^']|'')*'|\d+)(?:\s*,\s*(?:'(?:[^']|'')*'|\d+))*)\s*\)`)

var literal = regexp.MustCompile(`'(?:[^']|'')*'|\d+`)

// unrolled writes lists of three and more as comparisons, which say the same, also of NULL.
func unrolled(text string) string {
	return listed.ReplaceAllStringFunc(text, func(found string) string {
		parts := listed.FindStringSubmatch(found)
		values := literal.FindAllString(parts[3], -1)
		if len(values) < 3 {
			return found
		}
		equal, join := " = ", " OR "
		if parts[2] != "" {
			equal, join = " <> ", " AND "
		}
		for i, v := range values {
			values[i] = parts[1] + equal + v
		}
		return "(" + strings.Join(values, join) + ")"
	})
}

// unroll writes the lists in the CHECKs of an embedded database as comparisons. For each row and each CHECK, SQLite makes a table of a list
// of three and more before it looks for the value there, which costs more than writing the row does; of two, it compares. So migrations may
// write lists, as everybody does. No row changes, and none is looked at: the texts are exchanged in place, as SQLite describes it for
// constraints (https://sqlite.org/lang_altertable.html#otheralter). After an error the connection is to be closed, which takes everything back.
func (l *lite) unroll() error {
	var version int64
	if err := l.each("PRAGMA schema_version", func(r *Rows) error { return r.Scan(&version) }); err != nil {
		return err
	}
	var changes []statement
	err := l.each("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name", func(r *Rows) error {
		var name, text string
		err := r.Scan(&name, &text)
		if better := unrolled(text); better != text {
			changes = append(changes, statement{text: "UPDATE sqlite_schema SET sql = $1 WHERE type = 'table' AND name = $2", args: []any{better, name}})
		}
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	all := slices.Concat(
		[]statement{{text: "PRAGMA writable_schema = ON"}, {text: "BEGIN IMMEDIATE"}},
		changes,
		// The statement after it finds another version and reads all texts: one which SQLite does not understand is told here.
		[]statement{{text: fmt.Sprintf("PRAGMA schema_version = %d", version+1)}, {text: "SELECT 1 FROM goose_db_version LIMIT 1"}, {text: "COMMIT"}})
	for _, one := range all {
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
