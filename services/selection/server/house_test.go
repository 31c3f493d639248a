package server_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/server"
)

//go:embed testdata/rulebook.yaml
var rules string

const (
	slug   = "most-beautiful-courier-2"
	notice = "notice: {working_days: 5, calendar: CN}"
	soon   = 20 * time.Second
)

// spring is a Monday, nine o'clock in Lanzhou.
func spring() time.Time { return time.Date(2026, 4, 20, 1, 0, 0, 0, time.UTC) }

// house is the room among others that do nothing but answer phase_changed.
type house struct {
	*selection.Client
	t     *testing.T
	ctx   context.Context //nolint:containedctx // an organizer's, for the whole test
	clock *testkit.Clock
	deps  run.Deps
	rooms map[string]*enforcer
}

func open(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	clock, nats := testkit.NewClock(spring()), testkit.NATS(t)
	deps := testkit.Deps(t, nats, run.Room{Name: selection.Name, Migrations: server.Migrations()}, clock)
	room, err := server.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Start(t, room, deps)
	b := testkit.Connect(t, nats, "gateway")
	h := &house{
		Client: selection.NewClient(b), t: t, clock: clock, deps: deps, rooms: map[string]*enforcer{},
		ctx: actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: "a-1", Name: "王芳"}),
	}
	for _, name := range []string{"nomination", "voting", "review"} {
		h.rooms[name] = enforce(t, testkit.Connect(t, nats, name), name)
	}
	return h
}

func (h *house) create(rulebook string) selection.Selection {
	h.t.Helper()
	s, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: slug, Rulebook: rulebook})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// order changes a phase, without waiting for the rooms.
func (h *house) order(phase, action string) (selection.Selection, error) {
	return h.ChangePhase(h.ctx, selection.ChangePhase{Slug: slug, Phase: phase, Action: action, Reason: "as announced"})
}

// change changes phases, each to the end: "open voting".
func (h *house) change(changes ...string) {
	h.t.Helper()
	for _, c := range changes {
		action, phase, _ := strings.Cut(c, " ")
		if _, err := h.order(phase, action); err != nil {
			h.t.Fatalf("%s: %v", c, err)
		}
		want := selection.Opened
		if action == event.Close {
			want = selection.Closed
		}
		h.await(phase, want)
	}
}

func (h *house) get() selection.Selection {
	h.t.Helper()
	s, err := h.GetSelection(h.ctx, selection.Of{Slug: slug})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) await(phase string, want selection.PhaseState) {
	h.t.Helper()
	testkit.Eventually(h.t, soon, func() error {
		if p := h.get().Phase(phase); p.State != want {
			return fmt.Errorf("%s is %s, waiting for %v; want %s", phase, p.State, p.WaitingFor, want)
		}
		return nil
	})
}

// until waits for what the selection's projections show.
func (h *house) until(ok func(selection.Selection) bool) {
	h.t.Helper()
	testkit.Eventually(h.t, soon, func() error {
		if s := h.get(); !ok(s) {
			return fmt.Errorf("%d ballots, %d candidates, decided %v", s.Ballots, s.Candidates, s.Decided)
		}
		return nil
	})
}

// refused wants a fault with the sentinel's code and gives it.
func refused(t *testing.T, err error, want *fault.Error) *fault.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
	return fault.From(err)
}

// enforcer stands for a room that enforces phases: it speaks by events alone.
type enforcer struct {
	t    *testing.T
	name string
	bus  *bus.Bus

	mu       sync.Mutex
	held     bool // does not answer yet
	admitted int  // nomination: what it says when vetting is closed
	versions map[string]int64
	sent     []event.Envelope
	got      []event.Envelope
}

func enforce(t *testing.T, b *bus.Bus, name string) *enforcer {
	t.Helper()
	e := &enforcer{t: t, name: name, bus: b, versions: map[string]int64{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	filters := []string{
		event.Subject(selection.Name, event.RulebookFrozen{}.EventType(), "*"),
		event.Subject(selection.Name, event.PhaseChanged{}.EventType(), "*"),
	}
	go func() {
		defer close(done)
		if err := b.Consume(ctx, name, filters, func() {}, e.receive); ctx.Err() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return e
}

func (e *enforcer) receive(_ context.Context, data []byte, _ uint64) bus.Verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	var env event.Envelope
	if err := json.Unmarshal(data, &env); err != nil {
		e.t.Error(err)
		return bus.GiveUp
	}
	if e.held {
		return bus.Later
	}
	if slices.ContainsFunc(e.got, func(g event.Envelope) bool { return g.ID == env.ID }) {
		return bus.Done
	}
	e.got = append(e.got, env)
	if env.Name != "phase_changed" {
		return bus.Done
	}
	change, err := event.Decode[event.PhaseChanged](env)
	if err != nil {
		e.t.Error(err)
		return bus.GiveUp
	}
	answer := event.PhaseApplied{Phase: change.Phase, Action: change.Action, Change: env.Version}
	if e.name == "nomination" && change.Phase == rulebook.PhaseVetting && change.Action == event.Close {
		answer.Candidates = e.admitted
	}
	e.send(e.next("phases", answer))
	return bus.Done
}

// hold keeps the room from answering, or lets it go on.
func (e *enforcer) hold(held bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = held
}

// say publishes the next event of an aggregate.
func (e *enforcer) say(aggregate string, p event.Payload) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.send(e.next(aggregate, p))
}

// next makes the next event of an aggregate without publishing it.
func (e *enforcer) next(aggregate string, p event.Payload) event.Envelope {
	e.versions[aggregate]++
	data, err := json.Marshal(p)
	if err != nil {
		e.t.Error(err)
	}
	return event.Envelope{
		ID: uuid.New(), Publisher: e.name, Name: p.EventType().Name, V: p.EventType().V, Slug: slug,
		Aggregate: aggregate, Version: e.versions[aggregate], At: spring(), Data: data,
	}
}

// send publishes an event, perhaps again: its message id is new each time, so
// that JetStream does not take a repeat out.
func (e *enforcer) send(env event.Envelope) {
	data, err := json.Marshal(env)
	if err == nil {
		err = e.bus.Publish(context.Background(), env.Subject(), uuid.NewString(), data)
	}
	if err != nil {
		e.t.Error(err)
	}
	e.sent = append(e.sent, env)
}

// again publishes all that it has sent once more, the last first.
func (e *enforcer) again() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, env := range slices.Backward(slices.Clone(e.sent)) {
		e.send(env)
	}
}

// heard are the events that the room has received, in order.
func (e *enforcer) heard() []event.Envelope {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

// changes are the phase changes that the room has heard of, in order.
func (e *enforcer) changes() []event.PhaseChanged {
	var changes []event.PhaseChanged
	for _, env := range e.heard() {
		if env.Name != "phase_changed" {
			continue
		}
		c, err := event.Decode[event.PhaseChanged](env)
		if err != nil {
			e.t.Error(err)
		}
		changes = append(changes, c)
	}
	return changes
}

// consumed tells whether the room has recorded the event in its inbox.
func (h *house) consumed(id uuid.UUID) error {
	var n int
	err := h.deps.DB.GetContext(h.ctx, &n, `SELECT count(*) FROM inbox WHERE id = $1`, id)
	if err == nil && n == 0 {
		err = fmt.Errorf("event %s is not consumed", id)
	}
	return err
}
