// Package counting folds committed batches into the tally, gives each ballot
// its index in the log, extends and signs the log, and seals what is closed. One
// replica counts at a time, however many there are.
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
	pace  = 250 * time.Millisecond // between folds: each costs a commit and an event
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

	failed map[int]failure // by selection; the others are counted all the same
}

// failure is when a selection that could not be counted is tried again.
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
		failed: map[int]failure{},
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

// round folds whatever waits, and gives the number of ballots. A selection that
// fails, or panics, does not keep the others waiting; the error is of the
// database as a whole.
func (s *Sequencer) round(ctx context.Context, leader *pg.Leader) (counted int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var selections []int
	if err := leader.Conn().SelectContext(ctx, &selections, `
		SELECT selection FROM batch WHERE first_index IS NULL
		UNION
		SELECT selection FROM head WHERE log_size < next_index
		UNION
		SELECT h.selection FROM head h JOIN voting v ON v.id = h.selection WHERE v.closed_at IS NOT NULL AND h.sealed_at IS NULL`); err != nil {
		return 0, fmt.Errorf("what waits: %w", err)
	}
	for _, id := range selections {
		if time.Now().Before(s.failed[id].until) {
			continue
		}
		f := fold{sequencer: s, selection: id}
		err := guard.Do("sequencer", func() error {
			return leader.InTx(ctx, func(tx *sqlx.Tx) error { return f.run(ctx, tx) })
		})
		switch {
		case err == nil:
			delete(s.failed, id)
			counted += f.ballots
		case pg.IsUnavailable(err), errors.Is(err, pg.ErrUnknownCommit), ctx.Err() != nil:
			return counted, fmt.Errorf("fold selection %d: %w", id, err)
		default:
			pause := min(maxPause, max(pace, 2*s.failed[id].pause))
			s.failed[id] = failure{pause, time.Now().Add(pause)}
			s.log.ErrorContext(ctx, "sequencer: a selection is counted later", "selection", id, "after", pause, "error", err)
		}
	}
	return counted, nil
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
