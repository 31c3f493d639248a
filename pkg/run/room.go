// Package run gives each room the same furniture: it migrates, consumes
// events, relays its own, answers requests, tells whether it is ready, and
// ends without dropping what is in hand.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/retention"
)

// Deps is what every room is built from.
type Deps struct {
	DB    *sqlx.DB         // in the room's own schema, as its own role
	Bus   *bus.Bus         // connected as the room's own user
	Blobs blob.Store       // the room's own large bodies; In gives those of others
	Jobs  *job.Runner      // long work, on connections of its own; nil: none is done
	Now   func() time.Time // the database's clock, pg.Clock's
	Log   *slog.Logger
	Audit ballotlog.Signer // of the heads of the room's audit log; the same in all rooms

	Retention retention.Periods // for how long the rooms keep what they know of people

	Selections *phase.Selections // made by the rooms that enforce phases, nil in others
}

// Time is the clock's time as PostgreSQL keeps it: UTC, microseconds.
func (d Deps) Time() time.Time { return d.Now().UTC().Truncate(time.Microsecond) }

// Room is a service before it runs.
type Room struct {
	Name       string
	Migrations []pg.Set // in order; the furniture's come first
	Endpoints  []bus.Endpoint
	Handlers   []outbox.Handler
	Tasks      []Task
	Jobs       []job.Kind // that Deps.Jobs does
	Retention  retention.Plan
	// Keys are the room's, with which it makes what it keeps. It does not open with
	// others.
	Keys []key.Key
	// Ready tells operators of what the room alone knows that keeps it from its work;
	// nil: nothing does.
	Ready func(ctx context.Context) error
	// Audit gives a page of the audit log to the actor of ctx, for rooms in which
	// some readers may not read all of it; nil: audit.List.
	Audit func(ctx context.Context, in audit.Page) ([]audit.Entry, error)
}

// Task is work in the background. It runs until its context ends, which
// happens after the last request has been answered. An error ends the process;
// after a panic the task begins again, and the room is not ready until it does.
type Task struct {
	Name string
	Run  func(ctx context.Context) error
}

// Sets are the migrations of a room: the furniture's and its own.
func (r Room) Sets() []pg.Set {
	return append([]pg.Set{outbox.Set(), audit.Set(), job.Set(), retention.Set(), key.Set()}, r.Migrations...)
}

// Running is a room at work.
type Running struct {
	room   Room
	deps   Deps
	inbox  *outbox.Inbox
	server *bus.Server
	failed chan error

	refusal *fault.Error // why the room does not open; nil: it does

	stopTasks context.CancelFunc
	tasks     sync.WaitGroup
	down      atomic.Int64 // tasks that panicked and have not begun again
}

// Start brings a room to work. It answers requests only once it has seen every
// event that was waiting, so that it never speaks from a stale projection. Until
// somebody has made streams and consumer it waits. A room whose keys are not its own
// is closed: see Closed.
func Start(ctx context.Context, room Room, deps Deps) (*Running, error) {
	if err := pg.Migrate(ctx, deps.DB, room.Sets()...); err != nil {
		return nil, fmt.Errorf("%s: %w", room.Name, err)
	}
	room.Keys = append(slices.Clip(room.Keys), auditKey.Signer(deps.Audit))
	if err := key.Recognize(ctx, deps.DB, room.Name, room.Keys); errors.Is(err, key.ErrUnknown) {
		return Closed(ctx, room.Name, fault.From(err), deps.Log), nil
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", room.Name, err)
	}
	r := &Running{room: room, deps: deps, failed: make(chan error, len(room.Tasks)+5)}
	r.inbox = &outbox.Inbox{Service: room.Name, DB: deps.DB, Bus: deps.Bus, Log: deps.Log, Handlers: room.Handlers}
	relay := &outbox.Relay{Service: room.Name, DB: deps.DB, Bus: deps.Bus, Log: deps.Log}

	tasks, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stopTasks = stop
	r.spawn(tasks, Task{"inbox", r.inbox.Run})
	r.spawn(tasks, Task{"relay", relay.Run})
	if deps.Jobs != nil {
		erasing := retention.Room{
			Plan: room.Retention, Periods: deps.Retention, Now: deps.Now, Log: deps.Log, Blobs: deps.Blobs, Owners: event.Services(),
		}
		jobs := append([]job.Kind{erasing.Job()}, room.Jobs...)
		r.spawn(tasks, Task{"jobs", func(ctx context.Context) error { return deps.Jobs.Run(ctx, jobs) }})
	}
	r.spawn(tasks, Task{"audit", (&audit.Notary{DB: deps.DB, Service: room.Name, Signer: deps.Audit, Now: deps.Time, Log: deps.Log}).Run})
	r.spawn(tasks, Task{"keys", r.watchKeys})
	for _, t := range room.Tasks {
		r.spawn(tasks, t)
	}
	if err := r.serve(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", room.Name, err), r.Stop(context.WithoutCancel(ctx)))
	}
	deps.Log.InfoContext(ctx, "room is open", "service", room.Name)
	return r, nil
}

