// Package cache keeps what many ask for, for a short time or until an event
// drops it; it is loaded once for all who wait.
package cache

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// maxKeys bounds the memory; past it everything is forgotten.
const maxKeys = 1000

// Cache keeps values by key.
type Cache[V any] struct {
	ttl  time.Duration
	now  func() time.Time
	load func(ctx context.Context, key string) (V, error)

	flights singleflight.Group
	mu      sync.Mutex
	kept    map[string]entry[V]
	dropped int64 // how many drops there have been
}

type entry[V any] struct {
	value   V
	expires time.Time
}

// New keeps what load gives for ttl. Errors are not kept.
func New[V any](ttl time.Duration, now func() time.Time, load func(ctx context.Context, key string) (V, error)) *Cache[V] {
	return &Cache[V]{ttl: ttl, now: now, load: load, kept: map[string]entry[V]{}}
}

// Get gives the value of a key. Callers share it and do not change it.
func (c *Cache[V]) Get(ctx context.Context, key string) (V, error) {
	if value, ok := c.get(key); ok {
		return value, nil
	}
	// The load goes on for the others when one who waits leaves.
	v, err, _ := c.flights.Do(key, func() (any, error) { return c.fill(context.WithoutCancel(ctx), key) })
	if err != nil {
		var zero V
		return zero, err
	}
	return v.(V), nil
}

// fill loads and keeps a value, unless another flight has done so since the
// caller looked.
func (c *Cache[V]) fill(ctx context.Context, key string) (V, error) {
	if value, ok := c.get(key); ok {
		return value, nil
	}
	c.mu.Lock()
	dropped := c.dropped
	c.mu.Unlock()
	value, err := c.load(ctx, key)
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped == dropped { // else it may be older than the drop
		if len(c.kept) >= maxKeys {
			clear(c.kept)
		}
		c.kept[key] = entry[V]{value, c.now().Add(c.ttl)}
	}
	return value, nil
}

// get gives what is kept and has not expired.
func (c *Cache[V]) get(key string) (value V, ok bool) {
	c.mu.Lock()
	e, ok := c.kept[key]
	c.mu.Unlock()
	return e.value, ok && c.now().Before(e.expires)
}

// Drop forgets a key.
func (c *Cache[V]) Drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	delete(c.kept, key)
	c.flights.Forget(key)
}
