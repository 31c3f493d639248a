package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

func TestLimiter(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	l := limit.New(limit.Rate{PerSecond: 1, Burst: 3}, clock.Now)
	for i := range 3 {
		if err := l.Take("a"); err != nil {
			t.Fatalf("take %d: %v", i, err)
		}
	}
	err := l.Take("a")
	if !fault.Is(err, fault.TooMany) || fault.From(err).RetryAfter < time.Second {
		t.Errorf("past the burst: %v", err)
	}
	if err := l.Take("b"); err != nil {
		t.Errorf("another key: %v", err)
	}
	clock.Advance(time.Second)
	if err := l.Take("a"); err != nil {
		t.Errorf("after a second: %v", err)
	}
	if err := l.Take("a"); err == nil {
		t.Error("one second gave two")
	}
}

// TestLimiter_manyKeys remembers a key that is in use whatever the crowd.
func TestLimiter_manyKeys(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	l := limit.New(limit.Rate{PerSecond: 0, Burst: 2}, clock.Now)
	refused := 0
	for i := range 300_000 {
		if err := l.Take(fmt.Sprint("crowd", i)); err != nil {
			t.Fatal(err)
		}
		if i%1000 == 0 && l.Take("a") != nil {
			refused++
		}
	}
	if refused != 298 {
		t.Errorf("refused %d times, want 298: the key was forgotten", refused)
	}
	if n := limit.Keys(l); n > 200_000 {
		t.Errorf("%d keys are kept", n)
	}
}

// TestLimiter_impatient asks again and again: nobody waits longer for that.
func TestLimiter_impatient(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	l := limit.New(limit.Rate{PerSecond: 0.5, Burst: 1}, clock.Now)
	passed := 0
	for range 100 { // ten a second for ten seconds
		wait := l.Wait("a")
		if wait == 0 {
			passed++
		} else if wait > 2*time.Second {
			t.Fatalf("told to wait %v", wait)
		}
		clock.Advance(100 * time.Millisecond)
	}
	if passed != 5 {
		t.Errorf("%d passed in ten seconds at one in two", passed)
	}
}

// TestLimiter_clock sets the clock an hour back and forth: nobody is locked out
// until it is where it was.
func TestLimiter_clock(t *testing.T) {
	for name, back := range map[string]time.Duration{"back": -time.Hour, "forth": time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
			l := limit.New(limit.Rate{PerSecond: 1, Burst: 3}, clock.Now)
			for l.Wait("a") == 0 {
			}
			for _, jump := range []time.Duration{back, -back} {
				clock.Advance(jump)
				for range 50 { // who knows nothing of it goes on asking
					l.Wait("a")
				}
				clock.Advance(time.Second)
				if wait := l.Wait("a"); wait != 0 {
					t.Errorf("a second after the clock went by %v: wait %v", jump, wait)
				}
			}
		})
	}
}
