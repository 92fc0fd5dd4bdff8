package store

import (
	"context"
	"database/sql"
	"reflect"
	"time"

	"timebank/internal/clock"
	"timebank/internal/id"
)

// ErrNoRows is what [Row.Scan] returns when the query found nothing.
var ErrNoRows = sql.ErrNoRows

// Tx is one transaction with one fixed time. It belongs to the goroutine that runs the function it was given to.
type Tx struct {
	ctx      context.Context
	db       *DB
	session  *session
	now      time.Time
	later    bool     // see Later
	answered []string // see Answering
}

// Ctx is the context of the transaction; it carries values and is never cancelled.
func (tx *Tx) Ctx() context.Context { return tx.ctx }

// Now is the transaction's one time: UTC, whole microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// NowMicros is [Tx.Now] as it is stored: microseconds since 1970 in UTC.
func (tx *Tx) NowMicros() int64 { return clock.Micros(tx.now) }

// Engine tells which engine the transaction runs on. Only a Dialect method or a diagnostic should need it.
func (tx *Tx) Engine() Engine { return tx.db.engine }

// NewID makes an identifier for a new entity at the transaction's time.
func NewID[E any](tx *Tx) id.ID[E] {
	if kinds, ok := tx.db.ids.(id.Kinds); ok {
		return id.From[E](kinds.UUIDOf(reflect.TypeFor[E]().String(), tx.now))
	}
	return id.From[E](tx.db.ids.UUID(tx.now))
}

// Fill fills b with random bytes from the installation's source (salts, tokens).
func (tx *Tx) Fill(b []byte) {
	tx.db.ids.Fill(b)
}

// Code makes a random code of n characters that people carry (receipt, passbook, door card), with its check digit.
func (tx *Tx) Code(n int) string {
	return id.Code(tx.db.ids, n)
}

// Later is the transaction for statements whose outcome nobody waits for, not even how many rows they change: PostgreSQL gets them in one
// round trip with each other and with the next statement that is waited for, at the latest with the commit, and what is wrong with one is told
// then. It is not for a statement that may fail because of a neighbour in a way that the caller puts into words. Of questions, [EachIn] can be
// asked later.
func (tx *Tx) Later() *Tx {
	if tx.db.engine != Postgres {
		return tx
	}
	later := *tx
	later.later = true
	return &later
}

// Await returns when everything that was left for later is carried out, and every question answered.
func (tx *Tx) Await() error {
	return mapError(tx.session.send(tx.ctx))
}

// byKey lets PostgreSQL plan, until the transaction ends, once for each text, and as if a look into an index cost nothing: a table of few rows would
// be read whole, also when it has grown, since the plan is kept.
const byKey = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('random_page_cost', '0', true)"

// ByKey promises that the transaction's statements look rows up by their keys: PostgreSQL plans each text once, and not again for the values that
// come with it.
func (tx *Tx) ByKey() error {
	if tx.db.engine != Postgres {
		return nil
	}
	_, err := tx.Later().Exec(byKey)
	return err
}

// Exec executes a statement and returns the number of rows it changed.
func (tx *Tx) Exec(text string, args ...any) (int64, error) {
	if err := tx.before(text); err != nil {
		return 0, err
	}
	if tx.later {
		tx.session.later = append(tx.session.later, statement{text: text, args: args})
		return 0, nil
	}
	tx.session.memory.wrote(text, tx.answered)
	n, err := tx.session.exec(tx.ctx, text, args...)
	return n, mapError(err)
}

// before writes the waiting rows of a table that the statement names; see [Tx.Append].
func (tx *Tx) before(text string) error {
	if p := &tx.session.pending; p.waits && p.named(text) {
		return tx.settle()
	}
	return nil
}

// Rows is a running query. Close it before the next statement of the same transaction.
type Rows struct{ rows }

// rows is what the drivers have in common.
type rows interface {
	// Next goes on to the next row, if there is one.
	Next() bool
	// Scan copies the row's columns.
	Scan(dest ...any) error
	// Err says why there was no next row, if not because it was the last.
	Err() error
	// Close ends the query; again, it does nothing.
	Close() error
}

// Query runs a query. On the embedded database it begins with the first row that is asked for, so that what is wrong with it is told by [Rows.Err].
func (tx *Tx) Query(text string, args ...any) (*Rows, error) {
	if err := tx.before(text); err != nil {
		return nil, err
	}
	tx.session.memory.wrote(text, tx.answered)
	rows, err := tx.session.query(tx.ctx, text, args...)
	if err != nil {
		return nil, mapError(err)
	}
	return rows, nil
}

// RawBytes receives the bytes of a column, in the place of those it had; it is valid until the next row.
type RawBytes = sql.RawBytes

// Row is the single result of [Tx.QueryRow].
type Row struct {
	rows *Rows
	err  error
}

// QueryRow runs a query that gives at most one row.
func (tx *Tx) QueryRow(text string, args ...any) *Row {
	rows, err := tx.Query(text, args...)
	return &Row{rows: rows, err: err}
}

// Scan reads the row, or returns [ErrNoRows].
func (r *Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return mapError(err)
		}
		return ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return mapError(r.rows.Close())
}

// All runs a query and collects what scan makes of each row.
func All[T any](tx *Tx, scan func(*Rows) (T, error), text string, args ...any) ([]T, error) {
	return collect(tx, nil, scan, text, args...)
}

func collect[T any](tx *Tx, into []T, scan func(*Rows) (T, error), text string, args ...any) ([]T, error) {
	err := tx.each(func(r *Rows) error {
		one, err := scan(r)
		into = append(into, one)
		return err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return into, nil
}

// each runs a query and hands over its rows.
func (tx *Tx) each(one func(*Rows) error, text string, args ...any) error {
	found, err := tx.Query(text, args...)
	if err != nil {
		return err
	}
	return found.each(one)
}

func (r *Rows) each(one func(*Rows) error) error {
	defer r.Close()
	for r.Next() {
		if err := one(r); err != nil {
			return err
		}
	}
	if err := r.Err(); err != nil {
		return mapError(err)
	}
	return mapError(r.Close())
}
