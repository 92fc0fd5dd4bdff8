package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"timebank/internal/clock"
	"timebank/internal/config"
	"timebank/internal/errs"
	"timebank/internal/photo"
	"timebank/internal/store"
)

// Backup copies a running embedded installation into a new folder, with its pictures, and with its keys when withKeys is set, and verifies the
// copy. The copy is a data folder itself. Errors: Refused store.backup_elsewhere on PostgreSQL, Conflict store.backup_exists, and those of [Verify].
func Backup(ctx context.Context, c config.Config, folder string, withKeys bool) (v Verification, err error) {
	db, err := OpenDatabase(ctx, c)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return v, errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	if err := db.Backup(ctx, filepath.Join(folder, store.FileName)); err != nil {
		return v, err
	}
	// After the database: whatever a row of the copy names is in the folder by then.
	copied := c
	copied.Data, copied.Photos = folder, ""
	if err := photo.Copy(c.PhotoFolder(), copied.PhotoFolder()); err != nil {
		return v, err
	}
	if withKeys {
		if err := copyKeys(c.KeyFolder(), filepath.Join(folder, "keys")); err != nil {
			return v, err
		}
	}
	if v, err = verifyFolder(ctx, folder); err != nil || len(v.Problems) > 0 {
		return v, err
	}
	return v, noteBackup(c, clock.System().Now())
}

// backupFile is the file in a data folder that says when its last backup was taken and verified.
const backupFile = "last-backup"

func noteBackup(c config.Config, at time.Time) error {
	if err := os.WriteFile(filepath.Join(c.Data, backupFile), []byte(at.UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	return nil
}

// Restore copies a backup into a data folder that has no database, with the keys that the backup holds, and verifies the result. Errors:
// NotFound app.no_database when the folder is no backup, Conflict app.database_there, app.other_keys when the data folder has keys that are
// not the backup's, Unavailable app.folder_in_use.
func Restore(ctx context.Context, c config.Config, folder string) (v Verification, err error) {
	if c.Postgres != "" {
		return v, errs.New(errs.Refused, "store.backup_elsewhere")
	}
	unlock, err := lockFolder(c.Data)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	to := filepath.Join(c.Data, store.FileName)
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return v, errs.New(errs.Conflict, "app.database_there").With(err)
	}
	from := c
	from.Data = folder
	db, err := OpenDatabase(ctx, from)
	if err != nil {
		return v, err
	}
	err = errors.Join(db.Backup(ctx, to), db.Close())
	if err != nil {
		return v, err
	}
	from.Photos = ""
	if err := photo.Copy(from.PhotoFolder(), c.PhotoFolder()); err != nil {
		return v, err
	}
	if keys := filepath.Join(folder, "keys"); exists(keys) {
		if err := copyKeys(keys, c.KeyFolder()); err != nil {
			return v, err
		}
	}
	return verifyFolder(ctx, c.Data)
}

func verifyFolder(ctx context.Context, folder string) (v Verification, err error) {
	c := config.Default()
	c.Data = folder
	db, err := OpenDatabase(ctx, c)
	if err != nil {
		return v, err
	}
	v, err = Verify(ctx, db, nil)
	return v, errors.Join(err, db.Close())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// copyKeys copies the files of a key folder. One that is there already must say the same.
func copyKeys(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return errKeys.With(err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return errKeys.With(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			return errKeys.With(err)
		}
		kept, err := keep(filepath.Join(to, f.Name()), string(text), info.Mode().Perm())
		if err != nil {
			return err
		}
		if kept != string(text) {
			return errs.New(errs.Conflict, "app.other_keys")
		}
	}
	return nil
}
