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
	idle  = time.Second            // between looks while no ballot waits and none is to be published
	limit = time.Minute            // for a step: a database that does not answer has lost the leader
	// held is how long a step may wait for a lock: the others wait for the step.
	held = 2 * time.Second
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

	quiet  bool             // nothing waits
	failed map[step]failure // the others are counted all the same
	apart  time.Time        // until then, each selection is folded by itself
	stalls stalls
	due    map[int]int64 // by selection: up to where ballots are to be public, where that takes several publications
}

// step is what is done for a selection in one transaction. That a publication
// fails does not keep ballots out of the tally.
type step struct {
	selection int
	name      string
}

// failure is since when a step fails, and when it is tried again.
type failure struct {
	since time.Time
	pause time.Duration
	until time.Time
	told  bool // to the selection's auditors
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
		switch {
		case counted > 0:
			wait(ctx, pace, nil)
		case s.quiet:
			wait(ctx, idle, s.wake)
		default:
			wait(ctx, poll, s.wake)
		}
	}
	return nil
}

// round folds whatever waits and publishes whatever is due, and gives the number
// of ballots that it folded. All folding comes first, for publications take
// longer. A selection that fails, or panics, does not keep the others waiting; the
// error says that the lead is lost.
func (s *Sequencer) round(ctx context.Context, leader *pg.Leader) (counted int, err error) {
	all, err := waiting(ctx, leader.Conn())
	if err != nil {
		return 0, err
	}
	s.quiet = len(all) == 0
	if counted, err = s.fold(ctx, leader, all); err != nil {
		return counted, err
	}
	for _, st := range all {
		if err := s.do(ctx, leader, st, publishing, func(ctx context.Context) error { return s.publish(ctx, leader, st) }); err != nil {
			return counted, err
		}
	}
	return counted, nil
}

// fold takes the batches that wait into the tally: of all selections together, for
// each transaction costs a commit. Selections whose folding failed, and all where
// that of all did, are folded one by one.
func (s *Sequencer) fold(ctx context.Context, leader *pg.Leader, all []state) (counted int, err error) {
	var together fold
	var single []state
	for _, st := range all {
		switch _, failed := s.failed[step{st.Selection, folding}]; {
		case !st.Waits:
		case failed, time.Now().Before(s.apart):
			single = append(single, st)
		default:
			together.selections = append(together.selections, st.Selection)
		}
	}
	if len(together.selections) > 0 {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		if err := guard.Do("sequencer", func() error { return inStep(bounded, leader, together.run) }); err != nil {
			s.log.WarnContext(ctx, "sequencer: selections are folded one by one", "selections", len(together.selections), "error", err)
			s.apart = time.Now().Add(maxPause)
			if lost := leader.Check(ctx); lost != nil {
				return 0, fmt.Errorf("fold: %w", errors.Join(err, lost))
			}
			return s.fold(ctx, leader, all)
		}
		counted = together.ballots
	}
	for _, st := range single {
		f := fold{selections: []int{st.Selection}}
		if err := s.do(ctx, leader, st, folding, func(ctx context.Context) error { return inStep(ctx, leader, f.run) }); err != nil {
			return counted, err
		}
		counted += f.ballots
	}
	return counted, nil
}

// waiting are the selections that something may be to be done for.
func waiting(ctx context.Context, q sqlx.QueryerContext) (all []state, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := sqlx.SelectContext(ctx, q, &all, `
		SELECT `+stateColumns+` FROM head h JOIN voting v ON v.id = h.selection
		WHERE log_size < next_index OR v.closed_at IS NOT NULL AND sealed_at IS NULL
		   OR h.selection IN (SELECT selection FROM batch WHERE first_index IS NULL)`); err != nil {
		return nil, fmt.Errorf("what waits: %w", err)
	}
	return all, nil
}

// inStep runs fn in a transaction of the leader that waits for no lock for long.
func inStep(ctx context.Context, leader *pg.Leader, fn func(context.Context, *sqlx.Tx) error) error {
	return leader.InTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT set_config('lock_timeout', $1, true)`, fmt.Sprint(held.Milliseconds())); err != nil {
			return fmt.Errorf("lock timeout: %w", err)
		}
		return fn(ctx, tx)
	})
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
	err = inStep(ctx, leader, p.run)
	s.due[st.Selection] = p.due
	return err
}

// do does a step, unless it failed a moment ago. The error says that the lead is
// lost: whatever else happens, the other selections come next.
func (s *Sequencer) do(ctx context.Context, leader *pg.Leader, st state, name string, fn func(ctx context.Context) error) error {
	what := step{st.Selection, name}
	was := s.failed[what]
	if time.Now().Before(was.until) {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := guard.Do("sequencer", func() error { return fn(bounded) })
	if err == nil {
		delete(s.failed, what)
		return nil
	}
	if was.since.IsZero() {
		was.since = time.Now()
	}
	was.pause = min(maxPause, max(pace, 2*was.pause))
	was.until = time.Now().Add(was.pause)
	s.failed[what] = was // also where the lead is lost: the next round begins with the others
	s.log.ErrorContext(ctx, "sequencer: a selection is counted later", "selection", st.Slug, "step", name, "after", was.pause, "error", err)
	if lost := leader.Check(ctx); lost != nil {
		return fmt.Errorf("%s of %s: %w", name, st.Slug, errors.Join(err, lost))
	}
	if !was.told && time.Since(was.since) >= patience {
		was.told = s.tell(ctx, leader, st.Slug, name)
	}
	s.failed[what] = was
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
