// Package limit holds requests to a rate by key, such as a network address,
// with a burst allowance: a brake, not a lock.
package limit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Rate is what a key may do.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Times is n times the rate and the burst.
func (r Rate) Times(n int) Rate { return Rate{r.PerSecond * float64(n), r.Burst * n} }

// fill is how long a bucket takes to have what it lacks.
func (r Rate) fill(missing float64) time.Duration {
	return time.Duration(min(missing/r.PerSecond, maxWait.Seconds()) * float64(time.Second))
}

// maxKeys bounds the memory: past it the keys that have been idle the longest
// are forgotten, which lets them begin with a full burst.
const maxKeys = 200_000

// The shortest and the longest that anybody is told to wait.
const (
	minWait = time.Millisecond
	maxWait = time.Hour
)

// Limiter holds each key to a rate. It is safe for concurrent use.
type Limiter struct {
	rate Rate
	now  func() time.Time

	mu    sync.Mutex
	young map[string]*rate.Limiter // used since the last turn
	old   map[string]*rate.Limiter // used in the turn before
}

// New limits to r by the clock now.
func New(r Rate, now func() time.Time) *Limiter {
	return &Limiter{rate: r, now: now, young: map[string]*rate.Limiter{}}
}

// Take gives a too_many_requests fault, with when to try again, to a key that
// has used up its allowance.
func (l *Limiter) Take(key string) error { return TooMany(l.Wait(key)) }

// Wait uses one of the key's allowance and gives 0; where it is used up, it
// uses nothing and tells how long until there is one. To ask again and again
// does not make the wait longer.
func (l *Limiter) Wait(key string) time.Duration {
	now := l.now()
	b := l.of(key)
	if b.AllowN(now, 1) {
		return 0
	}
	// A bucket fills from the time it was last looked at. Should the clock have
	// been set back, that is now, and not when the clock is there again.
	b.SetLimitAt(now, b.Limit())
	missing := 1 - b.TokensAt(now)
	return max(l.rate.fill(missing), minWait) // others may have asked in between, a moment later
}

func (l *Limiter) of(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.young[key]; ok {
		return b
	}
	b, ok := l.old[key]
	if !ok {
		b = rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)
	}
	if len(l.young) >= maxKeys/2 {
		l.old, l.young = l.young, make(map[string]*rate.Limiter)
	}
	l.young[key] = b
	return b
}

// TooMany is the too_many_requests fault of who has to wait; nil for who has not.
func TooMany(wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	f := fault.New(fault.TooMany, "too_many_requests", "too many requests; wait a little")
	f.RetryAfter = max(wait, time.Second)
	return f
}
