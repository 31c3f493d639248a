package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/client"
)

// burst is how many credentials one address gets at once; then they come at two
// a second, or for work.
const burst = 60

// TestLimits has many voters behind one address: they are slowed, not turned
// away. Only our own proxy can say to whom an address belongs.
func TestLimits(t *testing.T) {
	t.Parallel()
	h := build(t, testkit.URL(t), testkit.NATS(t))
	h.add(all, nil)
	h.open(t, all)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })

	t.Run("one address behind a proxy", func(t *testing.T) {
		t.Parallel()
		h.slowed(t, func(int) string { return "203.0.113.7" })
		if a := h.come(t, "203.0.113.8"); a.status != http.StatusCreated {
			t.Errorf("its neighbour: %d %s", a.status, a.body)
		}
	})
	t.Run("invented addresses before the proxy's", func(t *testing.T) {
		t.Parallel()
		h.slowed(t, func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.9", i) })
	})
	t.Run("invented addresses without a proxy", func(t *testing.T) {
		t.Parallel()
		open, in := *h, *h.Installation // another gateway, which trusts nobody
		open.Installation, open.host = &in, loopback(t)
		in.Listen, in.Processes = open.port(0), nil
		open.add("gateway", []string{"gateway"}, "TRUSTED_PROXIES=")
		open.start(t, "gateway")
		t.Cleanup(func() { open.stop(t, "gateway") })
		open.slowed(t, func(i int) string { return fmt.Sprintf("198.51.100.%d", i) })
	})
}

// slowed has voters come from an address until they are told to wait, and sees
// that waiting helps.
func (h *harness) slowed(t *testing.T, address func(i int) string) {
	t.Helper()
	for i := range 2 * burst {
		a := h.come(t, address(i))
		if a.status == http.StatusCreated {
			continue
		}
		if s, err := strconv.Atoi(a.header.Get("Retry-After")); a.status != http.StatusTooManyRequests || a.Code != "proof_of_work_wanted" || err != nil || s < 1 {
			t.Fatalf("voter %d: %d, Retry-After %q, %s", i+1, a.status, a.header.Get("Retry-After"), a.body)
		}
		if i < burst {
			t.Errorf("slowed at voter %d of a burst of %d", i+1, burst)
		}
		if _, err := client.New("http://"+h.Listen).From(address(i)).Voter(t.Context(), h.Slug); err != nil {
			t.Errorf("with work: %v", err)
		}
		testkit.Eventually(t, wait, func() error {
			if a := h.come(t, address(i)); a.status != http.StatusCreated {
				return fmt.Errorf("after waiting: %d", a.status)
			}
			return nil
		})
		return
	}
	t.Errorf("%d voters of one address were not slowed", 2*burst)
}

func (h *harness) come(t *testing.T, address string) answer {
	t.Helper()
	return h.ask(t, request{
		method: "POST", path: of("/voters"), body: map[string]string{"way": "device"},
		header: map[string]string{"X-Forwarded-For": address},
	})
}
