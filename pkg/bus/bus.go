// Package bus is how rooms speak to each other over NATS: requests with a
// reply, and events that are published only with an acknowledgement (a core
// publish where JetStream was meant drops silently, so there is none here but
// Broadcast, which says what it is).
package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
)

const (
	// Stream holds every event.
	Stream = "LAUREL"
	// DeadStream holds what a consumer gave up on, until somebody replays it.
	DeadStream = "LAUREL_DEAD"
	// MaxPayload is the largest message in bytes; larger bodies go through the
	// blob store.
	MaxPayload = 8 << 20

	connectTimeout = 5 * time.Second

	// A server that is silent is given up after three pings: six seconds.
	pingInterval = 2 * time.Second
	maxPings     = 2
)

// Bus is a connection to NATS. It reconnects for ever.
type Bus struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	log *slog.Logger

	mu   sync.Mutex
	link context.Context // ends with the connection to the server
	cut  context.CancelFunc
	// absent is what a room has looked for in JetStream and not found.
	absent map[string]struct{}
	// skew is how far the clocks of services are before ours.
	skew map[string]time.Duration

	replica string // of the services that this connection serves
	failure string // of the last try to connect

	signer  *Signer // nil: requests are not signed, and refused
	trusted Trusted
	now     func() time.Time // the room's
}

// Option is how Connect comes to NATS.
type Option func(*dialing)

// dialing is what the options say.
type dialing struct {
	plain bool
	opts  []nats.Option
}

// CA has Connect believe the servers that the authority in the file vouches for,
// and no others; the connection is encrypted, whatever the URL says.
func CA(file string) Option {
	return func(d *dialing) { d.opts = append(d.opts, nats.RootCAs(file)) }
}

// Plaintext lets Connect go to another machine unencrypted, password and all.
func Plaintext() Option { return func(d *dialing) { d.plain = true } }

// ErrPlaintext is a URL of another machine that asks for no encryption.
var ErrPlaintext = errors.New("the connection to NATS would be readable and forgeable on its way: use tls://… (and NATS_CA_FILE), or say NATS_INSECURE=true")

// Connect dials the address as the service name, which is also the part of _INBOX.>
// that its user must be able to hear.
func Connect(address, name string, log *slog.Logger, options ...Option) (*Bus, error) {
	var d dialing
	for _, option := range options {
		option(&d)
	}
	if !d.plain && len(d.opts) == 0 && !private(address) {
		return nil, ErrPlaintext
	}
	return connect(address, name, log, d.opts...)
}

// private tells whether all servers of the URLs are asked for encryption, or are
// this machine. nats.go encrypts all or none, as one of them asks.
func private(urls string) bool {
	for text := range strings.SplitSeq(urls, ",") {
		if text = strings.TrimSpace(text); !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil {
			return false
		}
		ip := net.ParseIP(u.Hostname())
		if u.Scheme != "tls" && u.Scheme != "wss" && u.Hostname() != "localhost" && !ip.IsLoopback() {
			return false
		}
	}
	return true
}

