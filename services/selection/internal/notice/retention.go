package notice

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/retention"
)

// objections is the kind of what is erased, as the report names it.
const objections = "objections"

// Retention is what is erased of objections: who made one, what it says, its files
// and notes, and why it was decided so. Number, days and outcome stay.
func (n *Notices) Retention() retention.Plan {
	periods := n.deps.Retention
	return retention.Plan{
		Needs: needed,
		Rules: []retention.Rule{{For: periods.Objections, Erase: func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) ([]retention.Item, bool, error) {
			return erase(ctx, tx, now, over, periods.Unpublished)
		}}},
	}
}

func erase(ctx context.Context, tx *sqlx.Tx, now, over time.Time, unpublished time.Duration) (erased []retention.Item, more bool, err error) {
	var rows []struct {
		Slug   string `db:"slug"`
		Number int    `db:"number"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		UPDATE objection SET text = '', name = '', contact = '', reasons = '', decided_by = '', erased_at = $3 WHERE (slug, number) IN (
		    SELECT o.slug, o.number FROM objection o JOIN selection s USING (slug) LEFT JOIN publication p USING (slug)
		    WHERE o.erased_at IS NULL
		      AND coalesce(p.published_at, CASE WHEN $4::float8 > 0 THEN s.frozen_at + $4 * interval '1 second' END) <= $1 LIMIT $2)
		RETURNING slug, number`, over, retention.Most, now, unpublished.Seconds()); err != nil {
		return nil, false, fmt.Errorf("erase objections: %w", err)
	}
	slugs, numbers := make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		slugs[i], numbers[i] = r.Slug, int64(r.Number)
		erased = append(erased, retention.Item{Slug: r.Slug, Kind: objections})
	}
	for _, table := range []string{"objection_file", "objection_note", "objection_excluded"} {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM `+table+` WHERE (slug, number) IN (SELECT * FROM unnest($1::text[], $2::int[]))`, pq.Array(slugs), pq.Array(numbers)); err != nil {
			return nil, false, fmt.Errorf("erase objections: %w", err)
		}
	}
	return erased, len(rows) == retention.Most, nil
}

// needed are those of some bodies that are evidence.
func needed(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
	err = sqlx.SelectContext(ctx, q, &needed, `SELECT DISTINCT blob FROM objection_file WHERE blob = ANY($1)`, pq.Array(hashes))
	return needed, err
}
