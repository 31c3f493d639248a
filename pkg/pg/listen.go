package pg

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// relisten is how soon a listener whose connection was lost listens again.
const relisten = 300 * time.Millisecond

// Listener hears what is told by NOTIFY on a channel, on a connection of its own.
// It loses what is told while that is away, so whoever waits looks now and then all
// the same.
type Listener struct {
	lib   *pq.Listener
	wake  chan struct{} // holds one token when there may be something new
	hears atomic.Bool
	ended chan struct{}
}

// Listen begins to hear a channel of the server that db, which is of Open, is
// connected to. It comes back at once; the connection is made in the background, as
// often as it is lost.
func Listen(db *sqlx.DB, channel string) (*Listener, error) {
	d, ok := db.Driver().(*listening)
	if !ok {
		return nil, fmt.Errorf("listen: %T is not a database of pg.Open", db.Driver())
	}
	l := &Listener{wake: make(chan struct{}, 1), ended: make(chan struct{})}
	l.lib = pq.NewDialListener(&dialer{pool: d.pool}, d.pool.url, relisten, relisten, func(e pq.ListenerEventType, _ error) {
		if e == pq.ListenerEventDisconnected {
			l.hears.Store(false)
		}
	})
	go func() {
		if l.lib.Listen(channel) == nil {
			l.tell()
		}
	}()
	go func() {
		defer close(l.ended)
		for range l.lib.Notify { // nil: it listens again
			l.tell()
		}
	}()
	return l, nil
}

func (l *Listener) tell() {
	l.hears.Store(true)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Wait ends with ctx, when something was told, or after a time: a short one while
// nothing can be heard, and a long one otherwise. It tells whether there may be
// something new, which is so where nothing can be heard.
func (l *Listener) Wait(ctx context.Context, deaf, hears time.Duration) bool {
	after := deaf
	if l.hears.Load() {
		after = hears
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-l.wake:
		return true
	}
	return !l.hears.Load()
}

// Close ends the connection.
func (l *Listener) Close() {
	_ = l.lib.Close() // an error says that it is closed
	<-l.ended
}

// listening is the driver of a pool, which can listen, too.
type listening struct {
	*pq.Driver

	pool *pool
}

// withMode is a database URL, or key=value string, that says how the server is to
// prove who it is.
func withMode(address string, mode pq.SSLMode) string {
	u, err := url.Parse(address)
	if err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		q := u.Query()
		q.Set("sslmode", string(mode))
		u.RawQuery = q.Encode()
		return u.String()
	}
	return address + " sslmode=" + string(mode)
}
