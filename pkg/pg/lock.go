package pg

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/jmoiron/sqlx"
)

// LockKey turns a name into a key for PostgreSQL's advisory locks: its FNV-1a
// hash of 64 bits, read as signed. Advisory locks belong to a database, so the
// same name may be locked in each.
func LockKey(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return int64(h.Sum64())
}

// Lock has the name alone until the transaction ends. What it guards is read in
// a later statement: the snapshot of this one is older than the lock.
func Lock(ctx context.Context, tx sqlx.ExecerContext, name string) error {
	return lock(ctx, tx, `SELECT pg_advisory_xact_lock($1)`, name)
}

// LockShared has the name together with others who share it, until the
// transaction ends.
func LockShared(ctx context.Context, tx sqlx.ExecerContext, name string) error {
	return lock(ctx, tx, `SELECT pg_advisory_xact_lock_shared($1)`, name)
}

func lock(ctx context.Context, tx sqlx.ExecerContext, statement, name string) error {
	if _, err := tx.ExecContext(ctx, statement, LockKey(name)); err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	return nil
}
