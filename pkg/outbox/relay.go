package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

const (
	relayBatch   = 256
	relayPoll    = 50 * time.Millisecond // between looks while the database cannot tell of events
	relaySlow    = 5 * time.Second       // while it can: a notification may be lost
	relayRetry   = 500 * time.Millisecond
	streamCheck  = time.Second // how soon a lost stream is noticed
	publishLimit = 10 * time.Second
)

// Relay publishes a service's outbox, in order, from one replica at a time.
// Rows are marked as sent one by one, never skipped by a high-water mark: a
// lower seq may commit after a higher one.
type Relay struct {
	Service string
	DB      *sqlx.DB
	Bus     *bus.Bus
	Log     *slog.Logger
}

// Run relays until ctx ends; it outlives the loss of the database, of NATS and
// of the stream.
func (r *Relay) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := pg.Lead(ctx, r.DB, "outbox/"+r.Service, func(leader *pg.Leader) error { return r.lead(ctx, leader) })
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "relay: trying again", "service", r.Service, "error", err)
		}
		pause.For(ctx, relayRetry)
	}
	return nil
}

// lead relays with the lock.
func (r *Relay) lead(ctx context.Context, leader *pg.Leader) error {
	unsent, err := leader.Conn().PreparexContext(ctx, selectUnsent)
	if err != nil {
		return fmt.Errorf("relay: read: %w", err)
	}
	defer unsent.Close()
	var schema string
	if err := leader.Conn().GetContext(ctx, &schema, `SELECT current_schema()`); err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	news, err := pg.Listen(r.DB, "outbox/"+schema)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	defer news.Close()
	var stream, checked, read time.Time // stream: when the one was created that rows are marked for
	for ctx.Err() == nil {
		if time.Since(checked) > streamCheck {
			created, err := r.created(ctx)
			if err == nil && !created.Equal(stream) {
				stream, read = created, time.Time{}
				err = r.refill(ctx, created)
			}
			if err != nil {
				return err
			}
			checked = time.Now()
		}
		n := 0
		if time.Since(read) > relaySlow {
			if n, err = r.publish(ctx, leader, unsent); err != nil {
				return err
			}
			read = time.Now()
		}
		if n == relayBatch || news.Wait(ctx, relayPoll, streamCheck) {
			read = time.Time{}
		}
	}
	return nil
}

func (r *Relay) created(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	return r.Bus.Created(ctx)
}

// refill marks everything as unsent when the stream, which was created at a time,
// is not the one that it was sent to.
func (r *Relay) refill(ctx context.Context, created time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	return pg.InTx(ctx, r.DB, func(tx *sqlx.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO outbox_stream (created) SELECT $1::timestamptz
			WHERE NOT EXISTS (SELECT FROM outbox_stream WHERE created = $1) -- else each look would cost a commit on disk
			ON CONFLICT (single) DO UPDATE SET created = excluded.created`, created)
		if err != nil {
			return fmt.Errorf("relay: stream: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		res, err = tx.ExecContext(ctx, `UPDATE outbox SET sent_at = NULL WHERE sent_at IS NOT NULL`)
		if err != nil {
			return fmt.Errorf("relay: refill: %w", err)
		}
		if n, err := res.RowsAffected(); err == nil && n > 0 {
			r.Log.WarnContext(ctx, "relay: the stream is new, sending everything again", "service", r.Service, "events", n)
		}
		return nil
	})
}

type row struct {
	ID        uuid.UUID       `db:"id"`
	Name      string          `db:"name"`
	V         int             `db:"v"`
	Slug      string          `db:"slug"`
	Aggregate string          `db:"aggregate"`
	Version   int64           `db:"version"`
	At        time.Time       `db:"at"`
	Request   string          `db:"request"`
	Data      json.RawMessage `db:"data"`
}

// selectUnsent is asked for at each event, so it is planned once a session.
const selectUnsent = `
	SELECT id, name, v, slug, aggregate, version, at, request, data
	FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT $1`

func (r *Relay) publish(ctx context.Context, leader *pg.Leader, unsent *sqlx.Stmt) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	var rows []row
	if err := unsent.SelectContext(ctx, &rows, relayBatch); err != nil {
		return 0, fmt.Errorf("relay: read: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	msgs := make([]bus.Message, len(rows))
	for i, x := range rows {
		env := event.Envelope{
			ID: x.ID, Publisher: r.Service, Name: x.Name, V: x.V, Slug: x.Slug, Aggregate: x.Aggregate,
			Version: x.Version, At: x.At.UTC(), Request: x.Request, Data: x.Data,
		}
		data, err := json.Marshal(env)
		if err != nil {
			return 0, fmt.Errorf("relay: %w", err)
		}
		msgs[i] = bus.Message{Subject: env.Subject(), Data: data}
	}
	errs := r.Bus.PublishAll(ctx, msgs)
	sent := make([]string, 0, len(rows))
	for i, err := range errs {
		if err == nil {
			sent = append(sent, rows[i].ID.String())
		}
	}
	if _, err := leader.Conn().ExecContext(ctx, `UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1)`, pq.Array(sent)); err != nil {
		return 0, fmt.Errorf("relay: mark sent: %w", err)
	}
	return len(rows), errors.Join(errs...)
}
