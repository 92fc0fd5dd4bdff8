package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"timebank/internal/errs"
)

// Backup writes a consistent copy of an SQLite database to a new file while others go on writing, and returns once the copy would survive a
// power cut. Errors: Refused store.backup_elsewhere on PostgreSQL, whose own tools do this better, and Conflict store.backup_exists when
// there is a file already.
func (db *DB) Backup(ctx context.Context, path string) error {
	if db.engine != SQLite {
		return errs.New(errs.Refused, "store.backup_elsewhere")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.Conflict, "store.backup_exists").With(err)
	}
	// A connection of its own: the readers' refuse to write, and the writer's is the writer's.
	conn, err := openLite(filepath.Join(db.dir, FileName))
	if err != nil {
		return mapError(err)
	}
	conn.conn.SetInterrupt(ctx.Done())
	_, err = conn.exec("VACUUM INTO $1", []any{path})
	if err := errors.Join(err, conn.close()); err != nil {
		return errors.Join(mapError(err), removeIfThere(path))
	}
	return syncFile(path)
}

// Archiving reports whether a PostgreSQL server keeps its write-ahead log for a recovery, and whether its last attempt to failed. SQLite has none.
func (db *DB) Archiving(ctx context.Context) (archives, failing bool, err error) {
	if db.engine != Postgres {
		return false, false, nil
	}
	var failed int64
	err = db.Read(ctx, "store.archiving", func(tx *Tx) error {
		return tx.QueryRow(`SELECT current_setting('archive_mode') <> 'off', (SELECT COUNT(1) FROM pg_stat_archiver
			WHERE last_failed_time IS NOT NULL AND (last_archived_time IS NULL OR last_failed_time > last_archived_time))`).Scan(&archives, &failed)
	})
	return archives, failed > 0, err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	return errors.Join(f.Sync(), f.Chmod(0o600), f.Close())
}
