package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
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
	hash, doubts, err := e.makePhoto(ctx, in.Blob)
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
		if err := e.givePhoto(ctx, tx, out, hash, doubts); err != nil {
			return err
		}
		out, err = Get(ctx, tx, in.Slug, in.Entry)
		return err
	})
	return out, err
}

// givePhoto gives a locked entry its photo; none takes it away. What there is to be
// said of it takes the place of what was said of the one before, which is kept
// with the version that it belongs to.
func (e *Entries) givePhoto(ctx context.Context, tx *sqlx.Tx, to nomination.Entry, hash string, doubts []nomination.Warning) error {
	warnings := slices.DeleteFunc(slices.Clone(to.Warnings), func(w nomination.Warning) bool { return w.Field == form.Photo })
	body, err := json.Marshal(append(append([]nomination.Warning{}, warnings...), doubts...))
	if err != nil {
		return fmt.Errorf("set photo: %w", err)
	}
	now := e.deps.Time()
	if to.Nominee.Photo != "" && to.Nominee.Photo != hash {
		if err := keep(ctx, tx, now, to, "", nil); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE entry SET photo = $2, warnings = $3 WHERE id = $1`, to.ID, hash, string(body)); err != nil {
		return fmt.Errorf("set photo: %w", err)
	}
	return Record(ctx, tx, now, to.Slug, "set_photo", "", map[string]string{"entry": to.ID, "photo": hash})
}

// doubts are what is told of a picture that is taken all the same.
func doubts(p photo.Picture, name string) []nomination.Warning {
	if !p.Ink {
		return nil
	}
	return []nomination.Warning{nomination.Warn(0, fault.Wrong(form.Photo, "profile_not_applied",
		"{picture} is CMYK, and its colour profile is not applied: look at its colours, or save it as sRGB", "picture", name))}
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
func (e *Entries) makePhoto(ctx context.Context, upload string) (string, []nomination.Warning, error) {
	r, size, err := e.deps.Blobs.In(blob.Uploads).Open(ctx, upload)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return "", nil, photo.Refuse("no_upload", "there is no such upload")
	}
	if err != nil {
		return "", nil, fmt.Errorf("photo: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(r, min(size, photo.MaxBytes+1)))
	if err := errors.Join(err, r.Close()); err != nil {
		return "", nil, fmt.Errorf("photo: %w", err)
	}
	return e.madeOf(ctx, body, "JPEG") // no other kind is said something of
}

// madeOf makes the page's picture of a body, and gives its blob. A Refusal says
// why it cannot be made.
func (e *Entries) madeOf(ctx context.Context, body []byte, name string) (string, []nomination.Warning, error) {
	p, err := photo.Open(body)
	if err != nil {
		return "", nil, err
	}
	sizes, err := e.sizesOf(ctx, p)
	if err != nil {
		return "", nil, err
	}
	hash, err := e.storePhoto(ctx, sizes)
	return hash, doubts(p, name), err
}
