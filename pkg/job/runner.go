package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pg"
)

var attempts = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_job_attempts_total", Help: "Attempts at jobs by kind, and what came of them: done, failed or cut short.",
}, []string{"kind", "outcome"})

// Kind is a sort of job.
type Kind struct {
	Name string
	// Run does the work, and gives what is told as JSON in the job's result. A
	// fault that does not pass by itself ends the job; after any other error it is
	// tried again later.
	Run func(ctx context.Context, w *Work) (result any, err error)
	// Waits tells whether others wait for what the work takes, so that it rests; it
	// is asked now and then. Nil: they always do.
	Waits func(ctx context.Context, q sqlx.QueryerContext) (bool, error)
	// Every is after how long, since it was begun, the work is to be done again, once
	// it was done at the start; zero: when it is ordered.
	Every time.Duration
}

// Connections is how many connections a runner's pool needs: for each job at work
// one that holds its lock and one that it works on, and one to look with.
const Connections = 2*slots + 1

const (
	// slots is how many jobs a runner does at a time.
	slots = 2
	// Attempts are made at longer and longer intervals.
	maxAttempts = 20
	firstPause  = time.Second
	maxPause    = 10 * time.Minute
	// A runner that has found nothing looks less and less often.
	firstLook = 50 * time.Millisecond
	lastLook  = 10 * time.Second
	// kept is how long a job that has ended is kept after a later one of its kind
	// has been ordered.
	kept = 30 * 24 * time.Hour
)

// Runner does a room's jobs, of all selections.
type Runner struct {
	db   *sqlx.DB
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{}

	kinds map[string]Kind

	mu     sync.Mutex
	inHand map[string]bool // by id
	work   sync.WaitGroup
}

// New does jobs on connections of db, which should be a pool of their own, so
// that requests never wait for one. Now is the database's clock.
func New(db *sqlx.DB, now func() time.Time, log *slog.Logger) *Runner {
	return &Runner{db: db, now: now, log: log, wake: make(chan struct{}, 1), inHand: map[string]bool{}}
}

// DB is the pool that jobs work on.
func (r *Runner) DB() *sqlx.DB { return r.db }

func (r *Runner) time() time.Time { return r.now().UTC().Truncate(time.Microsecond) }

// Order adds a job, or joins the one of the same kind and selection that has not
// ended. It may be part of a transaction: then the job begins once that is
// committed. Fault: ErrOther, where the other one's input is not the same.
func (r *Runner) Order(ctx context.Context, q sqlx.ExtContext, slug, kind string, input any) (Job, error) {
	now := r.time()
	j, err := order(ctx, q, now, now, slug, kind, input)
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return j, err
}

// Cancel ends a job with ErrCancelled. Where it is at work, the work ends when it
// next tells its progress. Fault: ErrUnknown, also where it has ended.
func (r *Runner) Cancel(ctx context.Context, q sqlx.ExtContext, slug, id string) (Job, error) {
	j, err := Get(ctx, q, slug, id)
	if err != nil {
		return j, err
	}
	ended, err := r.end(ctx, q, j, Failed, nil, ErrCancelled)
	if err == nil && !ended {
		err = ErrUnknown
	}
	if err != nil {
		return j, err
	}
	return Get(ctx, q, slug, id)
}

// Run does jobs of the kinds until ctx ends.
func (r *Runner) Run(ctx context.Context, kinds []Kind) error {
	if len(kinds) == 0 {
		return nil
	}
	r.kinds = map[string]Kind{}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		r.kinds[k.Name], names[i] = k, k.Name
	}
	defer r.work.Wait()
	wait, ordered := firstLook, false
	for ctx.Err() == nil {
		var begun bool
		err := r.orderRegular(ctx, &ordered)
		if err == nil {
			begun, err = r.look(ctx, names)
		}
		if err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "jobs: looking again", "error", err)
		}
		if begun {
			wait = firstLook
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.wake:
			wait = firstLook // the order may not be committed yet
		case <-timer.C:
			wait = min(2*wait, lastLook)
		}
		timer.Stop()
	}
	return nil
}

