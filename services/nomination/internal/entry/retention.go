package entry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/services/nomination"
)

// The kinds of what is erased, as the report names them.
const (
	withdrawnEntries = "withdrawn_entries"
	refusedEntries   = "refused_entries"
	photos           = "photos"
	imports          = "imports"
	pictures         = "pictures"
)

// importTime is for how long files and photos wait to be imported and placed.
const importTime = 14 * 24 * time.Hour

// Ended notes when a selection was over.
func Ended() outbox.Handler {
	return outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, _ event.SelectionEnded) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO ended (slug, at) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING`, env.Slug, env.At); err != nil {
			return fmt.Errorf("selection is over: %w", err)
		}
		return nil
	})
}

// Retention is what the room erases by: entries that were taken back or refused
// lose what they told of people, and nobody sees their pictures any more.
func (e *Entries) Retention() retention.Room {
	periods := e.deps.Retention
	return retention.Room{
		Now: e.deps.Now, Log: e.deps.Log, Blobs: e.deps.Blobs, Needs: needed,
		Rules: []retention.Rule{
			{For: periods.Withdrawn, Erase: func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) ([]retention.Item, bool, error) {
				return erase(ctx, tx, now, over, withdrawnEntries, `
					SELECT id FROM entry WHERE state = 'withdrawn' AND erased_at IS NULL AND withdrawn_at <= $1`)
			}},
			{For: periods.Refused, Erase: func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) ([]retention.Item, bool, error) {
				return erase(ctx, tx, now, over, refusedEntries, `
					SELECT e.id FROM entry e JOIN selection s USING (slug) LEFT JOIN ended d USING (slug)
					WHERE e.state IN ('vetoed', 'lapsed') AND e.erased_at IS NULL
					  AND coalesce(d.at, CASE WHEN $4::float8 > 0 THEN s.frozen_at + $4 * interval '1 second' END) <= $1`,
					periods.Unpublished.Seconds())
			}},
			{For: importTime, Erase: eraseImports},
			{For: importTime, Erase: erasePictures},
		},
	}
}

// erase empties some of the entries that which selects: $1 is when they must have
// been over; args are $4 and further.
func erase(
	ctx context.Context, tx *sqlx.Tx, now, over time.Time, kind, which string, args ...any,
) (erased []retention.Item, more bool, err error) {
	var rows []struct {
		ID       string `db:"id"`
		Slug     string `db:"slug"`
		Name     string `db:"name"`
		Employer string `db:"employer"`
		Region   string `db:"region"`
		Photo    bool   `db:"photo"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		WITH over AS (SELECT id, slug, name, employer, region, photo <> '' AS photo FROM entry WHERE id IN (`+which+` LIMIT $2) FOR UPDATE)
		UPDATE entry e SET erased_at = $3, name = '', gender = '', category = '', employer = '', region = '', years = NULL, deeds = '',
		       recommended_by = '', attributes = '{}', photo = '', warnings = '[]', notes = '[]', name_key = '', search = '', serial = '',
		       fingerprint = e.id::text
		FROM over WHERE e.id = over.id RETURNING e.id, e.slug, over.name, over.employer, over.region, over.photo`,
		append([]any{over, retention.Most, now}, args...)...); err != nil {
		return nil, false, fmt.Errorf("erase %s: %w", kind, err)
	}
	ids, slugs, told := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		params, err := json.Marshal(map[string]string{"name": r.Name, "employer": r.Employer, "region": r.Region})
		if err != nil {
			return nil, false, fmt.Errorf("erase %s: %w", kind, err)
		}
		ids[i], slugs[i], told[i] = r.ID, r.Slug, string(params)
		erased = append(erased, retention.Item{Slug: r.Slug, Kind: kind})
		if r.Photo {
			erased = append(erased, retention.Item{Slug: r.Slug, Kind: photos})
		}
	}
	// Why a department refused somebody is about them.
	if _, err := tx.ExecContext(ctx, `UPDATE opinion SET reason = '…' WHERE entry = ANY($1::uuid[]) AND reason <> ''`, pq.Array(ids)); err != nil {
		return nil, false, fmt.Errorf("erase %s: %w", kind, err)
	}
	// A file's name is a person's.
	if _, err := tx.ExecContext(ctx, `DELETE FROM picture WHERE entry = ANY($1::uuid[])`, pq.Array(ids)); err != nil {
		return nil, false, fmt.Errorf("erase %s: %w", kind, err)
	}
	// Others that resemble an entry name it in their warnings.
	if _, err := tx.ExecContext(ctx, `
		UPDATE entry e SET warnings = coalesce((
		    SELECT jsonb_agg(w) FROM jsonb_array_elements(e.warnings) AS w
		    WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::jsonb[]) AS o (slug, params) WHERE o.slug = e.slug AND w->'params' @> o.params)), '[]')
		WHERE e.slug = ANY($1) AND e.warnings <> '[]'`, pq.Array(slugs), pq.Array(told)); err != nil {
		return nil, false, fmt.Errorf("erase %s: %w", kind, err)
	}
	return erased, len(rows) == retention.Most, nil
}

// eraseImports gives up imports that nobody goes on with.
func eraseImports(ctx context.Context, tx *sqlx.Tx, now, over time.Time) (erased []retention.Item, more bool, err error) {
	var slugs []string
	if err := tx.SelectContext(ctx, &slugs, `
		UPDATE import SET file = '', columns = '[]', sheets = '[]', checked = NULL, ended_at = $3
		WHERE id IN (SELECT i.id FROM import i LEFT JOIN job j ON j.id = i.job
		             WHERE i.ended_at IS NULL AND i.created_at <= $1 AND (j.id IS NULL OR j.ended_at IS NOT NULL) LIMIT $2)
		RETURNING slug`, over, retention.Most, now); err != nil {
		return nil, false, fmt.Errorf("erase imports: %w", err)
	}
	for _, slug := range slugs {
		erased = append(erased, retention.Item{Slug: slug, Kind: imports})
	}
	return erased, len(slugs) == retention.Most, nil
}

// erasePictures forgets which file a photo came from, and those that nobody
// placed.
func erasePictures(ctx context.Context, tx *sqlx.Tx, _, over time.Time) (erased []retention.Item, more bool, err error) {
	var rows []struct {
		Slug  string `db:"slug"`
		State string `db:"state"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		DELETE FROM picture WHERE id IN (SELECT id FROM picture WHERE state <> 'waiting' AND created_at <= $1 LIMIT $2) RETURNING slug, state`,
		over, retention.Most); err != nil {
		return nil, false, fmt.Errorf("erase pictures: %w", err)
	}
	for _, r := range rows {
		if r.State == string(nomination.PictureUnplaced) {
			erased = append(erased, retention.Item{Slug: r.Slug, Kind: pictures})
		}
	}
	return erased, len(rows) == retention.Most, nil
}

// needed are those of some bodies that a row refers to.
func needed(ctx context.Context, q sqlx.QueryerContext, hashes []string) (found []string, err error) {
	err = sqlx.SelectContext(ctx, q, &found, `
		SELECT photo FROM entry WHERE photo = ANY($1) UNION SELECT file FROM import WHERE file = ANY($1)
		UNION SELECT file FROM picture WHERE file = ANY($1) AND state IN ('waiting', 'unplaced')`, pq.Array(hashes))
	return found, err
}
