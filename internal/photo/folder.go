package photo

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"timebank/internal/errs"
	"timebank/internal/pii"
)

var (
	errFolder = errs.New(errs.Unavailable, "photo.folder_unusable")
	errGone   = errs.New(errs.NotFound, "photo.not_found")
	errBroken = errs.New(errs.Internal, "photo.damaged")
)

// atOnce is how many pictures are decoded at a time: the largest that is taken needs some 300 MB meanwhile.
const atOnce = 2

// Folder keeps clean pictures, each in a file named by its content and sealed under the installation's keys. It is safe for concurrent use.
type Folder struct {
	dir  string
	box  *pii.Box
	work chan struct{}
	// mu keeps a sweep from removing what is just being kept again.
	mu sync.Mutex
}

// NewFolder returns the folder with a path, which is made when the first picture comes. Without a path nothing can be kept.
func NewFolder(path string, box *pii.Box) *Folder {
	return &Folder{dir: path, box: box, work: make(chan struct{}, atOnce)}
}

// Take cleans a file and keeps the picture; now is when. Keeping what is there already changes nothing. A row that names the picture has to
// follow within a day, or a sweep removes it. Errors as for [Clean]; photo.folder_unusable; Unavailable photo.busy when ctx ends before its turn comes.
func (f *Folder) Take(ctx context.Context, now time.Time, file io.Reader, form Form) (Picture, error) {
	select {
	case f.work <- struct{}{}:
		defer func() { <-f.work }()
	case <-ctx.Done():
		return Picture{}, errs.New(errs.Unavailable, "photo.busy").With(ctx.Err())
	}
	p, err := Clean(file, form)
	if err != nil {
		return Picture{}, err
	}
	return p, f.keep(now, p)
}

func (f *Folder) path(h Hash) string {
	return filepath.Join(f.dir, string(h[:2]), string(h[2:]))
}

// kind binds a sealed file to its name: one that is put in the place of another does not open.
func kind(h Hash) string { return "photo." + string(h) }

func (f *Folder) keep(now time.Time, p Picture) error {
	if f.dir == "" {
		return errFolder
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	path := f.path(p.Hash)
	if err := os.Chtimes(path, now, now); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return errFolder.With(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return errFolder.With(err)
	}
	return f.write(path, f.box.Seal(kind(p.Hash), string(p.JPEG)), now)
}

// write puts a file in its place as a whole or not at all.
func (f *Folder) write(path string, sealed []byte, now time.Time) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return errFolder.With(err)
	}
	defer func() {
		if err != nil {
			err = errFolder.With(errors.Join(err, os.Remove(tmp.Name())))
		}
	}()
	_, err = tmp.Write(sealed)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Chtimes(tmp.Name(), now, now)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return err
	}
	// The name is in the folder only after the folder was written.
	if d, open := os.Open(dir); open == nil { // #nosec G304 -- the folder of the settings
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// unfinished begins the name of a file that is being written.
const unfinished = "tmp-"

// Open returns the JPEG bytes of a picture. Errors: NotFound photo.not_found; Internal photo.damaged when the file is not what its name says.
func (f *Folder) Open(h Hash) ([]byte, error) {
	if !h.valid() {
		return nil, errGone
	}
	sealed, err := os.ReadFile(f.path(h)) // #nosec G304 -- the name is a digest that was checked
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errGone
	}
	if err != nil {
		return nil, errFolder.With(err)
	}
	clear, err := f.box.Open(kind(h), sealed)
	if err != nil {
		return nil, errBroken.With(err)
	}
	jpeg := []byte(clear)
	if hashOf(jpeg) != h {
		return nil, errBroken
	}
	return jpeg, nil
}

// sweepPage is how many pictures a sweep asks about at a time.
const sweepPage = 500

// Sweep removes the pictures that were last kept before a moment and that nobody names any more, and what was left unfinished. wanted returns
// which of some pictures are still named. It returns how many it removed.
func (f *Folder) Sweep(before time.Time, wanted func([]Hash) ([]Hash, error)) (removed int, err error) {
	var page []Hash
	ask := func() error {
		if len(page) == 0 {
			return nil
		}
		named, err := wanted(page)
		if err != nil {
			return err
		}
		for _, h := range page {
			if slices.Contains(named, h) {
				continue
			}
			gone, err := f.remove(h, before)
			if err != nil {
				return err
			}
			if gone {
				removed++
			}
		}
		page = page[:0]
		return nil
	}
	err = f.each(func(path string, info fs.FileInfo) error {
		if !info.ModTime().Before(before) {
			return nil
		}
		h, ok := named(path)
		if !ok {
			if strings.HasPrefix(info.Name(), unfinished) {
				return os.Remove(path)
			}
			return nil
		}
		if page = append(page, h); len(page) < sweepPage {
			return nil
		}
		return ask()
	})
	if err == nil {
		err = ask()
	}
	return removed, err
}

// remove removes a picture unless it was kept again meanwhile.
func (f *Folder) remove(h Hash, before time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path(h))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, errFolder.With(err)
	case !info.ModTime().Before(before):
		return false, nil
	}
	if err := os.Remove(f.path(h)); err != nil {
		return false, errFolder.With(err)
	}
	return true, nil
}

// Reseal seals anew, under the active key, what older keys sealed, and returns how many pictures that were. Errors as for [Folder.Open].
func (f *Folder) Reseal(ctx context.Context) (changed int, err error) {
	err = f.each(func(path string, info fs.FileInfo) error {
		h, ok := named(path)
		if !ok {
			return nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		sealed, err := os.ReadFile(path) // #nosec G304 -- the name is a digest that was checked
		if errors.Is(err, fs.ErrNotExist) || err == nil && !f.box.Stale(sealed) {
			return ctx.Err()
		}
		if err != nil {
			return errFolder.With(err)
		}
		if sealed, err = f.box.Reseal(kind(h), sealed); err != nil {
			return errBroken.With(err)
		}
		changed++
		return errors.Join(f.write(path, sealed, info.ModTime()), ctx.Err())
	})
	return changed, err
}

// named reads the picture's name from its path.
func named(path string) (h Hash, ok bool) {
	dir, name := filepath.Split(path)
	h = Hash(filepath.Base(dir) + name)
	return h, h.valid()
}

// each calls do with every file of the folder, in the order of their names. A folder that is not there has none.
func (f *Folder) each(do func(path string, info fs.FileInfo) error) error {
	if f.dir == "" {
		return nil
	}
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return errFolder.With(err)
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return errFolder.With(err)
		}
		return do(path, info)
	})
}

// Copy copies the pictures of one folder into another, sealed as they are; what is there already is left. Error: photo.folder_unusable.
func Copy(from, to string) error {
	source, target := &Folder{dir: from}, &Folder{dir: to}
	return source.each(func(path string, info fs.FileInfo) error {
		h, ok := named(path)
		if !ok {
			return nil
		}
		if _, err := os.Stat(target.path(h)); err == nil {
			return nil
		}
		sealed, err := os.ReadFile(path) // #nosec G304 -- the name is a digest that was checked
		if err != nil {
			return errFolder.With(err)
		}
		if err := os.MkdirAll(filepath.Dir(target.path(h)), 0o700); err != nil {
			return errFolder.With(err)
		}
		return target.write(target.path(h), sealed, info.ModTime())
	})
}
