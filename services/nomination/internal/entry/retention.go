package entry

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/services/nomination"
)

// The kinds of what is erased, as the report names them.
const (
	withdrawnEntries = "withdrawn_entries"
	refusedEntries   = "refused_entries"
	struckCandidates = "struck_candidates"
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

// Retention is what the room erases by: entries that were taken back, refused or
// struck lose what they told of people, and nobody sees their pictures any more.
// Of those that were struck, which the public was told of, number, name, category
// and the reason of the striking stay.
func (e *Entries) Retention() retention.Plan {
	periods := e.deps.Retention
	rule := func(keep time.Duration, w which) retention.Rule {
		return retention.Rule{For: keep, Erase: func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) ([]retention.Item, bool, error) {
			return erase(ctx, tx, now, over, w)
		}}
	}
	ended := func(kind, states string) which {
		return which{kind, `
			JOIN selection s USING (slug) LEFT JOIN ended d USING (slug) WHERE e.erased_at IS NULL AND e.state IN (` + states + `)
			AND coalesce(d.at, CASE WHEN $4::float8 > 0 THEN s.frozen_at + $4 * interval '1 second' END) <= $1`, []any{periods.Unpublished.Seconds()}}
	}
	return retention.Plan{
		Needs: needed,
		Rules: []retention.Rule{
			rule(periods.Withdrawn, which{withdrawnEntries, `WHERE e.erased_at IS NULL AND e.state = 'withdrawn' AND e.withdrawn_at <= $1`, nil}),
			rule(periods.Refused, ended(refusedEntries, `'vetoed', 'lapsed'`)),
			rule(periods.Struck, ended(struckCandidates, `'struck'`)),
			{For: importTime, Erase: eraseImports},
			{For: importTime, Erase: erasePictures},
			{For: blob.Grace, Erase: eraseSizes},
		},
	}
}

// which is the entries e that are erased as a kind: $1 is when they must have been
// over, args are $4 and further.
type which struct {
	kind, where string
	args        []any
}

// erase empties some entries.
func erase(ctx context.Context, tx *sqlx.Tx, now, over time.Time, w which) (erased []retention.Item, more bool, err error) {
	var rows []struct {
		ID       string `db:"id"`
		Slug     string `db:"slug"`
		Name     string `db:"name"`
		Employer string `db:"employer"`
		Region   string `db:"region"`
		Photo    bool   `db:"photo"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		WITH over AS (
		    SELECT id, slug, state = 'struck' AS struck, name, employer, region, photo <> '' AS photo FROM entry
		    WHERE id IN (SELECT e.id FROM entry e `+w.where+` LIMIT $2) FOR UPDATE
		)
		UPDATE entry e SET erased_at = $3, name = CASE WHEN over.struck THEN e.name ELSE '' END, gender = '',
		       category = CASE WHEN over.struck THEN category ELSE '' END, employer = '', region = '', years = NULL, deeds = '',
		       recommended_by = '', attributes = '{}', photo = '', warnings = '[]', notes = '[]', name_key = '',
		       search = '', serial = '', fingerprint = e.id::text, version_by = '', version_reason = '', author = NULL
		FROM over WHERE e.id = over.id RETURNING e.id, e.slug, over.name, over.employer, over.region, over.photo`,
		append([]any{over, retention.Most, now}, w.args...)...); err != nil {
		return nil, false, fmt.Errorf("erase %s: %w", w.kind, err)
	}
	ids, slugs, told := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		params, err := json.Marshal(map[string]string{"name": r.Name, "employer": r.Employer, "region": r.Region})
		if err != nil {
			return nil, false, fmt.Errorf("erase %s: %w", w.kind, err)
		}
		ids[i], slugs[i], told[i] = r.ID, r.Slug, string(params)
		erased = append(erased, retention.Item{Slug: r.Slug, Kind: w.kind})
		if r.Photo {
			erased = append(erased, retention.Item{Slug: r.Slug, Kind: photos})
		}
	}
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		// Why a department refused somebody is about them.
		{`UPDATE opinion SET reason = '…' WHERE entry = ANY($1::uuid[]) AND reason <> ''`, []any{pq.Array(ids)}},
		// What it said before.
		{`DELETE FROM entry_version WHERE entry = ANY($1::uuid[])`, []any{pq.Array(ids)}},
		// A file's name is a person's.
		{`DELETE FROM picture WHERE entry = ANY($1::uuid[])`, []any{pq.Array(ids)}},
		// Others that resemble an entry name it in their warnings.
		{`
		UPDATE entry e SET warnings = coalesce((
		    SELECT jsonb_agg(w) FROM jsonb_array_elements(e.warnings) AS w
		    WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::jsonb[]) AS o (slug, params) WHERE o.slug = e.slug AND w->'params' @> o.params)), '[]')
		WHERE e.slug = ANY($1) AND e.warnings <> '[]'`, []any{pq.Array(slugs), pq.Array(told)}},
		// What would be told again to a stream that is made anew.
		{`
		UPDATE outbox SET data = (data::jsonb - ARRAY['attributes', 'deeds'])::json
		WHERE name = 'candidate_admitted' AND slug = ANY($2) AND data->>'entry_id' = ANY($1)`, []any{pq.Array(ids), pq.Array(slugs)}},
	} {
		if _, err := tx.ExecContext(ctx, statement.sql, statement.args...); err != nil {
			return nil, false, fmt.Errorf("erase %s: %w", w.kind, err)
		}
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
		if r.State == string(nomination.PictureUnplaced) || r.State == string(nomination.PictureDropped) {
			erased = append(erased, retention.Item{Slug: r.Slug, Kind: pictures})
		}
	}
	return erased, len(rows) == retention.Most, nil
}

// needed are those of some bodies that a row refers to.
func needed(ctx context.Context, q sqlx.QueryerContext, hashes []string) (found []string, err error) {
	err = sqlx.SelectContext(ctx, q, &found, `
		SELECT photo FROM entry WHERE photo = ANY($1) UNION SELECT file FROM import WHERE file = ANY($1)
		UNION SELECT nominee ->> 'photo' FROM entry_version WHERE nominee ? 'photo' AND nominee ->> 'photo' = ANY($1)
		UNION SELECT file FROM picture WHERE file = ANY($1) AND state IN ('waiting', 'unplaced', 'dropped')
		UNION SELECT file FROM photo_size WHERE file = ANY($1)`, pq.Array(hashes))
	return found, err
}
