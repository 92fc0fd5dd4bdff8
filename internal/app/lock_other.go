//go:build !unix

package app

import (
	"os"

	"timebank/internal/errs"
)

// lockFolder creates the data folder. Where the system has no advisory locks, SQLite's own lock keeps two writers apart.
func lockFolder(folder string) (unlock func() error, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	return func() error { return nil }, nil
}
