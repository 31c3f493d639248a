package app

import (
	"context"
)

// Caller is what a request tells of who sends it, before anybody is asked.
type Caller struct {
	Address string // of the client, or its network: limit.Network
	Token   string // of a staff session, or a voter's credential
}

type callerKey struct{}

// WithCaller gives a context in which c asks.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is who asks in ctx.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Admit counts a request to the API against its address. Fault:
// too_many_requests.
func (a *App) Admit(address string) error { return a.requests.Take(address) }
