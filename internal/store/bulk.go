package store

import (
	"fmt"
	"strings"
	"sync"
)

// Many rows go in statements of a power of two of them, so that a handful of prepared texts serves every length.
const (
	chunkRows   = 128
	chunkParams = 2048
)

type insertKey struct {
	prefix, suffix string
	cols, rows     int
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
	if len(args)%cols != 0 {
		return 0, fmt.Errorf("store: %d values do not fill rows of %d", len(args), cols)
	}
	var changed int64
	err := chunks(len(args)/cols, cols, func(from, n int) error {
		k, err := tx.Exec(insertText(tx, prefix, cols, n, suffix), args[from*cols:(from+n)*cols]...)
		changed += k
		return err
	})
	return changed, err
}

// InsertReturning is [Tx.Insert] for a suffix that ends in a RETURNING clause. The order of the rows is the engine's.
func InsertReturning[T any](tx *Tx, prefix string, cols int, args []any, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	if len(args)%cols != 0 {
		return nil, fmt.Errorf("store: %d values do not fill rows of %d", len(args), cols)
	}
	out := make([]T, 0, len(args)/cols)
	err := chunks(len(args)/cols, cols, func(from, n int) error {
		var err error
		out, err = collect(tx, out, scan, insertText(tx, prefix, cols, n, suffix), args[from*cols:(from+n)*cols]...)
		return err
	})
	return out, err
}

func insertText(tx *Tx, prefix string, cols, n int, suffix string) string {
	return tx.db.inserts.get(insertKey{prefix, suffix, cols, n}, func() string {
		var b strings.Builder
		b.WriteString(prefix + " VALUES ")
		tx.values(&b, nil, cols, n)
		b.WriteString(" " + suffix)
		return b.String()
	})
}

func withText(tx *Tx, prefix string, types []string, n int, suffix string) string {
	return tx.db.inserts.get(insertKey{prefix, suffix, len(types), n}, func() string {
		var b strings.Builder
		b.WriteString(prefix)
		tx.values(&b, types, len(types), n)
		b.WriteString(suffix)
		return b.String()
	})
}

// With executes prefix (...), (...) suffix for all rows: prefix opens a common table expression "WITH v (id, delta) AS (VALUES ",
// suffix closes it and goes on with the statement that uses it. types are TEXT or BIGINT, one a column.
func (tx *Tx) With(prefix string, types []string, args []any, suffix string) (int64, error) {
	if len(args)%len(types) != 0 {
		return 0, fmt.Errorf("store: %d values do not fill rows of %d", len(args), len(types))
	}
	var changed int64
	err := chunks(len(args)/len(types), len(types), func(from, n int) error {
		k, err := tx.Exec(withText(tx, prefix, types, n, suffix), args[from*len(types):(from+n)*len(types)]...)
		changed += k
		return err
	})
	return changed, err
}

// AllWith is [Tx.With] for a statement that returns rows.
func AllWith[T any](tx *Tx, prefix string, types []string, args []any, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	if len(args)%len(types) != 0 {
		return nil, fmt.Errorf("store: %d values do not fill rows of %d", len(args), len(types))
	}
	var out []T
	err := chunks(len(args)/len(types), len(types), func(from, n int) error {
		var err error
		out, err = collect(tx, out, scan, withText(tx, prefix, types, n, suffix), args[from*len(types):(from+n)*len(types)]...)
		return err
	})
	return out, err
}

// In runs prefix $1, $2, … suffix with the given keys and collects the rows: prefix ends in "IN (", suffix begins with ")". An
// order in the suffix holds within each chunk of keys, so sort keys first where rows must be locked in key order.
func In[K ~string, T any](tx *Tx, prefix string, keys []K, suffix string, scan func(*Rows) (T, error)) ([]T, error) {
	var out []T
	for from := 0; from < len(keys); from += chunkRows {
		part := keys[from:min(from+chunkRows, len(keys))]
		n := 1
		for n < len(part) {
			n *= 2
		}
		args := make([]any, n)
		for i := range args {
			// The last key fills the statement up to its length; a repeated key changes nothing in a set.
			args[i] = string(part[min(i, len(part)-1)])
		}
		text := tx.db.inserts.get(insertKey{prefix, suffix, 1, n}, func() string {
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
		var err error
		if out, err = collect(tx, out, scan, text, args...); err != nil {
			return nil, err
		}
	}
	return out, nil
}
