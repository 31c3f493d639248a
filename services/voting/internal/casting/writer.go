package casting

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	maxBatch   = 500             // ballots that are taken at a time
	patience   = 3 * time.Second // for a database that is not there
	retryPause = 50 * time.Millisecond
	attemptBy  = 10 * time.Second // the longest that one try may take
)

// writer is the one that writes ballots in this process: two were slower.
type writer struct {
	caster *Caster
	store  *store
}

// Run writes ballots until ctx ends.
func (c *Caster) Run(ctx context.Context) error {
	w := &writer{caster: c, store: &store{db: c.db}}
	defer w.store.disconnect()
	for {
		if ballots := c.queue.take(maxBatch); len(ballots) > 0 {
			w.cast(ctx, ballots)
			continue
		}
		select {
		case <-c.queue.filled:
		case <-ctx.Done():
			for _, left := range c.queue.close() {
				left.settle(result{fault: voting.ErrBusy})
			}
			return nil
		}
	}
}

// cast writes ballots and tells each its result. Where one of them makes the
// transaction fail by its data, or the code panic, halving frees the others, so that
// no selection harms another.
func (w *writer) cast(ctx context.Context, ballots []*ballot) {
	left, err := w.insist(ctx, ballots)
	if len(left) < len(ballots) {
		w.caster.wake()
	}
	if len(left) > 1 && own(err) {
		half := len(left) / 2
		w.cast(ctx, left[:half])
		w.cast(ctx, left[half:])
		return
	}
	if len(left) > 0 {
		w.caster.log.ErrorContext(ctx, "ballots failed", "selections", slugs(left), "ballots", len(left), "error", err)
	}
	for _, b := range left {
		b.settle(result{fault: b.failed(err)})
	}
}

// own tells whether an error is of some of the ballots: the others may be written
// without these.
func own(err error) bool {
	return guard.Is(err) || pg.IsData(err)
}

// slugs are the selections of ballots that are sorted by them.
func slugs(ballots []*ballot) (all []string) {
	for _, b := range ballots {
		all = append(all, b.cast.Slug)
	}
	return slices.Compact(all)
}

// insist tries again while the database is away, or as long as it is not known of
// some ballot whether it was written. It gives the ballots that are not settled, sorted
// by slug, and why.
//
// No caller's context is used here; the task's own ends only the waiting.
func (w *writer) insist(ctx context.Context, ballots []*ballot) (left []*ballot, err error) {
	left = ballots
	for began := time.Now(); ; {
		if left, err = w.try(ctx, left); err == nil {
			return nil, nil
		}
		doubt := slices.ContainsFunc(left, (*ballot).doubtful)
		if len(left) == 0 || own(err) || !doubt && !passes(err) {
			return left, err
		}
		w.caster.log.WarnContext(ctx, "ballots are tried again",
			"selections", slugs(left), "ballots", len(left), "commit_unknown", doubt, "error", err)
		if time.Since(began) > patience || !pause.For(ctx, retryPause) {
			return left, err
		}
	}
}

// passes tells whether a later try may succeed.
func passes(err error) bool {
	return errors.Is(err, pg.ErrUnknownCommit) || errors.Is(err, errRaced) || errors.Is(err, context.DeadlineExceeded) || pg.IsUnavailable(err)
}

// try settles ballots, and gives the others with the error that kept them from
// it. Those that the try is known to have counted are settled in any case,
// whatever failed behind their commit.
func (w *writer) try(ctx context.Context, ballots []*ballot) (left []*ballot, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptBy)
	defer cancel()
	a := newAttempt(w, ballots)
	err = guard.Do("casting", func() error {
		if err := w.store.connect(ctx); err != nil {
			return err
		}
		return a.run(ctx)
	})
	if err != nil {
		w.store.disconnect()
	}
	for i := range a.items {
		if it := &a.items[i]; err == nil || it.counted() {
			it.ballot.settle(it.result)
		} else {
			left = append(left, it.ballot)
		}
	}
	return left, err
}
