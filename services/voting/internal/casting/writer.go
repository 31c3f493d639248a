package casting

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

const (
	maxBatch    = 500             // ballots in one transaction
	patience    = 3 * time.Second // for a database that is not there
	retryPause  = 50 * time.Millisecond
	statementBy = 10 * time.Second // the longest that one try may take
)

// writer is the one that writes ballots in this process: two were slower.
type writer struct {
	*Box
	statements statements
	namer      *secret.Namer
}

// Run writes ballots until ctx ends.
func (b *Box) Run(ctx context.Context) error {
	w := &writer{Box: b, namer: b.keys.Namer()}
	defer w.statements.close()
	for {
		if ballots := b.queue.take(maxBatch); len(ballots) > 0 {
			w.cast(ctx, ballots)
			continue
		}
		select {
		case <-b.queue.filled:
		case <-ctx.Done():
			for _, left := range b.queue.close() {
				left.call.settle(left.at, result{fault: voting.ErrBusy})
			}
			return nil
		}
	}
}

// cast writes ballots and tells each its result. Where the data of one makes
// the transaction fail, the others are freed of it by halving.
func (w *writer) cast(ctx context.Context, ballots []*ballot) {
	results, err := w.insist(ctx, ballots)
	if pg.IsData(err) && len(ballots) > 1 {
		half := len(ballots) / 2
		w.cast(ctx, ballots[:half])
		w.cast(ctx, ballots[half:])
		return
	}
	if err != nil {
		f := fault.From(err)
		w.log.ErrorContext(ctx, "ballots failed", "ballots", len(ballots), "error", err)
		for _, b := range ballots {
			b.call.settle(b.at, result{fault: f})
		}
		return
	}
	for i, b := range ballots {
		b.call.settle(b.at, results[i])
	}
	w.wake()
}

// insist tries again while the database is away. Once a commit's outcome is
// unknown, the same ballots are written again until it is known: those that
// were committed are found by their salt. Faults: ErrBusy where nothing was
// written, ErrUnknownOutcome.
//
// The context of no caller is here, and the task's own ends only its waiting.
func (w *writer) insist(ctx context.Context, ballots []*ballot) ([]result, error) {
	unknown := false
	for began := time.Now(); ; {
		results, err := w.write(ctx, ballots, unknown)
		if err == nil {
			return results, nil
		}
		unknown = unknown || errors.Is(err, pg.ErrUnknownCommit)
		passing := unknown || errors.Is(err, errRaced) || errors.Is(err, context.DeadlineExceeded) || pg.IsUnavailable(err)
		if !passing {
			return nil, err
		}
		w.log.WarnContext(ctx, "ballots are tried again", "ballots", len(ballots), "commit_unknown", unknown, "error", err)
		if time.Since(began) > patience || !pause(ctx, retryPause) {
			if unknown {
				return nil, voting.ErrUnknownOutcome.Because(err)
			}
			return nil, voting.ErrBusy.Because(err)
		}
	}
}

// write is one try: one transaction.
func (w *writer) write(ctx context.Context, ballots []*ballot, again bool) (results []result, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), statementBy)
	defer cancel()
	if err := w.statements.prepare(ctx, w.db); err != nil {
		return nil, err
	}
	err = pg.InTx(ctx, w.db, func(tx *sqlx.Tx) error {
		t := newTransaction(tx, w, ballots, again)
		if err := t.run(ctx); err != nil {
			return err
		}
		results = t.results()
		return nil
	})
	return results, err
}

// pause tells whether ctx still stands after it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
