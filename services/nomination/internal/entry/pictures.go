package entry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/bundle"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

const (
	picturesPage    = 20
	maxPicturesPage = 100
	maxColumns      = 50  // by which photos may be matched
	maxBy           = 100 // characters
)

// coming are pictures that are about to be stored.
type coming struct {
	ids, names, files, states, why []string
	members                        []int64
}

func (c *coming) add(name, file string, member int, refusal *fault.Field) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("photos: %w", err)
	}
	state, why := nomination.PictureWaiting, "null"
	if refusal != nil {
		body, err := json.Marshal(refusal)
		if err != nil {
			return fmt.Errorf("photos: %w", err)
		}
		state, why = nomination.PictureRefused, string(body)
	}
	if r := []rune(form.Line(strings.ToValidUTF8(name, "\uFFFD"))); len(r) > maxFileName {
		name = string(r[:maxFileName])
	} else {
		name = string(r)
	}
	c.ids, c.names, c.files = append(c.ids, id.String()), append(c.names, name), append(c.files, file)
	c.states, c.why, c.members = append(c.states, string(state)), append(c.why, why), append(c.members, int64(member))
	return nil
}

// AddPhotos implements nomination.Service.
func (e *Entries) AddPhotos(ctx context.Context, in nomination.AddPhotos) (nomination.Photos, error) {
	if _, err := e.forImport(ctx, in.Slug); err != nil {
		return nomination.Photos{}, err
	}
	if in.By == "" {
		in.By = nomination.ByName
	}
	var wrong []fault.Field
	if utf8.RuneCountInString(string(in.By)) > maxBy {
		wrong = append(wrong, fault.TooLong("by", maxBy))
	}
	if len(in.Files) == 0 {
		wrong = append(wrong, fault.Required("files"))
	}
	var all coming
	for _, f := range in.Files {
		if len(wrong) > 0 {
			break
		}
		refusal, err := e.takePicture(ctx, f, &all)
		if err != nil {
			return nomination.Photos{}, err
		}
		if refusal != nil {
			refusal.Name = form.Line(f.Name)
			wrong = append(wrong, *refusal)
		}
		if len(all.ids) > nomination.MaxPhotos {
			wrong = append(wrong, fault.Wrong("files", "too_many_photos", "are more than {max} photos at once", "max", nomination.MaxPhotos))
		}
	}
	if len(wrong) > 0 {
		return nomination.Photos{}, nomination.ErrPhotos.At(wrong...)
	}
	who, err := json.Marshal(actor.From(ctx))
	if err != nil {
		return nomination.Photos{}, fmt.Errorf("photos: %w", err)
	}
	if err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		now := e.deps.Time()
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO picture (id, slug, name, file, member, by, state, why, actor, created_at)
			SELECT id, $1, name, file, member, $2, state, nullif(why::jsonb, 'null'), $3, $4
			FROM unnest($5::uuid[], $6::text[], $7::text[], $8::int[], $9::text[], $10::text[]) AS p (id, name, file, member, state, why)`,
			in.Slug, in.By, string(who), now, pq.Array(all.ids), pq.Array(all.names), pq.Array(all.files), pq.Array(all.members),
			pq.Array(all.states), pq.Array(all.why)); err != nil {
			return fmt.Errorf("photos: %w", err)
		}
		if _, err := e.deps.Jobs.Order(ctx, tx, in.Slug, nomination.PhotosJob, nil); err != nil {
			return err
		}
		return Record(ctx, tx, now, in.Slug, "add_photos", "", map[string]any{"photos": len(all.ids), "by": in.By})
	}); err != nil {
		return nomination.Photos{}, err
	}
	return e.ListPhotos(ctx, nomination.ListPhotos{Slug: in.Slug})
}

// takePicture takes an upload: a picture, or what is in a ZIP. A picture that is
// too large is refused by itself, a ZIP beyond its bounds as a whole.
func (e *Entries) takePicture(ctx context.Context, f nomination.Upload, all *coming) (refusal *fault.Field, err error) {
	r, size, err := e.deps.Blobs.In(blob.Uploads).Open(ctx, f.Blob)
	if errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrHash) {
		return unplaced("no_upload", "there is no such upload"), nil
	}
	if err != nil {
		return nil, fmt.Errorf("photos: %w", err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	body, ok := r.(readerAt)
	if !ok {
		return nil, errors.New("photos: the blob store's bodies cannot be read in place")
	}
	head := make([]byte, 4)
	if _, err := body.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("photos: %w", err)
	}
	if !bundle.Is(head) {
		if size > photo.MaxBytes {
			return nil, all.add(f.Name, "", -1, unplaced("too_many_bytes", "has more than {max} MB", "max", photo.MaxBytes>>20))
		}
		ref, err := e.deps.Blobs.Put(ctx, r, photo.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("photos: %w", err)
		}
		return nil, all.add(f.Name, ref.Hash, -1, nil)
	}
	archive, refusal := bundle.Open(body, size)
	if refusal != nil {
		return refusal, nil
	}
	ref, err := e.deps.Blobs.Put(ctx, r, nomination.MaxPhotosSize)
	if err != nil {
		return nil, fmt.Errorf("photos: %w", err)
	}
	for _, m := range archive.Members {
		if err := all.add(m.Name, ref.Hash, m.Index, nil); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// readerAt is a body that is read in place.
type readerAt interface {
	io.Reader
	io.ReaderAt
}

// pictureRow is a picture as the table has it.
type pictureRow struct {
	ID        string                  `db:"id"`
	Slug      string                  `db:"slug"`
	Name      string                  `db:"name"`
	File      string                  `db:"file"`
	Member    int                     `db:"member"`
	By        nomination.By           `db:"by"`
	State     nomination.PictureState `db:"state"`
	Entry     *string                 `db:"entry"`
	Why       []byte                  `db:"why"`
	Warnings  json.RawMessage         `db:"warnings"`
	Actor     json.RawMessage         `db:"actor"`
	CreatedAt time.Time               `db:"created_at"`
	Before    string                  `db:"before"`
}

const pictureColumns = `id, slug, name, file, member, by, state, entry, why, warnings, actor, created_at, before`

func (r pictureRow) picture() (nomination.Picture, error) {
	p := nomination.Picture{ID: r.ID, Name: r.Name, State: r.State, At: r.CreatedAt.UTC()}
	var who actor.Actor
	err := errors.Join(json.Unmarshal(r.Warnings, &p.Warnings), json.Unmarshal(r.Actor, &who))
	if r.Why != nil {
		err = errors.Join(err, json.Unmarshal(r.Why, &p.Why))
	}
	if err != nil {
		return p, fmt.Errorf("picture %s: %w", r.ID, err)
	}
	p.By = who.Name
	if r.Entry != nil {
		p.Entry = *r.Entry
	}
	if r.State == nomination.PictureUnplaced {
		p.Photo = r.File
	}
	return p, nil
}

// ListPhotos implements nomination.Service. A job that ended while further
// pictures came is ordered again here, for its orderer joined it at its end.
func (e *Entries) ListPhotos(ctx context.Context, in nomination.ListPhotos) (nomination.Photos, error) {
	out := nomination.Photos{Counts: map[nomination.PictureState]int{}, Pictures: []nomination.Picture{}, Columns: []string{}}
	if err := phase.Known(ctx, e.deps.DB, in.Slug); err != nil {
		return out, err
	}
	if in.Limit <= 0 || in.Limit > maxPicturesPage {
		in.Limit = picturesPage
	}
	var counts []struct {
		State nomination.PictureState `db:"state"`
		Count int                     `db:"count"`
	}
	if err := e.deps.DB.SelectContext(ctx, &counts, `SELECT state, count(*) AS count FROM picture WHERE slug = $1 GROUP BY state`, in.Slug); err != nil {
		return out, fmt.Errorf("photos: %w", err)
	}
	for _, c := range counts {
		out.Counts[c.State] = c.Count
	}
	const open = `slug = $1 AND (state IN ('unplaced', 'refused') OR state = 'placed' AND warnings <> '[]')`
	if err := e.deps.DB.GetContext(ctx, &out.Total, `SELECT count(*) FROM picture WHERE `+open, in.Slug); err != nil {
		return out, fmt.Errorf("photos: %w", err)
	}
	page := min(max(in.Page, 1), max(1, (out.Total+in.Limit-1)/in.Limit))
	var rows []pictureRow
	if err := e.deps.DB.SelectContext(ctx, &rows, `
		SELECT `+pictureColumns+` FROM picture WHERE `+open+` ORDER BY state <> 'unplaced', state <> 'refused', id LIMIT $2 OFFSET $3`,
		in.Slug, in.Limit, (page-1)*in.Limit); err != nil {
		return out, fmt.Errorf("photos: %w", err)
	}
	for _, r := range rows {
		p, err := r.picture()
		if err != nil {
			return out, err
		}
		out.Pictures = append(out.Pictures, p)
	}
	if err := e.deps.DB.GetContext(ctx, &out.NoPicture, `
		SELECT count(*) FROM entry WHERE slug = $1 AND state = 'submitted' AND photo = ''`, in.Slug); err != nil {
		return out, fmt.Errorf("photos: %w", err)
	}
	if err := e.deps.DB.SelectContext(ctx, &out.Columns, `
		SELECT DISTINCT n ->> 'column' FROM entry e CROSS JOIN LATERAL jsonb_array_elements(e.notes) AS n WHERE e.slug = $1 AND e.state = 'submitted'
		UNION SELECT DISTINCT jsonb_object_keys(e.attributes) FROM entry e WHERE e.slug = $1 AND e.state = 'submitted'
		ORDER BY 1 LIMIT $2`, in.Slug, maxColumns); err != nil {
		return out, fmt.Errorf("photos: %w", err)
	}
	j, found, err := job.Last(ctx, e.deps.DB, in.Slug, nomination.PhotosJob)
	if err == nil && out.Counts[nomination.PictureWaiting] > 0 && (!found || j.Ended()) {
		j, err = e.deps.Jobs.Order(ctx, e.deps.DB, in.Slug, nomination.PhotosJob, nil)
		found = true
	}
	if found && !j.Ended() {
		out.Job = &j
	}
	return out, err
}

// GetPicture implements nomination.Service.
func (e *Entries) GetPicture(ctx context.Context, in nomination.OfPicture) (nomination.Picture, error) {
	r, err := getPicture(ctx, e.deps.DB, in.Slug, in.Picture, "")
	if err != nil {
		return nomination.Picture{}, err
	}
	return r.picture()
}

func getPicture(ctx context.Context, q sqlx.QueryerContext, slug, id, lock string) (pictureRow, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return pictureRow{}, nomination.ErrNoPicture
	}
	var rows []pictureRow
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT `+pictureColumns+` FROM picture WHERE slug = $1 AND id = $2 `+lock, slug, key); err != nil {
		return pictureRow{}, fmt.Errorf("picture: %w", err)
	}
	if len(rows) == 0 {
		return pictureRow{}, nomination.ErrNoPicture
	}
	return rows[0], nil
}

