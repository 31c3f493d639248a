// Package cache keeps what many ask for, for a short time or until an event
// drops it; it is loaded once for all who wait.
package cache

import (
	"context"
	"reflect"
	"strconv"
	"strings"
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
	dropped int64  // how many drops there have been
	changes uint64 // how often a value was another than before
}

type entry[V any] struct {
	value   V
	version uint64
	expires time.Time
}

// New keeps what load gives for ttl. Errors are not kept.
func New[V any](ttl time.Duration, now func() time.Time, load func(ctx context.Context, key string) (V, error)) *Cache[V] {
	return &Cache[V]{ttl: ttl, now: now, load: load, kept: map[string]entry[V]{}}
}

// Get gives the value of a key. Callers share it and do not change it.
func (c *Cache[V]) Get(ctx context.Context, key string) (V, error) {
	value, _, err := c.Look(ctx, key)
	return value, err
}

// Look is Get with the value's version, by which a caller knows what it has made
// of it before: a value that was loaded again and is the same has the same one. No
// two values have the same version.
func (c *Cache[V]) Look(ctx context.Context, key string) (V, uint64, error) {
	if e, ok := c.get(key); ok {
		return e.value, e.version, nil
	}
	// The load goes on for the others when one who waits leaves.
	v, err, _ := c.flights.Do(c.flight(key), func() (any, error) { return c.fill(context.WithoutCancel(ctx), key) })
	if err != nil {
		var zero V
		return zero, 0, err
	}
	e := v.(entry[V])
	return e.value, e.version, nil
}

// flight names a load, so that nobody joins one that began before the last drop.
func (c *Cache[V]) flight(key string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strconv.FormatInt(c.dropped, 10) + " " + key
}

// fill loads and keeps a value, unless another flight has done so since the
// caller looked.
func (c *Cache[V]) fill(ctx context.Context, key string) (entry[V], error) {
	if e, ok := c.get(key); ok {
		return e, nil
	}
	c.mu.Lock()
	dropped := c.dropped
	c.mu.Unlock()
	value, err := c.load(ctx, key)
	if err != nil {
		return entry[V]{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, known := c.kept[key]
	if !known || !reflect.DeepEqual(e.value, value) {
		c.changes++
		e = entry[V]{value: value, version: c.changes}
	}
	if c.dropped == dropped { // else it may be older than the drop
		if len(c.kept) >= maxKeys {
			clear(c.kept)
		}
		e.expires = c.now().Add(c.ttl)
		c.kept[key] = e
	}
	return e, nil
}

// get gives what is kept and has not expired.
func (c *Cache[V]) get(key string) (e entry[V], ok bool) {
	c.mu.Lock()
	e, ok = c.kept[key]
	c.mu.Unlock()
	return e, ok && c.now().Before(e.expires)
}

// Drop has a key loaded again for whoever asks next.
func (c *Cache[V]) Drop(key string) { c.drop(func(k string) bool { return k == key }) }

// DropAll is Drop for all keys that begin with a text.
func (c *Cache[V]) DropAll(prefix string) {
	c.drop(func(k string) bool { return strings.HasPrefix(k, prefix) })
}

func (c *Cache[V]) drop(is func(key string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	for key, e := range c.kept {
		if is(key) {
			e.expires = time.Time{}
			c.kept[key] = e
		}
	}
}
