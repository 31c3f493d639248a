package testkit

import (
	"errors"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	at := time.Date(2026, 5, 1, 9, 0, 0, 1234, time.FixedZone("Asia/Shanghai", 8*3600))
	c := NewClock(at)
	want := time.Date(2026, 5, 1, 1, 0, 0, 1000, time.UTC)
	if got := c.Now(); got != want {
		t.Errorf("now %v, want %v", got, want)
	}
	if got := c.Advance(time.Hour); got != want.Add(time.Hour) || c.Now() != got {
		t.Errorf("an hour later %v", got)
	}
	c.Set(want)
	if got := c.Now(); got != want {
		t.Errorf("set back to %v", got)
	}
}

func TestEventually(t *testing.T) {
	calls := 0
	Eventually(t, time.Minute, func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

// failing records a failure instead of failing.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(string, ...any) {
	f.failed = true
	panic(f) // a real Fatalf does not return either
}

func TestEventually_tooLate(t *testing.T) {
	f := &failing{TB: t}
	defer func() {
		if recover() != any(f) || !f.failed {
			t.Error("a check that never succeeds must fail the test")
		}
	}()
	Eventually(f, 30*time.Millisecond, func() error { return errors.New("never") })
}
