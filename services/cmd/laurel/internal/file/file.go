// Package file writes files that are there whole or not at all.
package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write has fill make the contents of a file, which is on the disk, of that mode,
// and whole before it takes the place of what had the name. Errors are fill's and
// the system's.
func Write(name string, mode fs.FileMode, fill func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".laurel-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if err := errors.Join(fill(f), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
