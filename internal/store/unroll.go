package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
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
// constraints (https://sqlite.org/lang_altertable.html#otheralter).
func unroll(ctx context.Context, conn *sql.Conn) (err error) {
	texts, err := listing(ctx, conn)
	if err != nil || len(texts) == 0 {
		return err
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA writable_schema = ON"); err != nil {
		return err
	}
	defer func() {
		_, off := conn.ExecContext(ctx, "PRAGMA writable_schema = OFF")
		err = errors.Join(err, off)
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if _, err := tx.ExecContext(ctx, "UPDATE sqlite_schema SET sql = $2 WHERE type = 'table' AND name = $1", name, unrolled(texts[name])); err != nil {
			return err
		}
	}
	// The next statement finds another version and reads all texts, so that one which SQLite does not understand takes everything back.
	var version int64
	if err := tx.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA schema_version = %d; SELECT 1 FROM goose_db_version LIMIT 1", version+1)); err != nil {
		return err
	}
	return tx.Commit()
}

// listing is the texts of the tables whose CHECKs hold a list of three and more, by table.
func listing(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	found, err := conn.QueryContext(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
	if err != nil {
		return nil, err
	}
	defer found.Close()
	texts := map[string]string{}
	for found.Next() {
		var name, text string
		if err := found.Scan(&name, &text); err != nil {
			return nil, err
		}
		if unrolled(text) != text {
			texts[name] = text
		}
	}
	return texts, found.Err()
}
