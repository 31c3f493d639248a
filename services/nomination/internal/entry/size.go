package entry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// sizesJob is the kind of the job that makes the sizes of photos which were kept
// before there were any.
const sizesJob = "size_photos"

// sizesOf makes the page's picture of an upload, in all sizes. A Refusal says why
// it cannot be made.
func (e *Entries) sizesOf(ctx context.Context, p photo.Picture) (sizes []photo.Size, err error) {
	err = guard.Do("photo", func() error { // decoders of strangers' files
		made, err := e.photos.Make(ctx, p)
		if err == nil {
			sizes, err = e.photos.Sizes(ctx, made)
		}
		return err
	})
	return sizes, err
}

// storePhoto keeps a photo in all its sizes, and gives the blob of the largest.
func (e *Entries) storePhoto(ctx context.Context, sizes []photo.Size) (hash string, err error) {
	var widths, heights []int
	var files []string
	for _, s := range sizes {
		ref, err := e.deps.Blobs.Put(ctx, bytes.NewReader(s.Body), photo.MaxBytes)
		if err != nil {
			return "", fmt.Errorf("photo: %w", err)
		}
		hash = ref.Hash
		widths, heights, files = append(widths, s.Width), append(heights, s.Height), append(files, ref.Hash)
	}
	// Written down before a row refers to the photo; retention leaves them alone
	// until then.
	if _, err := e.deps.DB.ExecContext(ctx, `
		INSERT INTO photo_size (photo, width, height, file, made_at)
		SELECT $1, s.width, s.height, s.file, $5 FROM unnest($2::int[], $3::int[], $4::text[]) AS s (width, height, file)
		ON CONFLICT (photo, width) DO UPDATE SET height = excluded.height, file = excluded.file, made_at = excluded.made_at`,
		hash, pq.Array(widths), pq.Array(heights), pq.Array(files), e.deps.Time()); err != nil {
		return "", fmt.Errorf("photo: sizes: %w", err)
	}
	return hash, nil
}

// SizesJob makes the sizes of photos that have none, from before there were any.
// One that cannot be read is shown as it is.
func (e *Entries) SizesJob() job.Kind {
	return job.Kind{Name: sizesJob, Every: 24 * time.Hour, Run: func(ctx context.Context, w *job.Work) (any, error) {
		var all []string
		if err := w.DB.SelectContext(ctx, &all, `
			SELECT DISTINCT photo FROM entry e WHERE photo <> '' AND NOT EXISTS (SELECT FROM photo_size s WHERE s.photo = e.photo) ORDER BY photo`); err != nil {
			return nil, fmt.Errorf("photos without sizes: %w", err)
		}
		sized := 0
		for i, hash := range all {
			if err := w.Progress(ctx, int64(i), int64(len(all))); err != nil {
				return nil, err
			}
			body, err := blob.Read(ctx, e.deps.Blobs, hash, photo.MaxBytes)
			var sizes []photo.Size
			if err == nil {
				sizes, err = e.photos.Sizes(ctx, body)
			}
			if err == nil {
				_, err = e.storePhoto(ctx, sizes)
			}
			if ctx.Err() != nil {
				return nil, errors.Join(err, ctx.Err())
			}
			if err != nil {
				e.deps.Log.WarnContext(ctx, "a photo stays in one size", "photo", hash, "error", err)
				continue
			}
			sized++
		}
		return map[string]int{"photos": sized}, nil
	}}
}

// eraseSizes forgets the sizes of photos that nothing refers to any more.
func eraseSizes(ctx context.Context, tx *sqlx.Tx, _, over time.Time) (erased []retention.Item, more bool, err error) {
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM photo_size s WHERE made_at <= $1 AND NOT EXISTS (SELECT FROM entry WHERE photo = s.photo)
		AND NOT EXISTS (SELECT FROM picture WHERE file = s.photo AND state = 'unplaced')`, over); err != nil {
		return nil, false, fmt.Errorf("erase sizes of photos: %w", err)
	}
	return nil, false, nil
}
