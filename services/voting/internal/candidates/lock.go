package candidates

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pg"
)

func lockName(slug string) string { return "voting/" + slug }

// LockKey is the key of the selection's advisory lock. Casting shares the lock,
// for no longer than one batch; what changes the phase or the candidates has it
// alone.
func LockKey(slug string) int64 { return pg.LockKey(lockName(slug)) }

// Lock has the selection alone, until the transaction ends. Its state is read
// in a later statement: the snapshot of this one is older than the lock.
func Lock(ctx context.Context, tx sqlx.ExecerContext, slug string) error {
	return pg.Lock(ctx, tx, lockName(slug))
}
