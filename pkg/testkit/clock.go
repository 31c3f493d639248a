package testkit

import (
	"sync"
	"time"
)

// Clock stands still until it is set. Its times are in UTC and of whole
// microseconds, as PostgreSQL keeps them. Many may use it at once.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that shows a time.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.Set(at)
	return c
}

// Now is the time that the clock shows; hand it on as clock.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set makes the clock show a time; it may be an earlier one.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at.UTC().Truncate(time.Microsecond)
}

// Advance moves the clock on and returns what it shows then.
func (c *Clock) Advance(by time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by).Truncate(time.Microsecond)
	return c.now
}
