package publication

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/services/selection"
)

// struckCandidates is the kind of what is erased, as the report names it.
const struckCandidates = "struck_candidates"

// Retention is what the room erases by: of candidates that were struck, number,
// name, category and the reason stay.
func (p *Publication) Retention() retention.Plan {
	periods := p.deps.Retention
	return retention.Plan{
		Needs: published,
		Rules: []retention.Rule{{For: periods.Struck, Erase: func(ctx context.Context, tx *sqlx.Tx, _, over time.Time) ([]retention.Item, bool, error) {
			return erase(ctx, tx, over, periods.Unpublished)
		}}},
	}
}

func erase(ctx context.Context, tx *sqlx.Tx, over time.Time, unpublished time.Duration) (erased []retention.Item, more bool, err error) {
	var slugs []string
	if err := tx.SelectContext(ctx, &slugs, `
		UPDATE candidate SET attributes = '{}' WHERE (slug, number) IN (
		    SELECT c.slug, c.number FROM candidate c JOIN selection s USING (slug) LEFT JOIN publication p USING (slug)
		    WHERE c.struck_at IS NOT NULL AND c.attributes::text NOT IN ('{}', 'null')
		      AND coalesce(p.published_at, CASE WHEN $3::float8 > 0 THEN s.frozen_at + $3 * interval '1 second' END) <= $1 LIMIT $2)
		RETURNING slug`, over, retention.Most, unpublished.Seconds()); err != nil {
		return nil, false, fmt.Errorf("erase struck candidates: %w", err)
	}
	for _, slug := range slugs {
		erased = append(erased, retention.Item{Slug: slug, Kind: struckCandidates})
	}
	return erased, len(slugs) == retention.Most, nil
}

// published are those of some bodies that are published results, or bundles.
func published(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
	err = sqlx.SelectContext(ctx, q, &needed, `
		SELECT blob FROM publication WHERE blob = ANY($1)
		UNION SELECT result->>'blob' FROM job WHERE kind = $2 AND result->>'blob' = ANY($1)`, pq.Array(hashes), selection.BundleJob)
	return needed, err
}
