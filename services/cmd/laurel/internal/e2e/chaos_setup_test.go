package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

const (
	// chaosVariable is how many rounds the long form of the chaos tests has;
	// without it they take their short form.
	chaosVariable = "LAUREL_CHAOS_ROUNDS"
	// seedVariable repeats a run's random choices.
	seedVariable = "LAUREL_CHAOS_SEED"
)

// The processes of a siege beside voting and gateway, and its servers.
const (
	others   = "others" // identity, selection, nomination and review
	second   = "voting-2"
	postgre  = "postgres"
	broker   = "nats"
	pgSocket = ".s.PGSQL.5432"
)

// rounds is short, or what the long form wants; long tells which.
func rounds(t *testing.T, short int) (n int, long bool) {
	t.Helper()
	text := os.Getenv(chaosVariable)
	if text == "" {
		return short, false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is not a number of rounds: %q", chaosVariable, text)
	}
	return n, true
}

// chance is a source of random choices, whose seed is logged.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("%s=%d repeats the choices", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// siege is an installation under faults: each of its processes can be killed,
// PostgreSQL and NATS too, and the ways to them can be cut.
type siege struct {
	*harness
	disk     *disk
	server   *private.Server // on disk
	nats     *brokerProcess
	database *testkit.FaultProxy // to PostgreSQL, for all
	ballots  *testkit.FaultProxy // to PostgreSQL, for voting
	events   *testkit.FaultProxy // to NATS, for all

	voters atomic.Int64 // who have come
	proved map[string]bool
}

// besiege opens an installation, with voting open.
func besiege(t *testing.T) *siege {
	t.Helper()
	disk := newDisk(t)
	server := disk.server(t)
	h := buildOn(t, server)
	s := &siege{harness: h, disk: disk, server: server, proved: map[string]bool{}}
	s.nats = newBroker(t, h.port(100))
	s.provision(t)
	socket := filepath.Join(server.Dir, "run", pgSocket)
	s.database = testkit.NewFaultProxy(t, h.port(101), "unix", socket)
	s.ballots = testkit.NewFaultProxy(t, h.port(102), "unix", socket)
	s.events = testkit.NewFaultProxy(t, h.port(103), "tcp", h.port(100))

	for name, services := range map[string][]string{
		"voting": {"voting"}, second: {"voting"}, "gateway": {"gateway"}, others: {"identity", "selection", "nomination", "review"},
	} {
		env := []string{
			"DATABASE_URL=" + over(s.database), "VOTING_DATABASE_URL=" + over(s.ballots) + "&application_name=" + name,
			"NATS_URL=nats://" + s.events.Address,
		}
		if name == "gateway" {
			env = append(env, "PROFILE_LISTEN="+s.port(profiles))
		}
		s.add(name, services, env...)
	}
	s.open(t, "voting", "gateway", others)
	s.begin(t)
	return s
}

// buildOn builds an installation for a vote on a server of its own.
func buildOn(t *testing.T, server *private.Server) *harness {
	t.Helper()
	if err := pg.CreateDatabase(t.Context(), server.URL("postgres"), "laurel"); err != nil {
		t.Fatal(err)
	}
	if err := pg.Bootstrap(t.Context(), server.URL("laurel"), event.Services()...); err != nil {
		t.Fatal(err)
	}
	h := build(t, server.URL("laurel"), nil)
	forVoting(h.Script)
	return h
}

// begin takes the selection to where the public votes.
func (s *siege) begin(t *testing.T) {
	t.Helper()
	s.vetted(t)
	s.run(t, func(ctx context.Context) error { return s.Open(ctx, rulebook.PhaseVoting) })
}

// anew begins another selection in the installation.
func (s *siege) anew(t *testing.T) {
	t.Helper()
	next := forVoting(smallScript(t, s.API))
	next.Slug = fmt.Sprintf("%s-%d", slug, s.voters.Load())
	s.Script, s.proved = next, map[string]bool{}
	s.begin(t)
}

// forVoting leaves out of a script the staff that comes after the vote: each
// account costs a second of work on its password.
func forVoting(s *script.Script) *script.Script {
	s.Input.Staff = slices.DeleteFunc(s.Input.Staff, func(m script.Member) bool {
		return m.Role == identity.Juror || m.Role == identity.Committee
	})
	return s
}

// address is that of the i-th caller: limits by address concern none of them.
func address(i int) string { return fmt.Sprintf("10.%d.%d.%d", 128+i>>16&63, i>>8&255, i&255) }

// over is the URL of the installation's database by a line.
func over(l *testkit.FaultProxy) string {
	return "postgres://laurel@" + l.Address + "/laurel?sslmode=disable"
}

// provision makes the streams, as an operator does: no room may.
func (s *siege) provision(t *testing.T) {
	t.Helper()
	if err := s.Run(t.Context(), nil, "migrate", "--nats", "--nats-url", "nats://"+s.nats.Address); err != nil {
		t.Fatal(err)
	}
}

// bus is a connection to NATS that no fault of the lines concerns.
func (s *siege) bus(t *testing.T) *bus.Bus {
	t.Helper()
	b, err := bus.Connect("nats://"+s.nats.Address, "observer", testkit.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// strike kills a process, or a server, without warning.
func (s *siege) strike(t *testing.T, name string) {
	t.Helper()
	switch name {
	case postgre:
		killPostmaster(t, s.server)
	case broker:
		s.nats.kill(t)
	default:
		s.kill(t, name)
	}
}

// raise starts it again on its data.
func (s *siege) raise(t *testing.T, name string) {
	t.Helper()
	switch name {
	case postgre:
		if _, err := s.server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	case broker:
		s.nats.start(t)
	default:
		s.start(t, name)
	}
}

// patience is how long something that was struck may take to be whole.
const patience = 2 * time.Minute
