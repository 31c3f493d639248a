package testkit

import (
	"context"
	"testing"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// Context is the test's context with a deadline, Patience from now: a call
// without one is given up after a few seconds, which a busy machine may take.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Staff is a Context in which a member of staff asks.
func Staff(t testing.TB, id, name string) context.Context {
	t.Helper()
	return actor.WithRequest(actor.With(Context(t), actor.Actor{Kind: actor.Staff, ID: id, Name: name}), "req-1")
}

// Fields are the names of the fields that a fault is about, in order.
func Fields(err error) []string {
	var names []string
	for _, f := range fault.From(err).Fields {
		names = append(names, f.Name)
	}
	return names
}
