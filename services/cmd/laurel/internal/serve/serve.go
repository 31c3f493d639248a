// Package serve runs services, one or all, from the same wiring.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/identity"
	identityserver "github.com/laurel-awards/laurel/services/identity/server"
)

// stopTime is how long the end may take, requests in flight included.
const stopTime = 9 * time.Second

// Command is `laurel serve`.
type Command struct {
	config.Server `embed:""`
	Services      []string `arg:"" optional:"" help:"${services}; all where none is named."`

	// Now is the process's clock, time.Now where it is nil. Rooms go by that of
	// their database.
	Now func() time.Time `kong:"-"`
}

// Run serves until ctx ends, then drains.
func (c *Command) Run(ctx context.Context) error {
	CollectSeldom()
	log := c.Log.Logger()
	names, err := c.names()
	if err != nil {
		return err
	}
	s := &process{cfg: c.Server, needed: map[string]string{}, log: log, now: c.Now, fails: make(chan error, len(names)+2)}
	if s.now == nil {
		s.now = time.Now
	}
	err = s.start(ctx, names)
	if err == nil {
		s.started.Store(true)
		log.InfoContext(ctx, "ready", "services", names)
		err = s.wait(ctx)
	}
	log.Info("stopping")
	stop, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return errors.Join(err, s.stop(stop))
}

// CollectSeldom has the garbage collector run less often: it would take a tenth
// of the time under load, and a server's live heap is small. GOGC in the
// environment wins.
func CollectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// Names are all services, the gateway last.
func Names() []string { return append(event.Services(), gatewayName) }

func (c *Command) names() ([]string, error) {
	all := Names()
	if c.Private {
		if c.NATSURL != "" {
			return nil, errors.New("--private is for one process with all services and NATS inside: set no NATS_URL")
		}
		if _, err := c.Postgres(); err != nil {
			return nil, err
		}
	}
	if len(c.Services) == 0 {
		return all, nil
	}
	for _, name := range c.Services {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("there is no service %q; there are %v", name, all)
		}
	}
	if c.NATSURL == "" && len(c.Services) < len(all) {
		return nil, errors.New("NATS_URL is needed where the services run in several processes")
	}
	return c.Services, nil
}

// process is what runs in this process. It is stopped in reverse order.
type process struct {
	cfg   config.Server
	log   *slog.Logger
	now   func() time.Time
	rooms []*run.Running
	ends  []func(ctx context.Context) error
	fails chan error

	mu    sync.Mutex
	buses []*bus.Bus

	started atomic.Bool
	agreed  agreement
	needed  map[string]string // keys that data were made with, and the room that has them
}

func (p *process) onStop(end func(ctx context.Context) error) { p.ends = append(p.ends, end) }

func (p *process) start(ctx context.Context, names []string) error {
	if slices.Contains(names, gatewayName) {
		if _, err := p.cfg.Proxies(); err != nil {
			return err
		}
	}
	if err := errors.Join(p.profiles(), p.ops()); err != nil {
		return err
	}
	dir, err := p.cfg.Dir()
	if err != nil {
		return err
	}
	connect := func(name string) (*bus.Bus, error) { return p.cfg.Connect(name, p.log) }
	if p.cfg.NATSURL == "" {
		nats, err := bus.Embed(filepath.Join(dir, config.NATSDir), 0, p.log) // keeps a second process out of the directory
		if err != nil {
			return err
		}
		p.onStop(func(context.Context) error { return nats.Stop() })
		connect = nats.Connect
	}
	if p.cfg.Private {
		if err := p.postgres(ctx); err != nil {
			return err
		}
	}
	blobs, err := blob.NewDir(filepath.Join(dir, config.BlobsDir))
	if err != nil {
		return err
	}
	connected := func(name string) (*bus.Bus, error) {
		b, err := connect(name)
		if err == nil {
			p.onStop(func(context.Context) error { b.Close(); return nil })
			p.mu.Lock()
			defer p.mu.Unlock()
			p.buses = append(p.buses, b)
		}
		return b, err
	}
	if err := p.open(ctx, names, connected, blobs); err != nil {
		return err
	}
	if !slices.Contains(names, gatewayName) {
		return nil
	}
	b, err := connected(gatewayName)
	if err != nil {
		return err
	}
	return p.gateway(ctx, b, blobs)
}

