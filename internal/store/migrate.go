package store

import (
	"context"
	"embed"
	"errors"
	"io/fs"

	"github.com/pressly/goose/v3"

	"timebank/internal/errs"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema to this binary's version. It is safe to run again.
func (db *DB) Migrate(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	migrate := func() error {
		if _, err := p.Up(ctx); err != nil {
			return errs.New(errs.Unavailable, "store.migration_failed").With(err)
		}
		return nil
	}
	if db.engine == Postgres {
		return migrate()
	}
	// The pool has one connection and the writer holds it: lend it for the migration.
	return db.writer.lend(func() error {
		if err := migrate(); err != nil {
			return err
		}
		conn, err := db.writeDB.Conn(ctx)
		if err != nil {
			return mapError(err)
		}
		return mapError(errors.Join(unroll(ctx, conn), conn.Close()))
	})
}

func (db *DB) provider() (*goose.Provider, error) {
	folder, dialect := "migrations/sqlite", goose.DialectSQLite3
	if db.engine == Postgres {
		folder, dialect = "migrations/postgres", goose.DialectPostgres
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db.writeDB, files)
}

// lend gives the writer's connection back to its pool for as long as fn runs.
func (w *writer) lend(fn func() error) error {
	j := &job{ctx: context.Background(), result: make(chan error, 1)}
	j.hold = func() error {
		if err := w.session.close(); err != nil {
			return err
		}
		err := fn()
		conn, again := w.db.writeDB.Conn(context.Background())
		if again != nil {
			return again
		}
		w.session = newSession(conn)
		return err
	}
	return w.enqueue(j)
}

// SchemaVersion is the number of the newest migration that has been applied.
func (db *DB) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = db.Read(ctx, "store.schema_version", func(tx *Tx) error {
		return tx.QueryRow("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	})
	return version, err
}
