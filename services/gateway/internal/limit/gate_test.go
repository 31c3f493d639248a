package limit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

// TestGate lets all readers pass while nobody votes, and one at a time while many
// do: each in a fifth of the time.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var voting atomic.Bool
		g := limit.NewGate(voting.Load)
		var leaves []func()
		for range 1000 {
			leave, err := g.Enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		for _, leave := range leaves {
			leave()
		}
		voting.Store(true)
		var served, within, most, refused atomic.Int64
		for range 2000 {
			go func() {
				leave, err := g.Enter(t.Context())
				if err != nil {
					if f := fault.From(err); f.Code != "reading_busy" || f.RetryAfter < time.Second {
						t.Errorf("refused with %v", err)
					}
					refused.Add(1)
					return
				}
				most.Store(max(most.Load(), within.Add(1)))
				pause.For(t.Context(), 10*time.Millisecond)
				within.Add(-1)
				served.Add(1)
				leave()
			}()
		}
		pause.For(t.Context(), time.Second+time.Millisecond)
		if n := served.Load(); n != 20 || most.Load() != 1 || refused.Load() != 2000-513 { // one has passed, and 512 wait
			t.Errorf("in a second %d were served, %d at a time, %d refused", n, most.Load(), refused.Load())
		}
		pause.For(t.Context(), time.Minute) // whoever waits too long is told
		if n := served.Load() + refused.Load(); n != 2000 || served.Load() > 61 {
			t.Errorf("%d served of %d", served.Load(), n)
		}
		voting.Store(false)
		if _, err := g.Enter(t.Context()); err != nil {
			t.Errorf("after the rush: %v", err)
		}
	})
}

// TestGate_left keeps no place for who has gone.
func TestGate_left(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewGate(func() bool { return true })
		leave, err := g.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.Enter(gone); !fault.HasCode(err, "reading_busy") {
			t.Errorf("%v", err)
		}
		leave()
		pause.For(t.Context(), time.Second)
		if leave, err = g.Enter(t.Context()); err != nil {
			t.Error(err)
		}
		leave()
		pause.For(t.Context(), time.Second)
	})
}
