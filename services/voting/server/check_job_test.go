package server_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// commanded has a superuser execute a statement.
func commanded(t *testing.T, address, statement string) {
	t.Helper()
	db, err := pg.Open(t.Context(), pg.Config{URL: address, MaxOpen: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// kill ends all sessions that are at work or hold a lock, but for one.
func (r *room) kill(t *testing.T, but int) {
	t.Helper()
	commanded(t, r.address, fmt.Sprintf(`
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity a
		WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %d)
		  AND (state <> 'idle' OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory'))`, but))
}

// held lets checks come as far as the log, and no farther until it is let go.
func (r *room) held(t *testing.T) (letGo func(), pid int) {
	t.Helper()
	db, err := pg.Open(t.Context(), pg.Config{URL: r.address, MaxOpen: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTxx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	if _, err := tx.ExecContext(t.Context(), `LOCK TABLE voting.tile IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	if err := tx.GetContext(t.Context(), &pid, `SELECT pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }, pid
}

// state waits until the last check is in a state, having told so much.
func (r *room) state(t *testing.T, want job.State, done int64) (j job.Job) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() (err error) {
		var found bool
		if j, found, err = job.Last(t.Context(), r.deps.DB, slug, voting.CheckJob); err == nil && (!found || j.State != want || j.Done < done) {
			err = fmt.Errorf("the check is %+v, want it %s", j, want)
		}
		return err
	})
	return j
}

// TestCheck_job orders a check, and has many join it: it is done once, recorded,
// and its result is kept with what it covers.
func TestCheck_job(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, ballot(1, 3), ballot(2, 1, 2))
	r.log(t, 2)
	if _, err := r.CheckTally(r.ctx, voting.Of{Slug: slug}); !errors.Is(err, voting.ErrNoCheck) {
		t.Errorf("before any: %v", err)
	}
	if _, err := r.OrderCheck(r.ctx, voting.Of{Slug: "nothing-1"}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of what is not there: %v", err)
	}
	letGo, _ := r.held(t)
	var first job.Job
	for i := range 3 {
		c, err := r.OrderCheck(r.ctx, voting.Of{Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = *c.Job
		}
		if c.Job.ID != first.ID {
			t.Errorf("ordered again: %+v, first %+v", c.Job, first)
		}
	}
	r.state(t, job.Running, 0)
	if c, err := r.CheckTally(r.ctx, voting.Of{Slug: slug}); err != nil || !c.At.IsZero() || c.Job == nil || c.Job.ID != first.ID {
		t.Errorf("while it is at work: %+v, %v", c, err)
	}
	letGo()
	r.state(t, job.Done, 0)
	c, err := r.CheckTally(r.ctx, voting.Of{Slug: slug})
	if err != nil || c.Job != nil || c.Ballots != 2 || c.Sequenced != 2 || c.Problems == nil || len(c.Problems) > 0 ||
		c.At.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	var attempts int
	if err := r.deps.DB.Get(&attempts, `SELECT sum(attempts) FROM job WHERE kind = $1`, voting.CheckJob); err != nil || attempts != 1 {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	acts, err := audit.List(t.Context(), r.deps.DB, audit.Page{Slug: slug})
	if err != nil || len(acts) != 3 || acts[0].Act != "order_check" {
		t.Errorf("recorded: %+v, %v", acts, err)
	}
}

// TestCheck_cancelled ends a check at work, which is recorded. What an earlier one
// found stays, and the next is whole.
func TestCheck_cancelled(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, ballot(1, 3), ballot(2, 1, 2))
	r.log(t, 2)
	if _, err := r.CancelCheck(r.ctx, voting.Of{Slug: slug}); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("none is at work: %v", err)
	}
	before, err := r.check(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CancelCheck(r.ctx, voting.Of{Slug: slug}); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("it has ended: %v", err)
	}
	letGo, _ := r.held(t)
	if _, err := r.OrderCheck(r.ctx, voting.Of{Slug: slug}); err != nil {
		t.Fatal(err)
	}
	r.state(t, job.Running, 0)
	c, err := r.CancelCheck(r.ctx, voting.Of{Slug: slug})
	if err != nil || c.Job.State != job.Failed || !errors.Is(c.Job.Fault, job.ErrCancelled) {
		t.Errorf("cancelled: %+v, %v", c.Job, err)
	}
	letGo()
	if c, err := r.CheckTally(r.ctx, voting.Of{Slug: slug}); err != nil || !c.At.Equal(before.At) || c.Job == nil || c.Job.State != job.Failed {
		t.Errorf("what the earlier one found: %+v, %v", c, err)
	}
	acts, err := audit.List(t.Context(), r.deps.DB, audit.Page{Slug: slug})
	if err != nil || acts[len(acts)-1].Act != "cancel_check" {
		t.Errorf("recorded: %+v, %v", acts, err)
	}
	r.whole(t, 2)
}

// TestCheck_killed kills the sessions of a replica in the middle of a check:
// another begins it again, and its result is right.
func TestCheck_killed(t *testing.T) {
	signer, err := ballotlog.NewSigner(key())
	if err != nil {
		t.Fatal(err)
	}
	s := newStore(t, func(context.Context) error { return nil })
	address := serviceURL(t)
	r := keeping(t, s, signer, testkit.NATS(t), address, address)
	r.open(t, once)
	r.cities(t, 0, 300, 100)
	r.log(t, 300)
	letGo, holder := r.held(t)
	if _, err := r.OrderCheck(r.ctx, voting.Of{Slug: slug}); err != nil {
		t.Fatal(err)
	}
	r.state(t, job.Running, 1)
	keeping(t, s, signer, r.nats, address, address)
	r.kill(t, holder)
	testkit.Eventually(t, testkit.Patience, func() error {
		j, _, err := job.Last(t.Context(), r.deps.DB, slug, voting.CheckJob)
		if err == nil && j.Attempts < 2 {
			err = fmt.Errorf("the check is %+v", j)
		}
		return err
	})
	letGo()
	r.state(t, job.Done, 0)
	if c, err := r.CheckTally(r.ctx, voting.Of{Slug: slug}); err != nil || c.Sequenced != 300 || len(c.Problems) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestCheck_diskFull checks where PostgreSQL has room for no temporary file, and
// memory for a part of the ballots.
func TestCheck_diskFull(t *testing.T) {
	address := serviceURL(t)
	commanded(t, address, `DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET temp_file_limit = 0', current_database());
		EXECUTE format('ALTER DATABASE %I SET work_mem = 2048', current_database()); -- kB
	END $$`)
	r := start(t, testkit.NATS(t), address, address)
	r.open(t, once)
	r.cities(t, 0, 24_000, 500)
	r.log(t, 24_000)
	if _, err := r.deps.DB.ExecContext(t.Context(), `SELECT count(*) FROM (SELECT * FROM ballot ORDER BY salt OFFSET 0) x`); err == nil {
		t.Fatal("there is room for the sort of all ballots")
	}
	if c, err := r.check(t); err != nil || c.Sequenced != 24_000 || len(c.Problems) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
