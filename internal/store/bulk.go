package store

import (
	"fmt"
	"strings"
	"sync"
)

// Many rows go in statements of a power of two of them, so that a handful of prepared texts serves every length. PostgreSQL has arrays for that,
// see [Tx.arrays].
const (
	chunkRows   = 128
	chunkParams = 2048
)

// insertKey names a generated text: by its parts, and by the number of rows or the kinds of the arrays that stand for them.
type insertKey struct {
	prefix, suffix string
	cols, rows     int
	kinds          string
}

// insertCache keeps the generated texts: building one costs more than running it.
type insertCache struct {
	mu    sync.RWMutex
	texts map[insertKey]string
}

func (c *insertCache) get(k insertKey, build func() string) string {
	c.mu.RLock()
	text, ok := c.texts[k]
	c.mu.RUnlock()
	if ok {
		return text
	}
	text = build()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.texts == nil {
		c.texts = map[insertKey]string{}
	}
	c.texts[k] = text
	return text
}

// chunks calls fn for consecutive runs of rows whose lengths are powers of two.
func chunks(rows, cols int, fn func(from, n int) error) error {
	largest := chunkRows
	for largest > 1 && largest*cols > chunkParams {
		largest /= 2
	}
	for from := 0; from < rows; {
		n := largest
		for n > rows-from {
			n /= 2
		}
		if err := fn(from, n); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// values writes rows of placeholders, numbered from 1: ($1, $2), ($3, $4). The first row carries the types, where PostgreSQL cannot infer them.
func (tx *Tx) values(b *strings.Builder, types []string, cols, rows int) {
	p := 1
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('(')
		for c := range cols {
			if c > 0 {
				b.WriteString(", ")
			}
			if r == 0 && types != nil {
				b.WriteString("CAST(" + tx.next(p) + " AS " + types[c] + ")")
			} else {
				b.WriteString(tx.next(p))
			}
			p++
		}
		b.WriteByte(')')
	}
}

// Insert executes prefix VALUES (...), (...) suffix for all rows, where args holds cols values a row, and returns the number of
// rows changed. The prefix is "INSERT INTO t (a, b)"; the suffix may be an ON CONFLICT clause.
func (tx *Tx) Insert(prefix string, cols int, args []any, suffix string) (int64, error) {
	var changed int64
	err := tx.inserts(prefix, cols, args, suffix, func(text string, args []any) error {
		k, err := tx.Exec(text, args...)
		changed += k
		return err
	})
	return changed, err
}

// InsertReturning is [Tx.Insert] for a suffix that ends in a RETURNING clause. The order of the rows is the engine's.
func InsertReturning[T any](tx *Tx, prefix string, cols int, args []any, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	var out []T
	err := tx.inserts(prefix, cols, args, suffix, func(text string, args []any) (err error) {
		out, err = collect(tx, out, scan, text, args...)
		return err
	})
	return out, err
}

// With executes prefix (...), (...) suffix for all rows: prefix opens a common table expression "WITH v (id, delta) AS (VALUES ",
// suffix closes it and goes on with the statement that uses it. types are TEXT or BIGINT, one a column.
func (tx *Tx) With(prefix string, types []string, args []any, suffix string) (int64, error) {
	var changed int64
	err := tx.withs(prefix, types, args, suffix, func(text string, args []any) error {
		k, err := tx.Exec(text, args...)
		changed += k
		return err
	})
	return changed, err
}

// AllWith is [Tx.With] for a statement that returns rows.
func AllWith[T any](tx *Tx, prefix string, types []string, args []any, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	var out []T
	err := tx.withs(prefix, types, args, suffix, func(text string, args []any) (err error) {
		out, err = collect(tx, out, scan, text, args...)
		return err
	})
	return out, err
}

// In runs prefix $1, $2, … suffix with the given keys and collects the rows: prefix ends in "IN (", suffix begins with ")". An
// order in the suffix holds within each chunk of keys, so sort keys first where rows must be locked in key order.
func In[K ~string, T any](tx *Tx, prefix string, keys []K, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	var out []T
	err := tx.in(prefix, texts(keys), suffix, func(text string, args []any) (err error) {
		out, err = collect(tx, out, scan, text, args...)
		return err
	})
	return out, err
}

// EachIn is [In] for somebody who takes the rows one by one. Asked by [Tx.Later], PostgreSQL answers together with the next statement that is waited
// for; until then, or [Tx.Await], nothing was handed over.
func EachIn[K ~string](tx *Tx, prefix string, keys []K, suffix string, each func(*Rows) error) error {
	return tx.in(prefix, texts(keys), suffix, func(text string, args []any) error {
		if !tx.later {
			return tx.each(each, text, args...)
		}
		if err := tx.before(text); err != nil {
			return err
		}
		tx.session.later = append(tx.session.later, statement{text, args, each})
		return nil
	})
}

func texts[K ~string](keys []K) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = string(k)
	}
	return out
}

