package store

import (
	"cmp"
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"timebank/internal/errs"
)

// retries bounds how often a PostgreSQL transaction that lost a race is run again.
const retries = 8

func (db *DB) writePostgres(ctx context.Context, fn func(tx *Tx) error) error {
	var err error
	for range retries {
		err = db.onceIn(ctx, func(s *session) error { return db.run(s, context.WithoutCancel(ctx), fn) })
		if !lostRace(err) {
			return err
		}
	}
	return errs.New(errs.Unavailable, "store.busy").With(err)
}

func (db *DB) readPostgres(ctx context.Context, fn func(tx *Tx) error) error {
	return db.onConn(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", func(s *session) error {
		return db.run(s, context.WithoutCancel(ctx), fn)
	})
}

func (db *DB) onceIn(ctx context.Context, fn func(s *session) error) error {
	return db.onConn(ctx, "BEGIN", fn)
}

// onConn runs fn between begin and COMMIT on a connection of the pool. A connection whose state is unknown is thrown away.
func (db *DB) onConn(ctx context.Context, begin string, fn func(s *session) error) (err error) {
	conn, err := db.writeDB.Conn(ctx)
	if err != nil {
		return mapError(err)
	}
	s := &session{conn: conn}
	broken := true
	defer func() {
		if broken {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}()
	s.later = append(s.later, statement{text: begin})
	err = fn(s)
	if err == nil {
		err = db.settle(s)
	}
	if err == nil {
		s.later = append(s.later, statement{text: "COMMIT"})
		err = s.send(context.WithoutCancel(ctx))
	}
	if err != nil {
		s.later = nil
		broken = s.plain("ROLLBACK") != nil
		return mapError(err)
	}
	broken = false
	return nil
}

// statement is one that waits for others.
type statement struct {
	text string
	args []any
}

// send gives PostgreSQL the statements that wait, all in one round trip. After the first that fails none is carried out.
func (s *session) send(ctx context.Context) error {
	if len(s.later) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, one := range s.later {
		batch.Queue(one.text, one.args...)
	}
	s.later = nil
	return s.conn.Raw(func(c any) error {
		results := c.(*stdlib.Conn).Conn().SendBatch(ctx, batch)
		var err error
		for range batch.Len() {
			if _, err = results.Exec(); err != nil {
				break
			}
		}
		return cmp.Or(err, results.Close())
	})
}
