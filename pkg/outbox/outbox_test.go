package outbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// pair is a publisher with its relay and a consumer with its inbox.
type pair struct {
	nats     *bus.Embedded
	from, to *sqlx.DB
	inbox    *outbox.Inbox
	mu       sync.Mutex
	applied  []string     // "<aggregate> <reason>" in order
	early    atomic.Int64 // deliveries that had to wait
	panics   atomic.Int64 // of the handler, which panics twice on an event that says spills
}

func setup(t *testing.T) *pair {
	t.Helper()
	nats := testkit.NATS(t)
	p := &pair{nats: nats, from: testkit.Service(t, "nomination", outbox.Set()), to: testkit.Service(t, "voting", outbox.Set())}
	p.inbox = &outbox.Inbox{
		Service: "voting", DB: p.to, Bus: testkit.Connect(t, nats, "voting"), Log: slog.New(counter{testkit.Log(t).Handler(), &p.early}),
		Handlers: []outbox.Handler{outbox.On(func(_ context.Context, _ *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
			if e.Reason == "spills" && p.panics.Add(1) <= 2 {
				panic("spilled")
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			p.applied = append(p.applied, fmt.Sprintf("%s %s", env.Aggregate, e.Reason))
			return nil
		})},
	}
	relay := &outbox.Relay{Service: "nomination", DB: p.from, Bus: testkit.Connect(t, nats, "nomination"), Log: testkit.Log(t)}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = relay.Run(ctx) })
	wg.Go(func() { _ = p.inbox.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return p
}

func (p *pair) append(t *testing.T, aggregate, reason string) {
	t.Helper()
	if err := pg.InTx(t.Context(), p.from, func(tx *sqlx.Tx) error {
		return outbox.Append(t.Context(), tx, time.Now(), "s-1", aggregate, event.CandidateStruck{Reason: reason})
	}); err != nil {
		t.Fatal(err)
	}
}

func (p *pair) count() int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.applied) }

// complete waits until both sides hold the same events.
func (p *pair) complete(t *testing.T, want int) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		sent, err := outbox.Report(t.Context(), p.from, "nomination", "s-1")
		if err != nil {
			return err
		}
		got, err := outbox.Report(t.Context(), p.to, "voting", "s-1")
		if err != nil {
			return err
		}
		if diff := cmp.Diff(sent.Outbox, got.Inbox); diff != "" {
			return fmt.Errorf("outbox and inbox differ:\n%s", diff)
		}
		if len(sent.Outbox) != 1 || sent.Outbox[0].Events != int64(want) || sent.Outbox[0].Unsent != 0 || p.count() != want {
			return fmt.Errorf("outbox %+v, %d applied, want %d", sent.Outbox, p.count(), want)
		}
		return nil
	})
}

func TestRelay(t *testing.T) {
	p := setup(t)
	var wg sync.WaitGroup
	for a := range 4 { // four writers: rows commit out of the order of seq
		wg.Go(func() {
			for i := range 25 {
				p.append(t, fmt.Sprintf("candidate/%d", a), fmt.Sprint(i))
			}
		})
	}
	wg.Wait()
	p.complete(t, 100)
	next := map[string]int{}
	for _, s := range p.applied {
		var aggregate string
		var i int
		if _, err := fmt.Sscan(s, &aggregate, &i); err != nil {
			t.Fatal(err)
		}
		if i != next[aggregate] {
			t.Fatalf("%s: got %d, want %d", aggregate, i, next[aggregate])
		}
		next[aggregate]++
	}
}

func TestAppend_rolledBack(t *testing.T) {
	p := setup(t)
	err := pg.InTx(t.Context(), p.from, func(tx *sqlx.Tx) error {
		if err := outbox.Append(t.Context(), tx, time.Now(), "s-1", "candidate/1", event.CandidateStruck{Reason: "never"}); err != nil {
			return err
		}
		return context.Canceled
	})
	if err == nil {
		t.Fatal("committed")
	}
	p.append(t, "candidate/1", "kept")
	p.complete(t, 1)
	if p.applied[0] != "candidate/1 kept" {
		t.Errorf("applied %v", p.applied)
	}
}

// TestAppend_wakes tells the relay of an event with its commit, so that the relay
// need not look.
func TestAppend_wakes(t *testing.T) {
	db := testkit.Service(t, "nomination", outbox.Set())
	var schema string
	if err := db.Get(&schema, `SELECT current_schema()`); err != nil {
		t.Fatal(err)
	}
	news, err := pg.Listen(db, "outbox/"+schema)
	if err != nil {
		t.Fatal(err)
	}
	defer news.Close()
	testkit.Eventually(t, testkit.Patience, func() error {
		if news.Wait(t.Context(), time.Millisecond, time.Millisecond) {
			return errors.New("it does not hear yet")
		}
		return nil
	})
	(&pair{from: db}).append(t, "candidate/1", "withdrew")
	if !news.Wait(t.Context(), testkit.Patience, testkit.Patience) {
		t.Error("nobody was told")
	}
}

