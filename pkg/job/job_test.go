package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const (
	slug    = "s-1"
	copying = "copying"
)

// house is a database of a room, and the clock of its runners.
type house struct {
	db      *sqlx.DB
	address string
	clock   *testkit.Clock
}

func setup(t *testing.T) *house {
	t.Helper()
	address := testkit.ServiceURL(t, "review", job.Set())
	return &house{testkit.Open(t, address, "review"), address, testkit.NewClock(testkit.Morning())}
}

// replica runs jobs until stop, or the end of the test.
func (h *house) replica(t *testing.T, kinds ...job.Kind) (r *job.Runner, stop func()) {
	t.Helper()
	r = job.New(testkit.Open(t, h.address, "review"), h.clock.Now, testkit.Log(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx, kinds); err != nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return r, stop
}

// until waits for a state of the last job.
func (h *house) until(t *testing.T, kind string, want job.State) (j job.Job) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		last, found, err := job.Last(t.Context(), h.db, slug, kind)
		if j = last; err == nil && (!found || j.State != want) {
			err = fmt.Errorf("the last job is %+v, want it %s", j, want)
		}
		return err
	})
	return j
}

func (h *house) order(t *testing.T, r *job.Runner, input any) job.Job {
	t.Helper()
	j, err := r.Order(t.Context(), h.db, slug, copying, input)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// gate lets work begin, and wait for the test.
type gate struct{ begun, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}, 100), make(chan struct{})} }

func (g gate) run(ctx context.Context, w *job.Work) (any, error) {
	g.begun <- struct{}{}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-g.open:
		return map[string]string{"input": string(w.Input)}, nil
	}
}

// TestRunner does a job that is part of a transaction once that is committed, and
// lets whoever orders the same again join it.
func TestRunner(t *testing.T) {
	h, g := setup(t), newGate()
	r, _ := h.replica(t, job.Kind{Name: copying, Run: g.run})
	refused := errors.New("refused")
	if err := pg.InTx(t.Context(), h.db, func(tx *sqlx.Tx) error {
		_, err := r.Order(t.Context(), tx, slug, copying, "never")
		return errors.Join(err, refused)
	}); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	first := h.order(t, r, map[string]int{"a": 1, "b": 2})
	testkit.Receive(t, g.begun, "the work")
	for range 5 {
		if again := h.order(t, r, map[string]int{"b": 2, "a": 1}); again.ID != first.ID {
			t.Errorf("ordered again: %+v, first %+v", again, first)
		}
	}
	if _, err := r.Order(t.Context(), h.db, slug, copying, "another"); !errors.Is(err, job.ErrOther) {
		t.Errorf("the same of another input: %v", err)
	}
	if other, err := r.Order(t.Context(), h.db, "s-2", copying, "another"); err != nil || other.ID == first.ID {
		t.Errorf("of another selection: %+v, %v", other, err)
	}
	testkit.Receive(t, g.begun, "the other selection's")
	close(g.open)
	done := h.until(t, copying, job.Done)
	if done.ID != first.ID || done.Attempts != 1 || done.Fault != nil || string(done.Result) != `{"input": "{\"a\": 1, \"b\": 2}"}` {
		t.Errorf("done %+v: %s", done, done.Result)
	}
	if _, err := job.Get(t.Context(), h.db, "s-2", first.ID); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("asked for in another selection: %v", err)
	}
	if _, err := job.Get(t.Context(), h.db, slug, "no-id"); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("no id: %v", err)
	}
	if next := h.order(t, r, "another"); next.ID == first.ID {
		t.Error("a job that has ended was joined")
	}
}

// TestRunner_replicas has several replicas want one job: one does it.
func TestRunner_replicas(t *testing.T) {
	h := setup(t)
	var runs, atOnce, most atomic.Int32
	kind := job.Kind{Name: copying, Run: func(ctx context.Context, w *job.Work) (any, error) {
		runs.Add(1)
		for n := atOnce.Add(1); ; {
			if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
				break
			}
		}
		defer atOnce.Add(-1)
		for i := range int64(20) {
			if err := w.Progress(ctx, i, 20); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}}
	var r *job.Runner
	for range 3 {
		r, _ = h.replica(t, kind)
	}
	for range 10 {
		h.order(t, r, nil)
		h.until(t, copying, job.Done)
	}
	if runs.Load() != 10 || most.Load() != 1 {
		t.Errorf("10 jobs ran %d times, %d at once", runs.Load(), most.Load())
	}
}

