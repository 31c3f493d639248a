package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Verdict is what becomes of a message after its consumer looked at it.
type Verdict int

// The verdicts.
const (
	Done   Verdict = iota // it had its effect
	Later                 // deliver again, without limit
	Failed                // deliver again, and after maxFailures give up
	GiveUp                // to the dead letters at once
)

const (
	// ackWait is how long a message waits if its consumer died while it had it.
	ackWait     = 10 * time.Second
	maxFailures = 12 // about four minutes of tries
	maxDelay    = 30 * time.Second
	maxLater    = 5 * time.Second // what a message waits for may have come any moment
)

// Consume hands each event of the subjects to receive, one at a time, until
// ctx ends or the consumer is lost. The durable consumer has the service's
// name: replicas share it, and it goes on where it stopped. caughtUp is called
// once, when everything that was waiting at the start has been delivered.
func (b *Bus) Consume(
	ctx context.Context, service string, subjects []string, caughtUp func(),
	receive func(ctx context.Context, data []byte, deliveries uint64) Verdict,
) error {
	consumer, err := b.js.CreateOrUpdateConsumer(ctx, Stream, jetstream.ConsumerConfig{
		Durable:        service,
		FilterSubjects: subjects,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        ackWait,
		MaxAckPending:  1024,
	})
	if err != nil {
		return fmt.Errorf("bus: consumer %s: %w", service, err)
	}
	left := int(consumer.CachedInfo().NumPending)
	if left == 0 {
		caughtUp()
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(64), jetstream.PullHeartbeat(2*time.Second), jetstream.PullExpiry(10*time.Second))
	if err != nil {
		return fmt.Errorf("bus: consumer %s: %w", service, err)
	}
	stop := context.AfterFunc(ctx, messages.Stop)
	defer stop()
	defer messages.Stop()
	failures := map[uint64]uint64{} // by sequence number; another replica counts its own
	for {
		msg, err := messages.Next()
		if err != nil {
			return fmt.Errorf("bus: consumer %s: %w", service, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("bus: consumer %s: %w", service, err)
		}
		tries, seq := meta.NumDelivered, meta.Sequence.Stream
		verdict := receive(ctx, msg.Data(), tries)
		if verdict == Failed {
			failures[seq]++
			if tries = failures[seq]; tries == maxFailures {
				verdict = GiveUp
			}
		}
		if verdict == Done || verdict == GiveUp {
			delete(failures, seq)
		}
		if err := b.settle(ctx, service, msg, tries, verdict); err != nil {
			return err
		}
		if left > 0 && meta.NumDelivered == 1 {
			if left--; left == 0 {
				caughtUp()
			}
		}
	}
}

func (b *Bus) settle(ctx context.Context, service string, msg jetstream.Msg, tries uint64, v Verdict) error {
	var err error
	switch v {
	case Done:
		err = msg.Ack()
	case Later:
		err = msg.NakWithDelay(min(delay(tries), maxLater))
	case Failed:
		err = msg.NakWithDelay(delay(tries))
	default:
		err = b.bury(ctx, service, msg)
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return fmt.Errorf("bus: settle %s: %w", msg.Subject(), err)
	}
	return nil
}

// delay doubles from 50 ms.
func delay(tries uint64) time.Duration {
	return min(maxDelay, 50*time.Millisecond<<min(tries, 10))
}

// bury stores a message among the dead letters, then takes it off the stream's
// consumer.
func (b *Bus) bury(ctx context.Context, service string, msg jetstream.Msg) error {
	id := service + "/" + msg.Headers().Get(jetstream.MsgIDHeader)
	if err := b.Publish(ctx, "dead."+service+"."+msg.Subject(), id, msg.Data()); err != nil {
		return err
	}
	deadLetters.WithLabelValues(service).Inc()
	b.log.ErrorContext(ctx, "bus: gave up on an event; it is among the dead letters", "service", service, "subject", msg.Subject())
	return msg.TermWithReason("dead letter")
}
