package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestChaos_clock has the clock of the process jump by an hour, forth and back,
// while the vote has half an hour left: nothing opens or closes by it, and
// nothing stalls. The installation is this process.
func TestChaos_clock(t *testing.T) {
	t.Parallel()
	h := build(t, testkit.URL(t), nil)
	forVoting(h.Script)
	closes := time.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
	h.Rules = strings.Replace(h.Rules, "phases:\n", "phases:\n  voting: {closes: "+closes+"}\n", 1)
	var skew atomic.Int64 // nanoseconds
	h.inside(t, func() time.Time {
		return time.Now().Round(0).Add(time.Duration(skew.Load())) // without the monotonic reading
	})
	h.open(t)
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })

	var early []*client.Voter // with credentials from other times
	cast := 0
	for _, jump := range []time.Duration{0, time.Hour, 0, -time.Hour, 0, time.Hour, -time.Hour} {
		skew.Store(int64(jump))
		if jump > 0 {
			pause(t, 1200*time.Millisecond) // until whoever looks once a second has looked
		}
		voter, err := h.Voter(t.Context(), 10*cast)
		if err != nil {
			t.Fatalf("a credential at %v: %v", jump, err)
		}
		kept, err := h.Voter(t.Context(), 10*cast+5)
		if err != nil {
			t.Fatalf("a credential at %v: %v", jump, err)
		}
		for _, v := range append(early, voter) {
			if err := h.Cast(t.Context(), v, h.Picks()); err != nil {
				t.Fatalf("a ballot at %v: %v", jump, err)
			}
			cast++
		}
		early = []*client.Voter{kept}
		h.limited(t)
		h.counted(t, cast)
	}

	// Half an hour later, by the database's clock; the process is an hour behind.
	for _, statement := range []string{
		`UPDATE voting.voting SET closes_at = clock_timestamp(), roll = roll + 1`,
		`UPDATE selection.phase SET closes_at = clock_timestamp() WHERE name = 'voting'`,
	} {
		if _, err := testkit.Open(t, h.Database, "").ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := early[0].CastWith(t.Context(), "late", h.Picks()); !fault.HasCode(err, voting.ErrClosed.Code) {
		t.Errorf("a ballot after the close: %v", err)
	}
	h.check(t)
}

// inside runs all services in this process, by a clock.
func (h *harness) inside(t *testing.T, now func() time.Time) {
	t.Helper()
	cmd := serve.Command{Now: now, Server: config.Server{
		Database: config.Database{URL: h.Database, DataDir: h.Dir}, Listen: h.Listen, TrustedProxies: []string{"127.0.0.0/8"},
		CredentialTTL: 24 * time.Hour, SessionTTL: 12 * time.Hour, Log: config.Log{Level: slog.LevelError},
	}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- cmd.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	testkit.Eventually(t, startLimit, func() error { return installation.Readyz(t.Context(), h.Listen) })
}

// limited sees that an address which has used up its allowance gets more within
// seconds.
func (h *harness) limited(t *testing.T) {
	t.Helper()
	const address = "203.0.113.77"
	for range 2 * burst {
		if a := h.come(t, address); a.status == http.StatusTooManyRequests {
			testkit.Eventually(t, wait, func() error {
				if a := h.come(t, address); a.status != http.StatusCreated {
					return fmt.Errorf("after waiting: %d", a.status)
				}
				return nil
			})
			return
		}
	}
	t.Error("an address is not limited")
}

// counted waits until so many ballots are in the tally and every event is
// delivered.
func (h *harness) counted(t *testing.T, want int) {
	t.Helper()
	testkit.Eventually(t, wait, func() error {
		c, err := h.As(identity.Auditor).CheckTally(t.Context(), h.Slug)
		if err == nil && (c.Sequenced != int64(want) || len(c.Problems) > 0) {
			err = fmt.Errorf("%d ballots in the log, want %d; %v", c.Sequenced, want, c.Problems)
		}
		return errors.Join(err, h.Delivered(t.Context()))
	})
}
