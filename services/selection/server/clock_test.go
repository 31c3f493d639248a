package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
	"github.com/laurel-awards/laurel/services/selection/internal/timing"
	"github.com/laurel-awards/laurel/services/selection/server"
)

const dated = `
  nomination: {opens: "2026-05-01 09:00", closes: "2026-05-02 09:00"}
  vetting: {opens: "2026-05-01 09:00", closes: "2026-05-03 09:00"}
  voting: {opens: "2026-05-04 09:00", closes: "2026-05-06 09:00"}
  review: {opens: "2026-05-04 09:00", closes: "2026-05-06 09:00"}
  decision: {opens: "2026-05-07 09:00"}`

// watch is the clock on a database without a bus: the test says when it ticks
// and answers for the rooms.
type watch struct {
	t       *testing.T
	clock   *testkit.Clock
	deps    run.Deps
	log     bytes.Buffer
	timing  *timing.Timing
	now     *timing.Clock
	inbox   outbox.Inbox
	answers map[string]int64
}

func wind(t *testing.T) *watch {
	t.Helper()
	t.Parallel()
	w := &watch{t: t, clock: testkit.NewClock(spring()), answers: map[string]int64{}}
	room := run.Room{Name: selection.Name, Migrations: server.Migrations()}
	w.deps = run.Deps{DB: testkit.Service(t, room.Name, room.Sets()...), Now: w.clock.Now, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
	w.timing = timing.New(w.deps, nil)
	w.now = w.timing.Clock()
	w.inbox = outbox.Inbox{Service: room.Name, DB: w.deps.DB, Log: w.deps.Log, Handlers: w.timing.Handlers()}
	_, err := store.New(w.deps).CreateSelection(t.Context(), selection.CreateSelection{Slug: slug, Rulebook: strings.Replace(rules, notice, notice+dated, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// tick sets the clock and lets it act; local is the time in Lanzhou.
func (w *watch) tick(local string) {
	w.t.Helper()
	at, err := time.Parse(time.RFC3339, strings.Replace(local, " ", "T", 1)+":00+08:00")
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.Set(at)
	if err := w.now.Act(w.t.Context(), w.deps.DB); err != nil {
		w.t.Fatal(err)
	}
}

// answer answers every change for the rooms named.
func (w *watch) answer(rooms ...string) {
	w.t.Helper()
	var changes []struct {
		Version int64           `db:"version"`
		Data    json.RawMessage `db:"data"`
	}
	if err := w.deps.DB.SelectContext(w.t.Context(), &changes, `SELECT version, data FROM outbox WHERE name = 'phase_changed' ORDER BY version`); err != nil {
		w.t.Fatal(err)
	}
	for _, room := range rooms {
		for _, c := range changes[w.answers[room]:] {
			var e event.PhaseChanged
			if err := json.Unmarshal(c.Data, &e); err != nil {
				w.t.Fatal(err)
			}
			data, err := json.Marshal(event.PhaseApplied{Phase: e.Phase, Action: e.Action, Change: c.Version})
			if err != nil {
				w.t.Fatal(err)
			}
			w.answers[room]++
			if err := w.inbox.Deliver(w.t.Context(), event.Envelope{
				ID: uuid.New(), Publisher: room, Name: "phase_applied", V: 1, Slug: slug,
				Aggregate: "phases", Version: w.answers[room], At: w.clock.Now(), Data: data,
			}); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func (w *watch) all() { w.t.Helper(); w.answer("nomination", "voting", "review") }

// expect compares the states, in order, by their first letters but for those
// that have not begun: "open closing - - - -".
func (w *watch) expect(want string) {
	w.t.Helper()
	s, err := store.Read(w.t.Context(), w.deps.DB, slug)
	if err != nil {
		w.t.Fatal(err)
	}
	var states []string
	for _, p := range s.Phases {
		state := string(p.State)
		if p.State == selection.Pending {
			state = "-"
		}
		states = append(states, state)
	}
	if got := strings.Join(states, " "); got != want {
		w.t.Fatalf("at %s: %s, want %s", w.clock.Now(), got, want)
	}
}

func TestClock(t *testing.T) {
	w := wind(t)
	w.tick("2026-05-01 08:59")
	w.expect("- - - - - -")
	w.tick("2026-05-01 09:00")
	w.expect("opening - - - - -")
	for range 3 {
		w.tick("2026-05-01 09:01")
	}
	w.expect("opening - - - - -") // vetting waits for the rooms
	if n := strings.Count(w.log.String(), "a phase is due and waits"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, w.log.String())
	}
	w.answer("nomination", "review")
	w.tick("2026-05-01 09:02")
	w.expect("opening - - - - -")
	w.answer("voting")
	w.tick("2026-05-01 09:03")
	w.all()
	w.expect("open open - - - -")
	w.tick("2026-05-02 09:00")
	w.all()
	w.tick("2026-05-03 09:00")
	w.all()
	w.expect("closed closed - - - -")
	w.tick("2026-05-04 09:00")
	w.all()
	w.expect("closed closed open open - -")
	w.tick("2026-05-03 08:00") // the clock goes back: nothing opens or closes again
	w.tick("2026-05-04 09:00")
	w.expect("closed closed open open - -")
	w.tick("2026-05-07 09:00")
	w.expect("closed closed closing closing - -")
	w.all()
	w.tick("2026-05-07 09:01")
	w.all()
	w.expect("closed closed closed closed open -")
	w.tick("2026-05-01 09:00")
	w.tick("2027-05-01 09:00")
	w.expect("closed closed closed closed open -") // its close is by hand

	acts, err := audit.List(t.Context(), w.deps.DB, audit.Page{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if len(acts) != 10 {
		t.Errorf("%d acts", len(acts))
	}
	for _, a := range acts[1:] {
		if a.Kind != actor.System || a.Actor != "clock" || a.Reason == "" {
			t.Errorf("got %+v", a)
		}
	}
}

// TestClock_missed has a whole phase pass while the clock stood: it is not
// opened just to be closed, and people can still hold it.
func TestClock_missed(t *testing.T) {
	w := wind(t)
	for range 3 {
		w.tick("2026-05-10 09:00")
	}
	w.expect("- - - - - -")
	if n := strings.Count(w.log.String(), "it opens by hand"); n != 4 {
		t.Errorf("logged %d times, of four phases:\n%s", n, w.log.String())
	}
	if _, err := w.timing.ChangePhase(t.Context(), selection.ChangePhase{Slug: slug, Phase: "nomination", Action: event.Open, Reason: "postponed"}); err != nil {
		t.Fatal(err)
	}
	w.all()
	w.tick("2026-05-10 09:01")
	w.expect("open - - - - -")
}

// TestClock_replicas has two rooms at one database, and phases that come due
// while both run: each is changed once.
func TestClock_replicas(t *testing.T) {
	w := wind(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- w.timing.Clock().Task().Run(ctx) }()
	}
	w.clock.Set(time.Date(2026, 5, 1, 1, 0, 0, 0, time.UTC))
	testkit.Eventually(t, testkit.Patience, func() error {
		s, err := store.Read(ctx, w.deps.DB, slug)
		if err == nil && s.FrozenAt == nil {
			err = errors.New("nothing has changed")
		}
		return err
	})
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	w.expect("opening - - - - -")
}

// TestClock_panic has a change panic: the clock goes on, says it once, and makes
// the change at its next look.
func TestClock_panic(t *testing.T) {
	w := wind(t)
	asked := 0
	w.deps.Now = func() time.Time {
		if asked++; asked == 2 { // the first asks what is due
			panic("spilled")
		}
		return w.clock.Now()
	}
	w.timing = timing.New(w.deps, nil)
	w.now = w.timing.Clock()
	w.tick("2026-05-01 09:00")
	if n := strings.Count(w.log.String(), "spilled"); n == 0 {
		t.Errorf("nothing panicked: %s", w.log.String())
	}
	w.tick("2026-05-01 09:00")
	w.expect("opening - - - - -")
}
