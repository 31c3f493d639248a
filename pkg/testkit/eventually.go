package testkit

import (
	"testing"
	"time"
)

// Eventually calls check until it returns nil, and ends the test with its last
// error if that takes longer than the timeout. It calls at least once.
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
