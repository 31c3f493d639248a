package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

// Exports is `laurel bench exports`.
type Exports struct {
	DataDir string        `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the server keep their data; emptied first."`
	Input   string        `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selections."`
	Ballots int           `default:"10000000" help:"Of the vote that is sealed."`
	Clients int           `default:"3" help:"Who ask for its files while ballots are cast elsewhere."`
	Conns   int           `default:"64" help:"Connections that cast ballots."`
	Span    time.Duration `default:"5s" help:"How long ballots are cast at a time."`
	Rounds  int           `default:"5" help:"How often; figures are medians."`
}

// Run fills a vote by SQL, seals it, and prints what its files and its check take;
// then how fast ballots of another vote are cast meanwhile.
func (e *Exports) Run(ctx context.Context) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	cast := &Cast{DataDir: e.DataDir, Input: e.Input, Span: e.Span, Rounds: e.Rounds}
	return cast.alone(ctx, binary, func(b *bench) error { return e.run(ctx, b) })
}

func (e *Exports) run(ctx context.Context, b *bench) error {
	full, err := b.add(ctx, laurel, b.one)
	if err != nil {
		return err
	}
	x := exports{Exports: e, bench: b, sealed: full}
	return database(ctx, b.one, func(db *sqlx.DB) error {
		x.db = db
		for _, step := range []func(context.Context) error{x.fill, x.seal, x.check, x.beside} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// exports is the measure at work.
type exports struct {
	*Exports

	bench  *bench
	db     *sqlx.DB
	sealed *script.Script
}

func (x exports) fill(ctx context.Context) error {
	if _, err := x.bench.targets[laurel].run(ctx, 1, time.Millisecond, false); err != nil { // one shows how ballots are
		return err
	}
	began := time.Now()
	if err := fill(ctx, x.db, x.Ballots); err != nil {
		return err
	}
	fmt.Printf("%d ballots were written by SQL and counted in %.0f s.\n", x.Ballots, time.Since(began).Seconds())
	return x.bench.size(ctx)
}

// seal closes the vote, and prints what its files took.
func (x exports) seal(ctx context.Context) error {
	return x.measured(ctx, "leaves and ballots", func(ctx context.Context) error {
		if err := x.sealed.Close(ctx, rulebook.PhaseVoting); err != nil {
			return err
		}
		for _, kind := range []string{voting.LeavesJob, voting.BallotsJob} {
			n, err := x.file(ctx, kind)
			if err != nil {
				return err
			}
			took, err := x.took(ctx, kind)
			if err != nil {
				return err
			}
			fmt.Printf("%s: %d MB, made in %.0f s.\n", kind, n/1_000_000, took)
		}
		return nil
	})
}

func (x exports) check(ctx context.Context) error {
	return x.measured(ctx, "check", func(ctx context.Context) error {
		c, err := x.sealed.As(identity.Auditor).CheckTally(ctx, x.sealed.Slug)
		if err == nil && (c.Ballots < int64(x.Ballots) || len(c.Problems) > 0) {
			err = fmt.Errorf("the check: %+v", c)
		}
		return err
	})
}

// measured prints the time of an act and the memory that it took, of the server
// and of PostgreSQL's temporary files.
func (x exports) measured(ctx context.Context, what string, act func(context.Context) error) error {
	server := x.bench.one.Processes[front]
	before, err := server.Forget()
	if err != nil {
		return err
	}
	const temporary = `SELECT temp_bytes FROM pg_stat_database WHERE datname = current_database()`
	var from, to int64
	if err := x.db.GetContext(ctx, &from, temporary); err != nil {
		return err
	}
	began := time.Now()
	if err := act(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := server.Peak()
	if err != nil {
		return err
	}
	if err := x.db.GetContext(ctx, &to, temporary); err != nil {
		return err
	}
	fmt.Printf("%s: %.0f s in all; the server's memory grew by %d MiB to %d; PostgreSQL's temporary files took %d MB.\n",
		what, took.Seconds(), (after-before)>>20, after>>20, (to-from)/1_000_000)
	return nil
}

// took is for how long the last job of a kind was at work, in seconds.
func (x exports) took(ctx context.Context, kind string) (seconds float64, err error) {
	err = x.db.GetContext(ctx, &seconds, `
		SELECT extract(epoch FROM ended_at - started_at)::float8 FROM job WHERE slug = $1 AND kind = $2 ORDER BY seq DESC LIMIT 1`, x.sealed.Slug, kind)
	return seconds, err
}

// size is of what is written to it.
type size int64

func (s *size) Write(p []byte) (int, error) {
	*s += size(len(p))
	return len(p), nil
}

// file waits for a file of the sealed vote, reads it, and gives its size.
func (x exports) file(ctx context.Context, kind string) (size, error) {
	for {
		var n size
		var err error
		if kind == voting.LeavesJob {
			err = x.sealed.API.SaveLeaves(ctx, x.sealed.Slug, &n)
		} else {
			err = x.sealed.As(identity.Auditor).SaveExport(ctx, x.sealed.Slug, gateway.FileBallots, &n)
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != voting.ErrUnsealed.Code || !pause.For(ctx, time.Second) {
			return n, err
		}
	}
}

// beside casts ballots of another vote, in turn alone and while clients ask for
// the files of the sealed one, which are lost at that moment and so made again.
func (x exports) beside(ctx context.Context) error {
	other, err := x.bench.prepare(ctx, x.bench.one)
	if err != nil {
		return err
	}
	cast, err := voters(few, x.bench.one, numbersOf(other), other.Slug)
	if err != nil {
		return err
	}
	if _, err := cast.run(ctx, x.Conns, x.Span, false); err != nil { // warms up
		return err
	}
	loads := map[string][]load{}
	for range x.Rounds {
		for _, name := range []string{"alone", "made", "being made"} {
			l, err := x.meanwhile(ctx, cast, name)
			if err != nil {
				return err
			}
			loads[name] = append(loads[name], l)
		}
	}
	fmt.Printf("%-28s %12s %10s %10s\n", "casting in another vote", "ballots/s", "p50", "p99")
	for _, name := range []string{"alone", "made", "being made"} {
		l := loads[name]
		ms := func(of func(load) time.Duration) float64 {
			return median(l, func(l load) float64 { return float64(of(l).Microseconds()) / 1000 })
		}
		fmt.Printf("%-28s %12.0f %8.1fms %8.1fms\n", "files "+name, rate(l),
			ms(func(l load) time.Duration { return l.p50 }), ms(func(l load) time.Duration { return l.p99 }))
	}
	return nil
}

func (x exports) meanwhile(ctx context.Context, cast target, name string) (l load, err error) {
	if name == "alone" {
		return cast.run(ctx, x.Conns, x.Span, false)
	}
	if name == "being made" {
		if err := x.lose(); err != nil {
			return l, err
		}
	}
	asking, hangUp := context.WithCancel(ctx)
	var g errgroup.Group
	for range x.Clients {
		g.Go(func() error { return x.impatient(asking, network(randomID())) })
	}
	l, err = cast.run(ctx, x.Conns, x.Span, false)
	hangUp()
	if err = errors.Join(err, g.Wait()); err != nil {
		return l, err
	}
	_, err = x.file(ctx, voting.LeavesJob) // what was begun is done before the next measure
	return l, err
}

// impatience is between two questions of one client.
const impatience = 20 * time.Millisecond

// impatient asks for the leaves again and again, and hangs up in the midst.
func (x exports) impatient(ctx context.Context, address string) error {
	for ; ctx.Err() == nil; pause.For(ctx, impatience) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+x.bench.one.Listen+"/api/v1/selections/"+x.sealed.Slug+"/log/leaves", http.NoBody)
		if err != nil {
			return err
		}
		req.Header.Set("X-Forwarded-For", address)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 1<<20) // the end comes early where it is a job
			_ = resp.Body.Close()
		} else if ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// lose removes the files from the store.
func (x exports) lose() error {
	root := filepath.Join(x.bench.one.Dir, "blobs", voting.Name)
	if _, err := os.Stat(root); err != nil {
		return err
	}
	return os.RemoveAll(root)
}
