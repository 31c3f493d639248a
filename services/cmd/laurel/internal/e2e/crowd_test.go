package e2e_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// crowd is voters who cast their ballots at full speed, in the background.
// They try again where the server is away.
type crowd struct {
	counted atomic.Int64
	end     chan error
}

// vote lets n voters come.
func (h *harness) vote(ctx context.Context, n int) *crowd {
	c := &crowd{end: make(chan error, 1)}
	go func() {
		c.end <- h.Crowd(ctx, n, func(ctx context.Context, i int) error {
			voter, err := h.Voter(ctx, i)
			if err != nil {
				return fmt.Errorf("voter %d: %w", i, err)
			}
			if err := h.Cast(ctx, voter, h.Picks()); err != nil {
				return fmt.Errorf("ballot %d: %w", i, err)
			}
			c.counted.Add(1)
			return nil
		})
	}()
	return c
}

// reach waits until n ballots have been acknowledged.
func (c *crowd) reach(t *testing.T, n int64) {
	t.Helper()
	testkit.Eventually(t, wait, func() error {
		if got := c.counted.Load(); got < n {
			select {
			case err := <-c.end:
				t.Fatalf("the voters ended: %v", err)
			default:
				return fmt.Errorf("%d of %d ballots are acknowledged", got, n)
			}
		}
		return nil
	})
}

// done waits for the last voter; all must have got their receipt.
func (c *crowd) done(t *testing.T) {
	t.Helper()
	if err := <-c.end; err != nil {
		t.Fatal(err)
	}
}
