// Package outbox carries events from the transaction that caused them to the
// transaction of each room that they concern: an outbox row beside the state,
// one relay a service to JetStream, an inbox row beside each effect. Events
// arrive at least once, perhaps late and out of order; effects happen once and
// in order.
package outbox

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed migrations
var migrations embed.FS

// Set is the tables of outbox and inbox, for each service's schema.
func Set() pg.Set { return pg.Embedded("migration_outbox", migrations) }

// Append writes an event into tx's outbox: it is published if and only if tx
// commits. It assigns the aggregate's next version under its row lock, held
// until tx ends.
func Append(ctx context.Context, tx *sqlx.Tx, at time.Time, slug, aggregate string, p event.Payload) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	t := p.EventType()
	_, err = tx.ExecContext(ctx, `
		WITH next AS (
			INSERT INTO aggregate (slug, name, version) VALUES ($3, $4, 1)
			ON CONFLICT (slug, name) DO UPDATE SET version = aggregate.version + 1
			RETURNING version
		)
		INSERT INTO outbox (id, name, v, slug, aggregate, version, at, request, data)
		SELECT $5, $1, $2, $3, $4, version, $6, $7, $8 FROM next`,
		t.Name, t.V, slug, aggregate, id, at.UTC(), actor.Request(ctx), data)
	if err != nil {
		return fmt.Errorf("outbox: append %s: %w", t.Name, err)
	}
	return nil
}

// Count says of one event type how many events there are and which.
type Count struct {
	Publisher string `json:"publisher" db:"publisher"`
	Name      string `json:"name" db:"name"`
	Events    int64  `json:"events" db:"events"`
	Unsent    int64  `json:"unsent" db:"unsent"` // outbox only
	Digest    string `json:"digest" db:"digest"` // MD5 of the sorted ids, comma separated
}

// Deliveries is what a service has sent and consumed about one selection. An
// outbox and an inbox with the same count and digest hold the same events.
type Deliveries struct {
	Service string  `json:"service"`
	Outbox  []Count `json:"outbox"`
	Inbox   []Count `json:"inbox"`
}

// Report counts a service's deliveries about a selection.
func Report(ctx context.Context, db *sqlx.DB, service, slug string) (Deliveries, error) {
	d := Deliveries{Service: service, Outbox: []Count{}, Inbox: []Count{}}
	if err := db.SelectContext(ctx, &d.Outbox, `
		SELECT $1 AS publisher, name, count(*) AS events, count(*) FILTER (WHERE sent_at IS NULL) AS unsent,
		       md5(string_agg(id::text, ',' ORDER BY id)) AS digest
		FROM outbox WHERE slug = $2 GROUP BY name ORDER BY name`, service, slug); err != nil {
		return d, fmt.Errorf("outbox: report: %w", err)
	}
	if err := db.SelectContext(ctx, &d.Inbox, `
		SELECT publisher, name, count(*) AS events, 0 AS unsent, md5(string_agg(id::text, ',' ORDER BY id)) AS digest
		FROM inbox WHERE slug = $1 GROUP BY publisher, name ORDER BY publisher, name`, slug); err != nil {
		return d, fmt.Errorf("outbox: report: %w", err)
	}
	return d, nil
}