func connect(address, name string, log *slog.Logger, opts ...nats.Option) (*Bus, error) {
	b := &Bus{log: log, replica: rand.Text(), absent: map[string]struct{}{}, skew: map[string]time.Duration{}}
	b.link, b.cut = context.WithCancel(context.Background())
	opts = append([]nats.Option{
		nats.Name(name),
		nats.CustomInboxPrefix("_INBOX." + name), // so that the server can keep others from listening
		nats.Timeout(connectTimeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.RetryOnFailedConnect(true),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(maxPings),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			b.lost()
			if err != nil {
				log.Warn("bus: disconnected", "error", err)
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			if b.news(err) {
				log.Warn("bus: cannot connect", "error", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("bus: reconnected") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("bus: asynchronous error", "error", err)
		}),
	}, opts...)
	nc, err := nats.Connect(address, opts...)
	if err != nil {
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	b.nc = nc
	if b.js, err = jetstream.New(nc); err != nil {
		nc.Close()
		return nil, fmt.Errorf("bus: jetstream: %w", err)
	}
	return b, nil
}

// news tells whether this failure to connect is another than the last.
func (b *Bus) news(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.failure
	b.failure = err.Error()
	return b.failure != was
}

// lost tells those who wait for an answer that it will not come: what was on its
// way went with the connection.
func (b *Bus) lost() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cut()
	b.link, b.cut = context.WithCancel(context.Background())
}

// linked is ctx until the connection of this moment is lost. done frees what it
// holds.
func (b *Bus) linked(ctx context.Context) (_ context.Context, done func()) {
	b.mu.Lock()
	link := b.link
	b.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(link, func() { cancel(nats.ErrDisconnected) })
	return ctx, func() { stop(); cancel(nil) }
}

// Replica names this connection among the replicas of a service.
func (b *Bus) Replica() string { return b.replica }

// Close ends the connection, after what was published has left.
func (b *Bus) Close() {
	if err := b.nc.FlushTimeout(time.Second); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		b.log.Warn("bus: flush before closing", "error", err)
	}
	b.nc.Close()
}

// Ready tells whether the connection stands, and what was last looked for in
// JetStream is there.
func (b *Bus) Ready() error {
	if !b.nc.IsConnected() {
		return fault.NewUnavailable("bus_down", "not connected to NATS", time.Second)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for what := range b.absent {
		return errAbsent(what)
	}
	return nil
}

// Publish stores an event in the stream and returns when JetStream has
// acknowledged it.
func (b *Bus) Publish(ctx context.Context, subject string, data []byte) error {
	if _, err := b.js.Publish(ctx, subject, data); err != nil {
		return fmt.Errorf("bus: publish %s: %w", subject, err)
	}
	return nil
}

// PublishAll is Publish for many, with the acknowledgements awaited together;
// it gives an error for each message, nil for the acknowledged.
func (b *Bus) PublishAll(ctx context.Context, msgs []Message) []error {
	errs := make([]error, len(msgs))
	acks := make([]jetstream.PubAckFuture, len(msgs))
	for i, m := range msgs {
		acks[i], errs[i] = b.js.PublishAsync(m.Subject, m.Data)
	}
	for i, ack := range acks {
		if ack == nil {
			continue
		}
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			errs[i] = err
		case <-ctx.Done():
			errs[i] = ctx.Err()
		}
	}
	return errs
}

// Message is an event to be published.
type Message struct {
	Subject string
	Data    []byte
}

// Broadcast sends to whoever listens at this moment: for snapshots that the
// next one replaces.
func (b *Bus) Broadcast(subject string, data []byte) error {
	if err := b.nc.Publish(subject, data); err != nil {
		return fmt.Errorf("bus: broadcast %s: %w", subject, err)
	}
	return nil
}

// Listen calls fn with each message that passes on the subject from now on,
// events included; what passes while nobody listens is missed.
//
// A room may ask JetStream to answer to any subject, and have it deliver an event
// there. Such a message keeps its own subject, and is not heard.
func (b *Bus) Listen(subject string, fn func(subject string, data []byte)) (stop func(), err error) {
	sub, err := b.nc.Subscribe(subject, func(m *nats.Msg) {
		if !matches(subject, m.Subject) {
			b.log.Warn("bus: a message under another's subject", "subject", m.Subject, "listens", subject)
			return
		}
		if err := guard.Do("listener", func() error { fn(m.Subject, m.Data); return nil }); err != nil {
			b.log.Error("bus: a listener panicked", "subject", m.Subject, "error", err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: listen %s: %w", subject, err)
	}
	return func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			b.log.Warn("bus: stop listening", "subject", subject, "error", err)
		}
	}, nil
}

// matches tells whether a subject is one of a pattern's, as NATS has it.
func matches(pattern, subject string) bool {
	tokens := strings.Split(subject, ".")
	for i, p := range strings.Split(pattern, ".") {
		if p == ">" {
			return len(tokens) > i
		}
		if i >= len(tokens) || p != "*" && p != tokens[i] {
			return false
		}
	}
	return len(tokens) == strings.Count(pattern, ".")+1
}
