package backup

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/file"
)

// archive is a tar that is being written.
type archive struct {
	tar *tar.Writer
	dir string // for what is on its way into it
}

// write makes a file of mode 0600, whole or not at all.
func write(name string, fill func(*archive) error) error {
	return file.Write(name, 0o600, func(f *os.File) error {
		a := &archive{tar: tar.NewWriter(f), dir: filepath.Dir(name)}
		return errors.Join(fill(a), a.tar.Close())
	})
}

func (a *archive) add(name string, size int64, r io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	_, err := io.CopyN(a.tar, r, size)
	return err
}

func (a *archive) addBytes(name string, text []byte) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := a.tar.Write(text)
	return err
}

// addStream adds what fill writes. A tar wants sizes beforehand, so it is written
// to a file first.
func (a *archive) addStream(name string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(a.dir, ".laurel-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if err := fill(f); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.add(name, size, f)
}

// addTree adds the files under a directory. One that goes away meanwhile was
// wanted no more.
func (a *archive) addTree(name, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(within string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := root.Open(within)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		return a.add(path.Join(name, within), info.Size(), f)
	})
}
