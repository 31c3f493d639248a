package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
)

// Idle is `laurel bench idle`.
type Idle struct {
	DataDir string        `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the server keep their data; emptied first."`
	Input   string        `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selection whose vote is open."`
	Span    time.Duration `default:"20s" help:"How long is measured."`
}

// settled is when what an installation does at its start is done.
const settled = 15 * time.Second

// Run prints what an installation costs in which nothing happens: an empty one, and
// one with an open vote that nobody votes in.
func (c *Idle) Run(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	cast := &Cast{DataDir: c.DataDir, Input: c.Input}
	return cast.alone(ctx, binary, func(b *bench) error { return c.run(ctx, b) })
}

func (c *Idle) run(ctx context.Context, b *bench) error {
	b.stops = append(b.stops, b.one.Stop)
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := b.one.Start(starting, front); err != nil {
		return err
	}
	if err := b.idle(ctx, "An empty installation", c.Span); err != nil {
		return err
	}
	if _, err := b.prepare(ctx, b.one); err != nil {
		return err
	}
	return b.idle(ctx, "One with an open vote", c.Span)
}

// spent is what was used until a moment.
type spent struct {
	transactions     int64
	server, postgres time.Duration // of processor
}

func (b *bench) idle(ctx context.Context, what string, span time.Duration) error {
	if !pause.For(ctx, settled) {
		return ctx.Err()
	}
	before, err := b.spent(ctx)
	if err != nil || !pause.For(ctx, span) {
		return errors.Join(err, ctx.Err())
	}
	after, err := b.spent(ctx)
	if err != nil {
		return err
	}
	share := func(before, after time.Duration) float64 { return 100 * (after - before).Seconds() / span.Seconds() }
	fmt.Printf("%s in which nothing happens: %.1f transactions/s; of one processor the server takes %.1f %%, PostgreSQL %.1f %%.\n",
		what, float64(after.transactions-before.transactions)/span.Seconds(), share(before.server, after.server), share(before.postgres, after.postgres))
	return nil
}

// spent gives what was used by now.
func (b *bench) spent(ctx context.Context) (s spent, err error) {
	// A session tells of its transactions once a second at the latest, and when it ends.
	err = database(ctx, b.one, func(db *sqlx.DB) error {
		return db.GetContext(ctx, &s.transactions, `SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()`)
	})
	if err == nil {
		s.server, err = b.one.Processes[front].CPU()
	}
	if err == nil {
		s.postgres, err = b.postgresCPU()
	}
	return s, err
}

// postgresCPU is the processor time of PostgreSQL, with all its sessions.
func (b *bench) postgresCPU() (sum time.Duration, err error) {
	text, err := os.ReadFile(filepath.Join(b.pg.Dir, "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	var postmaster int
	if _, err := fmt.Sscan(string(text), &postmaster); err != nil {
		return 0, fmt.Errorf("postmaster.pid: %w", err)
	}
	all, err := installation.ReadCPU()
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if p.PID == postmaster {
			sum += p.Own + p.Ended
		} else if p.Parent == postmaster {
			sum += p.Own
		}
	}
	return sum, nil
}
