//go:build unix

package app

import "syscall"

// diskOf says how many bytes of a folder's file system are free for us, and how many it has.
func diskOf(folder string) (free, all uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	size := uint64(s.Bsize) // #nosec G115 -- the size of a block is above zero
	return s.Bavail * size, s.Blocks * size, nil
}
