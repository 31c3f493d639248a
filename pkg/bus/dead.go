package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// deadLetters is registered once a process, like every metric.
var deadLetters = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "laurel_dead_letters_total", Help: "Events that a consumer gave up on.",
}, []string{"consumer"})

// ReplayDead puts a service's dead letters (all services' where it is "*") back
// into the stream and gives how many. Whoever had the effect already ignores
// the repeat.
func (b *Bus) ReplayDead(ctx context.Context, service string) (int, error) {
	stream, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return 0, fmt.Errorf("bus: replay: %w", err)
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{"dead." + service + ".>"}})
	if err != nil {
		return 0, fmt.Errorf("bus: replay: %w", err)
	}
	for n := 0; ; n++ {
		msg, err := consumer.Next(jetstream.FetchMaxWait(time.Second))
		if errors.Is(err, jetstream.ErrNoMessages) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("bus: replay: %w", err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return n, fmt.Errorf("bus: replay: %w", err)
		}
		original := strings.SplitN(msg.Subject(), ".", 3)[2]
		if err := b.Publish(ctx, original, uuid.NewString(), msg.Data()); err != nil {
			return n, err
		}
		if err := stream.DeleteMsg(ctx, meta.Sequence.Stream); err != nil {
			return n, fmt.Errorf("bus: replay: %w", err)
		}
	}
}
