// Package counting folds committed batches into the tally, and publishes them from
// time to time: extends and signs the log, moves all public figures with it, and
// seals what is closed. One replica counts at a time, however many there are.
package counting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
)

const (
	lead  = "voting/sequencer"
	pace  = 250 * time.Millisecond // between folds: each costs a commit
	poll  = 250 * time.Millisecond // for what other replicas committed, and for the lead
	limit = time.Minute            // for a fold: a database that does not answer has lost the leader
)

// Sequencer counts.
type Sequencer struct {
	db   *sqlx.DB
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{}

	signer ballotlog.Signer
	cache  *candidates.Cache
	jobs   *job.Runner

	failed map[step]failure // the others are counted all the same
	due    map[int]int64    // by selection: up to where ballots are to be public, where that takes several publications
}

// step is what is done for a selection in one transaction. That a publication
// fails does not keep ballots out of the tally.
type step struct {
	selection int
	name      string
}

// failure is when a step that failed is tried again.
type failure struct {
	pause time.Duration
	until time.Time
}

// maxPause is the longest that a selection waits for its next try.
const maxPause = 30 * time.Second

// New counts in deps' database; signer signs the log's checkpoints.
func New(deps run.Deps, signer ballotlog.Signer, cache *candidates.Cache) *Sequencer {
	return &Sequencer{
		db: deps.DB, now: deps.Time, log: deps.Log, wake: make(chan struct{}, 1), signer: signer, cache: cache, jobs: deps.Jobs,
		failed: map[step]failure{}, due: map[int]int64{},
	}
}

// Wake says that there is something to count.
func (s *Sequencer) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run counts while this process leads, and tries to lead while it does not.
// Recovery is the same as starting: the work is what has no index yet.
func (s *Sequencer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.try(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sequencer: starting again", "error", err)
		}
		wait(ctx, poll, nil)
	}
	return nil
}

// try leads, unless another does.
func (s *Sequencer) try(ctx context.Context) error {
	return pg.Lead(ctx, s.db, lead, func(leader *pg.Leader) error { return s.lead(ctx, leader) })
}

func (s *Sequencer) lead(ctx context.Context, leader *pg.Leader) error {
	clear(s.due) // another may have published since
	for ctx.Err() == nil {
		counted, err := s.round(ctx, leader)
		if err != nil {
			return err
		}
		if counted > 0 {
			wait(ctx, pace, nil)
		} else {
			wait(ctx, poll, s.wake)
		}
	}
	return nil
}

// round folds whatever waits and publishes whatever is due, and gives the number
// of ballots that it folded. All folding comes first, for publications take
// longer. A selection that fails, or panics, does not keep the others waiting; the
// error is of the database as a whole.
func (s *Sequencer) round(ctx context.Context, leader *pg.Leader) (counted int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var all []state
	if err := leader.Conn().SelectContext(ctx, &all, `
		SELECT `+stateColumns+` FROM head h JOIN voting v ON v.id = h.selection
		WHERE log_size < next_index OR v.closed_at IS NOT NULL AND sealed_at IS NULL
		   OR h.selection IN (SELECT selection FROM batch WHERE first_index IS NULL)`); err != nil {
		return 0, fmt.Errorf("what waits: %w", err)
	}
	for _, st := range all {
		if !st.Waits {
			continue
		}
		f := fold{selection: st.Selection}
		if err := s.do(ctx, step{st.Selection, "fold"}, func() error {
			return leader.InTx(ctx, func(tx *sqlx.Tx) error { return f.run(ctx, tx) })
		}); err != nil {
			return counted, err
		}
		counted += f.ballots
	}
	for _, st := range all {
		if err := s.do(ctx, step{st.Selection, "publish"}, func() error { return s.publish(ctx, leader, st) }); err != nil {
			return counted, err
		}
	}
	return counted, nil
}

// publish does so if it is time, as far as can be told by what was read before:
// a look with a lock would cost a commit.
func (s *Sequencer) publish(ctx context.Context, leader *pg.Leader, st state) error {
	rules, err := s.cache.Rules(ctx, leader.Conn(), st.Slug)
	if err != nil {
		return err
	}
	p := publication{sequencer: s, rules: rules, selection: st.Selection, due: s.due[st.Selection]}
	if !st.final() && st.due(rules.Publication(), p.due) <= st.Size {
		return nil
	}
	err = leader.InTx(ctx, func(tx *sqlx.Tx) error { return p.run(ctx, tx) })
	s.due[st.Selection] = p.due
	return err
}

// do does a step, unless it failed a moment ago. The error is of the database as
// a whole.
func (s *Sequencer) do(ctx context.Context, what step, fn func() error) error {
	if time.Now().Before(s.failed[what].until) {
		return nil
	}
	err := guard.Do("sequencer", fn)
	switch {
	case err == nil:
		delete(s.failed, what)
		return nil
	case pg.IsUnavailable(err), errors.Is(err, pg.ErrUnknownCommit), ctx.Err() != nil:
		return fmt.Errorf("%s selection %d: %w", what.name, what.selection, err)
	}
	pause := min(maxPause, max(pace, 2*s.failed[what].pause))
	s.failed[what] = failure{pause, time.Now().Add(pause)}
	s.log.ErrorContext(ctx, "sequencer: a selection is counted later",
		"selection", what.selection, "step", what.name, "after", pause, "error", err)
	return nil
}

// wait ends with the time, with ctx, or with a wake.
func wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}
