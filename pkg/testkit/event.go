package testkit

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
)

// Envelope is an event as a room would publish it: the version-th of an
// aggregate.
func Envelope(t testing.TB, publisher, slug, aggregate string, version int64, at time.Time, p event.Payload) event.Envelope {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return event.Envelope{
		ID: uuid.Must(uuid.NewV7()), Publisher: publisher, Name: p.EventType().Name, V: p.EventType().V, Slug: slug,
		Aggregate: aggregate, Version: version, At: at, Data: data,
	}
}

// Publisher publishes events as rooms do. An event that it is given again goes
// out again.
func Publisher(b *bus.Bus) func(ctx context.Context, env event.Envelope) error {
	return func(ctx context.Context, env event.Envelope) error {
		body, err := json.Marshal(env)
		if err != nil {
			return err
		}
		return b.Publish(ctx, env.Subject(), body)
	}
}

// Published is the payloads of a type in a room's outbox, oldest first.
func Published[P event.Payload](t testing.TB, db *sqlx.DB) []P {
	t.Helper()
	var zero P
	var rows [][]byte
	if err := db.SelectContext(t.Context(), &rows, `SELECT data FROM outbox WHERE name = $1 ORDER BY seq`, zero.EventType().Name); err != nil {
		t.Fatal(err)
	}
	payloads := make([]P, len(rows))
	for i, body := range rows {
		if err := json.Unmarshal(body, &payloads[i]); err != nil {
			t.Fatal(err)
		}
	}
	return payloads
}