func (r *Running) serve(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !r.inbox.CaughtUp() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-r.failed:
			return err
		case <-tick.C:
		}
	}
	endpoints := append(r.furniture(), r.room.Endpoints...)
	for i, e := range endpoints {
		endpoints[i] = withDatabase(e)
	}
	server, err := r.deps.Bus.Serve(r.room.Name, endpoints)
	r.server = server
	return err
}

// furniture is what every room answers.
func (r *Running) furniture() []bus.Endpoint {
	list := r.room.Audit
	if list == nil {
		list = func(ctx context.Context, in audit.Page) ([]audit.Entry, error) { return audit.List(ctx, r.deps.DB, in) }
	}
	present := bus.Method(RollCall, func(ctx context.Context, _ struct{}) (Present, error) {
		ctx, cancel := context.WithTimeout(ctx, rollLimit)
		defer cancel()
		return Present{r.deps.Bus.Replica()}, r.deps.DB.PingContext(ctx)
	})
	present.Each = true
	return []bus.Endpoint{
		present,
		bus.Method(ReportDeliveries, func(ctx context.Context, in Of) (outbox.Deliveries, error) {
			return outbox.Report(ctx, r.deps.DB, r.room.Name, in.Slug)
		}),
		bus.Method(ListAudit, list),
		bus.Method(ListErasures, func(ctx context.Context, in Of) ([]retention.Erased, error) {
			return retention.List(ctx, r.deps.DB, in.Slug)
		}),
		bus.Method(GetJob, func(ctx context.Context, in OfJob) (job.Job, error) { return job.Get(ctx, r.deps.DB, in.Slug, in.Job) }),
		bus.Method(ConfirmKey, func(ctx context.Context, in key.Key) (struct{}, error) {
			return struct{}{}, key.Confirm(ctx, r.deps.DB, r.room.Name, []key.Key{in})
		}),
		bus.Method(CheckAudit, func(ctx context.Context, _ struct{}) (audit.Report, error) {
			return audit.Check(ctx, r.deps.DB, r.room.Name, r.deps.Audit.Public())
		}),
	}
}

// The verbs that every room answers.
const (
	ReportDeliveries = "report_deliveries" // Of → outbox.Deliveries
	ListAudit        = "list_audit"        // audit.Page → []audit.Entry
	GetJob           = "get_job"           // OfJob → job.Job
	ListErasures     = "list_erasures"     // Of → []retention.Erased
	CheckAudit       = "check_audit"       // {} → audit.Report
	ConfirmKey       = "confirm_key"       // key.Key → {}; fault key.ErrUnknown
	RollCall         = "roll_call"         // {} → Present, from every replica that can work
)

// rollLimit is how long the database of a replica that can work takes to answer.
const rollLimit = 200 * time.Millisecond

// Present names a replica for bus.At.
type Present struct {
	Replica string `json:"replica"`
}

// Of names a selection.
type Of struct {
	Slug string `json:"slug"`
}

// OfJob names a job.
type OfJob struct {
	Slug string `json:"slug"`
	Job  string `json:"job"`
}

func (r *Running) spawn(ctx context.Context, t Task) {
	r.tasks.Add(1)
	go func() {
		defer r.tasks.Done()
		down := func(is bool) {
			if is {
				r.down.Add(1)
			} else {
				r.down.Add(-1)
			}
		}
		if err := guard.Loop(ctx, r.deps.Log, r.room.Name+"/"+t.Name, down, t.Run); err != nil && ctx.Err() == nil {
			r.failed <- fmt.Errorf("%s: %s: %w", r.room.Name, t.Name, err)
		}
	}()
}

// Failed gives the error of a task that could not go on.
func (r *Running) Failed() <-chan error { return r.failed }

// pingLimit is how long a database that can be used takes to say so.
const pingLimit = 2 * time.Second

// Ready tells whether the room can answer: migrated, connected, consuming.
func (r *Running) Ready(ctx context.Context) error {
	if r.refusal != nil {
		return r.refusal
	}
	if err := r.deps.Bus.Ready(); err != nil {
		return err
	}
	if !r.inbox.CaughtUp() {
		return fault.NewUnavailable("catching_up", r.room.Name+" has not yet seen all events", time.Second)
	}
	if r.down.Load() > 0 {
		return fault.NewUnavailable("task_down", "a task of "+r.room.Name+" is starting again", time.Second)
	}
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if err := r.deps.DB.PingContext(ctx); err != nil {
		return ErrDatabaseDown.Because(fmt.Errorf("%s: %w", r.room.Name, err))
	}
	if r.room.Ready != nil {
		return r.room.Ready(ctx)
	}
	return nil
}

// Stop answers what is in hand, then ends the tasks. Its errors do not keep
// the rest from ending.
func (r *Running) Stop(ctx context.Context) error {
	var errs []error
	if r.server != nil {
		errs = append(errs, r.server.Drain(ctx))
	}
	if r.stopTasks != nil {
		r.stopTasks()
	}
	done := make(chan struct{})
	go func() { r.tasks.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		errs = append(errs, fmt.Errorf("%s: tasks did not end: %w", r.room.Name, ctx.Err()))
	}
	return errors.Join(errs...)
}
