package run

import (
	"context"
	"time"
)

// Wait waits for a time, or until ctx ends, and tells whether ctx still stands.
func Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
