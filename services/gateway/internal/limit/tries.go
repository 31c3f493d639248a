package limit

import (
	"sync"
	"time"
)

// Tries holds each key to a rate of failures: a try that succeeds costs
// nothing. What is under way counts as failed until it is known, so that many
// at once gain nothing.
type Tries struct {
	limiter *Limiter

	mu      sync.Mutex
	pending map[string]int // tries under way
}

// NewTries limits failures to r by the clock now.
func NewTries(r Rate, now func() time.Time) *Tries {
	return &Tries{limiter: New(r, now), pending: map[string]int{}}
}

// Begin gives what ends a try, to be called once; or, where the key has used
// up its allowance, how long to wait.
func (t *Tries) Begin(key string) (end func(failed bool), wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.limiter.ask(key, 1+t.pending[key], 0); wait > 0 {
		return nil, max(time.Second, wait)
	}
	t.pending[key]++
	return func(failed bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.pending[key]--; t.pending[key] == 0 {
			delete(t.pending, key)
		}
		if failed {
			t.limiter.ask(key, 1, 1) // Begin has seen that there is one
		}
	}, 0
}
