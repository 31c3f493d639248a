package limit_test

import (
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

func TestTries(t *testing.T) {
	now := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	tries := limit.NewTries(limit.Rate{PerSecond: 0.2, Burst: 3}, func() time.Time { return now })
	try := func(failed bool) bool {
		t.Helper()
		end, wait := tries.Begin("office")
		if (end == nil) != (wait >= time.Second) {
			t.Fatalf("a try that may begin: %v, wait %v", end != nil, wait)
		}
		if end == nil {
			return false
		}
		end(failed)
		return true
	}
	for i := range 100 {
		if !try(false) {
			t.Fatalf("success %d is refused", i)
		}
	}
	for i := range 3 {
		if !try(true) {
			t.Fatalf("failure %d is refused", i)
		}
	}
	if try(false) {
		t.Error("after as many failures as are allowed another try began")
	}
	if _, wait := tries.Begin("office"); wait != 5*time.Second {
		t.Errorf("wait %v", wait)
	}
	if end, _ := tries.Begin("elsewhere"); end == nil {
		t.Error("another key is refused")
	}
	now = now.Add(5 * time.Second)
	if !try(false) || !try(true) || try(true) {
		t.Error("five seconds are not one more failure")
	}
	// Those under way could all fail.
	now = now.Add(time.Minute)
	var ends []func(bool)
	for end, _ := tries.Begin("office"); end != nil; end, _ = tries.Begin("office") {
		ends = append(ends, end)
	}
	if len(ends) != 3 {
		t.Fatalf("%d tries at once", len(ends))
	}
	for _, end := range ends {
		end(false)
	}
	if !try(true) {
		t.Error("those that succeeded were counted")
	}
}
