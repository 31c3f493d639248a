package work_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
)

// wide lets everybody pass but by the rate that a test is about.
func wide() work.Rates {
	all := limit.Rate{PerSecond: 1e6, Burst: 1e6}
	return work.Rates{Network: all, All: all, Strained: all}
}

const easy = 100 // numbers of the easiest challenge

func throttle(change func(r *work.Rates)) (*work.Throttle, *testkit.Clock) {
	r, clock := wide(), morning()
	change(&r)
	return work.NewThrottle(r, easy, key("k"), clock.Now), clock
}

// ask wants a credential without work, and gives how many numbers the challenge
// has; 0: none.
func ask(t *testing.T, b *work.Throttle, address string) int64 {
	t.Helper()
	done, err := b.Pass(limit.Network(address), slug, "")
	if err == nil {
		if done != nil {
			t.Fatalf("work %+v that nobody did", done)
		}
		return 0
	}
	f := fault.From(err)
	c, bad := work.ChallengeOf(f)
	if !errors.Is(err, work.ErrWanted) || f.Kind != fault.TooMany || bad != nil || f.RetryAfter < time.Second || f.RetryAfter > 10*time.Second {
		t.Fatalf("%#v, %v", f, bad)
	}
	return c.MaxNumber
}

func TestThrottle(t *testing.T) {
	few := limit.Rate{PerSecond: 0.5, Burst: 3}
	for name, c := range map[string]struct {
		change func(r *work.Rates)
		from   func(i int) string
		free   int
	}{
		"address": {func(r *work.Rates) { r.Network = few }, func(int) string { return "192.0.2.1" }, 3},
		"around":  {func(r *work.Rates) { r.Network = few }, func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }, 60},
		"site":    {func(r *work.Rates) { r.Network = few }, func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i) }, 60},
		"all":     {func(r *work.Rates) { r.All = few }, func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			b, clock := throttle(c.change)
			free := 0
			for i := range 100 {
				if ask(t, b, c.from(i)) == 0 {
					free++
				}
			}
			if free != c.free {
				t.Errorf("%d of 100 without work, want %d", free, c.free)
			}
			_, err := b.Pass(limit.Network(c.from(0)), slug, "")
			done, failed := work.Do(t.Context(), fault.From(err))
			if failed != nil {
				t.Fatal(failed)
			}
			if got, err := b.Pass(limit.Network(c.from(0)), slug, done); err != nil || got == nil {
				t.Errorf("with work: %+v, %v", got, err)
			}
			clock.Advance(2 * time.Second)
			if n := ask(t, b, c.from(200)); n != 0 {
				t.Errorf("after two seconds: %d numbers", n)
			}
		})
	}
}

// TestThrottle_busy asks everybody for work while ballots are refused, but for a
// few; not for long, and not by a clock that was set back.
func TestThrottle_busy(t *testing.T) {
	b, clock := throttle(func(r *work.Rates) { r.Strained = limit.Rate{PerSecond: 1, Burst: 2} })
	count := func() (asked int) {
		for i := range 10 {
			if n := ask(t, b, fmt.Sprintf("192.0.2.%d", i)); n > 0 {
				asked++
				if n != 2*easy {
					t.Errorf("%d numbers", n)
				}
			}
		}
		return asked
	}
	if n := count(); n != 0 {
		t.Errorf("%d asked at rest", n)
	}
	b.Refused()
	if n := count(); n != 8 {
		t.Errorf("%d of 10 asked while ballots are refused", n)
	}
	clock.Advance(10 * time.Second)
	if n := count(); n != 0 {
		t.Errorf("%d asked ten seconds later", n)
	}
	b.Refused()
	clock.Advance(-time.Hour)
	if n := count(); n != 0 {
		t.Errorf("%d asked by a clock that was set back", n)
	}
}

// TestThrottle_hardness rises with each sign of work in bulk, up to five times,
// and falls again.
func TestThrottle_hardness(t *testing.T) {
	b, clock := throttle(func(r *work.Rates) { r.Network = limit.Rate{PerSecond: 1, Burst: 1} })
	ask(t, b, "192.0.2.1")
	for range 50 { // a class, each asked once
		if n := ask(t, b, "192.0.2.1"); n != easy {
			t.Fatalf("%d numbers", n)
		}
	}
	if n := ask(t, b, "192.0.2.1"); n != 2*easy {
		t.Errorf("one network in bulk: %d numbers", n)
	}
	for i := range 50 * limit.Crowd {
		ask(t, b, fmt.Sprintf("192.0.2.%d", i%200+2))
	}
	if n := ask(t, b, "192.0.2.1"); n != 4*easy {
		t.Errorf("all around it, too: %d numbers", n)
	}
	b.Refused()
	if n := ask(t, b, "192.0.2.1"); n != 5*easy {
		t.Errorf("and ballots are refused: %d numbers", n)
	}
	clock.Advance(time.Minute)
	ask(t, b, "192.0.2.1")
	if n := ask(t, b, "192.0.2.1"); n != easy {
		t.Errorf("a minute later: %d numbers", n)
	}
}

// TestThrottle_none has no challenges: who comes has to wait.
func TestThrottle_none(t *testing.T) {
	r := wide()
	r.Network = limit.Rate{PerSecond: 0.5, Burst: 1}
	b := work.NewThrottle(r, 0, key("k"), morning().Now)
	ask(t, b, "192.0.2.1")
	if _, err := b.Pass("192.0.2.1", slug, ""); !fault.HasCode(err, "too_many_requests") || fault.From(err).RetryAfter != 2*time.Second {
		t.Errorf("%#v", err)
	}
}
