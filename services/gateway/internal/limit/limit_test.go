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
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":                        "192.0.2.7",
		"::ffff:192.0.2.7":                 "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":             "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff:ffff:ffff": "2001:db8:1:2::/64",
		"unknown":                          "unknown",
	} {
		if got := limit.Network(in); got != want {
			t.Errorf("Network(%s) = %s, want %s", in, got, want)
		}
	}
}
