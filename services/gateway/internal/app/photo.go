package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/nomination"
)

var errNoPhoto = fault.New(fault.NotFound, "photo_unknown", "there is no such photo")

// Photo opens the picture of a candidate, a JPEG of so many bytes, if the list
// shows it; the rest of the blob store is nobody's. Fault: photo_unknown.
func (a *App) Photo(ctx context.Context, slug string, number int, hash string) (body io.ReadCloser, size int64, err error) {
	ctx, err = a.may(ctx, ReadPhoto, slug, "")
	if err != nil {
		return nil, 0, err
	}
	list, err := a.Candidates(ctx, slug)
	if err != nil {
		return nil, 0, err
	}
	shown := func(c nomination.Candidate) bool { return c.Number == number && c.Photo == hash && hash != "" }
	if !slices.ContainsFunc(list, shown) {
		return nil, 0, errNoPhoto
	}
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
