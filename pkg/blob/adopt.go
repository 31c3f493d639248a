package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// mark is the file in an owner's folder that tells, by the time of its last
// change, since when the owner has had what it needed of the bodies without an
// owner. It has the clock of the file system, as bodies have.
const mark = "adopted"

// Adopt implements Store. A body becomes the owner's by a link, in one step, or by
// a copy where there can be no link. So it may be cut short at any moment, run in
// two processes at once, and be repeated; the mark is written last.
func (d *Dir) Adopt(ctx context.Context, owners []string, keeps Keeps) (adopted, removed int, err error) {
	none := d.of("")
	folders, err := none.folders()
	if err != nil || len(folders) == 0 {
		return 0, 0, wrap("adopt blobs", err)
	}
	begun, err := d.begin()
	if err != nil {
		return 0, 0, wrap("adopt blobs", err)
	}
	defer os.Remove(begun) // fails after the rename, as it should
	for _, folder := range folders {
		n, err := d.adoptFolder(ctx, none, folder, keeps)
		if adopted += n; err != nil {
			return adopted, 0, wrap("adopt blobs", err)
		}
	}
	if err := d.finish(begun); err != nil {
		return adopted, 0, wrap("adopt blobs", err)
	}
	since, all, err := none.adoptedBy(owners)
	if err != nil || !all {
		return adopted, 0, wrap("adopt blobs", err)
	}
	removed, err = none.clear(ctx, folders, since.Add(-Grace))
	return adopted, removed, wrap("remove blobs without an owner", err)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// begin makes the file that becomes the mark, before anything is looked at.
func (d *Dir) begin() (name string, err error) {
	f, err := os.CreateTemp(d.tmp(), "adopt-")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString("since this file was last changed, " + d.owner + " has had what it needed of the bodies that lay here before bodies had owners\n")
	return f.Name(), errors.Join(err, f.Sync(), f.Close())
}

// finish puts the mark into its place. Where another process looks too, the mark
// may be of the earlier look: then bodies are kept for longer.
func (d *Dir) finish(begun string) error {
	if err := os.MkdirAll(filepath.Join(d.root, d.owner), 0o750); err != nil {
		return err
	}
	if err := os.Rename(begun, d.mark()); err != nil {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(d.mark())), syncDir(d.root))
}

func (d *Dir) mark() string { return filepath.Join(d.root, d.owner, mark) }

// adoptFolder takes over what the owner needs of a folder of bodies without one.
func (d *Dir) adoptFolder(ctx context.Context, none *Dir, folder string, keeps Keeps) (adopted int, err error) {
	hashes, err := none.old(folder, time.Unix(1<<40, 0))
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(hashes, maxAsked) {
		needed, err := keeps(ctx, some)
		if err != nil {
			return adopted, err
		}
		for _, hash := range needed {
			if err := ctx.Err(); err != nil {
				return adopted, err
			}
			took, err := d.adopt(ctx, none, hash)
			if err != nil {
				return adopted, err
			}
			if took {
				adopted++
			}
		}
	}
	if adopted == 0 {
		return 0, nil
	}
	own := filepath.Join(d.root, d.owner, folder)
	return adopted, errors.Join(syncDir(own), syncDir(filepath.Dir(own)), syncDir(d.root))
}

// adopt takes over one body, unless the owner has it.
func (d *Dir) adopt(ctx context.Context, none *Dir, hash string) (took bool, err error) {
	if err := os.MkdirAll(filepath.Dir(d.path(hash)), 0o750); err != nil {
		return false, err
	}
	err = d.link(none.path(hash), d.path(hash))
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err == nil:
		return true, nil
	}
	// Some file systems have no links, and the system refuses them for files of
	// other users that may not be written to.
	body, _, err := none.Open(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return false, nil // another has removed it, since all had adopted
	}
	if err != nil {
		return false, err
	}
	_, err = d.put(ctx, body, math.MaxInt64, func(string) string { return hash })
	return err == nil, errors.Join(err, body.Close())
}

// adoptedBy tells since when all owners have had what they needed.
func (d *Dir) adoptedBy(owners []string) (since time.Time, all bool, err error) {
	for i, owner := range owners {
		info, err := os.Stat(d.of(owner).mark())
		if errors.Is(err, fs.ErrNotExist) {
			return since, false, nil
		}
		if err != nil {
			return since, false, err
		}
		if i == 0 || info.ModTime().Before(since) {
			since = info.ModTime()
		}
	}
	return since, len(owners) > 0, nil
}

// clear removes the bodies that were last put before a moment, and folders that
// are empty then. What cannot be removed keeps nothing else from it.
func (d *Dir) clear(ctx context.Context, folders []string, before time.Time) (removed int, err error) {
	for _, folder := range folders {
		hashes, wrong := d.old(folder, before)
		err = errors.Join(err, wrong)
		for _, hash := range hashes {
			if wrong := ctx.Err(); wrong != nil {
				return removed, errors.Join(err, wrong)
			}
			gone, wrong := d.removeOld(hash, before)
			if err = errors.Join(err, wrong); gone {
				removed++
			}
		}
		if len(hashes) > 0 {
			if wrong := syncDir(filepath.Join(d.root, folder)); !errors.Is(wrong, fs.ErrNotExist) {
				err = errors.Join(err, wrong)
			}
		}
		_ = os.Remove(filepath.Join(d.root, folder)) // fails where something is in it, as it should
	}
	return removed, err
}
