package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/event"
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

// Received is an event as it arrives.
type Received struct {
	Subject    string // tells who published it: the server lets nobody else
	Data       []byte
	Deliveries uint64
}

// Consume hands each event that concerns the service to receive, one at a time,
// until ctx ends or the consumer is lost. The durable consumer, which Provision
// makes, has the service's name: replicas share it, and it goes on where it
// stopped. caughtUp is called once, when everything that was waiting at the start
// has been delivered.
func (b *Bus) Consume(ctx context.Context, service string, caughtUp func(), receive func(context.Context, Received) Verdict) error {
	consumer, err := b.consumer(ctx, service)
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
		verdict := receive(ctx, Received{msg.Subject(), msg.Data(), tries})
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

// consumer looks for the service's own, and whether it reads all that it must.
func (b *Bus) consumer(ctx context.Context, service string) (jetstream.Consumer, error) {
	what := "consumer " + service
	c, err := b.js.Consumer(ctx, Stream, service)
	absent := errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
	if err == nil {
		reads := c.CachedInfo().Config.FilterSubjects
		absent = slices.ContainsFunc(event.Filters(service), func(s string) bool { return !slices.Contains(reads, s) })
	}
	b.look(what, absent)
	if absent {
		return nil, errAbsent(what).Because(err)
	}
	return c, err
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
	err := b.Publish(ctx, Dead(service, msg.Subject()), msg.Data())
	absent := errors.Is(err, jetstream.ErrNoStreamResponse)
	b.look("stream "+DeadStream, absent)
	if absent {
		return errAbsent("stream " + DeadStream).Because(err)
	}
	if err != nil {
		return err
	}
	deadLetters.WithLabelValues(service).Inc()
	b.log.ErrorContext(ctx, "bus: gave up on an event; it is among the dead letters", "service", service, "subject", msg.Subject())
	return msg.TermWithReason("dead letter")
}
