package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const name = "review"

// surroundings are what a room stands on, and somebody who asks it.
type surroundings struct {
	deps run.Deps
	asks *bus.Bus
}

func open(t *testing.T) *surroundings {
	t.Helper()
	nats := testkit.NATS(t)
	clock := testkit.NewClock(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	return &surroundings{testkit.Deps(t, nats, run.Room{Name: name}, clock), testkit.Connect(t, nats, "gateway")}
}

func (h *surroundings) call(ctx context.Context, verb string) (string, error) {
	return bus.Call[string](ctx, h.asks, name, verb, struct{}{})
}

// verb is an endpoint without input.
func verb(name string, fn func(ctx context.Context) (string, error)) bus.Endpoint {
	return bus.Method(name, func(ctx context.Context, _ struct{}) (string, error) { return fn(ctx) })
}

func hello() bus.Endpoint {
	return verb("hello", func(context.Context) (string, error) { return "hello", nil })
}

func TestStart_furniture(t *testing.T) {
	h := open(t)
	r := testkit.Start(t, run.Room{Name: name, Endpoints: []bus.Endpoint{hello()}}, h.deps)
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	if got, err := h.call(t.Context(), "hello"); got != "hello" || err != nil {
		t.Errorf("hello: %q, %v", got, err)
	}
	if err := pg.InTx(t.Context(), h.deps.DB, func(tx *sqlx.Tx) error {
		return audit.Record(t.Context(), tx, h.deps.Time(), "s-1", "wave", "to be seen", nil)
	}); err != nil {
		t.Fatal(err)
	}
	acts, err := bus.Call[[]audit.Entry](t.Context(), h.asks, name, run.ListAudit, audit.Page{Slug: "s-1"})
	if err != nil || len(acts) != 1 || acts[0].Act != "wave" {
		t.Errorf("acts: %+v, %v", acts, err)
	}
	report, err := bus.Call[outbox.Deliveries](t.Context(), h.asks, name, run.ReportDeliveries, run.Of{Slug: "s-1"})
	if err != nil || report.Service != name {
		t.Errorf("deliveries: %+v, %v", report, err)
	}
}

// TestStart_caughtUp has an event wait in the stream: until the room has seen
// it, it answers nobody.
func TestStart_caughtUp(t *testing.T) {
	h := open(t)
	env := event.Envelope{
		ID: uuid.New(), Publisher: "nomination", Name: "candidate_struck", V: 1, Slug: "s-1", Aggregate: "candidate/1", Version: 1,
		At: h.deps.Time(), Data: json.RawMessage(`{}`),
	}
	data, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.deps.Bus.Publish(t.Context(), env.Subject(), data); err != nil {
		t.Fatal(err)
	}
	reached, release := make(chan struct{}), make(chan struct{})
	room := run.Room{
		Name: name, Endpoints: []bus.Endpoint{hello()},
		Handlers: []outbox.Handler{outbox.On(func(context.Context, *sqlx.Tx, event.Envelope, event.CandidateStruck) error {
			close(reached)
			<-release
			return nil
		})},
	}
	started := make(chan *run.Running, 1)
	go func() {
		r, err := run.Start(context.WithoutCancel(t.Context()), room, h.deps)
		if err != nil {
			t.Error(err)
		}
		started <- r
	}()
	testkit.Receive(t, reached, "the event")
	if _, err := h.call(t.Context(), "hello"); !fault.HasCode(err, "service_down") {
		t.Errorf("a room that has not caught up answered: %v", err)
	}
	select {
	case <-started:
		t.Error("a room that has not caught up is open")
	default:
	}
	close(release)
	r := testkit.Receive(t, started, "the start")
	if got, err := h.call(t.Context(), "hello"); got != "hello" || err != nil {
		t.Errorf("hello: %q, %v", got, err)
	}
	if err := errors.Join(r.Ready(t.Context()), r.Stop(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestStart_taskFails(t *testing.T) {
	h := open(t)
	opened := make(chan struct{})
	broken := run.Task{Name: "sums", Run: func(context.Context) error { <-opened; return errors.New("no abacus") }}
	r := testkit.Start(t, run.Room{Name: name, Tasks: []run.Task{broken}}, h.deps)
	close(opened)
	if err := testkit.Receive(t, r.Failed(), "the failure"); err == nil || err.Error() != "review: sums: no abacus" {
		t.Errorf("failed with %v", err)
	}
}

// TestStart_taskPanics has a task panic: the room is not ready until the task has
// begun again, and answers all the while.
func TestStart_taskPanics(t *testing.T) {
	h := open(t)
	opened, again := make(chan struct{}), make(chan struct{})
	begun := 0
	spills := run.Task{Name: "sums", Run: func(ctx context.Context) error {
		if begun++; begun == 1 {
			<-opened
			panic("spilled")
		}
		close(again)
		<-ctx.Done()
		return nil
	}}
	r := testkit.Start(t, run.Room{Name: name, Endpoints: []bus.Endpoint{hello()}, Tasks: []run.Task{spills}}, h.deps)
	if err := r.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(opened)
	down := false
	testkit.Eventually(t, testkit.Patience, func() error {
		down = down || fault.HasCode(r.Ready(t.Context()), "task_down")
		select {
		case <-again:
			return nil
		default:
			return errors.New("the task has not begun again")
		}
	})
	if got, err := h.call(testkit.Context(t), "hello"); got != "hello" || err != nil || !down {
		t.Errorf("hello: %q, %v; was down: %v", got, err, down)
	}
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("begun again, and not ready: %v", err)
	}
}

// TestStop answers what is in hand, takes nothing new, and ends the tasks last.
func TestStop(t *testing.T) {
	h := open(t)
	reached, release := make(chan struct{}), make(chan struct{})
	answered, tooEarly := make(chan error, 1), make(chan bool, 1)
	r, err := run.Start(t.Context(), run.Room{
		Name: name,
		Endpoints: []bus.Endpoint{hello(), verb("slow", func(ctx context.Context) (string, error) {
			close(reached)
			<-release
			return "done", ctx.Err()
		})},
		Tasks: []run.Task{{Name: "sums", Run: func(ctx context.Context) error {
			<-ctx.Done()
			select {
			case <-release:
				tooEarly <- false
			default:
				tooEarly <- true
			}
			return ctx.Err()
		}}},
	}, h.deps)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		got, err := h.call(testkit.Context(t), "slow")
		if err == nil && got != "done" {
			err = fmt.Errorf("answered %q", got)
		}
		answered <- err
	}()
	testkit.Receive(t, reached, "the request")
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.WithoutCancel(t.Context())) }()
	testkit.Eventually(t, testkit.Patience, func() error {
		if _, err := h.call(t.Context(), "hello"); !fault.HasCode(err, "service_down") {
			return fmt.Errorf("a room that ends takes requests: %w", err)
		}
		return nil
	})
	close(release)
	if err := testkit.Receive(t, answered, "the answer"); err != nil {
		t.Errorf("the request in hand: %v", err)
	}
	if err := testkit.Receive(t, stopped, "the end"); err != nil {
		t.Errorf("stop: %v", err)
	}
	if testkit.Receive(t, tooEarly, "the task") {
		t.Error("the task was ended while a request was in hand")
	}
}

