package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxAsked is about how many bodies at once a sweep asks.
const maxAsked = 1000

// Sweep implements Store. Whatever it has not come to when it ends, the next one
// finds.
func (d *Dir) Sweep(ctx context.Context, age time.Duration, keeps Keeps) (removed int, err error) {
	before := time.Now().Add(-age)
	folders, err := d.folders()
	if err != nil {
		return 0, fmt.Errorf("sweep blobs: %w", err)
	}
	for _, folder := range folders {
		old, err := d.old(folder, before)
		if err != nil {
			return removed, fmt.Errorf("sweep blobs: %w", err)
		}
		for hashes := range slices.Chunk(old, maxAsked) {
			if err := ctx.Err(); err != nil {
				return removed, err
			}
			needed, err := keeps(ctx, hashes)
			if err != nil {
				return removed, fmt.Errorf("sweep blobs: %w", err)
			}
			for _, hash := range hashes {
				if slices.Contains(needed, hash) {
					continue
				}
				gone, err := d.removeOld(hash, before)
				if err != nil {
					return removed, fmt.Errorf("sweep blobs: %w", err)
				}
				if gone {
					removed++
				}
			}
		}
	}
	return removed, nil
}

// folders are those in which the owner's bodies lie, each by the first two digits
// of their hashes.
func (d *Dir) folders() (names []string, err error) {
	entries, err := os.ReadDir(filepath.Join(d.root, d.owner))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && CheckHash(strings.Repeat(e.Name(), 32)) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// old are the bodies of a folder that were last put before a moment.
func (d *Dir) old(folder string, before time.Time) (hashes []string, err error) {
	entries, err := os.ReadDir(filepath.Join(d.root, d.owner, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if CheckHash(e.Name()) != nil {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if info.ModTime().Before(before) {
			hashes = append(hashes, e.Name())
		}
	}
	return hashes, nil
}

// removeOld removes a body unless it has been put again meanwhile: by whoever has
// yet to say that it is needed.
func (d *Dir) removeOld(hash string, before time.Time) (gone bool, err error) {
	err = d.locked(unix.LOCK_EX, func() error {
		info, err := os.Stat(d.path(hash))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
			return nil
		}
		if err != nil {
			return err
		}
		gone = true
		return os.Remove(d.path(hash))
	})
	return gone, err
}
