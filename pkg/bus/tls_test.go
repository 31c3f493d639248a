package bus_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// lines keeps what a logger is told.
type lines struct {
	slog.Handler
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool { l.text.WriteString(r.Message + " " + a.String() + "\n"); return true })
	return nil
}

func (l *lines) has(s string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !strings.Contains(l.text.String(), s) {
		return errors.New("the log says nothing of " + s + ": " + l.text.String())
	}
	return nil
}

// TestConnect_TLS connects to a server that proves its name, and to none that does
// not; the log says why.
func TestConnect_TLS(t *testing.T) {
	authority, other := testkit.NewAuthority(t), testkit.NewAuthority(t)
	start := func(host string) string {
		pair, err := tls.LoadX509KeyPair(authority.Issue(host))
		if err != nil {
			t.Fatal(err)
		}
		srv, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, TLSTimeout: 5,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		})
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		if !srv.ReadyForConnections(testkit.Patience) {
			t.Fatal("NATS does not get ready")
		}
		return srv.Addr().String()
	}
	good, elsewhere := start("127.0.0.1"), start("nats.example.org")
	plain := strings.TrimPrefix(testkit.NATS(t).URL(), "nats://")
	for what, c := range map[string]struct {
		address string
		options []bus.Option
		failure string // what the log says; empty: it connects
	}{
		"tls":                       {"tls://" + good, []bus.Option{bus.CA(authority.File)}, ""},
		"the authority alone":       {"nats://" + good, []bus.Option{bus.CA(authority.File)}, ""},
		"another authority":         {"tls://" + good, []bus.Option{bus.CA(other.File)}, "unknown authority"},
		"the system's authorities":  {"tls://" + good, nil, "unknown authority"},
		"another name":              {"tls://" + elsewhere, []bus.Option{bus.CA(authority.File)}, "127.0.0.1"},
		"a server that is not safe": {"tls://" + plain, []bus.Option{bus.CA(authority.File)}, "secure connection not available"},
		"this machine":              {"nats://" + plain, nil, ""},
	} {
		log := &lines{Handler: slog.NewTextHandler(t.Output(), nil)}
		b, err := bus.Connect(c.address, "test", slog.New(log), c.options...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		testkit.Eventually(t, testkit.Patience, func() error {
			if c.failure == "" {
				return b.Ready()
			}
			return log.has(c.failure)
		})
		if err := b.Ready(); (err == nil) != (c.failure == "") {
			t.Errorf("%s: ready: %v", what, err)
		}
		b.Close()
	}
	for _, address := range []string{
		"nats://nats:4222", "nats://10.0.0.1:4222", "nats:4222", "10.0.0.1", "nats://127.0.0.1:4222,nats://nats:4222", "tls://a:4222,nats://b:4222", "ws://nats:8080",
		"nats://127.0.0.1.example.org:4222", "nats://127.0.0.1@nats:4222",
	} {
		if b, err := bus.Connect(address, "test", testkit.Log(t)); !errors.Is(err, bus.ErrPlaintext) {
			t.Errorf("%s: %v", address, err)
			if err == nil {
				b.Close()
			}
		}
	}
	for _, address := range []string{"nats://localhost:1", "nats://[::1]:1", "127.3.4.5:1", "tls://192.0.2.1:1"} {
		b, err := bus.Connect(address, "test", slog.New(slog.DiscardHandler))
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		b.Close()
	}
	b, err := bus.Connect("nats://192.0.2.1:1", "test", slog.New(slog.DiscardHandler), bus.Plaintext())
	if err != nil {
		t.Fatalf("where it is asked for: %v", err)
	}
	b.Close()
}
