// Package entry takes entries, one or many, and keeps them.
package entry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/photo"
)

// Entries are the entries of all selections.
type Entries struct {
	deps   run.Deps
	photos *photo.Maker
}

// New keeps entries in deps' database, and their photos in its blob store.
func New(deps run.Deps, photos *photo.Maker) *Entries { return &Entries{deps, photos} }

// maxPage is the most entries of a page.
const maxPage = 200

// GetEntry implements nomination.Service.
func (e *Entries) GetEntry(ctx context.Context, in nomination.OfEntry) (nomination.Entry, error) {
	return Get(ctx, e.deps.DB, in.Slug, in.Entry)
}

// ListEntries implements nomination.Service.
func (e *Entries) ListEntries(ctx context.Context, in nomination.ListEntries) ([]nomination.Entry, error) {
	if in.Limit <= 0 || in.Limit > maxPage {
		in.Limit = maxPage
	}
	after := uuid.Nil
	if in.After != "" {
		var err error
		if after, err = uuid.Parse(in.After); err != nil {
			return nil, nomination.ErrNoEntry
		}
	}
	return list(ctx, e.deps.DB, `e.slug = $1 AND e.id > $2 AND ($3 = '' OR e.state = $3) ORDER BY e.id LIMIT $4`, in.Slug, after, in.State, in.Limit)
}

// Standing reads the entries that are candidates or may become so: no department
// has failed them.
func Standing(ctx context.Context, q sqlx.QueryerContext, slug string) ([]nomination.Entry, error) {
	return list(ctx, q, `e.slug = $1 AND (e.state = 'admitted' OR e.state = 'submitted'
		AND NOT EXISTS (SELECT FROM opinion f WHERE f.entry = e.id AND f.verdict = 'fail')) ORDER BY e.id`, slug)
}

// Get reads an entry with its opinions. Fault: ErrNoEntry.
func Get(ctx context.Context, q sqlx.QueryerContext, slug, id string) (nomination.Entry, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return nomination.Entry{}, nomination.ErrNoEntry
	}
	found, err := list(ctx, q, `e.slug = $1 AND e.id = $2`, slug, key)
	if err == nil && len(found) == 0 {
		err = nomination.ErrNoEntry
	}
	if err != nil {
		return nomination.Entry{}, err
	}
	return found[0], nil
}

// LockAll reads entries, in the order of their ids in the input, and keeps others
// from changing them until tx ends. Fault: ErrNoEntry.
func LockAll(ctx context.Context, tx *sqlx.Tx, slug string, ids []string) ([]nomination.Entry, error) {
	keys := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		var err error
		if keys[i], err = uuid.Parse(id); err != nil {
			return nil, nomination.ErrNoEntry
		}
	}
	// Read in a second statement: the first sees what was there before it waited
	// for the locks, which all take in the same order.
	if _, err := tx.ExecContext(ctx, `SELECT id FROM entry WHERE slug = $1 AND id = ANY($2) ORDER BY id FOR UPDATE`, slug, pq.Array(keys)); err != nil {
		return nil, fmt.Errorf("entries: lock: %w", err)
	}
	found, err := list(ctx, tx, `e.slug = $1 AND e.id = ANY($2)`, slug, pq.Array(keys))
	if err != nil {
		return nil, err
	}
	byID := make(map[string]nomination.Entry, len(found))
	for _, e := range found {
		byID[e.ID] = e
	}
	out := make([]nomination.Entry, len(keys))
	for i, key := range keys {
		e, ok := byID[key.String()]
		if !ok {
			return nil, nomination.ErrNoEntry
		}
		out[i] = e
	}
	return out, nil
}

// Lock is LockAll for one.
func Lock(ctx context.Context, tx *sqlx.Tx, slug, id string) (nomination.Entry, error) {
	found, err := LockAll(ctx, tx, slug, []string{id})
	if err != nil {
		return nomination.Entry{}, err
	}
	return found[0], nil
}

