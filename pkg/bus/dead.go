package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// deadLetters is registered once a process, like every metric.
var deadLetters = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_dead_letters_total", Help: "Events that a consumer gave up on.",
}, []string{"consumer"})

// Dead is the subject of an event that a service gave up on.
func Dead(service, event string) string { return "dead." + service + "." + event }

// ReplayDead puts a service's dead letters (all services' where it is "*") back
// into the stream and gives how many. Whoever had the effect already ignores
// the repeat.
//
// A room may write any dead letter of its own, and what is put back is believed
// to come from its publisher. So a letter is put back only where the stream has
// that event; others stay, with an error that says how many.
func (b *Bus) ReplayDead(ctx context.Context, service string) (back int, err error) {
	dead, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return 0, fmt.Errorf("bus: replay: %w", err)
	}
	events, err := b.js.Stream(ctx, Stream)
	if err != nil {
		return 0, fmt.Errorf("bus: replay: %w", err)
	}
	consumer, err := dead.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{Dead(service, ">")}})
	if err != nil {
		return 0, fmt.Errorf("bus: replay: %w", err)
	}
	for foreign := 0; ; {
		msg, err := consumer.Next(jetstream.FetchMaxWait(time.Second))
		if errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			if foreign > 0 {
				return back, fmt.Errorf("bus: replay: %d dead letters stay: the stream has no such event", foreign)
			}
			return back, nil
		}
		if err != nil {
			return back, fmt.Errorf("bus: replay: %w", err)
		}
		original := strings.SplitN(msg.Subject(), ".", 3)[2]
		if was, err := published(ctx, events, original, msg.Data()); err != nil {
			return back, fmt.Errorf("bus: replay: %w", err)
		} else if !was {
			foreign++
			b.log.ErrorContext(ctx, "bus: a dead letter tells of an event that the stream has not", "subject", msg.Subject())
			continue
		}
		if err := b.Publish(ctx, original, msg.Data()); err != nil {
			return back, err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return back, fmt.Errorf("bus: replay: %w", err)
		}
		if err := dead.DeleteMsg(ctx, meta.Sequence.Stream); err != nil {
			return back, fmt.Errorf("bus: replay: %w", err)
		}
		back++
	}
}

// published tells whether the stream has an event of the subject with the data.
func published(ctx context.Context, events jetstream.Stream, subject string, data []byte) (bool, error) {
	for seq := uint64(1); ; {
		msg, err := events.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if bytes.Equal(msg.Data, data) {
			return true, nil
		}
		seq = msg.Sequence + 1
	}
}
