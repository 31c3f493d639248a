package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is a Store in a directory: body ab12… of an owner lies in OWNER/ab/ab12….
// It is whole and synced, because it is written under another name in tmp/ and
// then renamed. The folders are made when they are first needed.
//
// Before bodies had owners they lay in ab/ab12…; there they are read until all
// owners have adopted what they need.
type Dir struct {
	root  string
	owner string // "" has what had no owner

	link func(from, to string) error // os.Link
}

var _ Store = (*Dir)(nil)

// abandoned is the age at which a file in tmp/ is taken for a crash's leftover.
const abandoned = 24 * time.Hour

// NewDir makes the directory if need be, and clears it of what crashes left in
// tmp/ a day ago. Several processes may share a directory.
func NewDir(root string) (*Dir, error) {
	d := &Dir{root: root, link: os.Link}
	if err := os.MkdirAll(d.tmp(), 0o750); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	if err := d.sweep(time.Now().Add(-abandoned)); err != nil {
		return nil, fmt.Errorf("blob store: %w", err)
	}
	return d, nil
}

// In implements Store.
func (d *Dir) In(owner string) Store { return d.of(owner) }

func (d *Dir) of(owner string) *Dir { return &Dir{d.root, owner, d.link} }

// sweep removes what was last written to in tmp/ before a moment.
func (d *Dir) sweep(before time.Time) error {
	entries, err := os.ReadDir(d.tmp())
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(filepath.Join(d.tmp(), e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d *Dir) tmp() string { return filepath.Join(d.root, "tmp") }

// path is where the body of a checked hash lies.
func (d *Dir) path(hash string) string { return filepath.Join(d.root, d.owner, hash[:2], hash) }

// Put implements Store.
func (d *Dir) Put(ctx context.Context, r io.Reader, limit int64) (Ref, error) {
	return d.put(ctx, r, limit, func(hash string) string { return hash })
}

// Deposit implements Store.
func (d *Dir) Deposit(ctx context.Context, r io.Reader, limit int64) (Ref, error) {
	name := make([]byte, sha256.Size)
	rand.Read(name)
	return d.put(ctx, r, limit, func(string) string { return hex.EncodeToString(name) })
}

func (d *Dir) put(ctx context.Context, r io.Reader, limit int64, name func(hash string) string) (Ref, error) {
	f, err := os.CreateTemp(d.tmp(), "put-")
	if err != nil {
		return Ref{}, fmt.Errorf("put blob: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	ref, err := write(f, &reader{ctx: ctx, r: r}, limit)
	if err := errors.Join(err, f.Close()); err != nil {
		return Ref{}, fmt.Errorf("put blob: %w", err)
	}
	ref.Hash = name(ref.Hash)
	if err := d.publish(f.Name(), ref); err != nil {
		return Ref{}, fmt.Errorf("put blob: %w", err)
	}
	return ref, nil
}

// write copies the body, syncs it and names it.
func write(f *os.File, r io.Reader, limit int64) (Ref, error) {
	h := sha256.New()
	if limit < math.MaxInt64 {
		r = io.LimitReader(r, limit+1) // one byte more tells a longer body from a full one
	}
	size, err := io.Copy(io.MultiWriter(f, h), r)
	if err != nil {
		return Ref{}, err
	}
	if size > limit {
		return Ref{}, &TooLargeError{Limit: limit}
	}
	if err := f.Sync(); err != nil {
		return Ref{}, err
	}
	return Ref{Hash: hex.EncodeToString(h.Sum(nil)), Size: size}, nil
}

// publish renames the body to its name and syncs the folders, so that it is
// there after a crash as well. A body that is there is replaced by itself: this
// repairs one that a broken disk cut short, and readers are not disturbed.
func (d *Dir) publish(tmp string, ref Ref) error {
	final := d.path(ref.Hash)
	folder := filepath.Dir(final)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := d.locked(unix.LOCK_SH, func() error { return os.Rename(tmp, final) }); err != nil {
		return err
	}
	return errors.Join(syncDir(folder), syncDir(filepath.Dir(folder)), syncDir(d.root))
}

// locked runs fn under the owner's lock, which processes on other machines heed
// too: a body is put while none is removed.
func (d *Dir) locked(how int, fn func() error) error {
	f, err := os.OpenFile(filepath.Join(d.root, d.owner, "lock"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer f.Close() // gives the lock back
	for {
		if err := unix.Flock(int(f.Fd()), how); !errors.Is(err, unix.EINTR) {
			if err == nil {
				err = fn()
			}
			return err
		}
	}
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Open implements Store.
func (d *Dir) Open(_ context.Context, hash string) (io.ReadCloser, int64, error) {
	if err := CheckHash(hash); err != nil {
		return nil, 0, err
	}
	f, err := os.Open(d.path(hash))
	if errors.Is(err, fs.ErrNotExist) && d.owner != "" {
		f, err = os.Open(d.of("").path(hash))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%w: %s", ErrNotFound, hash)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open blob: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open blob: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// Has implements Store.
func (d *Dir) Has(_ context.Context, hash string) (bool, error) {
	if err := CheckHash(hash); err != nil {
		return false, err
	}
	_, err := os.Stat(d.path(hash))
	if errors.Is(err, fs.ErrNotExist) && d.owner != "" {
		_, err = os.Stat(d.of("").path(hash))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for blob: %w", err)
	}
	return true, nil
}

// Delete implements Store.
func (d *Dir) Delete(_ context.Context, hash string) error {
	if err := CheckHash(hash); err != nil {
		return err
	}
	err := os.Remove(d.path(hash))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDir(filepath.Dir(d.path(hash)))
	}
	if err != nil {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// reader ends when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
