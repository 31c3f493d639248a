package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/bundle"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// picturesAtOnce is how many pictures are read from the table at a time.
const picturesAtOnce = 200

// placing is a job that places pictures.
type placing struct {
	*Entries

	work *job.Work
	done int64
	zip  struct { // that was opened last
		file    string
		body    io.Closer
		archive *bundle.Archive
	}
}

func (p *placing) close() error {
	if p.zip.body == nil {
		return nil
	}
	err := p.zip.body.Close()
	p.zip.body, p.zip.archive, p.zip.file = nil, nil, ""
	return err
}

// some places pictures that wait, and tells whether there were any.
func (p *placing) some(ctx context.Context) (more bool, err error) {
	var rows []pictureRow
	if err := p.work.DB.SelectContext(ctx, &rows, `
		SELECT `+pictureColumns+` FROM picture WHERE slug = $1 AND state = 'waiting' ORDER BY id LIMIT $2`, p.work.Slug, picturesAtOnce); err != nil {
		return false, fmt.Errorf("photos: %w", err)
	}
	var waiting int64
	if err := p.work.DB.GetContext(ctx, &waiting, `SELECT count(*) FROM picture WHERE slug = $1 AND state = 'waiting'`, p.work.Slug); err != nil {
		return false, fmt.Errorf("photos: %w", err)
	}
	total := p.done + waiting
	matchers := make(map[nomination.By]*matcher)
	for _, r := range rows {
		if err := p.work.Progress(ctx, p.done, total); err != nil {
			return false, err
		}
		if matchers[r.By] == nil {
			if matchers[r.By], err = newMatcher(ctx, p.work.DB, r.Slug, r.By); err != nil {
				return false, err
			}
		}
		if err := p.one(ctx, r, matchers[r.By]); err != nil {
			return false, err
		}
		p.done++
	}
	return len(rows) > 0, nil
}

// one makes a picture and places it.
func (p *placing) one(ctx context.Context, r pictureRow, m *matcher) error {
	var who actor.Actor
	if err := json.Unmarshal(r.Actor, &who); err != nil {
		return fmt.Errorf("picture %s: %w", r.ID, err)
	}
	ctx = actor.With(ctx, who)
	body, err := p.body(ctx, r)
	if err != nil {
		return err
	}
	hash, doubts, err := p.madeOf(ctx, body, r.Name)
	if refusal, ok := errors.AsType[photo.Refusal](err); ok {
		return set(ctx, p.work.DB, r, nomination.PictureRefused, "", &refusal.Field, nil)
	}
	if err != nil {
		return err
	}
	entry, why := m.match(r.Name)
	if why == nil {
		why, err = p.try(ctx, r, entry, hash, doubts)
	}
	if err != nil || why == nil {
		return err
	}
	return set(ctx, p.work.DB, r, nomination.PictureUnplaced, hash, why, doubts)
}

// try places a picture, unless its entry has another or cannot have one now. No
// photo is replaced but by hand.
func (p *placing) try(ctx context.Context, r pictureRow, entry, hash string, doubts []nomination.Warning) (why *fault.Field, err error) {
	err = pg.InTx(ctx, p.work.DB, func(tx *sqlx.Tx) error {
		to, err := Lock(ctx, tx, r.Slug, entry)
		if err != nil {
			return err
		}
		if to.Nominee.Photo != "" && to.Nominee.Photo != hash {
			why = unplaced("photo_has_one", "fits {name}, who has a photo; place it by hand to replace that", "name", to.Nominee.Name)
			return nil
		}
		if r.Warnings, err = json.Marshal(append([]nomination.Warning{}, doubts...)); err != nil {
			return fmt.Errorf("picture %s: %w", r.ID, err)
		}
		return p.place(ctx, tx, r, entry, hash)
	})
	known := fault.From(err)
	if err != nil && known.Kind != fault.Internal && !known.Kind.Passes() { // the entry is decided, nominations are closed
		return unplaced("photo_not_now", "fits an entry that takes no photo any more"), nil
	}
	return why, err
}

func set(
	ctx context.Context, db *sqlx.DB, r pictureRow, s nomination.PictureState, file string, why *fault.Field, doubts []nomination.Warning,
) error {
	reason, err := json.Marshal(why)
	if err != nil {
		return fmt.Errorf("picture %s: %w", r.ID, err)
	}
	warnings, err := json.Marshal(append([]nomination.Warning{}, doubts...))
	if err != nil {
		return fmt.Errorf("picture %s: %w", r.ID, err)
	}
	if _, err := db.ExecContext(ctx, `UPDATE picture SET state = $2, file = $3, why = $4, warnings = $5 WHERE id = $1`,
		r.ID, s, file, string(reason), string(warnings)); err != nil {
		return fmt.Errorf("picture %s: %w", r.ID, err)
	}
	return nil
}

// body is a picture as it came, at most photo.MaxBytes and one. What cannot be
// unpacked is empty, and so refused.
func (p *placing) body(ctx context.Context, r pictureRow) ([]byte, error) {
	if r.Member < 0 {
		f, _, err := p.deps.Blobs.Open(ctx, r.File)
		if errors.Is(err, blob.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("photos: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(f, photo.MaxBytes+1))
		return body, errors.Join(err, f.Close())
	}
	if p.zip.file != r.File {
		if err := p.open(ctx, r.File); err != nil {
			return nil, err
		}
	}
	if p.zip.archive == nil {
		return nil, nil
	}
	body, err := p.zip.archive.Read(r.Member, photo.MaxBytes)
	if err != nil && ctx.Err() == nil { // broken by itself
		return nil, nil
	}
	return body, err
}

// open opens the ZIP of further pictures.
func (p *placing) open(ctx context.Context, file string) error {
	if err := p.close(); err != nil {
		return err
	}
	p.zip.file = file
	f, size, err := p.deps.Blobs.Open(ctx, file)
	if errors.Is(err, blob.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("photos: %w", err)
	}
	p.zip.body = f
	if at, ok := f.(io.ReaderAt); ok {
		p.zip.archive, _ = bundle.Open(at, size) // it was within its bounds when it came
	}
	return nil
}
