package bus

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// duplicates is JetStream's own default. Laurel sends no message ids: whoever
// publishes first under an id would suppress the other.
const duplicates = 2 * time.Minute

// stream is an event stream as it must be. What own leaves alone is the
// operator's: replicas, placement, compression.
type stream struct {
	name, description string
	subjects          []string
}

func streams() []stream {
	return []stream{
		{Stream, "events of all rooms", []string{"laurel.*.*.*.*"}},           // laurel.<service>.v1.<event>.<slug>
		{DeadStream, "events that a consumer gave up on", []string{"dead.>"}}, // dead.<consumer>.<original subject>
	}
}

// own sets what a stream must have: it takes these subjects and nothing from
// other streams, and drops nothing.
func (s stream) own(cfg jetstream.StreamConfig) jetstream.StreamConfig {
	cfg.Name, cfg.Description, cfg.Subjects = s.name, s.description, s.subjects
	cfg.Retention, cfg.Discard, cfg.DiscardNewPerSubject = jetstream.LimitsPolicy, jetstream.DiscardOld, false
	cfg.MaxConsumers, cfg.MaxMsgs, cfg.MaxBytes, cfg.MaxMsgsPerSubject, cfg.MaxMsgSize = -1, -1, -1, -1, -1
	cfg.MaxAge, cfg.Duplicates, cfg.NoAck = 0, duplicates, false
	cfg.Mirror, cfg.Sources, cfg.SubjectTransform, cfg.RePublish = nil, nil, nil, nil
	cfg.AllowRollup, cfg.AllowDirect, cfg.MirrorDirect, cfg.AllowMsgTTL = false, false, false, false
	return cfg
}

// ownConsumer is the same for the durable consumer of a service.
func ownConsumer(service string, cfg jetstream.ConsumerConfig) jetstream.ConsumerConfig {
	cfg.Name, cfg.Durable = service, service
	cfg.FilterSubject, cfg.FilterSubjects = "", event.Filters(service)
	cfg.DeliverPolicy, cfg.AckPolicy, cfg.AckWait = jetstream.DeliverAllPolicy, jetstream.AckExplicitPolicy, ackWait
	cfg.MaxDeliver, cfg.BackOff, cfg.MaxAckPending = -1, nil, 1024
	cfg.HeadersOnly, cfg.PauseUntil, cfg.InactiveThreshold = false, nil, 0
	return cfg
}

// Provision makes the event streams and the durable consumer of each service, or
// brings them up to date, and tells what it did; nothing, where nothing was to
// do. It takes limits away and never sets one, and deletes nothing.
//
// It needs the permissions of the operator's user. Rooms have none of them: who
// may make a stream can have it copy what others ask and answer.
func (b *Bus) Provision(ctx context.Context) (done []string, err error) {
	for _, s := range streams() {
		what, err := b.provisionStream(ctx, s)
		if err != nil {
			return done, fmt.Errorf("bus: stream %s: %w", s.name, err)
		}
		done = append(done, what...)
	}
	for _, service := range event.Services() {
		what, err := b.provisionConsumer(ctx, service)
		if err != nil {
			return done, fmt.Errorf("bus: consumer %s: %w", service, err)
		}
		done = append(done, what...)
	}
	return done, nil
}

// Foreign names the streams of the account, and the consumers of events, that are
// not Laurel's. Who could make one, as every room once could, may be reading what
// passes; they are told of and not touched.
func (b *Bus) Foreign(ctx context.Context) ([]string, error) {
	var foreign []string
	names := b.js.StreamNames(ctx)
	for name := range names.Name() {
		if name != Stream && name != DeadStream {
			foreign = append(foreign, "stream "+name)
		}
	}
	if names.Err() != nil {
		return nil, fmt.Errorf("bus: streams: %w", names.Err())
	}
	events, err := b.js.Stream(ctx, Stream)
	if err != nil {
		return nil, fmt.Errorf("bus: stream %s: %w", Stream, err)
	}
	consumers := events.ConsumerNames(ctx)
	for name := range consumers.Name() {
		if !slices.Contains(event.Services(), name) {
			foreign = append(foreign, "consumer "+name)
		}
	}
	if consumers.Err() != nil {
		return nil, fmt.Errorf("bus: consumers: %w", consumers.Err())
	}
	slices.Sort(foreign)
	return foreign, nil
}

func (b *Bus) provisionStream(ctx context.Context, s stream) ([]string, error) {
	have, err := b.js.Stream(ctx, s.name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = b.js.CreateStream(ctx, s.own(jetstream.StreamConfig{Storage: jetstream.FileStorage}))
		return []string{"stream " + s.name + " made"}, err
	}
	if err != nil {
		return nil, err
	}
	is := have.CachedInfo().Config
	if want := s.own(is); !reflect.DeepEqual(is, want) {
		_, err = b.js.UpdateStream(ctx, want)
		return []string{"stream " + s.name + " changed: " + differences(is, want)}, err
	}
	return nil, nil
}

func (b *Bus) provisionConsumer(ctx context.Context, service string) ([]string, error) {
	if len(event.Filters(service)) == 0 {
		return nil, nil
	}
	have, err := b.js.Consumer(ctx, Stream, service)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		_, err = b.js.CreateConsumer(ctx, Stream, ownConsumer(service, jetstream.ConsumerConfig{}))
		return []string{"consumer " + service + " made"}, err
	}
	if err != nil {
		return nil, err
	}
	is := have.CachedInfo().Config
	if want := ownConsumer(service, is); !reflect.DeepEqual(is, want) {
		_, err = b.js.UpdateConsumer(ctx, Stream, want)
		return []string{"consumer " + service + " changed: " + differences(is, want)}, err
	}
	return nil, nil
}

// differences names the settings in which two configurations differ.
func differences(is, want any) string {
	a, b := reflect.ValueOf(is), reflect.ValueOf(want)
	text := ""
	for i := range a.NumField() {
		if from, to := a.Field(i).Interface(), b.Field(i).Interface(); !reflect.DeepEqual(from, to) {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s %v, was %v", a.Type().Field(i).Name, to, from)
		}
	}
	return text
}

// errAbsent is why a room cannot go on by itself, and what to run.
func errAbsent(what string) *fault.Error {
	return fault.NewUnavailable("streams_missing",
		"NATS has no "+what+", or an older one; whoever operates NATS runs: laurel migrate --nats", time.Second)
}

// look keeps whether something is there, for Ready: until the next look.
func (b *Bus) look(what string, absent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if absent {
		b.absent[what] = struct{}{}
	} else {
		delete(b.absent, what)
	}
}

// Created is when the event stream was made. A different time means that it was
// lost, and must be refilled from the outboxes.
func (b *Bus) Created(ctx context.Context) (time.Time, error) {
	s, err := b.js.Stream(ctx, Stream)
	absent := errors.Is(err, jetstream.ErrStreamNotFound)
	b.look("stream "+Stream, absent)
	if absent {
		err = errAbsent("stream " + Stream).Because(err)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("bus: stream %s: %w", Stream, err)
	}
	return s.CachedInfo().Created.UTC().Truncate(time.Microsecond), nil
}