// inserts calls do with each statement that inserts some of the rows.
func (tx *Tx) inserts(prefix string, cols int, args []any, suffix string, do func(text string, args []any) error) error {
	if len(args)%cols != 0 {
		return fmt.Errorf("store: %d values do not fill rows of %d", len(args), cols)
	}
	if tx.arrays(len(args) / cols) {
		return tx.insertArrays(prefix, cols, args, suffix, do)
	}
	return chunks(len(args)/cols, cols, func(from, n int) error {
		text := tx.db.inserts.get(insertKey{prefix: prefix, suffix: suffix, cols: cols, rows: n}, func() string {
			var b strings.Builder
			b.WriteString(prefix + " VALUES ")
			tx.values(&b, nil, cols, n)
			b.WriteString(" " + suffix)
			return b.String()
		})
		return do(text, args[from*cols:(from+n)*cols])
	})
}

// withs calls do with each statement that is about some of the rows.
func (tx *Tx) withs(prefix string, types []string, args []any, suffix string, do func(text string, args []any) error) error {
	cols := len(types)
	if len(args)%cols != 0 {
		return fmt.Errorf("store: %d values do not fill rows of %d", len(args), cols)
	}
	if tx.arrays(len(args) / cols) {
		return tx.withArrays(prefix, types, args, suffix, do)
	}
	return chunks(len(args)/cols, cols, func(from, n int) error {
		text := tx.db.inserts.get(insertKey{prefix: prefix, suffix: suffix, cols: cols, rows: n}, func() string {
			var b strings.Builder
			b.WriteString(prefix)
			tx.values(&b, types, cols, n)
			b.WriteString(suffix)
			return b.String()
		})
		return do(text, args[from*cols:(from+n)*cols])
	})
}

// in calls do with each statement that looks some of the keys up.
func (tx *Tx) in(prefix string, keys []string, suffix string, do func(text string, args []any) error) error {
	if tx.arrays(len(keys)) {
		return tx.inArray(prefix, keys, suffix, do)
	}
	for from := 0; from < len(keys); from += chunkRows {
		part := keys[from:min(from+chunkRows, len(keys))]
		n := 1
		for n < len(part) {
			n *= 2
		}
		args := make([]any, n)
		for i := range args {
			// The last key fills the statement up to its length; a repeated key changes nothing in a set.
			args[i] = part[min(i, len(part)-1)]
		}
		text := tx.db.inserts.get(insertKey{prefix: prefix, suffix: suffix, cols: 1, rows: n}, func() string {
			var b strings.Builder
			b.WriteString(prefix)
			for i := range n {
				if i > 0 {
					b.WriteString(", ")
				}
				b.WriteString(tx.next(i + 1))
			}
			b.WriteString(suffix)
			return b.String()
		})
		if err := do(text, args); err != nil {
			return err
		}
	}
	return nil
}
