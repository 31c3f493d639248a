package roll

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
)

// Key is the selection's advisory lock. Casting shares it, for no longer than
// one batch; what changes the phase or the candidates has it alone.
func Key(slug string) int64 { return pg.LockKey("voting/" + slug) }

// Lock has the selection alone, until the transaction ends. How it stands is
// read in a later statement: the snapshot of this one is older than the lock.
func Lock(ctx context.Context, tx sqlx.ExecerContext, slug string) error {
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, Key(slug)); err != nil {
		return fmt.Errorf("lock %s: %w", slug, err)
	}
	return nil
}
