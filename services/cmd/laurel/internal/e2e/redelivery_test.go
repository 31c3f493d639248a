package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestChaos_redelivery sends every event several times over, late and in
// another order: while the selection goes on, after its end, and to services
// that begin with nothing.
func TestChaos_redelivery(t *testing.T) {
	t.Parallel()
	h := build(t, testkit.URL(t), testkit.NATS(t))
	h.add(all, nil)
	h.open(t, all)
	b := testkit.Connect(t, h.nats, "stutterer")

	stop := stutter(t, b)
	h.vetted(t)
	h.run(t, h.Vote, h.Score, h.strike, h.Decide, h.Notice, h.Publish)
	stop()
	h.check(t)
	h.consumed(t)

	events := h.events(t)
	before, results := h.state(t), h.results(t)
	for range 3 {
		publish(t, b, events)
	}
	h.consumed(t)
	h.delivered(t)
	if diff := before.diff(h.state(t)); diff != "" {
		t.Errorf("what every event, again, late and in another order, has changed:\n%s", diff)
	}
	if diff := cmp.Diff(results, h.results(t)); diff != "" {
		t.Errorf("the published result has changed:\n%s", diff)
	}

	// A service learns what others tell it in any order.
	// Times are those of the service's own clock.
	for service, tables := range map[string][]string{
		"voting":     {"selection", "phase", "candidate", "projection"},
		"review":     {"selection", "phase", "candidate", "projection", "tally"},
		"nomination": {"selection", "phase", "projection"},
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			h.afresh(t, service, events, tables)
		})
	}
}

// strike takes a candidate off the list, which all services hear of.
func (h *harness) strike(ctx context.Context) error {
	struck, err := h.Organizer().Strike(ctx, slug, h.Candidates[1].Number, "本人退出")
	h.Candidates[1] = struck
	return err
}

// afresh starts a service on an empty database and a stream that holds the
// events in a random order.
func (h *harness) afresh(t *testing.T, service string, events []event.Envelope, tables []string) {
	fresh := build(t, testkit.URL(t), testkit.NATS(t))
	fresh.Dir = h.Dir // blobs and keys are the installation's
	b := testkit.Connect(t, fresh.nats, "past")
	for range 3 {
		publish(t, b, events)
	}
	fresh.add(service, []string{service})
	fresh.start(t, service)
	was, is := h.databases(t)[service], fresh.databases(t)[service]
	testkit.Eventually(t, 2*wait, func() error { // what comes too early waits longer each time
		for _, table := range append(tables, "inbox") {
			if diff := cmp.Diff(rows(t, was, table, "at"), rows(t, is, table, "at")); diff != "" {
				return fmt.Errorf("%s of a fresh %s:\n%s", table, service, diff)
			}
		}
		return nil
	})
}

// stutter sends events again, some time after they came, until it is stopped.
func stutter(t *testing.T, b *bus.Bus) (stop func()) {
	t.Helper()
	var (
		mu   sync.Mutex
		heap []event.Envelope
		seen = map[uuid.UUID]bool{}
	)
	quiet, err := b.Listen("laurel.>", func(_ string, data []byte) {
		var env event.Envelope
		if err := json.Unmarshal(data, &env); err != nil {
			t.Errorf("event: %v", err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !seen[env.ID] {
			seen[env.ID] = true
			heap = append(heap, env)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			mu.Lock()
			some := pick(heap, 10)
			mu.Unlock()
			publish(t, b, some)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
	return func() {
		quiet()
		cancel()
		wg.Wait()
		if len(seen) == 0 {
			t.Error("no event came")
		}
	}
}

// pick draws up to n events.
func pick(events []event.Envelope, n int) []event.Envelope {
	some := make([]event.Envelope, 0, n)
	for _, i := range rand.Perm(len(events))[:min(n, len(events))] {
		some = append(some, events[i])
	}
	return some
}

// publish sends events in a random order.
func publish(t *testing.T, b *bus.Bus, events []event.Envelope) {
	t.Helper()
	msgs := make([]bus.Message, 0, len(events))
	for _, env := range pick(events, len(events)) {
		data, err := json.Marshal(env)
		if err != nil {
			t.Errorf("event: %v", err)
			return
		}
		msgs = append(msgs, bus.Message{Subject: env.Subject(), Data: data})
	}
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for _, err := range b.PublishAll(ctx, msgs) {
		if err != nil {
			t.Errorf("publish: %v", err)
		}
	}
}

// events are all that the services have written.
func (h *harness) events(t *testing.T) []event.Envelope {
	t.Helper()
	var all []event.Envelope
	for service, db := range h.databases(t) {
		var texts []string
		if err := db.SelectContext(t.Context(), &texts, `
			SELECT json_build_object('id', id, 'publisher', $1::text, 'name', name, 'v', v, 'slug', slug, 'aggregate', aggregate,
			       'version', version, 'at', at, 'request', request, 'data', data)::text FROM outbox`, service); err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			var env event.Envelope
			if err := json.Unmarshal([]byte(text), &env); err != nil {
				t.Fatal(err)
			}
			all = append(all, env)
		}
	}
	return all
}

// consumed waits until no service has an event before it, and nothing has
// ended among the dead letters.
func (h *harness) consumed(t *testing.T) {
	t.Helper()
	consumed(t, h.nats.URL())
}

func consumed(t *testing.T, natsURL string) {
	t.Helper()
	nc, err := nats.Connect(natsURL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, wait, func() error {
		for _, service := range event.Services() {
			if len(event.Filters(service)) == 0 {
				continue
			}
			c, err := js.Consumer(t.Context(), bus.Stream, service)
			if err != nil {
				return err
			}
			if info := c.CachedInfo(); info.NumPending > 0 || info.NumAckPending > 0 {
				return fmt.Errorf("%s has %d events before it and %d in hand", service, info.NumPending, info.NumAckPending)
			}
		}
		return nil
	})
	dead, err := js.Stream(t.Context(), bus.DeadStream)
	if err != nil {
		t.Fatal(err)
	}
	if n := dead.CachedInfo().State.Msgs; n > 0 {
		t.Errorf("%d dead letters", n)
	}
}

func (h *harness) results(t *testing.T) string {
	t.Helper()
	return string(h.ask(t, request{method: "GET", path: of("/results")}).body)
}