// orderRegular orders, once, what is to be done again and again, and what waits of
// it for now: whoever starts a new version need not wait for what it does. From
// then on each job orders the next.
func (r *Runner) orderRegular(ctx context.Context, ordered *bool) error {
	if *ordered {
		return nil
	}
	now := r.time()
	for _, k := range r.kinds {
		if k.Every == 0 {
			continue
		}
		j, err := order(ctx, r.db, now, now, "", k.Name, nil)
		if err != nil {
			return err
		}
		if _, err := r.db.ExecContext(ctx, `
			UPDATE job SET due_at = $2 WHERE id = $1 AND attempts = 0 AND due_at > $2 AND created_at < $2`, j.ID, now); err != nil {
			return fmt.Errorf("regular jobs: %w", err)
		}
	}
	*ordered = true
	return nil
}

// look begins what is due, as far as there are slots, and tells whether it began
// anything.
func (r *Runner) look(ctx context.Context, names []string) (begun bool, err error) {
	free := r.free()
	if free == 0 {
		return false, nil
	}
	var due []struct {
		ID   string `db:"id"`
		Kind string `db:"kind"`
	}
	if err := r.db.SelectContext(ctx, &due, `
		SELECT id, kind FROM job WHERE ended_at IS NULL AND kind = ANY($1) AND due_at <= $2 ORDER BY due_at, seq LIMIT 100`,
		pq.Array(names), r.time()); err != nil {
		return false, fmt.Errorf("what is due: %w", err)
	}
	for _, d := range due {
		if free == 0 {
			return begun, nil
		}
		leader, err := r.take(ctx, d.ID)
		if err != nil {
			return begun, err
		}
		if leader == nil {
			continue
		}
		begun = true
		free--
		r.work.Go(func() {
			defer r.drop(d.ID)
			err := r.do(ctx, leader, r.kinds[d.Kind], d.ID)
			if err := errors.Join(err, leader.Close()); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "job: its end was not written; it is begun again", "job", d.ID, "kind", d.Kind, "error", err)
			}
		})
	}
	return begun, nil
}

func (r *Runner) free() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slots - len(r.inHand)
}

// take gives the session that owns a job; nil where another owns it. A job has
// one owner, for the session holds its lock, and none when the session ends:
// nothing needs to be cleared after a process that died.
func (r *Runner) take(ctx context.Context, id string) (*pg.Leader, error) {
	r.mu.Lock()
	mine := r.inHand[id]
	r.inHand[id] = true
	r.mu.Unlock()
	if mine {
		return nil, nil
	}
	leader, err := pg.TryLeader(ctx, r.db, "job/"+id)
	if err != nil {
		r.drop(id)
	}
	if errors.Is(err, pg.ErrHeld) {
		return nil, nil
	}
	return leader, err
}

func (r *Runner) drop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inHand, id)
	select { // there is a slot
	case r.wake <- struct{}{}:
	default:
	}
}

// do makes one attempt at a job, and writes what came of it. The error is of the
// writing.
func (r *Runner) do(ctx context.Context, leader *pg.Leader, kind Kind, id string) error {
	j, found, err := get(ctx, leader.Conn(), `
		UPDATE job SET state = 'running', attempts = attempts + 1, started_at = coalesce(started_at, $2), done = 0
		WHERE id = $1 AND ended_at IS NULL AND due_at <= $2 RETURNING `+columns, id, r.time())
	if err != nil || !found { // another was faster
		return err
	}
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := &Work{Job: j, DB: r.db, leader: leader, stop: stop, waits: kind.Waits}
	var result any
	err = guard.Do("job/"+kind.Name, func() (err error) {
		result, err = kind.Run(working, w)
		return err
	})
	if cause := context.Cause(working); ctx.Err() == nil && cause != nil {
		err = cause
	}
	switch {
	case ctx.Err() != nil: // the process ends; the next owner begins at once
		attempts.WithLabelValues(kind.Name, "cut short").Inc()
		return nil
	case errors.Is(err, ErrCancelled):
		attempts.WithLabelValues(kind.Name, "cut short").Inc()
		return nil
	case err != nil:
		attempts.WithLabelValues(kind.Name, "failed").Inc()
		return r.failed(ctx, leader, kind, j, err)
	}
	attempts.WithLabelValues(kind.Name, "done").Inc()
	return leader.InTx(ctx, func(tx *sqlx.Tx) error {
		if ended, err := r.end(ctx, tx, j, Done, result, nil); err != nil || !ended {
			return err
		}
		return r.again(ctx, tx, kind, j)
	})
}

