// Package job does long work outside of requests. A room orders a job, the
// room's runner does it, and whoever wants to know asks how far it is.
//
// Jobs are rows of the room's own schema, so they outlive processes: what was at
// work in a process that died is begun again, by this one or by another replica.
// A job may therefore run more than once, and its effects must bear that.
package job

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed migrations
var migrations embed.FS

// Set is the table of jobs, for each service's schema.
func Set() pg.Set { return pg.Embedded("migration_job", migrations) }

// State is how far a job is.
type State string

// The states.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed" // for good: Fault says why
)

// States are all of them.
func States() []State { return []State{Queued, Running, Done, Failed} }

// Job is long work.
type Job struct {
	ID        string          `json:"id" db:"id"` // nobody can guess it
	Slug      string          `json:"slug" db:"slug"`
	Kind      string          `json:"kind" db:"kind"`
	State     State           `json:"state" db:"state"`
	Done      int64           `json:"done" db:"done"`   // of Total, in units of the kind
	Total     int64           `json:"total" db:"total"` // 0: not known
	Attempts  int             `json:"attempts" db:"attempts"`
	Fault     *fault.Error    `json:"fault,omitempty" db:"-"` // of the last attempt that failed
	Input     json.RawMessage `json:"input" db:"input"`
	Result    json.RawMessage `json:"result,omitempty" db:"-"` // once it is done
	DueAt     time.Time       `json:"due_at" db:"due_at"`
	CreatedAt time.Time       `json:"created_at" db:"created_at"`
	StartedAt *time.Time      `json:"started_at,omitempty" db:"started_at"`
	EndedAt   *time.Time      `json:"ended_at,omitempty" db:"ended_at"`
}

// Ended tells whether nothing more comes of the job.
func (j Job) Ended() bool { return j.EndedAt != nil }

// The faults of jobs.
var (
	ErrUnknown   = fault.New(fault.NotFound, "job_unknown", "there is no such job")
	ErrOther     = fault.New(fault.Conflict, "job_other", "the same work on something else has not ended yet")
	ErrGivenUp   = fault.New(fault.Internal, "job_given_up", "the work failed again and again; the log says why")
	ErrCancelled = fault.New(fault.Conflict, "job_cancelled", "the work was cancelled")
)

const columns = `id, slug, kind, state, done, total, attempts, fault, input, result, due_at, created_at, started_at, ended_at`

// row is a Job as the table has it.
type row struct {
	Job
	Fault  []byte `db:"fault"`
	Result []byte `db:"result"`
}

func (r row) job() (Job, error) {
	j := r.Job
	j.Result = r.Result
	j.DueAt, j.CreatedAt = j.DueAt.UTC(), j.CreatedAt.UTC()
	for _, at := range []*time.Time{j.StartedAt, j.EndedAt} {
		if at != nil {
			*at = at.UTC()
		}
	}
	if r.Fault != nil {
		if err := json.Unmarshal(r.Fault, &j.Fault); err != nil {
			return j, fmt.Errorf("job %s: %w", j.ID, err)
		}
	}
	return j, nil
}

// get reads one job; found tells whether there is one.
func get(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (j Job, found bool, err error) {
	var r row
	err = sqlx.GetContext(ctx, q, &r, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return j, false, nil
	}
	if err == nil {
		j, err = r.job()
	}
	if err != nil {
		return j, false, fmt.Errorf("job: %w", err)
	}
	return j, true, nil
}

// Get reads a job. Fault: ErrUnknown.
func Get(ctx context.Context, q sqlx.QueryerContext, slug, id string) (Job, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return Job{}, ErrUnknown
	}
	j, found, err := get(ctx, q, `SELECT `+columns+` FROM job WHERE id = $1 AND slug = $2`, key, slug)
	if err == nil && !found {
		err = ErrUnknown
	}
	return j, err
}

// Last is the latest job of a kind in a selection; found tells whether there is
// one.
func Last(ctx context.Context, q sqlx.QueryerContext, slug, kind string) (j Job, found bool, err error) {
	return get(ctx, q, `
		SELECT `+columns+` FROM job WHERE slug = $1 AND kind = $2 ORDER BY seq DESC LIMIT 1`, slug, kind)
}

// LastDone is the latest job of a kind in a selection that is done; found tells
// whether there is one.
func LastDone(ctx context.Context, q sqlx.QueryerContext, slug, kind string) (j Job, found bool, err error) {
	return get(ctx, q, `
		SELECT `+columns+` FROM job WHERE slug = $1 AND kind = $2 AND state = 'done' ORDER BY seq DESC LIMIT 1`, slug, kind)
}

// order adds a job, or joins the one that is there. Its input is told as JSON.
// Fault: ErrOther, where the one that is there works on something else.
func order(ctx context.Context, q sqlx.ExtContext, now, due time.Time, slug, kind string, input any) (Job, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return Job{}, fmt.Errorf("job %s: %w", kind, err)
	}
	for {
		j, found, err := get(ctx, q, `
			INSERT INTO job (id, slug, kind, input, state, due_at, created_at) VALUES ($1, $2, $3, $4, 'queued', $5, $6)
			ON CONFLICT (slug, kind) WHERE ended_at IS NULL DO NOTHING RETURNING `+columns, uuid.New(), slug, kind, string(body), due, now)
		if err != nil || found {
			return j, err
		}
		var same bool
		j, found, err = get(ctx, q, `SELECT `+columns+` FROM job WHERE slug = $1 AND kind = $2 AND ended_at IS NULL`, slug, kind)
		if err != nil {
			return j, err
		}
		if !found {
			continue // it ended between the two statements
		}
		if err := sqlx.GetContext(ctx, q, &same, `SELECT $1::jsonb = $2::jsonb`, string(j.Input), string(body)); err != nil {
			return j, fmt.Errorf("job %s: %w", kind, err)
		}
		if !same {
			return j, ErrOther.With("job", j.ID)
		}
		return j, nil
	}
}
