package deploy_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// runNATS starts a server from nats.conf; every password is the user's name.
func runNATS(t *testing.T) *server.Server {
	t.Helper()
	dir := t.TempDir()
	passwords := ""
	for _, user := range append(services(), "admin") {
		passwords += strings.ToUpper(user) + "_PASSWORD: " + user + "\n"
	}
	for name, body := range map[string][]byte{"nats.conf": read(t, "nats/nats.conf"), "passwords.conf": []byte(passwords)} {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opts, err := server.ProcessConfigFile(filepath.Join(dir, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if opts.MaxPayload != bus.MaxPayload {
		t.Errorf("max_payload is %d, the bus's %d", opts.MaxPayload, bus.MaxPayload)
	}
	if opts.PingInterval > 5*time.Second || opts.MaxPingsOut > 2 {
		t.Errorf("a client that vanished is noticed after %d times %v", opts.MaxPingsOut, opts.PingInterval)
	}
	opts.Host, opts.Port, opts.HTTPPort, opts.StoreDir = "127.0.0.1", server.RANDOM_PORT, 0, dir
	opts.NoSigs, opts.NoLog = true, true
	srv, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not get ready")
	}
	return srv
}

func address(t *testing.T, srv *server.Server, user string) string {
	t.Helper()
	u, err := url.Parse(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, user)
	return u.String()
}

func connect(t *testing.T, srv *server.Server, user string) *bus.Bus {
	t.Helper()
	b, err := bus.Connect(address(t, srv, user), user, testkit.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	testkit.Eventually(t, testkit.Patience, b.Ready)
	return b
}

type echo struct{ Text string }

// TestNATS_may does as each user what a room does.
func TestNATS_may(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	gateway := connect(t, srv, "gateway")
	for _, name := range services() {
		if name == "gateway" {
			continue
		}
		room := connect(t, srv, name)
		if _, err := room.EnsureStreams(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answering, err := room.Serve(name, []bus.Endpoint{bus.Method("say", func(_ context.Context, in echo) (echo, error) { return in, nil })})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := bus.Call[echo](t.Context(), gateway, name, "say", echo{name})
		if err != nil || got.Text != name {
			t.Errorf("gateway asks %s: %+v, %v", name, got, err)
		}
		if err := room.Publish(t.Context(), "laurel."+name+".v1.happened.s1", name, []byte("{}")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := answering.Drain(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	voting := connect(t, srv, "voting")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	var putOff, buried, taken atomic.Int32
	go func() {
		ended <- voting.Consume(ctx, "voting", []string{"laurel.selection.v1.>", "laurel.nomination.v1.>"}, func() {},
			func(_ context.Context, _ []byte, deliveries uint64) bus.Verdict {
				switch {
				case deliveries == 1 && putOff.Load() < 2:
					putOff.Add(1)
					return bus.Later
				case buried.Load() < 2:
					buried.Add(1)
					return bus.GiveUp
				}
				taken.Add(1)
				return bus.Done
			})
	}()
	admin := connect(t, srv, "admin")
	back := 0
	testkit.Eventually(t, testkit.Patience, func() error {
		n, err := admin.ReplayDead(t.Context(), "voting")
		if back += n; err == nil && (back < 2 || taken.Load() < 2) {
			return fmt.Errorf("%d put off, %d buried, %d put back, %d taken", putOff.Load(), buried.Load(), back, taken.Load())
		}
		return err
	})
	stop()
	if err := testkit.Receive(t, ended, "the end of the consumer"); err == nil {
		t.Error("the consumer ended without a reason")
	}
}

// TestNATS_events publishes every event as its publishers, and has each room
// that it concerns read it.
func TestNATS_events(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	rooms := map[string]*bus.Bus{}
	for _, name := range event.Services() {
		rooms[name] = connect(t, srv, name)
		if _, err := rooms[name].EnsureStreams(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var consumers sync.WaitGroup
	defer consumers.Wait()
	defer stop()
	var unread atomic.Int32
	for name, room := range rooms {
		subjects := event.Filters(name)
		if len(subjects) == 0 {
			t.Errorf("%s consumes nothing", name)
		}
		unread.Add(int32(len(subjects)))
		consumers.Go(func() {
			_ = room.Consume(ctx, name, subjects, func() {}, func(context.Context, []byte, uint64) bus.Verdict {
				unread.Add(-1)
				return bus.Done
			})
		})
	}
	for _, spec := range event.All() {
		for _, publisher := range spec.Publishers {
			subject := event.Subject(publisher, spec.Example.EventType(), "s1")
			if err := rooms[publisher].Publish(t.Context(), subject, subject, []byte("{}")); err != nil {
				t.Errorf("%s publishes %s: %v", publisher, subject, err)
			}
		}
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := unread.Load(); n != 0 {
			return fmt.Errorf("%d events are not read", n)
		}
		return nil
	})
}

// TestNATS_mayNot tries what only others may.
func TestNATS_mayNot(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	for user, subjects := range map[string][]string{
		"voting":   {"rpc.review.v1.score", "laurel.selection.v1.phase_changed.s1", "dead.review.x", "$JS.API.STREAM.DELETE.LAUREL", "$JS.ACK.LAUREL.review.1"},
		"review":   {"rpc.voting.v1.cast_ballots", "laurel.voting.v1.tally_sealed.s1"},
		"identity": {"laurel.review.v1.juror_left.s1", "$JS.API.CONSUMER.CREATE.LAUREL.review", "$JS.ACK.LAUREL.review.1"},
		"gateway":  {"laurel.voting.v1.tally_sealed.s1", "$JS.API.STREAM.DELETE.LAUREL"},
		"admin":    {"rpc.voting.v1.cast_ballots", "$JS.API.STREAM.DELETE.LAUREL"},
	} {
		refused := make(chan error, 10)
		nc, err := nats.Connect(address(t, srv, user), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		for _, subject := range subjects {
			if err := nc.Publish(subject, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			expectRefusal(t, refused, user+" publishes "+subject)
		}
		if _, err := nc.SubscribeSync("rpc.>"); err != nil {
			t.Fatal(err)
		}
		expectRefusal(t, refused, user+" listens to rpc.>")
	}
	if nc, err := nats.Connect(srv.ClientURL()); err == nil {
		nc.Close()
		t.Error("a stranger may connect")
	}
}

func expectRefusal(t *testing.T, refused <-chan error, what string) {
	t.Helper()
	if err := testkit.Receive(t, refused, "the refusal when "+what); !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
		t.Errorf("%s: %v", what, err)
	}
}
