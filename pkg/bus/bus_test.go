package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

func embed(t *testing.T) (*bus.Embedded, *bus.Bus) {
	t.Helper()
	return embedOn(t, 0)
}

func embedOn(t *testing.T, port int) (*bus.Embedded, *bus.Bus) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	nats, err := bus.Embed(t.TempDir(), port, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := nats.Stop(); err != nil {
			t.Error(err)
		}
	})
	return nats, testkit.Connect(t, nats, "test")
}

type greeting struct{ Text string }

func TestCall(t *testing.T) {
	_, b := embed(t)
	refusal := fault.NewInvalid("name_invalid", "bad name", fault.Field{Name: "text", Message: "is empty"})
	server, err := b.Serve("greeter", []bus.Endpoint{
		bus.Method("greet", func(ctx context.Context, in greeting) (greeting, error) {
			switch in.Text {
			case "":
				return greeting{}, fmt.Errorf("greet: %w", refusal)
			case "secret":
				return greeting{}, errors.New("password=hunter2")
			case "panic":
				panic("hunter2")
			}
			return greeting{in.Text + " by " + actor.From(ctx).Name + " in " + actor.Request(ctx)}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := actor.WithRequest(actor.With(t.Context(), actor.Actor{Kind: actor.Staff, Name: "王芳"}), "r-1")
	got, err := bus.Call[greeting](ctx, b, "greeter", "greet", greeting{"hello"})
	if err != nil || got.Text != "hello by 王芳 in r-1" {
		t.Errorf("call = %+v, %v", got, err)
	}
	_, err = bus.Call[greeting](ctx, b, "greeter", "greet", greeting{})
	if f := fault.From(err); f.Kind != fault.Invalid || !cmp.Equal(f.Fields, refusal.Fields) {
		t.Errorf("a fault arrived as %#v", f)
	}
	for _, text := range []string{"secret", "panic"} {
		_, err = bus.Call[greeting](ctx, b, "greeter", "greet", greeting{text})
		if f := fault.From(err); f.Kind != fault.Internal || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s arrived as %v", text, err)
		}
	}
	if err := server.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = bus.Call[greeting](ctx, b, "greeter", "greet", greeting{"hello"})
	if !fault.HasCode(err, "service_down") || fault.From(err).RetryAfter == 0 {
		t.Errorf("after the drain: %v", err)
	}
}

// TestServer_Drain has requests in hand when the end comes: all are answered.
func TestServer_Drain(t *testing.T) {
	nats, b := embed(t)
	release := make(chan struct{})
	var inHand atomic.Int32
	server, err := b.Serve("slow", []bus.Endpoint{bus.Method("wait", func(context.Context, struct{}) (struct{}, error) {
		inHand.Add(1)
		<-release
		return struct{}{}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	client := testkit.Connect(t, nats, "client")
	const callers = 20
	var wg sync.WaitGroup
	errs := make(chan error, callers)
	for range callers {
		wg.Go(func() {
			_, err := bus.Call[struct{}](testkit.Context(t), client, "slow", "wait", struct{}{})
			errs <- err
		})
	}
	eventually(t, func() bool { return inHand.Load() == callers })
	drained := make(chan error, 1)
	go func() { drained <- server.Drain(t.Context()) }()
	eventually(t, func() bool {
		probe, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := bus.Call[struct{}](probe, client, "slow", "wait", struct{}{})
		return fault.HasCode(err, "service_down")
	})
	close(release)
	wg.Wait()
	for range callers {
		if err := <-errs; err != nil {
			t.Errorf("a request in hand was lost: %v", err)
		}
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// TestServer_Drain_queue has more requests waiting than are handled at
// a time: each is answered or was never taken.
func TestServer_Drain_queue(t *testing.T) {
	nats, b := embed(t)
	begun := make(chan struct{}, 1)
	server, err := b.Serve("slow", []bus.Endpoint{bus.Method("work", func(context.Context, struct{}) (struct{}, error) {
		select {
		case begun <- struct{}{}:
		default:
		}
		<-time.After(5 * time.Millisecond)
		return struct{}{}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	client := testkit.Connect(t, nats, "client")
	patient := testkit.Context(t)
	var lost atomic.Int32
	var wg sync.WaitGroup
	for range 2000 {
		wg.Go(func() {
			if _, err := bus.Call[struct{}](patient, client, "slow", "work", struct{}{}); err != nil && !fault.HasCode(err, "service_down") {
				lost.Add(1)
			}
		})
	}
	<-begun
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := lost.Load(); n > 0 {
		t.Errorf("%d requests were taken and not answered", n)
	}
}

func TestBus_Consume(t *testing.T) {
	_, b := embed(t)
	subject := "laurel.selection.v1.phase_changed.s1"
	for i, err := range b.PublishAll(t.Context(), []bus.Message{
		{Subject: subject, Data: []byte(`"good"`)},
		{Subject: subject, Data: []byte(`"later"`)},
		{Subject: subject, Data: []byte(`"dead"`)},
	}) {
		if err != nil {
			t.Fatalf("publish %d: %v", i, err)
		}
	}
	var caughtUp atomic.Bool
	seen := map[string]int{}
	var mu sync.Mutex
	count := func(s string) int { mu.Lock(); defer mu.Unlock(); return seen[s] }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- b.Consume(ctx, "voting", func() { caughtUp.Store(true) },
			func(_ context.Context, msg bus.Received) bus.Verdict {
				var s string
				if err := json.Unmarshal(msg.Data, &s); err != nil || msg.Subject != subject {
					t.Errorf("%s %s: %v", msg.Subject, msg.Data, err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[s]++
				switch {
				case s == "later" && seen[s] < 4:
					return bus.Later
				case s == "dead" && seen[s] == 1:
					return bus.GiveUp
				}
				return bus.Done
			})
	}()
	eventually(t, func() bool { return caughtUp.Load() && count("later") == 4 && count("good") == 1 && count("dead") == 1 })
	n, err := b.ReplayDead(t.Context(), "voting")
	if err != nil || n != 1 {
		t.Fatalf("replayed %d, %v", n, err)
	}
	eventually(t, func() bool { return count("dead") == 2 })
	if n, err := b.ReplayDead(t.Context(), "*"); err != nil || n != 0 {
		t.Errorf("replayed again: %d, %v", n, err)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("consuming ended without a reason")
	}
}

// TestBus_Consume_late fails once after it had to wait many times: waiting is no
// failure, and the event is not given up.
func TestBus_Consume_late(t *testing.T) {
	server, b := embedOn(t, -1)
	if err := b.Publish(t.Context(), "laurel.selection.v1.phase_changed.s1", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	consume := func(verdicts ...bus.Verdict) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		defer cancel()
		err := b.Consume(ctx, "voting", func() {},
			func(context.Context, bus.Received) bus.Verdict {
				v := verdicts[0]
				if verdicts = verdicts[1:]; len(verdicts) == 0 {
					cancel()
				}
				return v
			})
		if len(verdicts) > 0 {
			t.Fatalf("%d times too few: %v", len(verdicts), err)
		}
	}
	consume(bus.Later)
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), bus.Stream, "voting")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // as if it were told to come later
		msg, err := consumer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := msg.Nak(); err != nil {
			t.Fatal(err)
		}
	}
	consume(bus.Failed, bus.Done)
	if n, err := b.ReplayDead(t.Context(), "*"); err != nil || n != 0 {
		t.Errorf("%d events were given up, %v", n, err)
	}
}

func TestEmbed_lock(t *testing.T) {
	dir := t.TempDir()
	log := slog.New(slog.DiscardHandler)
	first, err := bus.Embed(dir, 0, log)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Embed(dir, 0, log); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server on one directory: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	again, err := bus.Embed(dir, 0, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(); err != nil {
		t.Error(err)
	}
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if !ok() {
			return errors.New("not yet")
		}
		return nil
	})
}

// TestCall_lost has NATS die while a caller waits for an answer: it hears so at
// once, not when its time is over.
func TestCall_lost(t *testing.T) {
	proxy := testkit.NewFaultProxy(t, "127.0.0.1:0", "tcp", strings.TrimPrefix(testkit.NATS(t).URL(), "nats://"))
	connect := func(name string) *bus.Bus {
		b, err := bus.Connect("nats://"+proxy.Address, name, testkit.Log(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		testkit.Acquaint(t, b)
		return b
	}
	asked, release := make(chan struct{}), make(chan struct{})
	server, err := connect("slow").Serve("slow", []bus.Endpoint{bus.Method("wait", func(context.Context, struct{}) (struct{}, error) {
		close(asked)
		<-release
		return struct{}{}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	client := connect("client")
	answer := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*testkit.Patience)
		defer cancel()
		_, err := bus.Call[struct{}](ctx, client, "slow", "wait", struct{}{})
		answer <- err
	}()
	<-asked
	proxy.Refuse()
	if err := testkit.Receive(t, answer, "the caller's answer"); !fault.HasCode(err, "no_answer") {
		t.Errorf("the answer is %v", err)
	}
	if _, err := bus.Call[struct{}](t.Context(), client, "slow", "wait", struct{}{}); !fault.HasCode(err, "service_down") {
		t.Errorf("without NATS: %v", err)
	}
	close(release)
	proxy.Restore(t)
	eventually(t, func() bool { return client.Ready() == nil })
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}
