// Package bench measures how fast ballots are counted, beside yardsticks in the
// same run on the same machine.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
	"github.com/laurel-awards/laurel/services/voting"
)

// Command is `laurel bench`.
type Command struct {
	Cast      Cast      `cmd:"" default:"withargs" help:"Cast ballots over HTTP as fast as they are counted, beside two yardsticks."`
	Exports   Exports   `cmd:"" help:"Fill a vote, seal it, and measure its files and its check: alone, and beside the casting of another vote."`
	Desks     Desks     `cmd:"" help:"Time and weigh each page of the desks, with 60 candidates and with 5,000 entries."`
	Visit     Visits    `cmd:"" help:"Visit as voters do, beside empty answers with as many bytes, and see what readers leave of the ballots."`
	Yardstick Yardstick `cmd:"" hidden:"" help:"The server of the yardsticks."`
	NATS      NATS      `cmd:"" name:"nats" hidden:"" help:"A NATS in a process of its own."`
}

// Cast is `laurel bench cast`.
type Cast struct {
	DataDir    string        `default:"/var/tmp/laurel-bench" type:"path" help:"Where PostgreSQL and the servers keep their data; emptied first."`
	Input      string        `default:"deploy/examples/most-beautiful-courier" type:"path" help:"Folder of the selection that is voted on."`
	Span       time.Duration `default:"2s" help:"How long each target is asked at a time."`
	Rounds     int           `default:"9" help:"How often; figures and ratios are medians."`
	Conns      []int         `default:"64,256" help:"Keep-alive connections, one request in flight on each."`
	Targets    []string      `default:"empty,naive,laurel,apart" help:"Who is asked: the yardsticks empty and naive; laurel in one process; apart, in one process a service."`
	Flood      int           `default:"4" help:"Overload: times the most connections; 0: none."`
	Streams    int           `default:"10000" help:"Open live streams; 0: none."`
	Selections []int         `default:"10,100,1000" help:"Selections that are open at once; empty: only one."`
	Replicas   int           `default:"1" help:"Of the voting service, where services are apart."`
	Prefill    int           `default:"10000000" help:"Ballots in the table for the last measure; 0: none."`
}

const (
	startLimit = time.Minute
	stopLimit  = 5 * time.Minute // PostgreSQL writes all that it has in memory
	anyPort    = "127.0.0.1:0"
	front      = "gateway" // names the process that is asked, alone or with all services
)

// mark is the file by which a bench knows its folder again.
const mark = "laurel-bench"

// The targets.
const (
	empty  = "empty"
	naive  = "naive"
	laurel = "laurel"
	apart  = "apart"
	few    = "few" // as laurel, beside it once laurel's table is full
)

// settings of PostgreSQL, as for the days of a vote: memory for the indexes,
// and checkpoints half an hour apart. After each, a page is written whole the
// first time that it changes; that is not to happen to all pages in the few
// seconds of a measure.
func settings() []string {
	return []string{"shared_buffers = 4GB", "max_wal_size = 32GB", "checkpoint_timeout = 30min"}
}

// bench is the servers at work.
type bench struct {
	*Cast
	binary  string
	one     *installation.Installation // in one process
	slug    string                     // of its selection
	numbers []int                      // of its candidates
	targets map[string]target
	pg      *private.Server
	stops   []func(context.Context) error // of what was started, in that order
}

// Run starts the servers, each a process of its own, loads them in turn, and
// prints the figures. The load comes from this process.
func (c *Cast) Run(ctx context.Context) (err error) {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if err := c.clear(ctx); err != nil {
		return err
	}
	b := &bench{Cast: c, binary: binary, targets: map[string]target{}}
	defer func() { err = errors.Join(err, b.stop(ctx)) }()
	fmt.Println("Preparing selections …")
	if err := b.open(ctx); err != nil {
		return err
	}
	if err := b.table(ctx); err != nil {
		return err
	}
	if !b.has(laurel) {
		return nil
	}
	if err := b.visit(ctx); err != nil {
		return err
	}
	if err := b.many(ctx); err != nil {
		return err
	}
	most := slices.Max(c.Conns)
	if err := b.flood(ctx, most); err != nil {
		return err
	}
	if err := b.live(ctx, most); err != nil {
		return err
	}
	if err := b.size(ctx); err != nil {
		return err
	}
	return b.large(ctx, most)
}