// TestInbox_shuffled delivers everything several times in a random order: each
// effect happens once and in order.
func TestInbox_shuffled(t *testing.T) {
	p := setup(t)
	for i := range 20 {
		p.append(t, fmt.Sprintf("candidate/%d", i%3), fmt.Sprint(i/3))
	}
	p.complete(t, 20)
	inOrder := append([]string(nil), p.applied...)

	again := setup(t)
	var envs []event.Envelope
	if err := p.from.Select(&envs, `SELECT id, name, v, slug, aggregate, version, at, data FROM outbox`); err != nil {
		t.Fatal(err)
	}
	deck := append(append(append([]event.Envelope(nil), envs...), envs...), envs...)
	rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for round := 0; again.count() < 20 && round < 20; round++ {
		for _, env := range deck {
			env.Publisher = "nomination"
			_ = again.inbox.Deliver(t.Context(), env) // a gap is refused and comes again
		}
	}
	if len(again.applied) != 20 {
		t.Fatalf("%d effects of 20", len(again.applied))
	}
	for a := range 3 {
		prefix := fmt.Sprintf("candidate/%d ", a)
		if diff := cmp.Diff(only(inOrder, prefix), only(again.applied, prefix)); diff != "" {
			t.Errorf("%s (-sent +applied):\n%s", prefix, diff)
		}
	}
}

// TestInbox_panic has a handler panic: the event comes again, and the others do
// not wait for it.
func TestInbox_panic(t *testing.T) {
	p := setup(t)
	p.append(t, "candidate/1", "spills")
	p.append(t, "candidate/2", "goes on")
	p.append(t, "candidate/3", "goes on")
	testkit.Eventually(t, testkit.Patience, func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.applied) < 3 {
			return fmt.Errorf("applied %v", p.applied)
		}
		return nil
	})
	if n := p.panics.Load(); n != 3 || p.applied[2] != "candidate/1 spills" {
		t.Errorf("handled %d times; applied %v", n, p.applied)
	}
}

// TestInbox_late has events come from the last to the first, of which the others
// have been sent back and wait their time: they do not wait one after another.
func TestInbox_late(t *testing.T) {
	p := setup(t)
	const events = 60
	var all []event.Envelope
	for v := range events {
		data, err := json.Marshal(event.CandidateStruck{Reason: fmt.Sprint(v)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event.Envelope{
			ID: uuid.New(), Publisher: "nomination", Name: event.CandidateStruck{}.EventType().Name, V: event.CandidateStruck{}.EventType().V,
			Slug: "s-1", Aggregate: "candidate/1", Version: int64(v + 1), At: time.Now(), Data: data,
		})
	}
	publish := func(env event.Envelope) {
		data, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.inbox.Bus.Publish(t.Context(), env.Subject(), data); err != nil {
			t.Fatal(err)
		}
	}
	for _, env := range slices.Backward(all[1:]) {
		publish(env)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := p.early.Load(); n < 5*(events-1) { // the next delay is over a second
			return fmt.Errorf("%d deliveries", n)
		}
		return nil
	})
	before := p.early.Load()
	publish(all[0])
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := p.count(); n < events {
			return fmt.Errorf("%d of %d applied", n, events)
		}
		return nil
	})
	// One after another each would have been sent back once more for every one
	// before it; some were on their way when the first came.
	if again := p.early.Load() - before; again > 2*events {
		t.Errorf("%d times an event was sent back after the first had come", again)
	}
	for v, got := range p.applied {
		if want := fmt.Sprintf("candidate/1 %d", v); got != want {
			t.Fatalf("%q is applied, not %q", got, want)
		}
	}
}

// TestInbox_foreign publishes events under subjects that are not theirs, as a
// room could that forges another's: none has an effect.
func TestInbox_foreign(t *testing.T) {
	p := setup(t)
	p.append(t, "candidate/1", "genuine")
	p.complete(t, 1)
	forged := testkit.Envelope(t, "nomination", "s-1", "candidate/1", 2, time.Now(), event.CandidateStruck{Reason: "forged"})
	for _, subject := range []string{
		"laurel.selection.v1.phase_changed.s-1",       // another publisher's
		"laurel.nomination.v1.candidate_struck.s-2",   // of another selection
		"laurel.nomination.v1.candidate_admitted.s-1", // of another type
	} {
		body, err := json.Marshal(forged)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.inbox.Bus.Publish(t.Context(), subject, body); err != nil {
			t.Fatal(err)
		}
	}
	p.append(t, "candidate/1", "after")
	p.complete(t, 2)
	if diff := cmp.Diff([]string{"candidate/1 genuine", "candidate/1 after"}, p.applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}

// counter counts what a logger is told of events that have to wait.
type counter struct {
	slog.Handler
	n *atomic.Int64
}

func (c counter) Enabled(context.Context, slog.Level) bool { return true }

func (c counter) Handle(ctx context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "has to wait") {
		c.n.Add(1)
	}
	return nil
}

func only(all []string, prefix string) (out []string) {
	for _, s := range all {
		if len(s) > len(prefix) && s[:len(prefix)] == prefix {
			out = append(out, s)
		}
	}
	return out
}

// TestRelay_lostStream deletes the stream: it is made anew and refilled, and
// nothing has a second effect.
func TestRelay_lostStream(t *testing.T) {
	p := setup(t)
	p.append(t, "candidate/1", "before")
	p.complete(t, 1)
	testkit.LoseStream(t, p.nats.URL(), bus.Stream)
	p.append(t, "candidate/1", "after")
	p.complete(t, 2)
	if diff := cmp.Diff([]string{"candidate/1 before", "candidate/1 after"}, p.applied); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
}
