package bus

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
)

const (
	faultCode = "fault" // of a reply whose data is a fault

	callTimeout = 5 * time.Second
	// maxConcurrent is how many requests one service handles at a time; more
	// wait in the subscription's queue.
	maxConcurrent = 256
)

// What a caller is told when nothing has answered.
var (
	errDown     = fault.NewUnavailable("service_down", "a part of the system is starting or down", time.Second)
	errNoAnswer = fault.NewUnavailable("no_answer", "no answer in time; the outcome is unknown, it is safe to try again", time.Second)
)

// Unseen tells whether a call failed before its service looked at the request:
// nothing was done. Of every other call that failed without a fault of the service's
// own, nobody knows.
func Unseen(err error) bool {
	return errors.Is(err, errDown) || errors.Is(err, errUnproved) || errors.Is(err, errStale)
}

// Endpoint is one verb of a service: rpc.<service>.v1.<name>.
type Endpoint struct {
	Name string
	// Handle answers one request; its result is written as the request is read.
	Handle func(ctx context.Context, data []byte) (any, error)
	// Own has each replica answer under a name of its own, too: see At.
	Own bool
	// Each has every replica answer each request: see RollCall.
	Each bool
}

// At is the name of a verb with Own at one replica, for Call.
func At(verb, replica string) string { return verb + "-" + replica }

// Method makes an endpoint of a service's method. Requests and answers are JSON;
// unknown fields are ignored, so that a newer caller may speak to an older
// service. A type with a binary form of its own is sent in that.
func Method[In, Out any](name string, fn func(context.Context, In) (Out, error)) Endpoint {
	return Endpoint{Name: name, Handle: func(ctx context.Context, data []byte) (any, error) {
		var in In
		if err := unmarshal(data, &in); err != nil {
			return nil, fault.New(fault.Malformed, "request_malformed", "the request cannot be read").Because(err)
		}
		return fn(ctx, in)
	}}
}

func marshal(v any) ([]byte, error) {
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		return m.MarshalBinary()
	}
	return json.Marshal(v)
}

func unmarshal(data []byte, v any) error {
	if m, ok := v.(encoding.BinaryUnmarshaler); ok {
		return m.UnmarshalBinary(data)
	}
	return json.Unmarshal(data, v)
}

func subject(service, verb string) string { return "rpc." + service + ".v1." + verb }

// Call asks a service and waits for its answer, for five seconds where ctx has
// no deadline. The actor and request of ctx go with it, signed.
//
// A service that is not there gives Unavailable with code service_down: it has
// not seen the request. A lost answer gives Unavailable with code no_answer:
// the outcome is unknown.
func Call[Out any](ctx context.Context, b *Bus, service, verb string, in any) (Out, error) {
	var out Out
	data, err := marshal(in)
	if err != nil {
		return out, fmt.Errorf("bus: call %s %s: %w", service, verb, err)
	}
	reply, err := b.request(ctx, subject(service, verb), data)
	if err != nil && b.learn(subject(service, verb), err) {
		reply, err = b.request(ctx, subject(service, verb), data) // at the service's time
	}
	if err != nil {
		return out, err
	}
	if err := unmarshal(reply, &out); err != nil {
		return out, fmt.Errorf("bus: answer of %s %s: %w", service, verb, err)
	}
	return out, nil
}

func (b *Bus) request(ctx context.Context, subject string, data []byte) ([]byte, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	msg, err := b.newRequest(ctx, subject, data)
	if err != nil {
		return nil, err
	}
	ctx, done := b.linked(ctx) // before the look at the connection
	defer done()
	if !b.nc.IsConnected() {
		return nil, errDown.Because(nats.ErrDisconnected)
	}
	reply, err := b.nc.RequestMsgWithContext(ctx, msg)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, errDown.Because(fmt.Errorf("%s: %w", subject, err))
	case err != nil:
		return nil, errNoAnswer.Because(fmt.Errorf("%s: %w", subject, err))
	case reply.Header.Get(nonceHeader) != msg.Header.Get(nonceHeader):
		return nil, errNoAnswer.Because(fmt.Errorf("%s: an answer of somebody else", subject))
	}
	if reply.Header.Get(micro.ErrorCodeHeader) == "" {
		return reply.Data, nil
	}
	var f fault.Error
	if err := json.Unmarshal(reply.Data, &f); err != nil || f.Kind == "" {
		return nil, fmt.Errorf("bus: %s: %s", subject, reply.Header.Get(micro.ErrorHeader))
	}
	return nil, &f
}

// Server answers the requests to one service.
type Server struct {
	nc     *nats.Conn
	svc    micro.Service
	slots  chan struct{} // one for each request at work
	inHand atomic.Int64  // requests at work or waiting for a slot
	stop   context.CancelFunc
}

