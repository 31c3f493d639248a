// Package limit holds requests to a rate by key, such as a network address,
// with a burst allowance: it slows down and locks nobody out.
package limit

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Rate is what a key may do.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Times is n times the rate and the burst.
func (r Rate) Times(n int) Rate { return Rate{r.PerSecond * float64(n), r.Burst * n} }

// each is how long a key takes to gain one more.
func (r Rate) each() time.Duration {
	return time.Duration(min(1/r.PerSecond, maxWait.Seconds()) * float64(time.Second))
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
//
// It is the generic cell rate algorithm (ITU-T I.371): all that is known of a key
// is when its allowance is whole again. Every ballot of a crowd brings new keys,
// so they are kept by their hashes, in maps without pointers.
type Limiter struct {
	each  time.Duration
	burst int
	now   func() time.Time
	seed  maphash.Seed

	mu    sync.Mutex
	young map[uint64]int64 // used since the last turn: Unix time in nanoseconds
	old   map[uint64]int64 // used in the turn before
}

// New limits to r by the clock now.
func New(r Rate, now func() time.Time) *Limiter {
	return &Limiter{each: r.each(), burst: r.Burst, now: now, seed: maphash.MakeSeed(), young: map[uint64]int64{}}
}

// Take gives a too_many_requests fault, with when to try again, to a key that
// has used up its allowance.
func (l *Limiter) Take(key string) error { return TooMany(l.Wait(key)) }

// Wait uses one of the key's allowance and gives 0; where it is used up, it
// uses nothing and tells how long until there is one. To ask again and again
// does not make the wait longer.
func (l *Limiter) Wait(key string) time.Duration { return l.ask(key, 1, 1) }

// ask uses so much of the key's allowance if there is as much as is wanted, and
// gives 0; else how long until there is.
func (l *Limiter) ask(key string, want, use int) time.Duration {
	id, now := maphash.String(l.seed, key), l.now().UnixNano()
	l.mu.Lock()
	defer l.mu.Unlock()
	whole, ok := l.young[id]
	if !ok {
		if len(l.young) >= maxKeys/2 {
			l.old, l.young = l.young, make(map[uint64]int64, maxKeys/2)
		}
		whole = l.old[id]
	}
	// No key lacks more than everything. Should the clock have been set back by so
	// much that this tells nothing, the key begins anew: nobody is locked out until
	// the clock is where it was.
	most := int64(l.burst) * int64(l.each)
	if whole > now+2*most {
		whole = now
	}
	whole = min(max(whole, now), now+most)
	wait := whole - now - int64(l.burst-want)*int64(l.each)
	if wait <= 0 {
		whole += int64(use) * int64(l.each)
	}
	l.young[id] = whole
	if wait <= 0 {
		return 0
	}
	return min(max(time.Duration(wait), minWait), maxWait)
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
