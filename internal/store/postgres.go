package store

import (
	"context"
	"database/sql/driver"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

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
	if err := s.plain(begin); err != nil {
		return mapError(err)
	}
	err = fn(s)
	if err == nil {
		err = db.settle(s)
	}
	if err != nil {
		broken = s.plain("ROLLBACK") != nil
		return mapError(err)
	}
	if err := s.plain("COMMIT"); err != nil {
		return mapError(err)
	}
	broken = false
	return nil
}
