package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const (
	ballots = 1000
	kills   = 2
)

// TestChaos_kill9 runs an installation in one process, kills this process and its
// PostgreSQL several times in the middle of voting, and starts them again on their
// data: no acknowledged ballot is lost, none counts twice. The voters are in
// another process, this one.
func TestChaos_kill9(t *testing.T) {
	t.Parallel()
	server := postgres(t)
	h := buildOn(t, server)
	s := h.add(all, nil)
	h.open(t, all)
	h.castThrough(t,
		func() {
			h.kill(t, all)
			h.start(t, all)
		},
		func() {
			killPostmaster(t, server)
			testkit.Eventually(t, wait, func() error {
				if status := get(t, s.Address, "/readyz"); status != http.StatusServiceUnavailable {
					return fmt.Errorf("ready without a database: %d", status)
				}
				return nil
			})
			if status := get(t, s.Address, "/healthz"); status != http.StatusNoContent {
				t.Errorf("it lives: %d", status)
			}
			if _, err := server.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Await(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
}

// castThrough has the public vote while each of strikes is called, kills times
// over, and looks at everything afterwards.
func (h *harness) castThrough(t *testing.T, strikes ...func()) {
	t.Helper()
	h.vetted(t)
	h.run(t, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	voters := h.vote(t.Context(), ballots)
	n := kills * len(strikes)
	for i := range n {
		voters.reach(t, int64((i+1)*ballots/(n+2)))
		strikes[i%len(strikes)]()
	}
	voters.done(t)
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	h.check(t)
	if n := len(h.Receipts()); n != ballots {
		t.Errorf("%d receipts of %d voters", n, ballots)
	}
}

// postgres is a server of the test's own. It lies directly under the temporary
// directory, where the server's user can come.
func postgres(t *testing.T) *private.Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "laurel-e2e-pg-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return serverIn(t, dir)
}

// serverIn is a server in a directory, until the end of the test.
func serverIn(t *testing.T, dir string) *private.Server {
	t.Helper()
	l := private.Server{Dir: filepath.Join(dir, "pg")}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := l.Remove(ctx); err != nil {
			t.Error(err)
		}
	})
	server, err := l.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// killPostmaster ends the server as its host's failure would, but for the
// sessions, which find out by themselves.
func killPostmaster(t *testing.T, server *private.Server) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(server.Dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
