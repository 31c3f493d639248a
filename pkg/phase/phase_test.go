package phase_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

const slug = "most-beautiful-courier-2"

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// room enforces phases and nothing else.
type room struct {
	*testkit.Selection
	db    *sqlx.DB
	inbox *outbox.Inbox
}

func open(t *testing.T, hooks phase.Hooks) *room {
	t.Helper()
	db := testkit.Service(t, event.Nomination, outbox.Set(), phase.Set())
	now := func() time.Time { return noon }
	inbox := &outbox.Inbox{Service: event.Nomination, DB: db, Log: testkit.Log(t), Handlers: phase.NewSelections().Handlers(now, hooks)}
	return &room{testkit.NewSelection(t, slug, now, inbox.Deliver), db, inbox}
}

// freeze lets the room hear of the selection.
func (r *room) freeze(t *testing.T) *rulebook.Rulebook {
	t.Helper()
	text, err := os.ReadFile("../rulebook/testdata/courier.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return r.Freeze(string(text))
}

func (r *room) state(t *testing.T, name string, at time.Time) phase.State {
	t.Helper()
	s, err := phase.Of(t.Context(), r.db, slug, name, at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGet(t *testing.T) {
	var frozen []string
	r := open(t, phase.Hooks{Frozen: func(_ context.Context, _ *sqlx.Tx, s phase.Selection) error {
		frozen = append(frozen, s.Slug)
		return nil
	}})
	if _, err := phase.NewSelections().Get(t.Context(), r.db, slug); !errors.Is(err, phase.ErrNotYet) || !fault.Is(err, fault.Unavailable) {
		t.Errorf("a selection that has not arrived: %v", err)
	}
	rb := r.freeze(t)
	s, err := phase.NewSelections().Get(t.Context(), r.db, slug)
	if err != nil || s.Slug != slug || s.Hash != rb.Hash() || s.Rulebook.Hash() != rb.Hash() {
		t.Errorf("%+v, %v", s, err)
	}
	if diff := cmp.Diff([]string{slug}, frozen); diff != "" {
		t.Errorf("prepared for (-want +got):\n%s", diff)
	}
}

// TestOf closes a phase at its deadline, even if the order has not arrived.
func TestOf(t *testing.T) {
	r := open(t, phase.Hooks{})
	r.freeze(t)
	if got := r.state(t, rulebook.PhaseVoting, noon); got != phase.Pending {
		t.Errorf("before: %s", got)
	}
	deadline := noon.Add(time.Hour)
	r.Change(event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: event.Open, ClosesAt: &deadline})
	for at, want := range map[time.Time]phase.State{
		noon: phase.Open, deadline.Add(-time.Microsecond): phase.Open, deadline: phase.Closed, deadline.Add(time.Hour): phase.Closed,
	} {
		if got := r.state(t, rulebook.PhaseVoting, at); got != want {
			t.Errorf("at %v: %s, want %s", at, got, want)
		}
	}
	r.Close(rulebook.PhaseVoting)
	if got := r.state(t, rulebook.PhaseVoting, noon); got != phase.Closed {
		t.Errorf("after the order: %s", got)
	}
	r.Open(rulebook.PhaseReview)
	if got := r.state(t, rulebook.PhaseReview, noon.AddDate(9, 0, 0)); got != phase.Open {
		t.Errorf("by hand: %s", got)
	}
}

func TestRequire(t *testing.T) {
	r := open(t, phase.Hooks{})
	require := func(names ...string) error {
		return pg.InTx(t.Context(), r.db, func(tx *sqlx.Tx) error {
			_, err := phase.NewSelections().Require(t.Context(), tx, slug, noon, names...)
			return err
		})
	}
	if err := require(rulebook.PhaseVetting); !errors.Is(err, phase.ErrNotYet) {
		t.Errorf("a selection that has not arrived: %v", err)
	}
	r.freeze(t)
	if err := require(rulebook.PhaseVetting, rulebook.PhaseVoting); !errors.Is(err, phase.ErrNotOpen) || fault.From(err).Params["phase"] != rulebook.PhaseVetting {
		t.Errorf("nothing is open: %v", err)
	}
	r.Open(rulebook.PhaseVoting)
	if err := require(rulebook.PhaseVetting, rulebook.PhaseVoting); err != nil {
		t.Errorf("one is open: %v", err)
	}
}

// TestRequire_lock has an order to close wait for an act that began before it.
func TestRequire_lock(t *testing.T) {
	r := open(t, phase.Hooks{})
	r.freeze(t)
	r.Open(rulebook.PhaseVoting)
	order := r.Next(event.Selection, "phases", event.PhaseChanged{Phase: rulebook.PhaseVoting, Action: event.Close})
	closed := make(chan error, 1)
	if err := pg.InTx(t.Context(), r.db, func(tx *sqlx.Tx) error {
		if _, err := phase.NewSelections().Require(t.Context(), tx, slug, noon, rulebook.PhaseVoting); err != nil {
			return err
		}
		go func() { closed <- r.inbox.Deliver(context.WithoutCancel(t.Context()), order) }()
		testkit.Eventually(t, testkit.Patience, func() error {
			var waiting bool
			if err := r.db.Get(&waiting, `
				SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database())`,
			); err != nil || waiting {
				return err
			}
			return errors.New("nobody waits for the lock")
		})
		select {
		case err := <-closed:
			t.Errorf("closed while an act was under way: %v", err)
		default:
		}
		if got := r.state(t, rulebook.PhaseVoting, noon); got != phase.Open {
			t.Errorf("during the act: %s", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if got := r.state(t, rulebook.PhaseVoting, noon); got != phase.Closed {
		t.Errorf("after the act: %s", got)
	}
}

// TestHandlers answers each change once, with what the hook says, and nothing
// of one that has to wait.
func TestHandlers(t *testing.T) {
	ready := false
	r := open(t, phase.Hooks{Changed: func(_ context.Context, _ *sqlx.Tx, s phase.Selection, c event.PhaseChanged) (int, error) {
		if s.Slug != slug || !ready {
			return 0, outbox.ErrNotYet
		}
		return 52, nil
	}})
	r.freeze(t)
	order := r.Next(event.Selection, "phases", event.PhaseChanged{Phase: rulebook.PhaseVetting, Action: event.Close})
	if err := r.inbox.Deliver(t.Context(), order); !errors.Is(err, outbox.ErrNotYet) {
		t.Errorf("before the room is ready: %v", err)
	}
	if got := r.state(t, rulebook.PhaseVetting, noon); got != phase.Pending {
		t.Errorf("a change that waits was applied: %s", got)
	}
	ready = true
	for range 3 { // events come at least once
		if err := r.inbox.Deliver(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	var answers []json.RawMessage
	if err := r.db.Select(&answers, `SELECT data FROM outbox WHERE name = 'phase_applied' AND slug = $1 AND aggregate = 'phases'`, slug); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 1 {
		t.Fatalf("%d answers", len(answers))
	}
	var got event.PhaseApplied
	if err := json.Unmarshal(answers[0], &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event.PhaseApplied{Phase: rulebook.PhaseVetting, Action: event.Close, Change: order.Version, Candidates: 52}, got); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
}
