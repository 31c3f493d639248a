package entry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// SetPhoto implements nomination.Service.
func (e *Entries) SetPhoto(ctx context.Context, in nomination.SetPhoto) (nomination.Entry, error) {
	// Checked before the picture is decoded, so that nobody makes us do that for
	// nothing, and again in the transaction that writes.
	if err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		_, err := e.forPhoto(ctx, tx, in)
		return err
	}); err != nil {
		return nomination.Entry{}, err
	}
	hash, err := e.makePhoto(ctx, in.Blob)
	if refusal, ok := errors.AsType[photo.Refusal](err); ok {
		return nomination.Entry{}, nomination.PhotoInvalid(refusal.Field)
	}
	if err != nil {
		return nomination.Entry{}, err
	}
	var out nomination.Entry
	err = pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		var err error
		if out, err = e.forPhoto(ctx, tx, in); err != nil {
			return err
		}
		out.Nominee.Photo = hash
		if _, err := tx.ExecContext(ctx, `UPDATE entry SET photo = $2 WHERE id = $1`, out.ID, hash); err != nil {
			return fmt.Errorf("set photo: %w", err)
		}
		return Record(ctx, tx, e.deps.Time(), in.Slug, "set_photo", "", map[string]string{"entry": out.ID, "photo": hash})
	})
	return out, err
}

// forPhoto locks an entry that may get a photo.
func (e *Entries) forPhoto(ctx context.Context, tx *sqlx.Tx, in nomination.SetPhoto) (nomination.Entry, error) {
	if _, err := e.deps.Selections.Require(ctx, tx, in.Slug, e.deps.Time(), rulebook.PhaseNomination); err != nil {
		return nomination.Entry{}, err
	}
	out, err := Lock(ctx, tx, in.Slug, in.Entry)
	if err == nil && out.State != nomination.Submitted {
		err = nomination.ErrDecided.With("state", string(out.State))
	}
	return out, err
}

// makePhoto makes the page's picture of an upload, and gives its blob.
func (e *Entries) makePhoto(ctx context.Context, upload string) (string, error) {
	r, size, err := e.deps.Blobs.In(blob.Uploads).Open(ctx, upload)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return "", photo.Refuse("no_upload", "there is no such upload")
	}
	if err != nil {
		return "", fmt.Errorf("photo: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(r, min(size, photo.MaxBytes+1)))
	if err := errors.Join(err, r.Close()); err != nil {
		return "", fmt.Errorf("photo: %w", err)
	}
	p, err := photo.Open(body)
	if err != nil {
		return "", err
	}
	made, err := e.photos.Make(ctx, p)
	if err != nil {
		return "", err
	}
	return e.storePhoto(ctx, made)
}

func (e *Entries) storePhoto(ctx context.Context, made []byte) (string, error) {
	ref, err := e.deps.Blobs.Put(ctx, bytes.NewReader(made), photo.MaxBytes)
	if err != nil {
		return "", fmt.Errorf("photo: %w", err)
	}
	return ref.Hash, nil
}
