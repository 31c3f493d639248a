package e2e_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestServe_separate runs a selection through six processes. One of them is
// restarted while votes are cast, and later all are.
func TestServe_separate(t *testing.T) {
	t.Parallel()
	h := apart(t)
	for name, s := range h.Processes {
		for _, path := range []string{"/healthz", "/readyz"} {
			if status := get(t, s.Address, path); status != http.StatusNoContent {
				t.Errorf("%s of %s: %d", path, name, status)
			}
		}
	}
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })

	voters := h.vote(t.Context(), 300)
	voters.reach(t, 50)
	h.stop(t, "voting")
	h.start(t, "voting")
	voters.done(t)

	h.drain(t)
	h.start(t, serve.Names()...)
	h.run(t, h.Vote, h.Score, h.Decide, h.Notice, h.Publish)
	h.check(t)
}

// drain stops all processes while ballots are in flight, and they are answered.
func (h *harness) drain(t *testing.T) {
	t.Helper()
	const flights = 3 // requests that a gateway has under way at a time
	var seen atomic.Int64
	stop, err := h.broker.Connect(t, observer).Listen("rpc.voting.v1.*", func(subject string, _ []byte) {
		if strings.HasPrefix(subject, "rpc.voting.v1."+voting.CastVerb) { // at any replica, or at one
			seen.Add(1)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	ballots := make([]struct {
		voter *client.Voter
		picks []int
	}, flights)
	for i := range ballots {
		if ballots[i].voter, err = h.Voter(t.Context(), 1000+i); err != nil {
			t.Fatal(err)
		}
		ballots[i].picks = h.Picks()
	}
	h.signal(t, syscall.SIGSTOP, "voting") // it sleeps, with the ballots on their way to it
	answers := make(chan error, flights)
	for i, b := range ballots {
		go func() {
			counted, err := b.voter.CastWith(context.Background(), "drain", b.picks)
			if err == nil {
				h.Keep(counted.Receipt, b.picks)
			}
			answers <- err
		}()
		testkit.Eventually(t, wait, func() error {
			if seen.Load() <= int64(i) {
				return errors.New("the ballot has not left the gateway")
			}
			return nil
		})
	}
	h.signal(t, syscall.SIGTERM, serve.Names()...)
	h.signal(t, syscall.SIGCONT, "voting")
	ctx, cancel := context.WithTimeout(t.Context(), stopLimit)
	defer cancel()
	for name, s := range h.Processes {
		if err := s.Wait(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range flights {
		if err := <-answers; err != nil {
			t.Errorf("a ballot in flight: %v", err)
		}
	}
}

func (h *harness) signal(t *testing.T, sig syscall.Signal, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := h.Processes[name].Signal(sig); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func get(t *testing.T, address, path string) (status int) {
	t.Helper()
	status, _ = answerOf(t, address, path)
	return status
}

// answerOf asks a process; status is 0 where it does not listen yet.
func answerOf(t *testing.T, address, path string) (status int, text string) {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
