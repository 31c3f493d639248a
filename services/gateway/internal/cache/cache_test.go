package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/cache"
)

func TestCache(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	var loads atomic.Int64
	c := cache.New(time.Second, clock.Now, func(context.Context, string) (int64, error) { return loads.Add(1), nil })
	get := func(want int64) {
		t.Helper()
		if v, err := c.Get(t.Context(), "a"); err != nil || v != want {
			t.Errorf("got %d, %v, want %d", v, err, want)
		}
	}
	get(1)
	get(1)
	clock.Advance(time.Second)
	get(2)
	c.Drop("a")
	get(3)
}

func TestCache_together(t *testing.T) {
	clock := testkit.NewClock(time.Now())
	var loads atomic.Int64
	begun, release := make(chan struct{}), make(chan struct{})
	c := cache.New(time.Minute, clock.Now, func(context.Context, string) (int64, error) {
		if loads.Add(1) == 1 {
			close(begun)
		}
		<-release
		return 7, nil
	})
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if v, err := c.Get(t.Context(), "a"); err != nil || v != 7 {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
	<-begun
	close(release)
	wg.Wait()
	if n := loads.Load(); n != 1 {
		t.Errorf("loaded %d times for fifty", n)
	}
}

// TestCache_dropWhileLoading does not keep what was read before the drop.
func TestCache_dropWhileLoading(t *testing.T) {
	clock := testkit.NewClock(time.Now())
	var c *cache.Cache[string]
	value := "old"
	c = cache.New(time.Minute, clock.Now, func(context.Context, string) (string, error) {
		v := value
		if v == "old" {
			value = "new"
			c.Drop("a")
		}
		return v, nil
	})
	for _, want := range []string{"old", "new"} {
		if v, err := c.Get(t.Context(), "a"); err != nil || v != want {
			t.Errorf("got %s, %v, want %s", v, err, want)
		}
	}
}

func TestCache_errors(t *testing.T) {
	clock := testkit.NewClock(time.Now())
	down := errors.New("down")
	fail := true
	c := cache.New(time.Minute, clock.Now, func(context.Context, string) (int, error) {
		if fail {
			return 0, down
		}
		return 1, nil
	})
	if _, err := c.Get(t.Context(), "a"); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	fail = false
	if v, err := c.Get(t.Context(), "a"); err != nil || v != 1 {
		t.Errorf("an error was kept: %d, %v", v, err)
	}
}
