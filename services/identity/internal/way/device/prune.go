package device

import (
	"context"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/run"
)

const (
	pruneEvery = time.Minute
	pruneBatch = 5000 // rows a statement
	// pruneAfter is how long an expired work is kept, for clocks that are apart
	// or set back.
	pruneAfter = 10 * time.Minute
)

// Task removes what has expired, every minute.
func (d *Devices) Task() run.Task {
	return run.Task{Name: "works", Run: func(ctx context.Context) error {
		tick := time.NewTicker(pruneEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			if _, err := d.Prune(ctx); err != nil && ctx.Err() == nil {
				d.deps.Log.WarnContext(ctx, "expired works are removed later", "error", err)
			}
		}
	}}
}

// Prune removes the works that expired a while ago, some thousands at a time. It
// gives their number.
func (d *Devices) Prune(ctx context.Context) (removed int64, err error) {
	for {
		done, err := d.deps.DB.ExecContext(ctx, `
			DELETE FROM work WHERE signature IN (
				SELECT signature FROM work WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
			d.deps.Time().Add(-pruneAfter), pruneBatch)
		if err != nil {
			return removed, fmt.Errorf("prune works: %w", err)
		}
		n, err := done.RowsAffected()
		if removed += n; err != nil || n < pruneBatch {
			return removed, err
		}
	}
}
