// Package bus is how rooms speak to each other over NATS: requests with a
// reply, and events that are published only with an acknowledgement (a core
// publish where JetStream was meant drops silently, so there is none here but
// Broadcast, which says what it is).
package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/fault"
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
	duplicates     = 2 * time.Minute // JetStream's window; a help, not a guarantee

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
}

// Connect dials url as the service name, which is also the part of _INBOX.>
// that its user must be able to hear.
func Connect(url, name string, log *slog.Logger) (*Bus, error) {
	return connect(url, name, log)
}

func connect(url, name string, log *slog.Logger, opts ...nats.Option) (*Bus, error) {
	b := &Bus{log: log}
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
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("bus: reconnected") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("bus: asynchronous error", "error", err)
		}),
	}, opts...)
	nc, err := nats.Connect(url, opts...)
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

// Close ends the connection, after what was published has left.
func (b *Bus) Close() {
	if err := b.nc.FlushTimeout(time.Second); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		b.log.Warn("bus: flush before closing", "error", err)
	}
	b.nc.Close()
}

// Ready tells whether the connection stands.
func (b *Bus) Ready() error {
	if !b.nc.IsConnected() {
		return fault.NewUnavailable("bus_down", "not connected to NATS", time.Second)
	}
	return nil
}

// EnsureStreams creates or updates the event streams and gives the creation
// time of the main one: a different time means that the stream was lost and
// must be refilled from the outboxes.
func (b *Bus) EnsureStreams(ctx context.Context) (created time.Time, err error) {
	stream, err := b.ensureStream(ctx, jetstream.StreamConfig{
		Name:        Stream,
		Description: "events of all rooms",
		Subjects:    []string{"laurel.*.*.*.*"}, // laurel.<service>.v1.<event>.<slug>
		Storage:     jetstream.FileStorage,
		Duplicates:  duplicates,
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("bus: stream %s: %w", Stream, err)
	}
	if _, err = b.ensureStream(ctx, jetstream.StreamConfig{
		Name:        DeadStream,
		Description: "events that a consumer gave up on",
		Subjects:    []string{"dead.>"}, // dead.<consumer>.<original subject>
		Storage:     jetstream.FileStorage,
		Duplicates:  duplicates,
	}); err != nil {
		return time.Time{}, fmt.Errorf("bus: stream %s: %w", DeadStream, err)
	}
	return stream.CachedInfo().Created.UTC().Truncate(time.Microsecond), nil
}

// ensureStream changes a stream only where it differs. For the server, to create
// a stream that is there is a question, but every update is a write, which is
// slow and races with the consumers that are being made.
func (b *Bus) ensureStream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := b.js.CreateStream(ctx, cfg)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return b.js.UpdateStream(ctx, cfg)
	}
	return stream, err
}

// Publish stores an event in the stream and returns when JetStream has
// acknowledged it. The id lets JetStream drop an early repeat.
func (b *Bus) Publish(ctx context.Context, subject, id string, data []byte) error {
	if _, err := b.js.Publish(ctx, subject, data, jetstream.WithMsgID(id)); err != nil {
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
		acks[i], errs[i] = b.js.PublishAsync(m.Subject, m.Data, jetstream.WithMsgID(m.ID))
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
	ID      string // message id
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
func (b *Bus) Listen(subject string, fn func(subject string, data []byte)) (stop func(), err error) {
	sub, err := b.nc.Subscribe(subject, func(m *nats.Msg) { fn(m.Subject, m.Data) })
	if err != nil {
		return nil, fmt.Errorf("bus: listen %s: %w", subject, err)
	}
	return func() {
		if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
			b.log.Warn("bus: stop listening", "subject", subject, "error", err)
		}
	}, nil
}

// DeleteStream loses a stream, as a lost disk would: for tests and for an
// operator who starts afresh. The outboxes refill it.
func (b *Bus) DeleteStream(ctx context.Context, name string) error {
	if err := b.js.DeleteStream(ctx, name); err != nil {
		return fmt.Errorf("bus: delete stream: %w", err)
	}
	return nil
}
