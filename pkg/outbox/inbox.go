package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// ErrNotYet is what a handler returns for an event that must wait for another
// one; it comes again, without limit.
var ErrNotYet = errors.New("not yet: an earlier event is missing")

// Handler has the effect of one event type, inside the transaction that
// records the event in the inbox.
type Handler struct {
	Type  event.Type
	Apply func(ctx context.Context, tx *sqlx.Tx, env event.Envelope) error
}

// On makes a handler of a function that takes the decoded payload.
func On[P event.Payload](apply func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, p P) error) Handler {
	var zero P
	return Handler{zero.EventType(), func(ctx context.Context, tx *sqlx.Tx, env event.Envelope) error {
		p, err := event.Decode[P](env)
		if err != nil {
			return err
		}
		return apply(ctx, tx, env, p)
	}}
}

// Inbox consumes the events that concern a service.
type Inbox struct {
	Service  string
	DB       *sqlx.DB
	Bus      *bus.Bus
	Log      *slog.Logger
	Handlers []Handler

	caughtUp atomic.Bool
	early    early // receive's alone
}

// CaughtUp tells whether everything that was in the stream when the consumer
// started has been seen: before that a missing projection means nothing.
func (in *Inbox) CaughtUp() bool { return in.caughtUp.Load() }

// Run consumes until ctx ends.
func (in *Inbox) Run(ctx context.Context) error {
	if len(event.Filters(in.Service)) == 0 {
		in.caughtUp.Store(true)
		<-ctx.Done()
		return nil
	}
	in.early = early{}
	for ctx.Err() == nil {
		err := in.Bus.Consume(ctx, in.Service, func() { in.caughtUp.Store(true) }, in.receive)
		if ctx.Err() == nil {
			in.Log.WarnContext(ctx, "inbox: trying again", "service", in.Service, "error", err)
			pause.For(ctx, relayRetry)
		}
	}
	return nil
}

// receive applies one message, with those that waited for it, and says what
// becomes of it.
func (in *Inbox) receive(ctx context.Context, msg bus.Received) bus.Verdict {
	var env event.Envelope
	err := json.Unmarshal(msg.Data, &env)
	if err == nil && env.Subject() != msg.Subject {
		err = fmt.Errorf("it says that it is %s", env.Subject()) // the subject alone is bound to its publisher
	}
	if err != nil {
		in.Log.ErrorContext(ctx, "inbox: not an event of its subject", "service", in.Service, "subject", msg.Subject, "error", err)
		return bus.GiveUp
	}
	err = in.apply(ctx, env)
	switch {
	case err == nil:
		for next, ok := in.early.after(env); ok; next, ok = in.early.after(next) {
			if err := in.apply(ctx, next); err != nil {
				break // it is delivered again
			}
		}
		return bus.Done
	case errors.Is(err, ErrNotYet):
		in.early.keep(env)
		fallthrough
	case errors.Is(err, pg.ErrUnknownCommit), pg.IsUnavailable(err), ctx.Err() != nil:
		in.Log.DebugContext(ctx, "inbox: event has to wait", "service", in.Service, "event", env.Name, "slug", env.Slug, "error", err)
		return bus.Later
	}
	in.Log.ErrorContext(ctx, "inbox: event failed", "service", in.Service, "event", env.Name, "id", env.ID, "slug", env.Slug,
		"deliveries", msg.Deliveries, "error", err)
	return bus.Failed
}

// apply is Deliver in the name of the publisher. A handler that panics fails on
// its event, and on no other.
func (in *Inbox) apply(ctx context.Context, env event.Envelope) error {
	ctx = actor.WithRequest(actor.With(ctx, actor.Actor{Kind: actor.System, ID: "event", Name: env.Publisher}), env.Request)
	return guard.Do("event", func() error { return in.Deliver(ctx, env) })
}

// Deliver applies an event once and in order: a repeat or an event older than
// the projection changes nothing, a gap gives ErrNotYet.
func (in *Inbox) Deliver(ctx context.Context, env event.Envelope) error {
	var apply func(context.Context, *sqlx.Tx, event.Envelope) error
	for _, h := range in.Handlers {
		if h.Type == env.Type() {
			apply = h.Apply
		}
	}
	if apply == nil {
		return fmt.Errorf("inbox: %s has no handler for %s v%d", in.Service, env.Name, env.V)
	}
	return pg.InTx(ctx, in.DB, func(tx *sqlx.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO inbox (id, publisher, name, slug) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
			env.ID, env.Publisher, env.Name, env.Slug)
		if err != nil {
			return fmt.Errorf("inbox: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if fresh, err := advance(ctx, tx, env); err != nil || !fresh {
			return err
		}
		return apply(ctx, tx, env)
	})
}

// advance moves the projection of env's aggregate to its version. It holds the
// projection's row until tx ends.
//
// A gap is a missing version, so publishers keep event types with different
// consumers in different aggregates.
func advance(ctx context.Context, tx *sqlx.Tx, env event.Envelope) (fresh bool, err error) {
	var have int64
	if err := tx.GetContext(ctx, &have, `
		INSERT INTO projection (publisher, slug, aggregate, version) VALUES ($1, $2, $3, 0)
		ON CONFLICT (publisher, slug, aggregate) DO UPDATE SET version = projection.version
		RETURNING version`, env.Publisher, env.Slug, env.Aggregate); err != nil {
		return false, fmt.Errorf("inbox: projection: %w", err)
	}
	switch {
	case env.Version <= have:
		return false, nil
	case env.Version > have+1:
		return false, fmt.Errorf("%s %s of %s is at version %d, got %d: %w", env.Publisher, env.Aggregate, env.Slug, have, env.Version, ErrNotYet)
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE projection SET version = $4 WHERE publisher = $1 AND slug = $2 AND aggregate = $3`,
		env.Publisher, env.Slug, env.Aggregate, env.Version); err != nil {
		return false, fmt.Errorf("inbox: projection: %w", err)
	}
	return true, nil
}
