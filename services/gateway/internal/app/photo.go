package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
	"github.com/laurel-awards/laurel/services/nomination"
)

var errNoPhoto = fault.New(fault.NotFound, "photo_unknown", "there is no such photo")

// minHash is how much of a picture's hash an address must have: enough to tell a
// candidate's pictures of all times apart.
const minHash = 16

// Photo opens a picture of a candidate in one of its sizes, a JPEG of so many
// bytes, if the list shows it; the rest of the blob store is nobody's. hash may be
// the beginning of one. Fault: photo_unknown.
func (a *App) Photo(ctx context.Context, slug string, number int, hash string) (body io.ReadCloser, size int64, err error) {
	ctx, err = a.may(ctx, ReadPhoto, slug, "")
	if err != nil {
		return nil, 0, err
	}
	list, err := a.Candidates(ctx, slug)
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == number })
	if at < 0 || len(hash) < minHash {
		return nil, 0, errNoPhoto
	}
	whole := ""
	for _, s := range append([]nomination.PhotoSize{{File: list[at].Photo}}, list[at].Sizes...) {
		if strings.HasPrefix(s.File, hash) {
			whole = s.File
		}
	}
	if whole == "" {
		return nil, 0, errNoPhoto
	}
	small, err := a.photos.Get(whole, func() ([]byte, error) {
		r, size, err := a.openPicture(ctx, whole)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		if size > smallPhoto {
			return nil, nil
		}
		return io.ReadAll(r)
	})
	if err != nil {
		return nil, 0, err
	}
	if small != nil {
		return io.NopCloser(bytes.NewReader(small)), int64(len(small)), nil
	}
	return a.openPicture(ctx, whole)
}

// Photos of a list are small, and all visitors load the same few.
const (
	smallPhoto = 64 << 10 // bytes
	photoBytes = 32 << 20 // that are kept
)

func newPhotos() *cache.Shelf[string, []byte] {
	return cache.NewShelf[string](photoBytes, func(photo []byte) int { return len(photo) + 256 })
}

// openPicture opens a JPEG of the blob store. Fault: photo_unknown.
func (a *App) openPicture(ctx context.Context, hash string) (io.ReadCloser, int64, error) {
	r, size, err := a.blobs.In(nomination.Name).Open(ctx, hash)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, 0, errNoPhoto.Because(err)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("photo: %w", err)
	}
	magic := make([]byte, 3)
	if _, err := io.ReadFull(r, magic); err != nil || !bytes.Equal(magic, []byte{0xff, 0xd8, 0xff}) {
		return nil, 0, errNoPhoto.Because(errors.Join(err, r.Close()))
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(magic), r), r}, size, nil
}
