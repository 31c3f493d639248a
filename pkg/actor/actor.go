// Package actor carries who acts, and in which request, from the gateway
// through NATS to the audit row and the log line.
package actor

import (
	"context"
	"log/slog"
)

// Kind is what sort of actor it is.
type Kind string

// The kinds of actor.
const (
	Staff  Kind = "staff"  // an account of identity
	Voter  Kind = "voter"  // a holder of a voter credential
	System Kind = "system" // the clock, a consumer, the command line
	Public Kind = "public" // anybody
)

// Actor is who acts. The gateway has proved it and signs it with each request;
// services take no request without the signature.
type Actor struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id,omitempty"`   // account id, voter id, or the name of the system's part
	Name string `json:"name,omitempty"` // for the audit log
	As   string `json:"as,omitempty"`   // of staff: the role that lets them, in identity's words
}

type actorKey struct{}

type requestKey struct{}

// With gives a context in which a acts.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// From gives who acts in ctx; where nobody is named it is the public.
func From(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: Public}
}

// WithRequest gives a context that belongs to the request.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request is the id of the request that ctx belongs to, or "".
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Log wraps a log handler so that each line written with a context names its
// request.
func Log(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := Request(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(as []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(as)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