// SetState moves a locked entry to a state.
func SetState(ctx context.Context, tx *sqlx.Tx, id string, s nomination.State) error {
	if _, err := tx.ExecContext(ctx, `UPDATE entry SET state = $2 WHERE id = $1`, id, s); err != nil {
		return fmt.Errorf("entry: set state: %w", err)
	}
	return nil
}

// list reads entries with their opinions in one statement.
func list(ctx context.Context, q sqlx.QueryerContext, where string, args ...any) ([]nomination.Entry, error) {
	return read(ctx, q, `e.deeds`, where, args...)
}

// read is list with as much of the deeds as is asked for.
func read(ctx context.Context, q sqlx.QueryerContext, deeds, where string, args ...any) ([]nomination.Entry, error) {
	var rows []struct {
		ID            string           `db:"id"`
		Slug          string           `db:"slug"`
		State         nomination.State `db:"state"`
		Number        int              `db:"number"`
		Name          string           `db:"name"`
		Gender        string           `db:"gender"`
		Category      string           `db:"category"`
		Employer      string           `db:"employer"`
		Region        string           `db:"region"`
		Years         *int             `db:"years"`
		Deeds         string           `db:"deeds"`
		RecommendedBy string           `db:"recommended_by"`
		Attributes    json.RawMessage  `db:"attributes"`
		Photo         string           `db:"photo"`
		Warnings      json.RawMessage  `db:"warnings"`
		Notes         json.RawMessage  `db:"notes"`
		CreatedAt     time.Time        `db:"created_at"`
		Opinions      json.RawMessage  `db:"opinions"`
		Version       int              `db:"version"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT e.id, e.slug, e.state, coalesce(c.number, 0) AS number, e.name, e.gender, e.category, e.employer, e.region,
		       e.years, `+deeds+` AS deeds, e.recommended_by, e.attributes, e.photo, e.warnings, e.notes, e.created_at, e.version, o.opinions
		FROM entry e LEFT JOIN candidate c ON c.entry = e.id AND c.recalled_at IS NULL CROSS JOIN LATERAL (
			SELECT coalesce(json_agg(json_build_object('department', department, 'verdict', verdict, 'reason', reason,
			       'by', given_by, 'at', given_at, 'version', version) ORDER BY given_at, department), '[]') AS opinions
			FROM opinion WHERE entry = e.id
		) o WHERE `+where, args...); err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	entries := make([]nomination.Entry, len(rows))
	for i, r := range rows {
		x := nomination.Entry{
			ID: r.ID, Slug: r.Slug, State: r.State, Number: r.Number, CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
			Nominee: nomination.Nominee{
				Name: r.Name, Gender: r.Gender, Category: r.Category, Employer: r.Employer, Region: r.Region, Years: r.Years,
				Deeds: r.Deeds, RecommendedBy: r.RecommendedBy, Photo: r.Photo,
			},
		}
		for _, part := range []struct {
			from json.RawMessage
			to   any
		}{{r.Attributes, &x.Nominee.Attributes}, {r.Warnings, &x.Warnings}, {r.Notes, &x.Notes}, {r.Opinions, &x.Opinions}} {
			if err := json.Unmarshal(part.from, part.to); err != nil {
				return nil, fmt.Errorf("entry %s: %w", r.ID, err)
			}
		}
		for j := range x.Opinions {
			x.Opinions[j].At = x.Opinions[j].At.UTC()
		}
		entries[i] = x
	}
	return entries, nil
}

// fresh is an entry before it is stored.
type fresh struct {
	id          uuid.UUID
	nominee     nomination.Nominee
	notes       []nomination.Note
	serial      string // of its row
	key         string
	fingerprint string
	warnings    []nomination.Warning
	author      []byte // what is kept of the author's key; nil: staff handed it in
}

