package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// ErrUnknownCommit means that nobody can say whether the transaction was
// committed: the connection was lost during COMMIT. Repeat what is
// idempotent, and answer "unknown, safe to retry" for the rest.
var ErrUnknownCommit = errors.New("the commit's outcome is unknown")

// Beginner starts transactions: a *sqlx.DB, or a *sqlx.Conn such as a Leader's.
type Beginner interface {
	BeginTxx(ctx context.Context, opts *sql.TxOptions) (*sqlx.Tx, error)
}

const (
	// attempts is how often a transaction that loses against others is tried.
	attempts = 5
	// commitLimit is how long a COMMIT may take; then its outcome is unknown.
	commitLimit = 10 * time.Second
)

// InTx runs fn in a transaction, and commits it if fn returns nil. After a
// serialization failure or a deadlock, fn runs again, up to five times in all:
// it must have no effect outside of tx. A panic in fn rolls back and goes on.
//
// A cancelled context stops the wait for a connection and, as far as fn hands
// it on, fn's statements; it does not stop a COMMIT, so that a lost connection
// alone gives ErrUnknownCommit. Each other error means that nothing was written.
func InTx(ctx context.Context, db Beginner, fn func(tx *sqlx.Tx) error) error {
	for try := 1; ; try++ {
		err := once(ctx, db, fn)
		if try == attempts || !isConflict(err) {
			return err
		}
		// Full jitter, so that those who collided do not do so again.
		wait := time.NewTimer(rand.N(5 * time.Millisecond << try))
		select {
		case <-ctx.Done():
			wait.Stop()
			return errors.Join(err, ctx.Err())
		case <-wait.C:
		}
	}
}

func once(ctx context.Context, db Beginner, fn func(tx *sqlx.Tx) error) error {
	tx, end, err := begin(ctx, db)
	if err != nil {
		return err
	}
	defer end()
	// Does nothing after Commit; after a panic or Goexit in fn it is the only end.
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("before commit: %w", err)
	}
	limit := time.AfterFunc(commitLimit, end)
	err = tx.Commit()
	intime := limit.Stop()
	switch {
	case err == nil:
		noteCommit(ctx)
		return nil
	case !intime: // what comes of it is the server's word, or nobody's
	case errors.Is(err, pq.ErrInFailedTransaction), errors.Is(err, sql.ErrTxDone),
		// Left by a cancelled statement: COMMIT was never sent.
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("commit: %w", err)
	}
	return Settled(fmt.Errorf("commit: %w", err))
}

type commitsKey struct{}

// Watch gives a context whose transactions are watched. committed tells whether
// InTx has committed one: then nobody may say that nothing was done, whatever fails
// behind it.
func Watch(ctx context.Context) (_ context.Context, committed func() bool) {
	var commits atomic.Bool
	return context.WithValue(ctx, commitsKey{}, &commits), commits.Load
}

func noteCommit(ctx context.Context) {
	if commits, ok := ctx.Value(commitsKey{}).(*atomic.Bool); ok {
		commits.Store(true)
	}
}

// Settled marks the error of a statement that commits with ErrUnknownCommit,
// unless it is the server that says so: then nothing was written.
func Settled(err error) error {
	if e := pq.As(err); err == nil || e != nil && !e.Fatal() {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknownCommit, err)
}

// begin starts a transaction that ctx can stop only while it begins: were the
// transaction bound to it, cancelling would cut a COMMIT in half. end cancels
// the transaction's own context.
func begin(ctx context.Context, db Beginner) (tx *sqlx.Tx, end func(), err error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err = db.BeginTxx(own, nil)
	if err == nil && !stop() {
		_ = tx.Rollback() // own is cancelled: it is rolled back in any case
		err = ctx.Err()
	}
	if err != nil {
		stop()
		cancel()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, fmt.Errorf("begin: %w", err)
	}
	return tx, cancel, nil
}
