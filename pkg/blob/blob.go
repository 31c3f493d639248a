// Package blob keeps large bodies (photos, imports, exports, bundles) under
// their SHA-256, so that messages and tables carry the hash alone.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNotFound says that there is no body of the hash.
	ErrNotFound = errors.New("no such blob")
	// ErrHash says that a hash is not 64 small hexadecimal digits.
	ErrHash = errors.New("not a SHA-256 in small hexadecimal digits")
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

// Store keeps bodies. Its methods may be called at once.
type Store interface {
	// Put reads r to its end and keeps it, synced to disk before it returns; a
	// body that is there already is kept once. More than limit bytes give a
	// *TooLargeError and, like an error of r, keep nothing.
	Put(ctx context.Context, r io.Reader, limit int64) (Ref, error)
	// Open reads a body, and tells its size in bytes. ErrNotFound, ErrHash.
	Open(ctx context.Context, hash string) (body io.ReadCloser, size int64, err error)
	// Has tells whether the body is there. ErrHash.
	Has(ctx context.Context, hash string) (bool, error)
	// Delete removes the body, for good before it returns; one that is not there
	// is fine. Whoever stored the same body loses it too. ErrHash.
	Delete(ctx context.Context, hash string) error
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
