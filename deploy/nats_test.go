package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// runNATS starts a server from nats.conf, and provisions it as the operator does.
func runNATS(t *testing.T) *testkit.Deployed {
	t.Helper()
	srv := testkit.DeployedNATS(t, "nats", func(opts *server.Options) {
		if opts.MaxPayload != bus.MaxPayload {
			t.Errorf("max_payload is %d, the bus's %d", opts.MaxPayload, bus.MaxPayload)
		}
		if opts.PingInterval > 5*time.Second || opts.MaxPingsOut > 2 {
			t.Errorf("a client that vanished is noticed after %d times %v", opts.MaxPingsOut, opts.PingInterval)
		}
	})
	if _, err := srv.Connect(t, "admin").Provision(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	return srv
}

type echo struct{ Text string }

// TestNATS_may does as each user what a room does.
func TestNATS_may(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	gateway := srv.Connect(t, "gateway")
	for _, name := range event.Services() {
		room := srv.Connect(t, name)
		if _, err := room.Created(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		answering, err := room.Serve(name, []bus.Endpoint{bus.Method("say", func(_ context.Context, in echo) (echo, error) { return in, nil })})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := bus.Call[echo](t.Context(), gateway, name, "say", echo{name})
		if err != nil || got.Text != name {
			t.Errorf("gateway asks %s: %+v, %v", name, got, err)
		}
		if err := answering.Drain(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// envelope is an event as its publisher writes it.
func envelope(t *testing.T, publisher string, p event.Payload) []byte {
	t.Helper()
	body, err := json.Marshal(testkit.Envelope(t, publisher, "s1", "a", 1, time.Now(), p))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestNATS_events publishes every event as its publishers, and has each room
// that it concerns put it off, give it up, and read it when the operator has put
// it back.
func TestNATS_events(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	rooms := map[string]*bus.Bus{}
	for _, name := range event.Services() {
		rooms[name] = srv.Connect(t, name)
	}
	ctx, stop := context.WithCancel(t.Context())
	var consumers sync.WaitGroup
	defer consumers.Wait()
	defer stop()
	var buried, read sync.Map // of service and subject
	want := 0
	for name, room := range rooms {
		want += len(event.Filters(name))
		consumers.Go(func() {
			_ = room.Consume(ctx, name, func() {}, func(_ context.Context, msg bus.Received) bus.Verdict {
				key := name + " " + msg.Subject
				if msg.Deliveries == 1 {
					if _, again := buried.Load(key); !again {
						return bus.Later
					}
				}
				if _, again := buried.LoadOrStore(key, true); !again {
					return bus.GiveUp
				}
				read.Store(key, true)
				return bus.Done
			})
		})
	}
	for _, spec := range event.All() {
		for _, publisher := range spec.Publishers {
			subject := event.Subject(publisher, spec.Example.EventType(), "s1")
			if err := rooms[publisher].Publish(t.Context(), subject, envelope(t, publisher, spec.Example)); err != nil {
				t.Errorf("%s publishes %s: %v", publisher, subject, err)
			}
		}
	}
	count := func(m *sync.Map) (n int) { m.Range(func(any, any) bool { n++; return true }); return n }
	admin, back := srv.Connect(t, "admin"), 0
	testkit.Eventually(t, testkit.Patience, func() error {
		n, err := admin.ReplayDead(t.Context(), "*")
		if back += n; err == nil && (back < want || count(&read) < want) {
			return fmt.Errorf("of %d: %d buried, %d put back, %d read", want, count(&buried), back, count(&read))
		}
		return err
	})
}

// TestNATS_replayForged writes a dead letter about an event that nobody has
// published: the operator's command does not lend it its authority.
func TestNATS_replayForged(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	sealed := event.Subject(event.Voting, event.TallySealed{}.EventType(), "s1")
	forged := envelope(t, event.Voting, event.TallySealed{})
	genuine := envelope(t, event.Voting, event.TallySealed{})
	if err := srv.Connect(t, event.Voting).Publish(t.Context(), sealed, genuine); err != nil {
		t.Fatal(err)
	}
	review := srv.Connect(t, event.Review)
	for _, body := range [][]byte{forged, genuine} {
		if err := review.Publish(t.Context(), bus.Dead(event.Review, sealed), body); err != nil {
			t.Fatal(err)
		}
	}
	admin := srv.Connect(t, "admin")
	if n, err := admin.ReplayDead(t.Context(), "*"); n != 1 || err == nil || !strings.Contains(err.Error(), "1 dead letters stay") {
		t.Errorf("%d put back, %v", n, err)
	}
	ctx, stop := context.WithCancel(testkit.Context(t))
	var got int
	err := srv.Connect(t, event.Selection).Consume(ctx, event.Selection, func() {}, func(_ context.Context, msg bus.Received) bus.Verdict {
		if string(msg.Data) != string(genuine) {
			t.Errorf("selection hears %s", msg.Data)
		}
		if got++; got == 2 {
			stop()
		}
		return bus.Done
	})
	if got != 2 {
		t.Errorf("%d events, %v", got, err)
	}
}

// TestNATS_reply has a room ask JetStream to answer, and to deliver an event,
// where other rooms speak: the server lets it, and nobody takes it for their word.
func TestNATS_reply(t *testing.T) {
	t.Parallel()
	srv := runNATS(t)
	frozen := event.Subject(event.Selection, event.RulebookFrozen{}.EventType(), "s1")
	if err := srv.Connect(t, event.Selection).Publish(t.Context(), frozen, envelope(t, event.Selection, event.RulebookFrozen{})); err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int32
	gateway := srv.Connect(t, "gateway")
	stop, err := voting.Follow(gateway, func(tally voting.Tally) {
		if heard.Add(1); tally.Ballots != 7 {
			t.Errorf("heard %+v", tally)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	nc := srv.Dial(t, event.Review, func(err error) { t.Error(err) })
	const tally = "live.voting.v1.tally.s1"
	for _, subject := range []string{
		"laurel.review.v1.result_computed.s1", "$JS.API.STREAM.INFO.LAUREL", "$JS.API.CONSUMER.MSG.NEXT.LAUREL.review",
	} {
		if err := errors.Join(nc.PublishRequest(subject, tally, nil), nc.Flush()); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, testkit.Patience, func() error { // the genuine one comes last
		if err := voting.Broadcast(srv.Connect(t, event.Voting), voting.Tally{Slug: "s1", Ballots: 7}); err != nil || heard.Load() > 0 {
			return err
		}
		return errors.New("nothing is heard")
	})
}

// TestNATS_lost loses the streams under rooms at work: they are not ready, say
// what to run, and go on by themselves when it has been run.
func TestNATS_lost(t *testing.T) {
	t.Parallel()
	srv := testkit.DeployedNATS(t, "nats")
	room := srv.Connect(t, event.Voting)
	mustMissing := func(err error) {
		t.Helper()
		if !fault.HasCode(err, "streams_missing") || !strings.Contains(err.Error(), "laurel migrate --nats") {
			t.Fatalf("without streams: %v", err)
		}
	}
	_, err := room.Created(t.Context())
	mustMissing(err)
	mustMissing(room.Ready())
	err = room.Consume(t.Context(), event.Voting, func() {}, nil)
	mustMissing(err)
	if _, err := room.Provision(t.Context()); err == nil {
		t.Error("a room made the streams")
	}
	admin := srv.Connect(t, "admin")
	made, err := admin.Provision(testkit.Context(t))
	if err != nil || len(made) != 2+len(event.Services()) {
		t.Fatalf("made %v, %v", made, err)
	}
	if again, err := admin.Provision(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}
	if _, err := room.Created(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_ = room.Consume(ctx, event.Voting, func() {}, nil)
	if err := room.Ready(); err != nil {
		t.Errorf("with streams: %v", err)
	}
}

// TestNATS_upgrade finds a stream and a consumer as an earlier version, or a
// thief, has left them: what takes away is taken back, and what is there stays.
func TestNATS_upgrade(t *testing.T) {
	t.Parallel()
	srv := testkit.NATS(t)
	nc, err := nats.Connect(srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	b := testkit.Connect(t, srv, event.Selection)
	if err := b.Publish(t.Context(), "laurel.selection.v1.phase_changed.s1", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	before, err := b.Created(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), bus.Stream)
	if err != nil {
		t.Fatal(err)
	}
	changed := s.CachedInfo().Config
	changed.MaxMsgs, changed.MaxAge, changed.Description = 1, time.Hour, "an older one"
	changed.Subjects = append(slices.Clone(changed.Subjects), "rpc.identity.v1.sign_in")
	changed.Metadata = map[string]string{"operator": "keeps this"}
	if _, err := js.UpdateStream(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), bus.Stream, event.Voting)
	if err != nil {
		t.Fatal(err)
	}
	lagging := c.CachedInfo().Config
	lagging.FilterSubjects, lagging.MaxDeliver = lagging.FilterSubjects[:1], 3
	if _, err := js.UpdateConsumer(t.Context(), bus.Stream, lagging); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		s, err := js.Stream(t.Context(), bus.Stream)
		if err != nil {
			return err
		}
		is := s.CachedInfo()
		if is.Config.MaxMsgs != -1 || is.Config.MaxAge != 0 || !slices.Equal(is.Config.Subjects, []string{"laurel.*.*.*.*"}) {
			return fmt.Errorf("the stream is %+v", is.Config)
		}
		if is.Config.Metadata["operator"] == "" || is.State.Msgs != 1 || !is.Created.UTC().Truncate(time.Microsecond).Equal(before) {
			t.Errorf("the operator's setting or an event is gone: %+v", is)
		}
		c, err := js.Consumer(t.Context(), bus.Stream, event.Voting)
		if err != nil {
			return err
		}
		if cfg := c.CachedInfo().Config; cfg.MaxDeliver != -1 || !cmp.Equal(event.Filters(event.Voting), cfg.FilterSubjects) {
			return errors.New("the consumer is an older one")
		}
		return nil
	})
}

// TestNATS_foreign tells the operator of what a thief has left behind when every
// room could make streams.
func TestNATS_foreign(t *testing.T) {
	t.Parallel()
	srv := testkit.DeployedNATS(t, "nats", func(opts *server.Options) {
		i := slices.IndexFunc(opts.Accounts, func(a *server.Account) bool { return a.Name == "LAUREL" })
		opts.Users = append(opts.Users, &server.User{Username: "thief", Password: "thief", Account: opts.Accounts[i]})
	})
	admin := srv.Connect(t, "admin")
	if _, err := admin.Provision(testkit.Context(t)); err != nil {
		t.Fatal(err)
	}
	if foreign, err := admin.Foreign(t.Context()); err != nil || len(foreign) != 0 {
		t.Errorf("without a thief: %v, %v", foreign, err)
	}
	js, err := jetstream.New(srv.Dial(t, "thief", func(err error) { t.Error(err) }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "LOOT", Subjects: []string{"rpc.identity.v1.sign_in"}})
	if err == nil {
		_, err = js.CreateConsumer(t.Context(), bus.Stream, jetstream.ConsumerConfig{Durable: "spy"})
	}
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := admin.Foreign(t.Context())
	if diff := cmp.Diff([]string{"consumer spy", "stream LOOT"}, foreign); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
