package testkit

import (
	"testing"
	"time"
)

// Patience is how long tests wait for what must happen or end. It is no
// measure: a machine that is busy with other things may take long, and only
// what never happens reaches it.
const Patience = 2 * time.Minute

// Eventually calls check until it returns nil, and ends the test with its last
// error if that takes longer than the timeout, which is Patience for most. It
// calls at least once.
func Eventually(t testing.TB, timeout time.Duration, check func() error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(timeout)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", timeout, err)
		}
		<-tick.C
	}
}

// Receive gives what comes over a channel, and ends the test if nothing does
// within Patience.
func Receive[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(Patience):
		t.Fatalf("%s: nothing within %v", what, Patience)
	}
	panic("not reached")
}
