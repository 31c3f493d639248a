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

	"github.com/laurel-awards/laurel/pkg/bundle/bundletest"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/server"
)

//go:embed testdata/rulebook.yaml
var rules string

const (
	slug   = "most-beautiful-courier-2"
	notice = "notice: {working_days: 5, calendar: CN}"
)

// spring is a Monday, nine o'clock in Lanzhou.
func spring() time.Time { return time.Date(2026, 4, 20, 1, 0, 0, 0, time.UTC) }

// installation is the room among others that do nothing but answer
// phase_changed.
type installation struct {
	*selection.Client
	*testkit.Room
	t     *testing.T
	ctx   context.Context //nolint:containedctx // an organizer's, for the whole test
	rooms map[string]*enforcer

	votes, scores string // hashes of what the result is computed from
}

func open(t *testing.T) *installation { t.Helper(); return keepsFor(t, retention.Periods{}) }

// keepsFor is open where data have their time.
func keepsFor(t *testing.T, p retention.Periods) *installation {
	t.Helper()
	t.Parallel()
	r := testkit.NewRoom(t, selection.Name, server.Migrations(), server.Config{Bundles: bundletest.Seed(t, 5)}.New, testkit.KeepsFor(p))
	r.Clock.Set(spring())
	h := &installation{
		Client: selection.NewClient(r.Caller), Room: r, t: t, ctx: testkit.Staff(t, "a-1", "王芳"), rooms: map[string]*enforcer{},
		votes: votes, scores: scores,
	}
	for _, name := range event.Enforcers() {
		h.rooms[name] = enforce(t, testkit.Connect(t, r.NATS, name), name)
	}
	return h
}

func (h *installation) create(rulebook string) selection.Selection {
	h.t.Helper()
	s, err := h.CreateSelection(h.ctx, selection.CreateSelection{Slug: slug, Rulebook: rulebook})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// order changes a phase, without waiting for the rooms.
func (h *installation) order(phase, action string) (selection.Selection, error) {
	return h.ChangePhase(h.ctx, selection.ChangePhase{Slug: slug, Phase: phase, Action: action, Reason: "as announced"})
}

// change changes phases, each to the end: "open voting".
func (h *installation) change(changes ...string) {
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

func (h *installation) get() selection.Selection {
	h.t.Helper()
	s, err := h.GetSelection(h.ctx, selection.Of{Slug: slug})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *installation) await(phase string, want selection.PhaseState) {
	h.t.Helper()
	testkit.Eventually(h.t, testkit.Patience, func() error {
		if p := h.get().Phase(phase); p.State != want {
			return fmt.Errorf("%s is %s, waiting for %v; want %s", phase, p.State, p.WaitingFor, want)
		}
		return nil
	})
}

// until waits for what the selection's projections show.
func (h *installation) until(ok func(selection.Selection) bool) {
	h.t.Helper()
	testkit.Eventually(h.t, testkit.Patience, func() error {
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
	go func() {
		defer close(done)
		if err := b.Consume(ctx, name, func() {}, e.receive); ctx.Err() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return e
}

func (e *enforcer) receive(_ context.Context, msg bus.Received) bus.Verdict {
	e.mu.Lock()
	defer e.mu.Unlock()
	var env event.Envelope
	if err := json.Unmarshal(msg.Data, &env); err != nil {
		e.t.Error(err)
		return bus.GiveUp
	}
	if env.Publisher != selection.Name {
		return bus.Done
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
	return testkit.Envelope(e.t, e.name, slug, aggregate, e.versions[aggregate], spring(), p)
}

// send publishes an event, perhaps again.
func (e *enforcer) send(env event.Envelope) {
	if err := testkit.Publisher(e.bus)(context.Background(), env); err != nil {
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
func (h *installation) consumed(id uuid.UUID) error {
	if h.Count(`SELECT count(*) FROM inbox WHERE id = $1`, id) == 0 {
		return fmt.Errorf("event %s is not consumed", id)
	}
	return nil
}
