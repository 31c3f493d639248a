// Package pause waits, for as long as somebody wants the work.
package pause

import (
	"context"
	"time"
)

// For waits for a time, or until ctx ends, and tells whether ctx still stands.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
