// Package limit holds requests to a rate by key, such as a network address,
// with a burst allowance: a brake, not a lock.
package limit

import (
	"net/netip"
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

// maxKeys bounds the memory: past it the keys that have been idle the longest
// are forgotten, which lets them begin with a full burst.
const maxKeys = 200_000

// Limiter holds each key to a rate.
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
func (l *Limiter) Take(key string) error {
	now := l.now()
	r := l.of(key).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if r.OK() && wait == 0 {
		return nil
	}
	r.CancelAt(now)
	f := fault.New(fault.TooMany, "too_many_requests", "too many requests; wait a little")
	f.RetryAfter = max(wait, time.Second)
	return f
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

// Network is the key of an address: the address itself, or the /64 of IPv6,
// which one household has.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