// again orders what is to be done again, and forgets what nobody asks for: jobs
// that ended long ago, but for the last one of each kind.
func (r *Runner) again(ctx context.Context, tx *sqlx.Tx, kind Kind, j Job) error {
	now := r.time()
	if kind.Every > 0 {
		if _, err := order(ctx, tx, now, j.StartedAt.Add(kind.Every), j.Slug, kind.Name, nil); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM job WHERE slug = $1 AND kind = $2 AND id <> $3 AND ended_at < $4`,
		j.Slug, kind.Name, j.ID, now.Add(-kept)); err != nil {
		return fmt.Errorf("forget jobs: %w", err)
	}
	return nil
}

// failed has a job tried again after a while, or ends it.
func (r *Runner) failed(ctx context.Context, leader *pg.Leader, kind Kind, j Job, cause error) error {
	var known *fault.Error
	final := errors.As(cause, &known) && !known.Kind.Passes()
	level := slog.LevelWarn
	if known == nil {
		level = slog.LevelError
	}
	r.log.Log(ctx, level, "job failed", "job", j.ID, "kind", j.Kind, "slug", j.Slug, "attempt", j.Attempts, "for_good", final, "error", cause)
	told := fault.From(cause)
	if j.Attempts >= maxAttempts && !final {
		final, told = true, ErrGivenUp
	}
	return leader.InTx(ctx, func(tx *sqlx.Tx) error {
		if final {
			ended, err := r.end(ctx, tx, j, Failed, nil, told)
			if err != nil || !ended {
				return err
			}
			return r.again(ctx, tx, kind, j)
		}
		body, err := json.Marshal(told)
		if err != nil {
			return fmt.Errorf("job: %w", err)
		}
		pause := min(firstPause<<(j.Attempts-1), maxPause)
		if _, err := tx.ExecContext(ctx, `UPDATE job SET state = 'queued', fault = $2, due_at = $3 WHERE id = $1 AND ended_at IS NULL`,
			j.ID, string(body), r.time().Add(pause)); err != nil {
			return fmt.Errorf("job: try again: %w", err)
		}
		return nil
	})
}

// end ends a job, unless it has ended.
func (r *Runner) end(ctx context.Context, q sqlx.ExtContext, j Job, s State, result any, f *fault.Error) (ended bool, err error) {
	var outcome, reason any
	if s == Done {
		body, err := json.Marshal(result)
		if err != nil {
			return false, fmt.Errorf("job %s: %w", j.Kind, err)
		}
		outcome = string(body)
	}
	if f != nil {
		body, err := json.Marshal(f)
		if err != nil {
			return false, fmt.Errorf("job %s: %w", j.Kind, err)
		}
		reason = string(body)
	}
	res, err := q.ExecContext(ctx, `
		UPDATE job SET state = $2, result = $3, fault = $4, ended_at = $5, done = CASE WHEN $2 = 'done' THEN greatest(done, total) ELSE done END
		WHERE id = $1 AND ended_at IS NULL`, j.ID, s, outcome, reason, r.time())
	if err != nil {
		return false, fmt.Errorf("job: end: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