// TestStop_deadline does not wait for ever for a task that does not listen.
func TestStop_deadline(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	deaf := run.Task{Name: "deaf", Run: func(context.Context) error { <-release; return nil }}
	r, err := run.Start(t.Context(), run.Room{Name: name, Tasks: []run.Task{deaf}}, open(t).deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "tasks did not end") {
		t.Errorf("stop: %v", err)
	}
}

// TestDatabase gives the failures of the database their meaning.
func TestDatabase(t *testing.T) {
	h := open(t)
	fails := func(err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return "", fmt.Errorf("list entries: %w", err) }
	}
	r := testkit.Start(t, run.Room{Name: name, Endpoints: []bus.Endpoint{
		verb("lost", func(ctx context.Context) (string, error) {
			_, err := h.deps.DB.ExecContext(ctx, `SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())`)
			return "", err
		}),
		verb("behind", func(ctx context.Context) (string, error) { // a commit, then the loss
			if err := pg.InTx(ctx, h.deps.DB, func(tx *sqlx.Tx) error {
				return audit.Record(ctx, tx, h.deps.Time(), "s-2", "wave", "to be kept", nil)
			}); err != nil {
				return "", err
			}
			_, err := h.deps.DB.ExecContext(ctx, `SET ROLE NONE; SELECT pg_terminate_backend(pg_backend_pid())`)
			return "", err
		}),
		verb("unknown", fails(fmt.Errorf("%w: %w", pg.ErrUnknownCommit, io.ErrUnexpectedEOF))),
		verb("own", fails(fault.New(fault.Conflict, "entry_decided", "decided").Because(io.EOF))),
		verb("defect", fails(errors.New("nil map"))),
	}}, h.deps)
	for verb, code := range map[string]string{
		"lost": "database_down", "behind": "outcome_unknown", "unknown": "outcome_unknown", "own": "entry_decided", "defect": "internal",
	} {
		_, err := h.call(t.Context(), verb)
		f := fault.From(err)
		if f.Code != code {
			t.Errorf("%s: %v", verb, err)
		}
		if unavailable := code == "database_down" || code == "outcome_unknown"; unavailable != (f.Kind == fault.Unavailable && f.RetryAfter == time.Second) {
			t.Errorf("%s: %+v", verb, f)
		}
		if strings.Contains(err.Error(), "list entries") {
			t.Errorf("%s: the cause left the room: %v", verb, err)
		}
	}
	if err := h.deps.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(t.Context()); !errors.Is(err, run.ErrDatabaseDown) {
		t.Errorf("ready without a database: %v", err)
	}
}