// open starts the rooms among names, all at once: each waits for what it needs.
func (p *process) open(ctx context.Context, names []string, connect func(string) (*bus.Bus, error), blobs blob.Store) error {
	trusted, err := p.cfg.Trusted()
	if err != nil {
		return err
	}
	periods, err := p.cfg.Retention.Periods()
	if err != nil {
		return err
	}
	g, starting := errgroup.WithContext(ctx)
	opened, all := make([]*run.Running, len(names)), make([]run.Deps, len(names))
	for i, name := range names {
		if name == gatewayName {
			continue
		}
		b, err := connect(name)
		if err != nil {
			return err
		}
		db, err := p.database(ctx, name, pg.DefaultMaxOpen)
		if err != nil {
			return err
		}
		own, err := p.database(ctx, name, job.Connections)
		if err != nil {
			return err
		}
		clock, err := pg.NewClock(ctx, db)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.Trust(trusted, clock.Now)
		all[i] = run.Deps{
			DB: db, Bus: b, Blobs: blobs.In(name), Jobs: job.New(own, clock.Now, p.log), Now: clock.Now, Log: p.log, Retention: periods,
		}
		if err := p.ask(ctx, name, db); err != nil {
			return err
		}
	}
	for i, name := range names {
		if name == gatewayName {
			continue
		}
		deps := &all[i]
		room, err := p.wire(name, deps)
		if f := missing(err); f != nil {
			opened[i] = run.Closed(ctx, name, f, p.log)
			continue
		}
		if err != nil {
			return err
		}
		g.Go(func() (err error) {
			opened[i], err = run.Start(starting, room, *deps)
			return err
		})
	}
	err = g.Wait()
	for i, r := range opened {
		if r != nil {
			p.rooms = append(p.rooms, r)
			p.onStop(r.Stop)
			go func() { p.fails <- <-r.Failed() }()
		}
		if r != nil && r.Refusal() == nil && names[i] == identity.Name && err == nil {
			err = p.setup(ctx, all[i])
		}
	}
	return err
}

// wire makes a room on deps, with the signer of its audit log.
func (p *process) wire(name string, deps *run.Deps) (_ run.Room, err error) {
	if err := p.there(p.cfg.AuditKeyFile, "audit"); err != nil {
		return run.Room{}, err
	}
	if deps.Audit, err = p.cfg.AuditSigner(); err != nil {
		return run.Room{}, err
	}
	return p.room(name, *deps)
}

// setup prints the link by which the first organizer comes to be, where there is
// no account. It goes to standard output, past the log: what reads that keeps it.
func (p *process) setup(ctx context.Context, deps run.Deps) error {
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "serve", Name: "laurel serve"})
	token, err := identityserver.Accounts(deps).SetupLink(ctx, true)
	if errors.Is(err, identityserver.ErrSetUp) {
		return nil
	}
	if err == nil {
		_, err = fmt.Printf("There is no account yet. Create the first organizer here, within an hour:\n\n  %s\n\n", p.cfg.SetupLink(token))
	}
	return err
}

// database waits for one that is still starting. Its pool has at most so many
// connections.
func (p *process) database(ctx context.Context, service string, size int) (*sqlx.DB, error) {
	url, err := p.cfg.Of(service)
	if err != nil {
		return nil, err
	}
	for {
		db, err := pg.Open(ctx, pg.Config{URL: url, Service: service, MaxOpen: size})
		if err == nil {
			p.onStop(func(context.Context) error {
				if err := db.Close(); !pg.IsUnavailable(err) { // else the server is gone, and so are the sessions
					return err
				}
				return nil
			})
			return db, nil
		}
		if !pg.IsUnavailable(err) {
			return nil, fmt.Errorf("%s: %w (has `laurel migrate` been run?)", service, err)
		}
		p.log.WarnContext(ctx, "waiting for the database", "service", service, "error", err)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// ready tells whether everything in this process can answer.
func (p *process) ready(ctx context.Context) error {
	if err := p.connected(); err != nil {
		return err
	}
	if !p.started.Load() {
		return fault.NewUnavailable("starting", "still starting", time.Second)
	}
	for _, r := range p.rooms {
		if err := r.Ready(ctx); err != nil {
			return err
		}
	}
	if f := p.agreed.refused.Load(); f != nil {
		return f
	}
	return nil
}

// connected tells what is wrong with NATS, also of a process that waits for it.
func (p *process) connected() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.buses {
		if err := b.Ready(); err != nil {
			return err
		}
	}
	return nil
}

// wait returns when ctx ends, nil, or something cannot go on.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.fails:
		return err
	}
}

func (p *process) stop(ctx context.Context) error {
	var errs []error
	for _, end := range slices.Backward(p.ends) {
		errs = append(errs, end(ctx))
	}
	return errors.Join(errs...)
}
