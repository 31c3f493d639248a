package result

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// saving is how long a search goes on before what it has found is written: as
// much is lost with the process.
const saving = 5 * time.Second

// search is how far it is decided who can be seated.
type search struct {
	Inputs     string `db:"inputs"`
	Decided    bool   `db:"decided"`
	Work       int64  `db:"work"`
	Budget     int64  `db:"budget"`
	Checkpoint []byte `db:"checkpoint"`
}

// searched gives what is kept of a search from the inputs; the zero value where
// there is nothing.
func searched(ctx context.Context, q sqlx.QueryerContext, slug, inputs string) (search, error) {
	s := search{Inputs: inputs}
	err := sqlx.GetContext(ctx, q, &s, `
		SELECT inputs, decided, work, budget, checkpoint FROM search WHERE slug = $1 AND inputs = $2`, slug, inputs)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("search: %w", err)
	}
	return s, nil
}

// begun is what is kept of a search from what is in force now.
func (r *Results) begun(ctx context.Context, q sqlx.QueryerContext, slug string) (sel phase.Selection, in inputs, s search, err error) {
	if sel, err = r.deps.Selections.Get(ctx, q, slug); err != nil {
		return sel, in, s, err
	}
	if in, err = r.inputs(ctx, q, sel); err != nil {
		return sel, in, s, err
	}
	hash, err := in.hash(sel)
	if err != nil {
		return sel, in, s, err
	}
	s, err = searched(ctx, q, slug, hash)
	return sel, in, s, err
}

// undecided tells whether the search has ended without an answer, or been ended.
func (s search) undecided() bool { return s.Budget > 0 && !s.Decided }

func (s search) checkpoint() (*ranking.Checkpoint, error) {
	c := new(ranking.Checkpoint)
	if len(s.Checkpoint) == 0 {
		return c, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(s.Checkpoint))
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(r); err == nil {
			err = json.Unmarshal(body, c)
		}
	}
	if err != nil {
		return c, fmt.Errorf("search: checkpoint: %w", err)
	}
	return c, nil
}

// keep writes how far a search is, unless another has come further with the same
// inputs.
func (s search) keep(ctx context.Context, q sqlx.ExtContext, slug string, c *ranking.Checkpoint) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("search: checkpoint: %w", err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err = w.Write(body)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("search: checkpoint: %w", err)
	}
	if _, err := q.ExecContext(ctx, `
		INSERT INTO search (slug, inputs, decided, work, budget, checkpoint) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (slug) DO UPDATE SET inputs = $2, decided = $3, work = $4, budget = $5, checkpoint = $6
		WHERE search.inputs <> $2 OR search.work <= $4`,
		slug, s.Inputs, s.Decided, c.Work, s.Budget, packed.Bytes()); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return nil
}

