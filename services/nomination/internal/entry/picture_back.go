package entry

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/nomination"
)

// TakePhotoBack implements nomination.Service.
func (e *Entries) TakePhotoBack(ctx context.Context, in nomination.OfPicture) (nomination.Picture, error) {
	var out nomination.Picture
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		r, err := getPicture(ctx, tx, in.Slug, in.Picture, `FOR UPDATE`)
		if err != nil {
			return err
		}
		switch r.State {
		case nomination.PictureUnplaced, nomination.PictureRefused:
		case nomination.PicturePlaced:
			err = e.takeFrom(ctx, tx, r)
		case nomination.PictureDropped:
			if err = e.waits(ctx, tx, r); err == nil {
				err = Record(ctx, tx, e.deps.Time(), r.Slug, "return_photo", "", map[string]string{"picture": r.ID})
			}
		default:
			return nomination.ErrNoPicture
		}
		if err != nil {
			return err
		}
		if r, err = getPicture(ctx, tx, in.Slug, in.Picture, ""); err != nil {
			return err
		}
		out, err = r.picture()
		return err
	})
	return out, err
}

// takeFrom gives the entry of a picture the photo back that it had before.
func (e *Entries) takeFrom(ctx context.Context, tx *sqlx.Tx, r pictureRow) error {
	from, err := e.forPhoto(ctx, tx, nomination.SetPhoto{Slug: r.Slug, Entry: *r.Entry})
	if err != nil {
		return err
	}
	if r.File == "" || from.Nominee.Photo != r.File {
		return nomination.ErrNoPicture
	}
	if err := e.givePhoto(ctx, tx, from, r.Before, nil); err != nil {
		return err
	}
	return e.waits(ctx, tx, r)
}

// waits has a picture wait to be placed again; one of which nothing could be made
// is refused again.
func (e *Entries) waits(ctx context.Context, tx *sqlx.Tx, r pictureRow) error {
	to := nomination.PictureUnplaced
	if r.File == "" {
		to = nomination.PictureRefused
	}
	if _, err := tx.ExecContext(ctx, `UPDATE picture SET state = $2, entry = NULL, before = '' WHERE id = $1`, r.ID, to); err != nil {
		return fmt.Errorf("take a photo back: %w", err)
	}
	return nil
}
