package e2e_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// replicas runs two voting processes on one database. The one whose sequencer
// leads is put to sleep, its sessions are ended, and it wakes up without knowing
// that the other leads; then the other way round. Meanwhile some voters cast many
// times at once, through both.
func (s *siege) replicas(t *testing.T) {
	s.start(t, second)
	defer s.stop(t, second)
	db := testkit.Open(t, s.Database, "")
	// leader is the process that holds the sequencer's lock.
	leader := func() (name string, err error) {
		return name, db.GetContext(t.Context(), &name, `
			SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
			WHERE a.datname = current_database() AND l.locktype = 'advisory' AND l.granted
			AND (l.classid::bigint << 32 | l.objid::bigint) = $1`, pg.LockKey("voting/sequencer"))
	}
	l := s.load(t)
	for range 2 {
		l.more(t, 50)
		asleep, err := leader()
		if err != nil {
			t.Fatal(err)
		}
		s.signal(t, syscall.SIGSTOP, asleep)
		if _, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, asleep); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		testkit.Eventually(t, wait, func() error {
			name, err := leader()
			if err == nil && name == asleep {
				err = errors.New("the process that sleeps still leads")
			}
			return err
		})
		t.Logf("%s sleeps; another sequencer after %v", asleep, time.Since(began).Round(time.Millisecond))
		s.signal(t, syscall.SIGCONT, asleep)
		s.twins(t)
	}
	l.done(t)
	s.whole(t)
}

// twins has voters cast several ballots at once, each with a key of its own:
// one of each voter counts.
func (s *siege) twins(t *testing.T) {
	t.Helper()
	const voters, each = 20, 5
	l := &load{s: s, refused: map[string]int{}}
	var counted [voters]atomic.Int64
	var g errgroup.Group
	for v := range voters {
		voter, err := s.Voter(t.Context(), int(s.voters.Add(1)))
		if err != nil {
			t.Fatal(err)
		}
		for k := range each {
			g.Go(func() error {
				picks := s.Picks()
				out, err := l.persist(t.Context(), voter, fmt.Sprintf("twin-%d", k), picks)
				if err == nil {
					counted[v].Add(1)
					s.Keep(out.Receipt, picks)
				} else if fault.HasCode(err, "ballot_duplicate") {
					err = nil
				}
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	for v := range counted {
		if n := counted[v].Load(); n != 1 {
			t.Errorf("%d ballots of one voter were acknowledged", n)
		}
	}
}

// atLeast is an error while there are fewer.
func atLeast(want, got int64, of string) error {
	if got < want {
		return fmt.Errorf("%d %s, not %d", got, of, want)
	}
	return nil
}
