package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/file"
)

// The files of a store.
const (
	keysFile       = "keys"        // public keys, one a line
	historyFile    = "checkpoints" // all that were seen, a blank line behind each; it is only added to
	checkpointFile = "checkpoint"  // the last, to compare with other witnesses'
	evidenceDir    = "evidence"
)

// store keeps what a witness has seen, on disk before it is believed.
type store struct {
	dir     string
	history *os.File
	last    string // checkpoint; empty: none yet
}

// openStore locks the folder, so that one witness writes there.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, historyFile), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	s := &store{dir: dir, history: f}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		s.close()
		return nil, fmt.Errorf("another witness is at work in %s: %w", dir, err)
	}
	if err := s.read(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *store) close() { s.history.Close() }

// read finds the last checkpoint. It cuts off a part of one that a crash
// left: that was never believed.
func (s *store) read() error {
	data, err := os.ReadFile(s.history.Name())
	if err != nil {
		return err
	}
	parts := strings.SplitAfter(string(data), "\n\n") // text, signatures, text, …, the rest
	whole := (len(parts) - 1) / 2 * 2
	size := len(strings.Join(parts[:whole], ""))
	if size < len(data) {
		if err := errors.Join(s.history.Truncate(int64(size)), s.history.Sync()); err != nil {
			return err
		}
	}
	if whole > 0 {
		s.last = parts[whole-2] + strings.TrimSuffix(parts[whole-1], "\n")
	}
	return nil
}

// keep adds a checkpoint.
func (s *store) keep(checkpoint string) error {
	if _, err := s.history.WriteString(checkpoint + "\n"); err != nil {
		return err
	}
	if err := s.history.Sync(); err != nil {
		return err
	}
	s.last = checkpoint
	return replace(s.dir, checkpointFile, checkpoint)
}

// keys are those that were kept; none at first.
func (s *store) keys() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, keysFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

func (s *store) keepKeys(keys string) error { return replace(s.dir, keysFile, keys+"\n") }

// evidence keeps files of a contradiction in a folder of their own.
func (s *store) evidence(at time.Time, files map[string]string) (string, error) {
	all := filepath.Join(s.dir, evidenceDir)
	if err := os.MkdirAll(all, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(all, at.UTC().Format("20060102T150405Z-*"))
	if err != nil {
		return "", err
	}
	for name, text := range files {
		if err := replace(dir, name, text); err != nil {
			return "", err
		}
	}
	return dir, errors.Join(syncDir(all), syncDir(s.dir))
}

// replace writes a file whole or not at all.
func replace(dir, name, text string) error {
	if err := file.Write(filepath.Join(dir, name), 0o600, func(f *os.File) error { _, err := f.WriteString(text); return err }); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