// PlacePhoto implements nomination.Service.
func (e *Entries) PlacePhoto(ctx context.Context, in nomination.PlacePhoto) (nomination.Picture, error) {
	var out nomination.Picture
	err := pg.InTx(ctx, e.deps.DB, func(tx *sqlx.Tx) error {
		r, err := getPicture(ctx, tx, in.Slug, in.Picture, `FOR UPDATE`)
		if err != nil {
			return err
		}
		switch {
		case in.Entry == "":
			err = e.putAway(ctx, tx, r)
		case r.State == nomination.PicturePlaced && r.Entry != nil && *r.Entry == in.Entry:
		case r.State != nomination.PictureUnplaced:
			return nomination.ErrNoPicture
		default:
			err = e.place(ctx, tx, r, in.Entry, r.File)
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

// place gives an entry a picture that was made.
func (e *Entries) place(ctx context.Context, tx *sqlx.Tx, r pictureRow, entry, hash string) error {
	to, err := e.forPhoto(ctx, tx, nomination.SetPhoto{Slug: r.Slug, Entry: entry})
	if err != nil {
		return err
	}
	var doubts []nomination.Warning
	if err := json.Unmarshal(r.Warnings, &doubts); err != nil {
		return fmt.Errorf("picture %s: %w", r.ID, err)
	}
	if err := e.givePhoto(ctx, tx, to, hash, doubts); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE picture SET state = 'placed', entry = $2, file = $4, before = $5, why = NULL, warnings = $3 WHERE id = $1`,
		r.ID, to.ID, string(r.Warnings), hash, to.Nominee.Photo); err != nil {
		return fmt.Errorf("place a picture: %w", err)
	}
	return nil
}

// putAway takes a picture off the list: one that is placed stays with its entry.
func (e *Entries) putAway(ctx context.Context, tx *sqlx.Tx, r pictureRow) error {
	switch r.State {
	case nomination.PictureDropped:
		return nil
	case nomination.PictureWaiting:
		return nomination.ErrNoPicture
	case nomination.PicturePlaced, nomination.PictureUnplaced, nomination.PictureRefused:
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE picture SET state = CASE state WHEN 'placed' THEN state ELSE 'dropped' END,
		       warnings = CASE state WHEN 'placed' THEN '[]' ELSE warnings END WHERE id = $1`, r.ID); err != nil {
		return fmt.Errorf("put a picture away: %w", err)
	}
	return Record(ctx, tx, e.deps.Time(), r.Slug, "drop_photo", "", map[string]string{"picture": r.ID})
}

// PhotosJob makes the pictures of a selection that wait, and gives each to the
// entry that it fits, in the name of who sent it. Each is a transaction of its
// own, so that it goes on where it was.
func (e *Entries) PhotosJob() job.Kind {
	return job.Kind{Name: nomination.PhotosJob, Run: func(ctx context.Context, w *job.Work) (any, error) {
		work := &placing{Entries: e, work: w}
		for {
			more, err := work.some(ctx)
			if err == nil && !more {
				return map[string]int64{"photos": work.done}, work.close()
			}
			if err != nil {
				return nil, errors.Join(err, work.close())
			}
		}
	}}
}
