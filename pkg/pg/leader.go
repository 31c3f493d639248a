package pg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrHeld says that another session holds the lock.
var ErrHeld = errors.New("another session holds the lock")

// Leader is the one session that holds a named lock. Whatever must have a
// single writer writes through Conn or InTx: then losing the connection loses
// the lock and the write together.
type Leader struct {
	conn *sqlx.Conn
	key  int64
}

// TryLeader takes the session-level advisory lock of the name on a connection
// of its own, or returns ErrHeld at once. The connection is taken from db's
// pool until Close.
func TryLeader(ctx context.Context, db *sqlx.DB, name string) (*Leader, error) {
	conn, err := db.Connx(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	l := &Leader{conn: conn, key: LockKey(name)}
	var got bool
	err = conn.GetContext(ctx, &got, `SELECT pg_try_advisory_lock($1)`, l.key)
	switch {
	case err != nil:
		// The lock may be taken although the answer was lost: end the session.
		l.discard()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	case !got:
		err := conn.Close()
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, ErrHeld), err)
	}
	return l, nil
}

// Lead runs fn on a session that holds the named lock, and gives the lock back
// after it. Where another session holds it, fn does not run and the error is nil.
func Lead(ctx context.Context, db *sqlx.DB, name string, fn func(leader *Leader) error) (err error) {
	leader, err := TryLeader(ctx, db, name)
	if errors.Is(err, ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leader.Close()) }()
	return fn(leader)
}

// waitLeader tries TryLeader until it succeeds. It polls, for a session that
// waits inside PostgreSQL holds a snapshot, which CREATE INDEX CONCURRENTLY
// would wait for in turn.
func waitLeader(ctx context.Context, db *sqlx.DB, name string) (*Leader, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := TryLeader(ctx, db, name)
		if err == nil || !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-tick.C:
		}
	}
}

// Conn is the session that holds the lock.
func (l *Leader) Conn() *sqlx.Conn { return l.conn }

// BeginTxx starts a transaction on the session that holds the lock.
func (l *Leader) BeginTxx(ctx context.Context, opts *sql.TxOptions) (*sqlx.Tx, error) {
	return l.conn.BeginTxx(ctx, opts)
}

// InTx is the package's InTx on the session that holds the lock. An error that
// IsUnavailable knows means that the lock is lost: Close, and try anew.
func (l *Leader) InTx(ctx context.Context, fn func(tx *sqlx.Tx) error) error {
	return InTx(ctx, l, fn)
}

// Check asks the server whether the session still lives, and with it the lock.
func (l *Leader) Check(ctx context.Context) error {
	if err := l.conn.PingContext(ctx); err != nil {
		return fmt.Errorf("lock is lost: %w", err)
	}
	return nil
}

// Close gives the lock back and ends the session. It may be called twice.
func (l *Leader) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// Ending the session frees the lock too, but only once the server notices.
	_, err := l.conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, l.key)
	l.discard()
	if err != nil && !errors.Is(err, sql.ErrConnDone) && !IsUnavailable(err) {
		return fmt.Errorf("unlock: %w", err)
	}
	return nil
}

// discard closes the connection instead of returning it to the pool.
func (l *Leader) discard() {
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = l.conn.Close()
}
