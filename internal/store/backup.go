package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"timebank/internal/errs"
)

// Backup writes a consistent copy of an SQLite database to a new file while others go on writing, and returns once the copy would survive a
// power cut. Errors: Refused store.backup_elsewhere on PostgreSQL, whose own tools do this better, and Conflict store.backup_exists when
// there is a file already.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	if db.engine != SQLite {
		return errs.New(errs.Refused, "store.backup_elsewhere")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return errs.New(errs.Conflict, "store.backup_exists").With(err)
	}
	// A connection of its own: those of the pools refuse to write, or are busy with writes.
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(db.dir, FileName)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		return errors.Join(mapError(err), removeIfThere(path))
	}
	return syncFile(path)
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
