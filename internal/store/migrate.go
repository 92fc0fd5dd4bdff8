package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // goose, and River in jobs, ask SQLite by database/sql

	"timebank/internal/errs"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema to this binary's version. It is safe to run again.
func (db *DB) Migrate(ctx context.Context) error {
	if db.engine == Postgres {
		return migrate(ctx, db.pool, goose.DialectPostgres, "migrations/postgres")
	}
	return db.writer.pause(func() error {
		path := filepath.Join(db.dir, FileName)
		pool, err := sql.Open("sqlite", SQLiteDSN(path, db.writing...))
		if err != nil {
			return err
		}
		if err := errors.Join(migrate(ctx, pool, goose.DialectSQLite3, "migrations/sqlite"), pool.Close()); err != nil {
			return err
		}
		// A connection of its own, since what SQLite lets do with its schema is settled when a statement is prepared.
		conn, err := openLite(path)
		if err != nil {
			return mapError(err)
		}
		return mapError(errors.Join(conn.unroll(), conn.close()))
	})
}

// SQLiteDSN names a file to the driver "sqlite" of database/sql, whatever its folder is called, and the pragmas that each connection begins with.
func SQLiteDSN(path string, pragmas ...string) string {
	begins := slices.Concat([]string{fmt.Sprintf("busy_timeout = %d", busyWait.Milliseconds())}, pragmas)
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + url.Values{"_pragma": begins}.Encode()
}

func migrate(ctx context.Context, pool *sql.DB, dialect goose.Dialect, folder string) error {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, pool, files)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return errs.New(errs.Unavailable, "store.migration_failed").With(err)
	}
	return nil
}

// SchemaVersion is the number of the newest migration that has been applied.
func (db *DB) SchemaVersion(ctx context.Context) (version int64, err error) {
	err = db.Read(ctx, "store.schema_version", func(tx *Tx) error {
		return tx.QueryRow("SELECT MAX(version_id) FROM goose_db_version WHERE is_applied").Scan(&version)
	})
	return version, err
}