// insert stores entries in one statement, and gives the ids of those that were
// not there before.
func insert(ctx context.Context, tx *sqlx.Tx, slug string, at time.Time, all []fresh) (map[string]bool, error) {
	var c struct {
		ids, names, genders, categories, employers, regions, deeds, by, attributes, photos, warnings, notes, keys, prints []string
		searched, serials                                                                                                 []string
		years                                                                                                             []*int
		authors                                                                                                           [][]byte
	}
	for _, f := range all {
		attributes, err := json.Marshal(nonNil(f.nominee.Attributes))
		if err != nil {
			return nil, fmt.Errorf("entry: %w", err)
		}
		warnings, err := json.Marshal(append([]nomination.Warning{}, f.warnings...))
		if err != nil {
			return nil, fmt.Errorf("entry: %w", err)
		}
		notes, err := json.Marshal(append([]nomination.Note{}, f.notes...))
		if err != nil {
			return nil, fmt.Errorf("entry: %w", err)
		}
		n := f.nominee
		c.ids, c.names, c.genders = append(c.ids, f.id.String()), append(c.names, n.Name), append(c.genders, n.Gender)
		c.categories, c.employers = append(c.categories, n.Category), append(c.employers, n.Employer)
		c.regions, c.deeds, c.by = append(c.regions, n.Region), append(c.deeds, n.Deeds), append(c.by, n.RecommendedBy)
		c.attributes, c.photos = append(c.attributes, string(attributes)), append(c.photos, n.Photo)
		c.warnings, c.years = append(c.warnings, string(warnings)), append(c.years, n.Years)
		c.notes = append(c.notes, string(notes))
		c.keys, c.prints = append(c.keys, f.key), append(c.prints, f.fingerprint)
		c.searched, c.serials = append(c.searched, searched(n)), append(c.serials, f.serial)
		c.authors = append(c.authors, f.author)
	}
	var ids []string
	if err := tx.SelectContext(ctx, &ids, `
		INSERT INTO entry (slug, created_at, state, id, name, gender, category, employer, region, years, deeds, recommended_by,
		       attributes, photo, warnings, name_key, fingerprint, notes, search, serial, author, version_by)
		SELECT $1, $2, 'submitted', id, name, gender, category, employer, region, years, deeds, recommended_by,
		       attributes::jsonb, photo, warnings::jsonb, name_key, fingerprint, notes::jsonb, search, serial, author, $21
		FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::text[], $11::text[],
		       $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bytea[])
		  AS f (id, name, gender, category, employer, region, years, deeds, recommended_by, attributes, photo, warnings, name_key, fingerprint, notes,
		        search, serial, author)
		ON CONFLICT (slug, fingerprint) WHERE state <> 'withdrawn' DO NOTHING
		RETURNING id`,
		slug, at, pq.Array(c.ids), pq.Array(c.names), pq.Array(c.genders), pq.Array(c.categories), pq.Array(c.employers), pq.Array(c.regions),
		pq.Array(c.years), pq.Array(c.deeds), pq.Array(c.by), pq.Array(c.attributes), pq.Array(c.photos), pq.Array(c.warnings),
		pq.Array(c.keys), pq.Array(c.prints), pq.Array(c.notes), pq.Array(c.searched), pq.Array(c.serials),
		pq.ByteaArray(c.authors), actor.From(ctx).Name); err != nil {
		return nil, fmt.Errorf("entry: insert: %w", err)
	}
	var total int
	if err := tx.GetContext(ctx, &total, `SELECT count(*) FROM entry WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("entry: insert: %w", err)
	}
	if total > nomination.MaxEntries {
		return nil, nomination.ErrFull
	}
	stored := make(map[string]bool, len(ids))
	for _, id := range ids {
		stored[id] = true
	}
	return stored, nil
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Record notes the act in the audit log, if staff acts.
func Record(ctx context.Context, tx *sqlx.Tx, at time.Time, slug, act, reason string, detail any) error {
	if actor.From(ctx).Kind != actor.Staff {
		return nil
	}
	return audit.Record(ctx, tx, at, slug, act, reason, detail)
}
