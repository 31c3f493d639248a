package roster

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
)

// members is the kind of what is erased, as the report names it.
const members = "roster_members"

// ended notes when a selection was over.
func (r *Rosters) ended(ctx context.Context, tx *sqlx.Tx, env event.Envelope, _ event.SelectionEnded) error {
	if _, err := tx.ExecContext(ctx, `UPDATE roster SET ended_at = $2 WHERE slug = $1 AND ended_at IS NULL`, env.Slug, env.At); err != nil {
		return fmt.Errorf("selection is over: %w", err)
	}
	return nil
}

// Retention is what the room erases by: the members of a roster, when the
// selection has been over for long. How many they were, and voted, stays.
func (r *Rosters) Retention() retention.Plan {
	periods := r.deps.Retention
	return retention.Plan{
		Needs: lists,
		Rules: []retention.Rule{{For: periods.Roster, Erase: func(ctx context.Context, tx *sqlx.Tx, _, over time.Time) ([]retention.Item, bool, error) {
			return erase(ctx, tx, over, periods.Unpublished)
		}}},
	}
}

func erase(ctx context.Context, tx *sqlx.Tx, over time.Time, unpublished time.Duration) (erased []retention.Item, more bool, err error) {
	var slugs []string
	if err := tx.SelectContext(ctx, &slugs, `
		DELETE FROM roster_member WHERE (slug, member) IN (
		    SELECT m.slug, m.member FROM roster_member m JOIN roster r USING (slug)
		    WHERE coalesce(r.ended_at, CASE WHEN $3::float8 > 0 THEN r.imported_at + $3 * interval '1 second' END) <= $1 LIMIT $2)
		RETURNING slug`, over, retention.Most, unpublished.Seconds()); err != nil {
		return nil, false, fmt.Errorf("erase a roster: %w", err)
	}
	for _, slug := range slugs {
		erased = append(erased, retention.Item{Slug: slug, Kind: members})
	}
	return erased, len(slugs) == retention.Most, nil
}

// lists are those of some bodies that voting is asked about.
func lists(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
	err = sqlx.SelectContext(ctx, q, &needed, `SELECT voters FROM roster WHERE voters = ANY($1)`, pq.Array(hashes))
	return needed, err
}
