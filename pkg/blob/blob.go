// Package blob keeps large bodies (photos, imports, exports, bundles) under
// their SHA-256, so that messages and tables carry the hash alone.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	// ErrNotFound says that there is no body of the hash.
	ErrNotFound = errors.New("no such blob")
	// ErrHash says that a hash is not 64 small hexadecimal digits.
	ErrHash = errors.New("not a SHA-256 in small hexadecimal digits")
	// ErrChanged says that a body is not the one of its hash.
	ErrChanged = errors.New("the blob is not what was put")
)

// TooLargeError is a body of more bytes than the caller takes.
type TooLargeError struct {
	Limit int64 // in bytes
}

func (e *TooLargeError) Error() string { return fmt.Sprintf("the body passes %d bytes", e.Limit) }

// Ref names a body.
type Ref struct {
	Hash string `json:"hash"` // SHA-256, 64 small hexadecimal digits
	Size int64  `json:"size"` // in bytes
}

// Uploads is the owner of bodies on their way from one hand to another. They lie
// under names of their own, so that equal ones are kept apart: whoever has taken a
// body removes it, and another's is there still.
const Uploads = "uploads"

// Grace is the age at which a body that nothing refers to may be removed: whoever
// puts a body writes down its hash long before.
const Grace = time.Hour

// Store keeps the bodies of one owner, which alone says when one is needed no
// more. Its methods may be called at once.
type Store interface {
	// In is the store of an owner: a service by its name, or Uploads.
	In(owner string) Store
	// Put reads r to its end and keeps it, synced to disk before it returns; a
	// body that is there already is kept once. More than limit bytes give a
	// *TooLargeError and, like an error of r, keep nothing.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Deposit is Put under a random name in the place of the hash.
	Deposit(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Open reads a body, and tells its size in bytes. ErrNotFound, ErrHash.
	Open(ctx context.Context, hash string) (body io.ReadCloser, size int64, err error)
	// Has tells whether the body is there. ErrHash.
	Has(ctx context.Context, hash string) (bool, error)
	// Delete removes the body, for good before it returns; one that is not there
	// is fine. ErrHash.
	Delete(ctx context.Context, hash string) error
	// Sweep removes the bodies that were last put longer than age ago and that
	// nothing refers to: of those that it asks about, keeps tells which are needed.
	Sweep(ctx context.Context, age time.Duration, keeps Keeps) (removed int, err error)
	// Adopt takes over what the owner needs of the bodies that were put before
	// bodies had owners. Once all owners have done so, what is older by Grace than
	// the first of them is removed. It is to be repeated while there are such
	// bodies, and does nothing where there are none.
	Adopt(ctx context.Context, owners []string, keeps Keeps) (adopted, removed int, err error)
}

// Keeps tells which of some bodies are needed.
type Keeps func(ctx context.Context, hashes []string) (needed []string, err error)

// Nothing is the Keeps of a sweep that goes by the age alone.
func Nothing(context.Context, []string) ([]string, error) { return nil, nil }

// Read gives a body of at most limit bytes, held to its hash: the store is where
// every room of an installation can write, and disks break. A *TooLargeError,
// ErrChanged, and what Open returns.
func Read(ctx context.Context, s Store, hash string, limit int64) (body []byte, err error) {
	r, size, err := s.Open(ctx, hash)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if size > limit {
		return nil, &TooLargeError{Limit: limit}
	}
	if body, err = io.ReadAll(io.LimitReader(r, limit)); err != nil {
		return nil, fmt.Errorf("read blob: %w", err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("%w: %s", ErrChanged, hash)
	}
	return body, nil
}

// CheckHash returns ErrHash unless the hash is 64 small hexadecimal digits.
func CheckHash(hash string) error {
	ok := len(hash) == 64
	for i := 0; ok && i < len(hash); i++ {
		c := hash[i]
		ok = '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
	}
	if !ok {
		return fmt.Errorf("%w: %.80q", ErrHash, hash)
	}
	return nil
}