// alone starts PostgreSQL with empty tables, has work measure an installation in one
// process, which it starts, and stops everything.
func (c *Cast) alone(ctx context.Context, binary string, work func(b *bench) error) (err error) {
	b := &bench{Cast: c, binary: binary, targets: map[string]target{}}
	if err := b.clear(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop(ctx)) }()
	fmt.Println("Preparing selections …")
	if b.pg, err = b.postgres().Start(ctx); err != nil {
		return err
	}
	b.stops = append(b.stops, b.pg.Stop)
	if b.one, err = b.installation(ctx, laurel); err != nil {
		return err
	}
	b.one.Add(front, "", nil)
	return work(b)
}

// stop ends what was started.
func (b *bench) stop(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for _, stop := range slices.Backward(b.stops) {
		err = errors.Join(err, stop(ctx))
	}
	return err
}

func (c *Cast) has(target string) bool { return slices.Contains(c.Targets, target) }

// clear begins with empty tables. It empties no folder but its own.
func (c *Cast) clear(ctx context.Context) error {
	entries, err := os.ReadDir(c.DataDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if own := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == mark }); len(entries) > 0 && !own {
		return fmt.Errorf("%s is not empty, and not of an earlier bench", c.DataDir)
	}
	if err := (&private.Server{Dir: c.postgres().Dir}).Remove(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(c.DataDir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.DataDir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.DataDir, mark), nil, 0o600)
}

func (c *Cast) postgres() private.Server {
	return private.Server{Dir: filepath.Join(c.DataDir, "postgres"), Settings: settings()}
}

// open starts everything.
func (b *bench) open(ctx context.Context) (err error) {
	if b.pg, err = b.postgres().Start(ctx); err != nil {
		return err
	}
	b.stops = append(b.stops, b.pg.Stop)
	if b.one, err = b.together(ctx, laurel); err != nil {
		return err
	}
	if b.has(apart) {
		if err := b.apart(ctx); err != nil {
			return err
		}
	}
	return b.yardsticks(ctx)
}

// installation is one of the bench's, whose database is there.
func (b *bench) installation(ctx context.Context, name string) (*installation.Installation, error) {
	listen, err := installation.FreeAddress(ctx, anyPort)
	if err != nil {
		return nil, err
	}
	in := &installation.Installation{Binary: b.binary, Dir: filepath.Join(b.DataDir, name), Database: b.pg.URL(name), Listen: listen}
	if err := os.MkdirAll(in.Dir, 0o755); err != nil {
		return nil, err
	}
	if err := pg.CreateDatabase(ctx, b.pg.URL("postgres"), name); err != nil {
		return nil, err
	}
	return in, in.Run(ctx, nil, "migrate")
}

// together adds a target whose services run in one process.
func (b *bench) together(ctx context.Context, name string) (*installation.Installation, error) {
	in, err := b.installation(ctx, name)
	if err != nil {
		return nil, err
	}
	in.Add(front, "", nil)
	_, err = b.add(ctx, name, in)
	return in, err
}

// apart adds a target whose services are processes of their own.
func (b *bench) apart(ctx context.Context) error {
	in, err := b.installation(ctx, apart)
	if err != nil {
		return err
	}
	if in.NATS, err = b.nats(ctx, filepath.Join(in.Dir, "nats")); err != nil {
		return err
	}
	for i, service := range append(slices.Repeat([]string{voting.Name}, b.Replicas-1), serve.Names()...) {
		ops, err := installation.FreeAddress(ctx, anyPort)
		if err != nil {
			return err
		}
		name := service
		if i < b.Replicas-1 {
			name = fmt.Sprintf("%s-%d", service, i+2)
		}
		in.Add(name, ops, []string{service})
	}
	_, err = b.add(ctx, apart, in)
	return err
}

// add starts an installation and opens a vote in it.
func (b *bench) add(ctx context.Context, name string, in *installation.Installation) (*script.Script, error) {
	b.stops = append(b.stops, in.Stop)
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := in.Start(starting, slices.Collect(maps.Keys(in.Processes))...); err != nil {
		return nil, err
	}
	s, err := b.prepare(ctx, in)
	if err != nil {
		return nil, err
	}
	numbers := numbersOf(s)
	if name == laurel {
		b.slug, b.numbers = s.Slug, numbers
	}
	b.targets[name], err = voters(name, in, numbers, s.Slug)
	return s, err
}
