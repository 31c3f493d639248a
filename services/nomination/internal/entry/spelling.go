package entry

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// Spellings are the employers of a selection's entries, in the order in which they
// were handed in first, but for entries that are out, and one that is compared
// itself. Adding one more tells whether another is the same.
func Spellings(ctx context.Context, q sqlx.QueryerContext, slug string, but ...string) (*form.Spellings, error) {
	var employers []string
	if err := sqlx.SelectContext(ctx, q, &employers, `
		SELECT employer FROM entry WHERE slug = $1 AND state IN ('submitted', 'admitted') AND id <> ALL($2::uuid[])
		GROUP BY employer ORDER BY min(id::text)`, slug, pq.Array(append([]string{}, but...))); err != nil {
		return nil, fmt.Errorf("employers: %w", err)
	}
	s := form.NewSpellings(form.Employer)
	for _, e := range employers {
		s.Add(e)
	}
	return s, nil
}
