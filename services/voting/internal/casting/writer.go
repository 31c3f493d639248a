package casting

import (
	"context"
	"errors"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
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
			w.bySelection(ctx, ballots)
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

// bySelection casts what waited, a transaction for each selection.
func (w *writer) bySelection(ctx context.Context, ballots []*ballot) {
	for len(ballots) > 0 {
		slug := ballots[0].cast.Slug
		var one, rest []*ballot
		for _, b := range ballots {
			if b.cast.Slug == slug {
				one = append(one, b)
			} else {
				rest = append(rest, b)
			}
		}
		w.cast(ctx, slug, one, false)
		ballots = rest
	}
}

// cast writes ballots and tells each its result. Where one of them makes the
// transaction fail by its data, or the code panic, halving frees the others of
// it. Ballots that may have been written before, unknown says, are looked for.
func (w *writer) cast(ctx context.Context, slug string, ballots []*ballot, unknown bool) {
	results, err := w.insist(ctx, slug, ballots, unknown)
	if panicked := guard.Is(err); (panicked || pg.IsData(err)) && len(ballots) > 1 {
		half := len(ballots) / 2
		w.cast(ctx, slug, ballots[:half], unknown || panicked)
		w.cast(ctx, slug, ballots[half:], unknown || panicked)
		return
	}
	if err != nil {
		f := fault.From(err)
		w.caster.log.ErrorContext(ctx, "ballots failed", "selection", slug, "ballots", len(ballots), "error", err)
		for _, b := range ballots {
			b.settle(result{fault: f})
		}
		return
	}
	for i, b := range ballots {
		b.settle(results[i])
	}
	w.caster.wake()
}

// insist tries again while the database is away. Once a commit's outcome is
// unknown, the same ballots are written again until it is known: those that
// were committed are found by their salt. Faults: ErrBusy where nothing was
// written, ErrUnknownOutcome.
//
// No caller's context is used here; the task's own ends only the waiting.
func (w *writer) insist(ctx context.Context, slug string, ballots []*ballot, unknown bool) ([]result, error) {
	for began := time.Now(); ; {
		results, err := w.try(ctx, slug, ballots, unknown)
		if err == nil {
			return results, nil
		}
		unknown = unknown || errors.Is(err, pg.ErrUnknownCommit)
		passing := unknown || errors.Is(err, errRaced) || errors.Is(err, context.DeadlineExceeded) || pg.IsUnavailable(err)
		switch {
		case guard.Is(err): // perhaps behind the commit
			return nil, voting.ErrUnknownOutcome.Because(err)
		case !passing:
			return nil, err
		}
		w.caster.log.WarnContext(ctx, "ballots are tried again",
			"selection", slug, "ballots", len(ballots), "commit_unknown", unknown, "error", err)
		if time.Since(began) > patience || !pause.For(ctx, retryPause) {
			if unknown {
				return nil, voting.ErrUnknownOutcome.Because(err)
			}
			return nil, voting.ErrBusy.Because(err)
		}
	}
}

func (w *writer) try(ctx context.Context, slug string, ballots []*ballot, again bool) ([]result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptBy)
	defer cancel()
	var results []result
	err := guard.Do("casting", func() error {
		if err := w.store.connect(ctx); err != nil {
			return err
		}
		a := newAttempt(w, slug, ballots)
		if err := a.run(ctx, again); err != nil {
			return err
		}
		results = a.results()
		return nil
	})
	if err != nil {
		w.store.disconnect()
		return nil, err
	}
	return results, nil
}
