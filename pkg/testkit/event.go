package testkit

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

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
