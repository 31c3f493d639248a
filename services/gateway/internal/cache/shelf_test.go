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

func TestShelf(t *testing.T) {
	s := cache.NewShelf[string](10, func(v string) int { return len(v) })
	var made atomic.Int64
	get := func(key, value string) {
		t.Helper()
		if v, err := s.Get(key, func() (string, error) { made.Add(1); return value, nil }); err != nil || v != value {
			t.Errorf("%s: %q, %v", key, v, err)
		}
	}
	for _, step := range []struct {
		key, value string
		made       int64
		used       int
	}{
		{"a", "1234", 1, 4},
		{"b", "1234", 2, 8},
		{"a", "1234", 2, 8},
		{"c", "1234", 3, 8}, // b goes, which was not asked for the longest
		{"a", "1234", 3, 8},
		{"b", "1234", 4, 8},
		{"large", "12345678901", 5, 8}, // not kept
		{"large", "12345678901", 6, 8},
	} {
		get(step.key, step.value)
		if made.Load() != step.made || s.Used() != step.used {
			t.Errorf("after %s: %d made, %d bytes, want %d, %d", step.key, made.Load(), s.Used(), step.made, step.used)
		}
	}
	down := errors.New("down")
	if _, err := s.Get("err", func() (string, error) { return "", down }); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	get("err", "up")
}

func TestShelf_together(t *testing.T) {
	s := cache.NewShelf[int](10, func(int) int { return 1 })
	var made atomic.Int64
	begun, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			v, err := s.Get(1, func() (int, error) {
				if made.Add(1) == 1 {
					close(begun)
				}
				<-release
				return 7, nil
			})
			if v != 7 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		})
	}
	<-begun
	close(release)
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

// TestShelf_panic leaves nobody waiting.
func TestShelf_panic(t *testing.T) {
	s := cache.NewShelf[int](10, func(int) int { return 1 })
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Get(1, func() (int, error) { panic("a mistake") })
	}()
	if v, err := s.Get(1, func() (int, error) { return 2, nil }); v != 2 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

// TestCache_versions gives a value that is loaded again and is the same its version
// again, and no two values the same one.
func TestCache_versions(t *testing.T) {
	clock := testkit.NewClock(time.Now())
	value := map[string][]int{"a/1": {1}, "a/2": {1}, "b/1": {1}}
	loads := 0
	c := cache.New(time.Second, clock.Now, func(_ context.Context, key string) ([]int, error) {
		loads++
		return append([]int{}, value[key]...), nil
	})
	look := func(key string) uint64 {
		t.Helper()
		_, version, err := c.Look(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	first, other := look("a/1"), look("b/1")
	if first == other {
		t.Error("two values have one version")
	}
	clock.Advance(time.Second)
	if look("a/1") != first || loads != 3 {
		t.Errorf("the same value has another version, after %d loads", loads)
	}
	value["a/1"] = []int{2}
	if look("a/1") != first {
		t.Error("it is not kept")
	}
	c.DropAll("a/")
	second := look("a/1")
	if second == first {
		t.Error("another value has the same version")
	}
	value["a/1"] = []int{1}
	c.Drop("a/1")
	if third := look("a/1"); third == first || third == second {
		t.Error("a version came back")
	}
	before := loads
	look("b/1") // was not dropped, but is old
	look("b/1")
	if loads != before+1 {
		t.Errorf("%d loads", loads-before)
	}
}
