package casting

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	maxBatch   = 500             // ballots that are taken at a time
	patience   = 3 * time.Second // for a database that is not there
	retryPause = 50 * time.Millisecond
	attemptBy  = 10 * time.Second // the longest that one try may take
)

// writer is the one that writes ballots in this process: two were slower. Its
// connection is its own, so that whatever goes wrong before a call is known not
// to have written.
type writer struct {
	*Caster
	conn *sqlx.Conn
	call *sqlx.Stmt // castBallots on conn
}

// Run writes ballots until ctx ends.
func (b *Caster) Run(ctx context.Context) error {
	w := &writer{Caster: b}
	defer w.disconnect()
	for {
		if ballots := b.queue.take(maxBatch); len(ballots) > 0 {
			w.bySelection(ctx, ballots)
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
		w.cast(ctx, slug, one)
		ballots = rest
	}
}

// cast writes ballots and tells each its result. Where the data of one makes
// the transaction fail, the others are freed of it by halving.
func (w *writer) cast(ctx context.Context, slug string, ballots []*ballot) {
	results, err := w.insist(ctx, slug, ballots)
	if pg.IsData(err) && len(ballots) > 1 {
		half := len(ballots) / 2
		w.cast(ctx, slug, ballots[:half])
		w.cast(ctx, slug, ballots[half:])
		return
	}
	if err != nil {
		f := fault.From(err)
		w.log.ErrorContext(ctx, "ballots failed", "selection", slug, "ballots", len(ballots), "error", err)
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
func (w *writer) insist(ctx context.Context, slug string, ballots []*ballot) ([]result, error) {
	unknown := false
	for began := time.Now(); ; {
		results, err := w.try(ctx, slug, ballots, unknown)
		if err == nil {
			return results, nil
		}
		unknown = unknown || errors.Is(err, pg.ErrUnknownCommit)
		passing := unknown || errors.Is(err, errRaced) || errors.Is(err, context.DeadlineExceeded) || pg.IsUnavailable(err)
		if !passing {
			return nil, err
		}
		w.log.WarnContext(ctx, "ballots are tried again", "selection", slug, "ballots", len(ballots), "commit_unknown", unknown, "error", err)
		if time.Since(began) > patience || !run.Wait(ctx, retryPause) {
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
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	a := newAttempt(w, slug, ballots)
	if err := a.run(ctx, again); err != nil {
		w.disconnect()
		return nil, err
	}
	return a.results(), nil
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.conn != nil {
		return nil
	}
	if w.conn, err = w.db.Connx(ctx); err != nil {
		w.conn = nil
		return fmt.Errorf("connect: %w", err)
	}
	if w.call, err = w.conn.PreparexContext(ctx, castBallots); err != nil {
		w.disconnect()
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// disconnect ends the session, whatever state it is in.
func (w *writer) disconnect() {
	if w.conn != nil {
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = w.conn.Close()
	}
	w.conn, w.call = nil, nil
}
