package pg

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

const (
	// lookEvery is how old a look at the server's clock may become.
	lookEvery = 10 * time.Second
	lookLimit = 5 * time.Second
)

// Clock shows the time of a database's server, so that replicas agree, and a
// host whose clock jumps neither opens nor closes anything. Between two looks
// the host's monotonic time counts, which does not jump.
type Clock struct {
	db      *sqlx.DB
	last    atomic.Pointer[look]
	looking atomic.Bool
}

// look is what the server's clock showed at a moment here.
type look struct {
	server time.Time
	here   time.Time // monotonic
}

// NewClock looks at the clock of db's server.
func NewClock(ctx context.Context, db *sqlx.DB) (*Clock, error) {
	c := &Clock{db: db}
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Now is the server's time in UTC. It asks nobody: at times it has the server
// asked in the background.
func (c *Clock) Now() time.Time {
	l := c.last.Load()
	since := time.Since(l.here)
	if since > lookEvery && c.looking.CompareAndSwap(false, true) {
		go func() {
			defer c.looking.Store(false)
			ctx, cancel := context.WithTimeout(context.Background(), lookLimit)
			defer cancel()
			_ = c.look(ctx) // the last look holds until there is another
		}()
	}
	return l.server.Add(since)
}

func (c *Clock) look(ctx context.Context) error {
	asked := time.Now()
	var server time.Time
	if err := c.db.GetContext(ctx, &server, `SELECT clock_timestamp()`); err != nil {
		return fmt.Errorf("the server's clock: %w", err)
	}
	// It was read somewhere between question and answer: halfway.
	c.last.Store(&look{server.UTC(), asked.Add(time.Since(asked) / 2)})
	return nil
}
