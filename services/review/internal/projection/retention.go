package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/retention"
)

// struckCandidates is the kind of what is erased, as the report names it.
const struckCandidates = "struck_candidates"

// Rules erase what the room knows of candidates that were struck, whom no result
// is computed from: story, attributes, and what jurors wrote about them. Numbers,
// names and scores stay.
func Rules(periods retention.Periods) []retention.Rule {
	return []retention.Rule{{For: periods.Struck, Erase: func(ctx context.Context, tx *sqlx.Tx, now, over time.Time) ([]retention.Item, bool, error) {
		return erase(ctx, tx, now, over, periods.Unpublished)
	}}}
}

func erase(ctx context.Context, tx *sqlx.Tx, now, over time.Time, unpublished time.Duration) (erased []retention.Item, more bool, err error) {
	var rows []struct {
		Slug   string `db:"slug"`
		Number int64  `db:"number"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		UPDATE candidate SET attributes = '{}', deeds = '', erased_at = $4 WHERE (slug, number) IN (
		    SELECT c.slug, c.number FROM candidate c JOIN selection s USING (slug) LEFT JOIN notice n USING (slug)
		    WHERE c.struck AND c.erased_at IS NULL
		      AND coalesce(n.published_at, CASE WHEN $3::float8 > 0 THEN s.frozen_at + $3 * interval '1 second' END) <= $1 LIMIT $2)
		RETURNING slug, number`, over, retention.Most, unpublished.Seconds(), now); err != nil {
		return nil, false, fmt.Errorf("erase struck candidates: %w", err)
	}
	slugs, numbers := make([]string, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		slugs[i], numbers[i] = r.Slug, r.Number
		erased = append(erased, retention.Item{Slug: r.Slug, Kind: struckCandidates})
	}
	for table, set := range map[string]string{
		"sheet": `comment = '', comments = '{}'`, "declared_conflict": `reason = '…'`, "pin": `reason = '…'`, "second_look": `reason = '…'`,
	} {
		if _, err := tx.ExecContext(ctx, `
			UPDATE `+table+` t SET `+set+` FROM unnest($1::text[], $2::bigint[]) AS o (slug, number) WHERE t.slug = o.slug AND t.candidate = o.number`,
			pq.Array(slugs), pq.Array(numbers)); err != nil {
			return nil, false, fmt.Errorf("erase struck candidates: %w", err)
		}
	}
	return erased, len(rows) == retention.Most, nil
}