// TestRunner_slots does no more at a time than there are slots, whatever is
// ordered.
func TestRunner_slots(t *testing.T) {
	h, g := setup(t), newGate()
	r, _ := h.replica(t, job.Kind{Name: copying, Run: g.run})
	for i := range 6 {
		if _, err := r.Order(t.Context(), h.db, fmt.Sprintf("s-%d", i), copying, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		testkit.Receive(t, g.begun, "the work")
	}
	var running int
	if err := h.db.GetContext(t.Context(), &running, `SELECT count(*) FROM job WHERE state = 'running'`); err != nil || running != 2 {
		t.Errorf("%d at work, %v", running, err)
	}
	close(g.open)
	testkit.Eventually(t, testkit.Patience, func() error {
		var waiting int
		err := h.db.GetContext(t.Context(), &waiting, `SELECT count(*) FROM job WHERE ended_at IS NULL`)
		if err == nil && waiting > 0 {
			err = fmt.Errorf("%d have not ended", waiting)
		}
		return err
	})
}

// TestRunner_stopped begins a job again that was at work in a replica that was
// stopped, or whose session PostgreSQL ended under it.
func TestRunner_stopped(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, h *house, stop func()){
		"stopped": func(_ *testing.T, _ *house, stop func()) { stop() },
		"session lost": func(t *testing.T, h *house, _ func()) {
			t.Helper()
			admin, err := pg.Open(t.Context(), pg.Config{URL: h.address, MaxOpen: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer admin.Close()
			if _, err := admin.ExecContext(t.Context(), `
				SELECT pg_terminate_backend(pid) FROM pg_locks
				WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, g := setup(t), newGate()
			polls := func(ctx context.Context, w *job.Work) (any, error) {
				g.begun <- struct{}{}
				for {
					select {
					case <-g.open:
						return w.Attempts, nil
					case <-time.After(10 * time.Millisecond):
					}
					if err := w.Progress(ctx, 1, 2); err != nil {
						return nil, err
					}
				}
			}
			kind := job.Kind{Name: copying, Run: polls}
			r, stop := h.replica(t, kind)
			h.order(t, r, nil)
			testkit.Receive(t, g.begun, "the work")
			h.replica(t, kind)
			end(t, h, stop)
			testkit.Receive(t, g.begun, "the work begun again")
			close(g.open)
			if j := h.until(t, copying, job.Done); string(j.Result) != "2" {
				t.Errorf("done %+v: %s", j, j.Result)
			}
		})
	}
}

// TestRunner_killed has a process of its own at work on a job killed: a replica
// goes on with it.
func TestRunner_killed(t *testing.T) {
	if address := os.Getenv("LAUREL_TEST_JOB_DATABASE"); address != "" {
		h := &house{address: address, clock: testkit.NewClock(testkit.Morning())}
		h.replica(t, job.Kind{Name: copying, Run: newGate().run})
		select {}
	}
	h := setup(t)
	if _, err := job.New(h.db, h.clock.Now, testkit.Log(t)).Order(t.Context(), h.db, slug, copying, nil); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRunner_killed$")
	child.Env = append(os.Environ(), "LAUREL_TEST_JOB_DATABASE="+h.address)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	h.until(t, copying, job.Running)
	g := newGate()
	close(g.open)
	h.replica(t, job.Kind{Name: copying, Run: g.run})
	select {
	case <-g.begun:
		t.Error("a job has two owners")
	case <-time.After(100 * time.Millisecond):
	}
	if err := child.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if j := h.until(t, copying, job.Done); j.Attempts != 2 {
		t.Errorf("done %+v", j)
	}
}

// TestRunner_fails tries again what may pass by itself, panics included, and
// tells why the last attempt failed; another fault ends the job.
func TestRunner_fails(t *testing.T) {
	for name, c := range map[string]struct {
		fail func() error
		code string
		ends bool
	}{
		"unknown":     {func() error { return errors.New("disk full") }, "internal", false},
		"unavailable": {func() error { return fault.NewUnavailable("away", "away", time.Second) }, "away", false},
		"panic":       {func() error { panic("spilled") }, "internal", false},
		"final":       {func() error { return fault.New(fault.Conflict, "no_such", "none") }, "no_such", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := setup(t)
			var runs atomic.Int32
			r, _ := h.replica(t, job.Kind{Name: copying, Run: func(context.Context, *job.Work) (any, error) {
				if runs.Add(1) <= 2 {
					return nil, c.fail()
				}
				return "whole", nil
			}})
			h.order(t, r, nil)
			if c.ends {
				if j := h.until(t, copying, job.Failed); j.Fault.Code != c.code || j.Result != nil || runs.Load() != 1 {
					t.Errorf("%+v after %d runs", j, runs.Load())
				}
				return
			}
			for attempt := 1; attempt <= 2; attempt++ {
				testkit.Eventually(t, testkit.Patience, func() error {
					j, _, err := job.Last(t.Context(), h.db, slug, copying)
					if err == nil && (j.State != job.Queued || j.Attempts != attempt || j.Fault.Code != c.code || !j.DueAt.After(h.clock.Now())) {
						err = fmt.Errorf("attempt %d: %+v", attempt, j)
					}
					return err
				})
				h.clock.Advance(time.Minute)
			}
			if j := h.until(t, copying, job.Done); j.Fault != nil || string(j.Result) != `"whole"` || j.Attempts != 3 {
				t.Errorf("%+v", j)
			}
		})
	}
}

// TestRunner_givesUp ends a job that fails, or kills its process, again and
// again.
func TestRunner_givesUp(t *testing.T) {
	h := setup(t)
	r, _ := h.replica(t, job.Kind{Name: copying, Run: func(context.Context, *job.Work) (any, error) { return nil, errors.New("broken") }})
	h.order(t, r, nil)
	testkit.Eventually(t, testkit.Patience, func() error {
		h.clock.Advance(time.Hour)
		j, _, err := job.Last(t.Context(), h.db, slug, copying)
		if err == nil && (j.State != job.Failed || !errors.Is(j.Fault, job.ErrGivenUp)) {
			err = fmt.Errorf("%+v", j)
		}
		return err
	})
}

// TestRunner_cancel ends a job that waits, and one at work.
func TestRunner_cancel(t *testing.T) {
	h := setup(t)
	begun, ended := make(chan struct{}, 1), make(chan error, 1)
	kind := job.Kind{Name: copying, Run: func(ctx context.Context, w *job.Work) (any, error) {
		begun <- struct{}{}
		for {
			if err := w.Progress(ctx, 1, 2); err != nil {
				ended <- err
				return nil, err
			}
		}
	}}
	idle := job.New(h.db, h.clock.Now, testkit.Log(t))
	waits := h.order(t, idle, nil)
	if j, err := idle.Cancel(t.Context(), h.db, slug, waits.ID); err != nil || j.State != job.Failed || !errors.Is(j.Fault, job.ErrCancelled) {
		t.Errorf("cancelled while it waits: %+v, %v", j, err)
	}
	r, _ := h.replica(t, kind)
	j := h.order(t, r, nil)
	testkit.Receive(t, begun, "the work")
	if _, err := idle.Cancel(t.Context(), h.db, slug, j.ID); err != nil {
		t.Fatal(err)
	}
	if err := testkit.Receive(t, ended, "the end of the work"); !errors.Is(err, job.ErrCancelled) {
		t.Errorf("the work ended with %v", err)
	}
	if _, err := idle.Cancel(t.Context(), h.db, slug, j.ID); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("cancelled again: %v", err)
	}
	if j := h.until(t, copying, job.Failed); !errors.Is(j.Fault, job.ErrCancelled) {
		t.Errorf("%+v", j)
	}
}

// TestRunner_regularLate does a job again that took longer than its turn, by a clock
// that went on meanwhile.
func TestRunner_regularLate(t *testing.T) {
	h := setup(t)
	again := make(chan bool, 1)
	var runs atomic.Int32
	h.replica(t, job.Kind{Name: copying, Every: 24 * time.Hour, Run: func(context.Context, *job.Work) (any, error) {
		if runs.Add(1) == 1 {
			h.clock.Advance(25 * time.Hour)
		} else {
			again <- true
		}
		return nil, nil
	}})
	testkit.Receive(t, again, "the next turn")
}

// TestRunner_regular does a job again and again, once however many replicas
// there are, and when one comes later; and forgets old ones.
func TestRunner_regular(t *testing.T) {
	h := setup(t)
	var runs atomic.Int32
	kind := job.Kind{Name: copying, Every: 24 * time.Hour, Run: func(context.Context, *job.Work) (any, error) { return runs.Add(1), nil }}
	for range 3 {
		h.replica(t, kind)
	}
	done := func(turn int) {
		t.Helper()
		testkit.Eventually(t, testkit.Patience, func() error {
			var last struct {
				Runs json.RawMessage `db:"runs"`
				Jobs int             `db:"jobs"`
			}
			err := h.db.GetContext(t.Context(), &last, `
				SELECT (array_agg(result ORDER BY seq DESC) FILTER (WHERE state = 'done'))[1] AS runs, count(*) FILTER (WHERE ended_at IS NULL) AS jobs
				FROM job`)
			if err == nil && (string(last.Runs) != fmt.Sprint(turn) || last.Jobs != 1) {
				err = fmt.Errorf("turn %d: %s runs, %d wait", turn, last.Runs, last.Jobs)
			}
			return err
		})
	}
	for turn := 1; turn <= 6; turn++ {
		done(turn)
		h.clock.Advance(10 * 24 * time.Hour)
	}
	done(7)
	h.clock.Advance(time.Hour) // long before its time
	h.replica(t, kind)
	done(8)
	var kept int
	if err := h.db.GetContext(t.Context(), &kept, `SELECT count(*) FROM job`); err != nil || kept > 5 {
		t.Errorf("%d jobs are kept, %v", kept, err)
	}
}
