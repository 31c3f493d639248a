package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// one casts one ballot, from any goroutine.
func (r *room) one(c voting.Cast) (voting.Outcome, error) {
	out, err := r.CastBallots(r.ctx, voting.CastBallots{Ballots: []voting.Cast{c}})
	if err != nil {
		return voting.Outcome{}, err
	}
	return out.Outcomes[0], nil
}

func TestChaos_oneVoter(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	var counted atomic.Int32
	var g errgroup.Group
	for i := range 1000 {
		g.Go(func() error {
			o, err := r.one(ballot(1, 1+i%candidates))
			switch {
			case err != nil:
				return err
			case o.Fault == nil:
				counted.Add(1)
			case !errors.Is(o.Fault, voting.ErrDuplicate):
				return o.Fault
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := counted.Load(); n != 1 {
		t.Errorf("%d ballots of one voter were counted", n)
	}
	r.whole(t, 1)
}

// TestChaos_close casts until the vote is closed: what was acknowledged is in,
// and nothing else.
func TestChaos_close(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	var mu sync.Mutex
	var receipts []string
	var g errgroup.Group
	for w := range 32 {
		g.Go(func() error {
			for i := 0; ; i++ {
				o, err := r.one(ballot(i*32+w, 1))
				if err != nil {
					return err
				}
				if o.Fault != nil {
					if errors.Is(o.Fault, voting.ErrClosed) {
						return nil
					}
					return o.Fault
				}
				mu.Lock()
				receipts = append(receipts, o.Receipt)
				mu.Unlock()
			}
		})
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(receipts) < 500 {
			return fmt.Errorf("%d ballots", len(receipts))
		}
		return nil
	})
	r.close(t)
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if tally := r.sealed(t); tally.Ballots != int64(len(receipts)) || tally.Votes[1] != int64(len(receipts)) {
		t.Errorf("%d ballots acknowledged, sealed %+v", len(receipts), tally)
	}
	r.whole(t, len(receipts))
	r.indexed(t, receipts)
}

// indexed tells whether the receipts are of different places in the log.
func (r *room) indexed(t *testing.T, receipts []string) {
	t.Helper()
	seen := map[int64]bool{}
	for _, code := range receipts {
		got, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: code})
		if err != nil || got.Index == nil || seen[*got.Index] {
			t.Fatalf("receipt %s = %+v, %v", code, got, err)
		}
		seen[*got.Index] = true
	}
}

// TestChaos_replicas casts the same voters' ballots through two rooms on one
// database, in every order.
func TestChaos_replicas(t *testing.T) {
	for _, rules := range []string{once, `{"voters": ["device"], "frequency": "once", "picks": {"max": 1}, "change": "add", "counts": "live"}`} {
		r := setup(t)
		start(t, r.nats, r.address, r.address)
		r.open(t, rules)
		const voters = 300
		var counted atomic.Int32
		var g errgroup.Group
		for range 12 {
			order := rand.Perm(voters)
			g.Go(func() error {
				for chunk := range len(order) / 50 {
					var in voting.CastBallots
					for _, n := range order[chunk*50 : chunk*50+50] {
						in.Ballots = append(in.Ballots, ballot(n, 1+n%candidates))
					}
					out, err := r.CastBallots(r.ctx, in)
					if err != nil {
						return err
					}
					for _, o := range out.Outcomes {
						if o.Fault == nil {
							counted.Add(1)
						} else if !errors.Is(o.Fault, voting.ErrDuplicate) {
							return o.Fault
						}
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := counted.Load(); n != voters {
			t.Errorf("%d ballots counted of %d voters", n, voters)
		}
		r.close(t)
		r.sealed(t)
		r.whole(t, voters)
	}
}

// TestChaos_killed ends all of the room's sessions again and again. Callers try
// again with their key, as the faults tell them to.
func TestChaos_killed(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	killer := testkit.Open(t, r.address, "")
	const workers, each = 16, 60
	receipts := make([]string, workers*each)
	var done atomic.Int32
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			for i := range each {
				n := w*each + i
				code, err := r.persist(keyed(ballot(n, 1+n%candidates), fmt.Sprint("key-", n)))
				if err != nil {
					return err
				}
				receipts[n] = code
				done.Add(1)
			}
			return nil
		})
	}
	for kill := range int32(6) {
		testkit.Eventually(t, testkit.Patience, func() error {
			if n := done.Load(); n < kill*workers*each/8 {
				return fmt.Errorf("%d ballots", n)
			}
			return nil
		})
		if _, err := killer.ExecContext(t.Context(), `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'laurel-voting'`); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	r.whole(t, workers*each)
	r.indexed(t, receipts)
}

// persist casts until the answer is not "try again".
func (r *room) persist(c voting.Cast) (receipt string, err error) {
	for ended := time.Now().Add(30 * time.Second); time.Now().Before(ended); {
		o, err := r.one(c)
		switch {
		case err == nil && o.Fault == nil:
			return o.Receipt, nil
		case err == nil && o.Fault.Kind != fault.Unavailable:
			return "", o.Fault
		case err != nil && !fault.Is(err, fault.Unavailable):
			return "", err
		}
	}
	return "", errors.New("never counted")
}

// TestChaos_commitUnknown loses the answer to a call that commits: the ballots are found
// by their salt, and are nobody's duplicates.
func TestChaos_commitUnknown(t *testing.T) {
	address := serviceURL(t)
	line, way := testkit.DatabaseProxy(t, address)
	r := start(t, testkit.NATS(t), address, way)
	r.open(t, once)
	r.counted(t, ballot(1000, 1))
	line.LoseAnswers("\x00\x02\x00\x0b\x00\x00\x00\x02\x00\x0c\x00\x00\x00\x02\x00\x0b", 1) // picks 11, 12, 11 in a binary array
	var ballots []voting.Cast
	for n := range 50 {
		ballots = append(ballots, ballot(n, 11, 12))
	}
	for i, o := range r.counted(t, ballots...) {
		if o.Again {
			t.Errorf("ballot %d counted before: %+v", i, o)
		}
	}
	if line.Lost() == 0 {
		t.Fatal("no answer was lost")
	}
	r.whole(t, 51)
}

// TestChaos_commitLost ends the session inside COMMIT, so that nothing is
// committed and the writer does not know.
func TestChaos_commitLost(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	if _, err := testkit.Open(t, r.address, "").ExecContext(t.Context(), `
		SET search_path = voting;
		CREATE SEQUENCE deaths;
		GRANT USAGE, SELECT ON SEQUENCE deaths TO laurel_voting;
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = voting AS $$
		BEGIN
			IF nextval('deaths') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER die AFTER INSERT ON batch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();`); err != nil {
		t.Fatal(err)
	}
	r.counted(t, ballot(1, 1), ballot(2, 2))
	var deaths int
	if err := r.deps.DB.Get(&deaths, `SELECT last_value FROM deaths`); err != nil || deaths != 2 {
		t.Errorf("%d commits, want 2, %v", deaths, err)
	}
	r.whole(t, 2)
}

// TestChaos_poison has a ballot that the database does not take: the others of
// its batch do not suffer.
func TestChaos_poison(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.execute(t, `ALTER TABLE ballot ADD CONSTRAINT poison CHECK (picks <> '{11,12}')`)
	var ballots []voting.Cast
	for n := range 40 {
		ballots = append(ballots, ballot(n, 1))
	}
	ballots[17].Picks = []int{12, 11}
	for i, o := range r.cast(t, ballots...) {
		if bad := o.Fault != nil; bad != (i == 17) {
			t.Errorf("ballot %d: %+v", i, o)
		} else if bad && o.Fault.Kind != fault.Internal {
			t.Errorf("the poison: %v", o.Fault)
		}
	}
	r.whole(t, 39)
}

// TestChaos_overload holds the writer up: when the queue is full, callers hear
// so at once, and what is in it counts in the end.
func TestChaos_overload(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	tx, err := r.deps.DB.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(t.Context(), `SELECT pg_advisory_xact_lock($1)`, pg.LockKey("voting/"+slug)); err != nil {
		t.Fatal(err)
	}
	probe := keyed(ballot(0, 1), "probe") // the same ballot, whenever it gets in
	flood := voting.CastBallots{Ballots: []voting.Cast{probe}}
	for n := 1; n < 10_000; n++ {
		flood.Ballots = append(flood.Ballots, ballot(n, 1))
	}
	var counted atomic.Int64
	var g errgroup.Group
	ctx := testkit.Context(t)
	cast := func(in voting.CastBallots) {
		g.Go(func() error {
			out, err := r.CastBallots(ctx, in)
			for _, o := range out.Outcomes {
				if o.Fault == nil {
					counted.Add(1)
				} else if !errors.Is(o.Fault, voting.ErrBusy) {
					return o.Fault
				}
			}
			return err
		})
	}
	cast(voting.CastBallots{Ballots: []voting.Cast{ballot(10_000, 1)}})
	testkit.Eventually(t, testkit.Patience, func() error { // the writer waits for the lock with this one in hand
		var waits bool
		err := r.deps.DB.Get(&waits, `
			SELECT count(*) > 0 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
			WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted`)
		if err == nil && !waits {
			err = errors.New("nobody waits for the selection")
		}
		return err
	})
	cast(flood)
	testkit.Eventually(t, testkit.Patience, func() error {
		ctx, cancel := context.WithTimeout(r.ctx, 200*time.Millisecond)
		defer cancel()
		out, err := r.CastBallots(ctx, voting.CastBallots{Ballots: []voting.Cast{probe}})
		if err != nil {
			return err
		}
		if !errors.Is(out.Outcomes[0].Fault, voting.ErrBusy) {
			return fmt.Errorf("outcome %+v", out.Outcomes[0])
		}
		return nil
	})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	all := int(counted.Load())
	if all < 8000 || all > 8192+500 {
		t.Errorf("%d of 10,001 counted", all)
	}
	r.whole(t, all)
	if sums := events[event.BallotsCounted](t, r); len(sums) > 20 {
		t.Errorf("%d events told of %d ballots", len(sums), all)
	}
}
