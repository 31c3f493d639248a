package limit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
)

func TestNetwork(t *testing.T) {
	for in, want := range map[string][2]string{
		"192.0.2.7":                        {"192.0.2.7", "192.0.2.0/24"},
		"::ffff:192.0.2.7":                 {"192.0.2.7", "192.0.2.0/24"},
		"2001:db8:1:2:3:4:5:6":             {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8:1:2:ffff:ffff:ffff:ffff": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":                     {"fe80::/64", "fe80::/48"},
		"unknown":                          {"unknown", "unknown"},
		"":                                 {"", ""},
	} {
		if got := limit.Network(in); got != want[0] {
			t.Errorf("Network(%s) = %s, want %s", in, got, want[0])
		} else if got := limit.Wider(got); got != want[1] {
			t.Errorf("around %s is %s, want %s", in, got, want[1])
		}
	}
}

// TestNetworks lets no site of IPv6 gain by its many networks, nor lose by one of
// them.
func TestNetworks(t *testing.T) {
	clock := testkit.NewClock(time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC))
	networks := limit.NewNetworks(limit.Rate{PerSecond: 1, Burst: 3}, clock.Now)
	take := func(address string) bool { return networks.Take(limit.Network(address)) == nil }
	greedy := 0
	for range 1000 {
		if take("2001:db8:1:1::1") {
			greedy++
		}
	}
	if greedy != 3 {
		t.Errorf("one network had %d", greedy)
	}
	rotating := 0
	for i := range 1000 {
		if take(fmt.Sprintf("2001:db8:1:%x::1", i+2)) {
			rotating++
		}
	}
	if want := 3*limit.Crowd - greedy; rotating != want {
		t.Errorf("its neighbours had %d, want %d: what one was refused is no loss of theirs", rotating, want)
	}
	if !take("2001:db8:2:1::1") {
		t.Error("another site is held back")
	}
}
