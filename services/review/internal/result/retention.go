package result

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// Needs tells which of some bodies are a result or what one was computed from.
func Needs(ctx context.Context, q sqlx.QueryerContext, hashes []string) (needed []string, err error) {
	err = sqlx.SelectContext(ctx, q, &needed, `
		SELECT DISTINCT named.blob FROM result CROSS JOIN LATERAL (VALUES (hash), (votes_hash), (scores_hash), (candidates_hash)) AS named (blob)
		WHERE named.blob = ANY($1)`, pq.Array(hashes))
	return needed, err
}
