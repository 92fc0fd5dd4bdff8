package store

import (
	"fmt"
	"reflect"
	"strings"
)

// arrays reports whether rows should travel as one array a column. To PostgreSQL each statement is a round trip and each text a plan: with
// arrays one text serves every number of rows, and all of them go at once. A single row is cheaper as it is.
func (tx *Tx) arrays(rows int) bool { return tx.db.engine == Postgres && rows > 1 }

// arrayRows bounds how many rows go at once, so that a long list is not held in memory three times over.
const arrayRows = 4096

// kind is what a column of an array holds; the zero kind has no value but NULL.
type kind byte

const (
	ofText  kind = 'T'
	ofInts  kind = 'I'
	ofBytes kind = 'B'
)

func (k kind) sql() string {
	switch k {
	case ofText:
		return "TEXT"
	case ofInts:
		return "BIGINT"
	default:
		return "BYTEA"
	}
}

// insertArrays inserts rows out of arrays, in their order.
func (tx *Tx) insertArrays(prefix string, cols int, args []any, suffix string, do func(text string, args []any) error) error {
	for from := 0; from < len(args); from += arrayRows * cols {
		part := args[from:min(from+arrayRows*cols, len(args))]
		kinds := make([]kind, cols)
		if err := learn(kinds, part, prefix); err != nil {
			return err
		}
		key := insertKey{prefix: prefix, suffix: suffix, cols: cols, kinds: string(kinds)}
		text := tx.db.inserts.get(key, func() string {
			return prefix + " SELECT " + unnest(kinds) + " " + suffix
		})
		if err := do(text, columns(kinds, part)); err != nil {
			return err
		}
	}
	return nil
}

// withArrays is about all rows in one statement.
func (tx *Tx) withArrays(prefix string, types []string, args []any, suffix string, do func(text string, args []any) error) error {
	kinds := make([]kind, len(types))
	for i, t := range types {
		if kinds[i] = ofText; t == "BIGINT" {
			kinds[i] = ofInts
		}
	}
	text := tx.db.inserts.get(insertKey{prefix: prefix, suffix: suffix, cols: len(types)}, func() string {
		return strings.TrimSuffix(prefix, "VALUES ") + "SELECT " + unnest(kinds) + suffix
	})
	if err := learn(kinds, args, prefix); err != nil {
		return err
	}
	return do(text, columns(kinds, args))
}

// inArray looks all keys up in one statement.
func (tx *Tx) inArray(prefix string, keys []string, suffix string, do func(text string, args []any) error) error {
	text := tx.db.inserts.get(insertKey{prefix: prefix, suffix: suffix, cols: 1}, func() string {
		return strings.TrimSuffix(prefix, "IN (") + "= ANY (CAST($1 AS TEXT[])" + suffix
	})
	return do(text, []any{keys})
}

// unnest is the columns of the rows that arrays hold, one parameter a column that has values; of one without, the type is the table's affair. They
// stand in the list of what is selected, where PostgreSQL takes one row after the other: as a table it would first write down each array as one.
func unnest(kinds []kind) string {
	lists := make([]string, len(kinds))
	n := 0
	for c, k := range kinds {
		if lists[c] = "NULL"; k != 0 {
			n++
			lists[c] = fmt.Sprintf("unnest(CAST($%d AS %s[]))", n, k.sql())
		}
	}
	return strings.Join(lists, ", ")
}

// columns turns rows into one array a column, those without values left out.
func columns(kinds []kind, args []any) []any {
	rows := len(args) / len(kinds)
	out := make([]any, 0, len(kinds))
	for c, k := range kinds {
		switch k {
		case ofText:
			out = append(out, column(args[c:], len(kinds), rows, func(v any) string {
				if s, ok := v.(string); ok {
					return s
				}
				return reflect.ValueOf(v).String()
			}))
		case ofInts:
			out = append(out, column(args[c:], len(kinds), rows, func(v any) int64 {
				if n, ok := v.(int64); ok {
					return n
				}
				return reflect.ValueOf(v).Int()
			}))
		case ofBytes:
			// A nil slice is NULL to the driver.
			list := make([][]byte, rows)
			for r := range list {
				if v := args[c+r*len(kinds)]; v != nil {
					list[r] = reflect.ValueOf(v).Bytes()
				}
			}
			out = append(out, list)
		}
	}
	return out
}

// column is every step-th value: a list, of pointers where some are NULL.
func column[T any](args []any, step, rows int, of func(any) T) any {
	list := make([]T, rows)
	nulls := false
	for r := range list {
		if v := args[r*step]; v != nil {
			list[r] = of(v)
		} else {
			nulls = true
		}
	}
	if !nulls {
		return list
	}
	pointers := make([]*T, rows)
	for r := range pointers {
		if args[r*step] != nil {
			pointers[r] = &list[r]
		}
	}
	return pointers
}

// learn finds the kinds of columns whose kinds are not known. Error: a column with values of two kinds; text names the statement.
func learn(kinds []kind, args []any, text string) error {
	for i, v := range args {
		k, err := kindOf(v)
		if err != nil {
			return err
		}
		switch was := &kinds[i%len(kinds)]; {
		case *was == 0:
			*was = k
		case k != 0 && k != *was:
			return fmt.Errorf("store: column %d of %q has values of two kinds", i%len(kinds), text)
		}
	}
	return nil
}

// kindOf tells what a value is to the database.
func kindOf(v any) (kind, error) {
	switch v.(type) {
	case nil:
		return 0, nil
	case string:
		return ofText, nil
	case int64, int:
		return ofInts, nil
	case []byte:
		return ofBytes, nil
	}
	switch t := reflect.TypeOf(v); {
	case t.Kind() == reflect.String:
		return ofText, nil
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64 || t.Kind() == reflect.Int32:
		return ofInts, nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return ofBytes, nil
	default:
		return 0, fmt.Errorf("store: a %s has no place in rows; give text, whole numbers or bytes", t)
	}
}
