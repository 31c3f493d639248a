package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// office is a room that counts what it looks at, and somebody at the wire.
type office struct {
	nats    *bus.Embedded
	room    *bus.Bus
	seen    atomic.Int32
	skew    atomic.Int64 // of the room's clock, nanoseconds
	wire    *nats.Conn
	genuine *nats.Msg // a request as the gateway sends it
}

// openOffice has the gateway ask the room once, and keeps the request.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{}
	o.nats, o.room = embedOn(t, -1)
	keys, err := bus.ParseTrusted(testkit.Signer(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	o.room.Trust(keys, func() time.Time { return time.Now().Add(time.Duration(o.skew.Load())) })
	say := func(context.Context, greeting) (greeting, error) { o.seen.Add(1); return greeting{"done"}, nil }
	server, err := o.room.Serve("office", []bus.Endpoint{bus.Method("say", say), bus.Method("other", say)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if o.wire, err = nats.Connect(o.nats.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.wire.Close)
	heard, err := o.wire.SubscribeSync("rpc.office.v1.say")
	if err == nil {
		err = o.wire.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx := actor.WithRequest(actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: "a-1", Name: "王芳"}), "r-1")
	if _, err := bus.Call[greeting](ctx, testkit.Connect(t, o.nats, "gateway"), "office", "say", greeting{"hello"}); err != nil {
		t.Fatal(err)
	}
	if o.genuine, err = heard.NextMsg(testkit.Patience); err != nil {
		t.Fatal(err)
	}
	if err := heard.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	o.seen.Store(0)
	return o
}

// send sends a copy of the genuine request that was changed, and gives the code of
// the refusal; empty where there is none.
func (o *office) send(t *testing.T, change func(*nats.Msg)) string {
	t.Helper()
	msg := &nats.Msg{Subject: o.genuine.Subject, Header: maps.Clone(o.genuine.Header), Data: bytes.Clone(o.genuine.Data)}
	change(msg)
	reply, err := o.wire.RequestMsgWithContext(testkit.Context(t), msg)
	if err != nil {
		t.Fatal(err)
	}
	var f fault.Error
	if err := json.Unmarshal(reply.Data, &f); err != nil {
		t.Fatal(err)
	}
	return f.Code
}

// TestServe_proof changes each part of a signed request: the room looks at none of
// them.
func TestServe_proof(t *testing.T) {
	o := openOffice(t)
	thief, err := bus.NewSigner(bytes.Repeat([]byte{'t'}, 32))
	if err != nil {
		t.Fatal(err)
	}
	set := func(header, value string) func(*nats.Msg) {
		return func(m *nats.Msg) { m.Header[header] = []string{value} }
	}
	for what, change := range map[string]func(*nats.Msg){
		"no headers":      func(m *nats.Msg) { m.Header = nil },
		"no signature":    func(m *nats.Msg) { delete(m.Header, "Laurel-Signature") },
		"another actor":   set("Laurel-Actor", `{"kind":"staff","id":"a-2","name":"thief"}`),
		"no actor":        func(m *nats.Msg) { delete(m.Header, "Laurel-Actor") },
		"system":          set("Laurel-Actor", `{"kind":"system"}`),
		"another request": set("Laurel-Request", "r-2"),
		"another time":    set("Laurel-Time", "1"),
		"another nonce":   set("Laurel-Nonce", "x"),
		"torn signature":  set("Laurel-Signature", o.genuine.Header.Get("Laurel-Signature")[1:]),
		"no base64":       set("Laurel-Signature", "?"),
		"another body":    func(m *nats.Msg) { m.Data = []byte(`{"Text":"forged"}`) },
		"no body":         func(m *nats.Msg) { m.Data = nil },
		"another verb":    func(m *nats.Msg) { m.Subject = "rpc.office.v1.other" },
	} {
		if code := o.send(t, change); code != "request_unproved" {
			t.Errorf("%s: %q", what, code)
		}
	}
	stranger := testkit.Connect(t, o.nats, "stranger")
	stranger.Sign(thief)
	if _, err := bus.Call[greeting](t.Context(), stranger, "office", "say", greeting{}); !fault.HasCode(err, "request_unproved") {
		t.Errorf("another key: %v", err)
	}
	room, err := o.nats.Connect("review") // a room has no key to sign with
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(room.Close)
	if _, err := bus.Call[greeting](t.Context(), room, "office", "say", greeting{}); !fault.HasCode(err, "request_unproved") {
		t.Errorf("no key: %v", err)
	}
	if n := o.seen.Load(); n != 0 {
		t.Errorf("the room looked at %d of them", n)
	}
	if code := o.send(t, func(*nats.Msg) {}); code != "" || o.seen.Load() != 1 {
		t.Errorf("as it was: %q, %d", code, o.seen.Load())
	}
	if _, err := room.Serve("review", nil); err == nil || !strings.Contains(err.Error(), "no key") {
		t.Errorf("a room that knows no key serves: %v", err)
	}
}

// TestServe_stale has the room's clock go on, and back: a request is good for a
// minute. The gateway, whose clock stands, is told the time and asks again.
func TestServe_stale(t *testing.T) {
	o := openOffice(t)
	gateway := testkit.Connect(t, o.nats, "gateway")
	for _, step := range []struct {
		skew  time.Duration
		stale bool
	}{{0, false}, {50 * time.Second, false}, {62 * time.Second, true}, {time.Hour, true}, {-50 * time.Second, false}, {-70 * time.Second, true}, {0, false}} {
		o.skew.Store(int64(step.skew))
		code := o.send(t, func(*nats.Msg) {})
		if want := map[bool]string{true: "request_stale"}[step.stale]; code != want {
			t.Errorf("at %v: %q, want %q", step.skew, code, want)
		}
		before := o.seen.Load()
		if _, err := bus.Call[greeting](testkit.Context(t), gateway, "office", "say", greeting{}); err != nil || o.seen.Load() != before+1 {
			t.Errorf("the gateway at %v: %v, looked at %d times", step.skew, err, o.seen.Load()-before)
		}
	}
}

// TestServe_rotation has the gateway's key change: a room believes both meanwhile.
func TestServe_rotation(t *testing.T) {
	nats, room := embed(t)
	next, err := bus.NewSigner(bytes.Repeat([]byte{'n'}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := bus.ParseTrusted(testkit.Signer(t).Public(), " "+next.Public()+"\n")
	if err != nil {
		t.Fatal(err)
	}
	room.Trust(keys, time.Now)
	if _, err := room.Serve("office", []bus.Endpoint{bus.Method("say", func(_ context.Context, in greeting) (greeting, error) { return in, nil })}); err != nil {
		t.Fatal(err)
	}
	gateway := testkit.Connect(t, nats, "gateway")
	for range 2 {
		if _, err := bus.Call[greeting](t.Context(), gateway, "office", "say", greeting{}); err != nil {
			t.Error(err)
		}
		gateway.Sign(next)
	}
	for _, bad := range []string{"", "ab", strings.Repeat("x", 64)} {
		if _, err := bus.ParseTrusted(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
}

// TestCall_foreignAnswer has somebody answer who sees where the answer goes, and
// not the request.
func TestCall_foreignAnswer(t *testing.T) {
	server, gateway := embedOn(t, -1)
	wire, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wire.Close)
	_, err = wire.Subscribe("rpc.office.v1.say", func(m *nats.Msg) { _ = wire.Publish(m.Reply, []byte(`{"Text":"forged"}`)) })
	if err := errors.Join(err, wire.Flush()); err != nil {
		t.Fatal(err)
	}
	if got, err := bus.Call[greeting](t.Context(), gateway, "office", "say", greeting{}); !fault.HasCode(err, "no_answer") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// BenchmarkCall is what a request costs both sides, by the size of its body.
func BenchmarkCall(b *testing.B) {
	for _, size := range []int{100, 64 << 10, 1 << 20} {
		b.Run(map[int]string{100: "100B", 64 << 10: "64KB", 1 << 20: "1MB"}[size], func(b *testing.B) {
			server, err := bus.Embed(b.TempDir(), 0, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			room, gateway := testkit.Connect(b, server, "office"), testkit.Connect(b, server, "gateway")
			say := bus.Method("say", func(context.Context, greeting) (greeting, error) { return greeting{}, nil })
			if _, err := room.Serve("office", []bus.Endpoint{say}); err != nil {
				b.Fatal(err)
			}
			in := greeting{strings.Repeat("x", size)}
			for b.Loop() {
				if _, err := bus.Call[greeting](b.Context(), gateway, "office", "say", in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
