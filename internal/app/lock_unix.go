//go:build unix

package app

import (
	"os"
	"path/filepath"
	"syscall"

	"timebank/internal/errs"
)

// lockFolder makes this process the only one that holds the data folder; the system lets go of it when the process ends, however it ends.
func lockFolder(folder string) (unlock func() error, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, errs.New(errs.Unavailable, "store.folder_unusable").With(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, errs.New(errs.Unavailable, "app.folder_in_use").With(err)
	}
	return f.Close, nil
}
