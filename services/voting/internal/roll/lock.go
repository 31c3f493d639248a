package roll

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/pg"
)

// Mode is how a selection is locked until the transaction ends.
type Mode string

// The modes. Casting shares; what changes the phase or the candidates excludes.
const (
	Shared    Mode = `SELECT pg_advisory_xact_lock_shared(k) FROM unnest($1::bigint[]) k`
	Exclusive Mode = `SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) k`
)

// Lock locks selections in an order that all keep to. What they were is read in
// a later statement: the snapshot of this one is older than the lock.
func Lock(ctx context.Context, tx sqlx.ExecerContext, mode Mode, slugs ...string) error {
	if _, err := tx.ExecContext(ctx, string(mode), pq.Array(lockKeys(slugs))); err != nil {
		return fmt.Errorf("lock selections: %w", err)
	}
	return nil
}

// LockBy is Lock with a mode that has been prepared.
func LockBy(ctx context.Context, mode *sqlx.Stmt, slugs ...string) error {
	if _, err := mode.ExecContext(ctx, pq.Array(lockKeys(slugs))); err != nil {
		return fmt.Errorf("lock selections: %w", err)
	}
	return nil
}

func lockKeys(slugs []string) []int64 {
	keys := make([]int64, len(slugs))
	for i, slug := range slugs {
		keys[i] = pg.LockKey("voting/" + slug)
	}
	slices.Sort(keys)
	return keys
}
