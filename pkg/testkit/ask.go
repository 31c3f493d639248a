package testkit

import (
	"context"
	"testing"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
)

// Staff is a context in which a member of staff asks.
func Staff(t testing.TB, id, name string) context.Context {
	t.Helper()
	return actor.WithRequest(actor.With(t.Context(), actor.Actor{Kind: actor.Staff, ID: id, Name: name}), "req-1")
}

// Fields are the names of the fields that a fault is about, in order.
func Fields(err error) []string {
	var names []string
	for _, f := range fault.From(err).Fields {
		names = append(names, f.Name)
	}
	return names
}
