package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// span is how long a fault of the network lasts.
func span(t *testing.T) time.Duration {
	if _, long := rounds(t, 0); long {
		return 10 * time.Second
	}
	return 2 * time.Second
}

// databaseCut has PostgreSQL out of reach, in each way that networks have.
func (s *siege) databaseCut(t *testing.T) { s.cut(t, s.database, s.ballots) }

// eventsCut has NATS out of reach.
func (s *siege) eventsCut(t *testing.T) { s.cut(t, s.events) }

// cut has lines fail while the crowd votes: refuse, keep silent for a while and,
// in the long form, forget their connections for good.
func (s *siege) cut(t *testing.T, lines ...*testkit.FaultProxy) {
	ways := []struct {
		name string
		fail func(*testkit.FaultProxy)
	}{{"refused", (*testkit.FaultProxy).Refuse}, {"held", (*testkit.FaultProxy).Hold}, {"forgotten", (*testkit.FaultProxy).Forget}}
	if _, long := rounds(t, 0); !long {
		ways = ways[:2]
	}
	l := s.load(t)
	for _, way := range ways {
		l.more(t, 50)
		t.Log(way.name)
		for _, line := range lines {
			way.fail(line)
		}
		pause(t, span(t))
		for _, line := range lines {
			line.Restore(t)
		}
		s.heal(t, l)
	}
	l.done(t)
	s.whole(t)
}

// heal waits until all processes are ready and ballots count, nobody having
// touched them.
func (s *siege) heal(t *testing.T, l *load) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l.more(t, 50)
	took := time.Since(began)
	for _, name := range []string{"voting", "gateway", others} {
		if err := s.Processes[name].Await(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("whole again: ballots counted after %v, all was ready after %v", took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}

// answersLost loses answers of PostgreSQL to the voting service, which then does
// not know what it has written.
func (s *siege) answersLost(t *testing.T) {
	n := 5
	if _, long := rounds(t, 0); long {
		n = 50
	}
	l := s.load(t)
	l.more(t, 50)
	s.ballots.LoseAnswers("", 0.1)
	testkit.Eventually(t, patience, func() error {
		log, err := os.ReadFile(s.Processes["voting"].Log)
		unknown := bytes.Count(log, []byte("commit_unknown=true"))
		return errors.Join(err, atLeast(int64(n), int64(unknown), "commits of ballots unknown"))
	})
	s.ballots.LoseAnswers("", 0)
	s.heal(t, l)
	l.done(t)
	t.Logf("%d answers lost", s.ballots.Lost())
	s.whole(t)
}