// hash names the inputs.
func (in inputs) hash(sel phase.Selection) (string, error) {
	body, err := json.Marshal(struct {
		Rulebook, Lot string
		Candidates    any
		Votes, Scores []byte
	}{sel.Hash, in.lot, in.candidates, in.votesCSV(), in.scoresCSV()})
	if err != nil {
		return "", fmt.Errorf("search: inputs: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// decide is the rulebook's word on the inputs, if the budget at once does or a
// search has found it. Where it does not do, that is noted: nobody looks again.
func (r *Results) decide(ctx context.Context, q sqlx.ExtContext, sel phase.Selection, in inputs) (json.RawMessage, error) {
	hash, err := in.hash(sel)
	if err != nil {
		return nil, err
	}
	s, err := searched(ctx, q, sel.Slug, hash)
	if err != nil {
		return nil, err
	}
	if s.undecided() {
		return nil, ranking.Undecided(s.Budget)
	}
	checkpoint, err := s.checkpoint()
	if err != nil {
		return nil, err
	}
	// What a search has found takes no work again.
	budget := checkpoint.Work + r.budget
	ranked, err := in.rank(sel, ranking.Options{Budget: budget, Checkpoint: checkpoint})
	if fault.HasCode(err, ranking.CodeUndecided) {
		s.Budget, s.Decided = budget, false
		if failed := s.keep(ctx, q, sel.Slug, checkpoint); failed != nil {
			return nil, failed
		}
	}
	return ranked, err
}

// SearchKind is the job that goes on with a search that ended undecided.
func (r *Results) SearchKind() job.Kind {
	return job.Kind{Name: review.SearchJob, Run: func(ctx context.Context, w *job.Work) (any, error) {
		var ordered review.OrderSearch
		if err := json.Unmarshal(w.Input, &ordered); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		return r.search(ctx, w, ordered)
	}}
}

// search goes on with what is kept, and keeps what it finds now and then and at
// its end. Once it is decided who can be seated the result is computed from that.
func (r *Results) search(ctx context.Context, w *job.Work, ordered review.OrderSearch) (out review.Search, err error) {
	sel, in, s, err := r.begun(ctx, w.DB, ordered.Slug)
	if err != nil {
		return out, err
	}
	checkpoint, err := s.checkpoint()
	if err != nil {
		return out, err
	}
	s.Budget = ordered.Budget
	saved := time.Now()
	_, err = in.rank(sel, ranking.Options{Budget: ordered.Budget, Checkpoint: checkpoint, Progress: func(p ranking.Progress) error {
		if err := w.Progress(ctx, min(p.Work, p.Budget), p.Budget); err != nil || time.Since(saved) < saving {
			return err
		}
		saved = time.Now()
		return s.keep(ctx, w.DB, sel.Slug, checkpoint)
	}})
	known := (*fault.Error)(nil)
	if err != nil && !errors.As(err, &known) {
		return out, err
	}
	undecided := fault.HasCode(err, ranking.CodeUndecided)
	s.Decided = !undecided
	out = review.Search{Undecided: undecided, Work: checkpoint.Work, Budget: ordered.Budget}
	return out, pg.InTx(ctx, w.DB, func(tx *sqlx.Tx) error {
		if err := s.keep(ctx, tx, sel.Slug, checkpoint); err != nil || undecided {
			return err
		}
		return r.Compute(ctx, tx, sel)
	})
}

// OrderSearch implements review.Service.
func (r *Results) OrderSearch(ctx context.Context, in review.OrderSearch) (out review.Search, err error) {
	if in.Budget < 1 || in.Budget > review.MostBudget {
		return out, review.ErrInvalid.At(fault.Wrong("budget", "not_between", "{value} is not between {min} and {max}",
			"value", in.Budget, "min", 1, "max", int64(review.MostBudget)))
	}
	return r.act(ctx, in.Slug, "order_search", func(tx *sqlx.Tx, now review.Search) (job.Job, error) {
		moved, err := motion(ctx, tx, in.Slug, review.Moved)
		switch {
		case err != nil:
			return job.Job{}, err
		case moved:
			return job.Job{}, review.ErrMoved
		case !now.Undecided:
			return job.Job{}, review.ErrDecided
		case in.Budget <= now.Work:
			return job.Job{}, review.ErrInvalid.At(fault.Wrong("budget", "budget_spent", "{work} is spent already: more lets the search go on", "work", now.Work))
		}
		return r.deps.Jobs.Order(ctx, tx, in.Slug, review.SearchJob, in)
	})
}

// CancelSearch implements review.Service.
func (r *Results) CancelSearch(ctx context.Context, in review.Of) (review.Search, error) {
	return r.act(ctx, in.Slug, "cancel_search", func(tx *sqlx.Tx, now review.Search) (job.Job, error) {
		if now.Job == nil {
			return job.Job{}, job.ErrUnknown
		}
		return r.deps.Jobs.Cancel(ctx, tx, in.Slug, now.Job.ID)
	})
}

// act does something with the search's job, and records it.
func (r *Results) act(ctx context.Context, slug, name string, do func(tx *sqlx.Tx, now review.Search) (job.Job, error)) (out review.Search, err error) {
	if err := watch.Result(ctx, r.deps.DB, slug); err != nil {
		return out, err
	}
	return out, pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, "meeting/"+slug); err != nil { // no motion is put meanwhile
			return err
		}
		if out, err = r.state(ctx, tx, slug); err != nil {
			return err
		}
		j, err := do(tx, out)
		if err != nil {
			return err
		}
		out.Job = &j
		return audit.Record(ctx, tx, r.deps.Time(), slug, name, "", map[string]any{"job": j.ID, "input": j.Input})
	})
}

// GetSearch implements review.Service.
func (r *Results) GetSearch(ctx context.Context, in review.Of) (review.Search, error) {
	if err := watch.Result(ctx, r.deps.DB, in.Slug); err != nil {
		return review.Search{}, err
	}
	return r.state(ctx, r.deps.DB, in.Slug)
}

// state tells how far it is decided who can be seated, from what is in force now.
func (r *Results) state(ctx context.Context, q sqlx.ExtContext, slug string) (out review.Search, err error) {
	sel, _, s, err := r.begun(ctx, q, slug)
	if err != nil {
		return out, err
	}
	_, no := r.InForce(ctx, q, sel)
	undecided := fault.HasCode(no, ranking.CodeUndecided)
	if undecided && s.Budget == 0 { // nobody had asked yet
		s, err = searched(ctx, q, slug, s.Inputs)
	}
	if err != nil {
		return out, err
	}
	out = review.Search{Undecided: undecided, Work: s.Work, Budget: s.Budget}
	last, found, err := job.Last(ctx, q, slug, review.SearchJob)
	if found {
		out.Job = &last
	}
	return out, err
}
