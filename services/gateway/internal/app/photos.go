package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/services/nomination"
)

// AddPhotos takes many photos: nomination.Service.AddPhotos.
func (a *App) AddPhotos(ctx context.Context, slug string, by nomination.By, intake *Intake) (nomination.Photos, error) {
	if intake.Refused != nil {
		return nomination.Photos{}, intake.Refused
	}
	ctx, cancel := context.WithTimeout(ctx, importTime)
	defer cancel()
	return do(ctx, a, SetPhoto, slug, a.nomination.AddPhotos, nomination.AddPhotos{Slug: slug, By: by, Files: intake.Files})
}

// Photos tells how far photos are that came many at once.
func (a *App) Photos(ctx context.Context, in nomination.ListPhotos) (nomination.Photos, error) {
	return do(ctx, a, SetPhoto, in.Slug, a.nomination.ListPhotos, in)
}

// PlacePhoto places one by hand, or puts it away.
func (a *App) PlacePhoto(ctx context.Context, in nomination.PlacePhoto) (nomination.Picture, error) {
	return do(ctx, a, SetPhoto, in.Slug, a.nomination.PlacePhoto, in)
}

// TakePhotoBack has a picture that was placed or put away wait to be placed.
func (a *App) TakePhotoBack(ctx context.Context, in nomination.OfPicture) (nomination.Picture, error) {
	return do(ctx, a, SetPhoto, in.Slug, a.nomination.TakePhotoBack, in)
}

// Picture opens a photo that waits to be placed, a JPEG. Fault: photo_unknown.
func (a *App) Picture(ctx context.Context, in nomination.OfPicture) (body io.ReadCloser, size int64, err error) {
	p, err := do(ctx, a, SetPhoto, in.Slug, a.nomination.GetPicture, in)
	if err != nil {
		return nil, 0, err
	}
	return a.openPhoto(ctx, p.Photo)
}

// EntryPhoto opens an entry's photo for staff, that of a version; 0 is what the
// entry says now. Fault: photo_unknown.
func (a *App) EntryPhoto(ctx context.Context, in nomination.OfEntry, version int) (body io.ReadCloser, size int64, err error) {
	if version == 0 {
		e, err := do(ctx, a, ReadEntries, in.Slug, a.nomination.GetEntry, in)
		if err != nil {
			return nil, 0, err
		}
		return a.openPhoto(ctx, e.Nominee.Photo)
	}
	all, err := a.Versions(ctx, in)
	if err != nil {
		return nil, 0, err
	}
	for _, v := range all {
		if v.Number == version {
			return a.openPhoto(ctx, v.Nominee.Photo)
		}
	}
	return nil, 0, errNoPhoto
}

func (a *App) openPhoto(ctx context.Context, hash string) (body io.ReadCloser, size int64, err error) {
	body, size, err = a.blobs.In(nomination.Name).Open(ctx, hash)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return nil, 0, errNoPhoto.Because(err)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("photo: %w", err)
	}
	return body, size, nil
}