// Serve answers a service's endpoints until Drain. Replicas share the work. It
// looks at no request that is not signed by a key of Trust.
func (b *Bus) Serve(service string, endpoints []Endpoint) (*Server, error) {
	if len(b.trusted) == 0 {
		return nil, fmt.Errorf("bus: serve %s: there is no key by which to know the gateway", service)
	}
	svc, err := micro.AddService(b.nc, micro.Config{
		Name: service, Version: "1.0.0", Description: "laurel " + service, QueueGroup: service,
	})
	if err != nil {
		return nil, fmt.Errorf("bus: serve %s: %w", service, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{nc: b.nc, svc: svc, slots: make(chan struct{}, maxConcurrent), stop: stop}
	for _, e := range endpoints {
		if e.Own {
			endpoints = append(endpoints, Endpoint{Name: At(e.Name, b.replica), Handle: e.Handle, Each: true})
		}
	}
	for _, e := range endpoints {
		handle := func(req micro.Request) {
			s.inHand.Add(1)
			select {
			case s.slots <- struct{}{}:
			case <-ctx.Done():
				s.inHand.Add(-1)
				return
			}
			go func() {
				defer func() { <-s.slots; s.inHand.Add(-1) }()
				b.answer(ctx, service, e, req)
			}()
		}
		opts := []micro.EndpointOpt{micro.WithEndpointSubject(subject(service, e.Name))}
		if e.Each {
			opts = append(opts, micro.WithEndpointQueueGroupDisabled())
		}
		if err := svc.AddEndpoint(e.Name, micro.HandlerFunc(handle), opts...); err != nil {
			stop()
			return nil, errors.Join(fmt.Errorf("bus: serve %s %s: %w", service, e.Name, err), svc.Stop())
		}
	}
	if err := b.nc.Flush(); err != nil { // the server knows the subscriptions
		stop()
		return nil, errors.Join(fmt.Errorf("bus: serve %s: %w", service, err), svc.Stop())
	}
	return s, nil
}

const (
	flushLimit = time.Second
	// idle is how long nothing must be in hand at the end: what has arrived is
	// handed on within microseconds, but nothing tells when.
	idle = 20 * time.Millisecond
)

// Drain takes no more requests and waits until those in flight are answered,
// or ctx ends, which cancels them.
func (s *Server) Drain(ctx context.Context) error {
	defer s.stop()
	if err := s.svc.Stop(); err != nil {
		return fmt.Errorf("bus: drain: %w", err)
	}
	// What was on its way when the server heard of the end arrives before its
	// answer to the flush. Where there is no server nothing is on its way.
	flushed := s.nc.FlushTimeout(flushLimit)
	tick := time.NewTicker(idle)
	defer tick.Stop()
	for quiet := false; ; {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), flushed)
		case <-tick.C:
		}
		none := s.inHand.Load() == 0
		if none && quiet {
			return nil
		}
		quiet = none
	}
}

func (b *Bus) answer(ctx context.Context, service string, e Endpoint, req micro.Request) {
	started := time.Now()
	headers := micro.Headers{nonceHeader: {req.Headers().Get(nonceHeader)}}
	ctx, err := b.prove(ctx, service, subject(service, e.Name), req)
	if err == nil {
		var out any
		if out, err = call(ctx, e, req.Data()); err == nil {
			var data []byte
			if data, err = marshal(out); err == nil {
				if err = req.Respond(data, micro.WithHeaders(headers)); err == nil {
					b.log.DebugContext(ctx, "answered", "service", service, "verb", e.Name, "took", time.Since(started))
					return
				}
			}
		}
	}
	f := fault.From(err)
	if f.Kind == fault.Internal {
		b.log.ErrorContext(ctx, "request failed", "service", service, "verb", e.Name, "error", err)
	} else {
		b.log.DebugContext(ctx, "request refused", "service", service, "verb", e.Name, "error", err)
	}
	data, err := json.Marshal(f)
	if err == nil {
		// Not req.Error, which writes what the subscription's goroutine reads.
		headers[micro.ErrorHeader], headers[micro.ErrorCodeHeader] = []string{strconv.Quote(f.Code)}, []string{faultCode}
		err = req.Respond(data, micro.WithHeaders(headers))
	}
	if err != nil {
		b.log.ErrorContext(ctx, "answer lost", "service", service, "verb", e.Name, "error", err)
	}
}

// call turns a panic of one request into an error of that request.
func call(ctx context.Context, e Endpoint, data []byte) (out any, err error) {
	err = guard.Do("request", func() (err error) {
		out, err = e.Handle(ctx, data)
		return err
	})
	return out, err
}
