// Package audit is the log of what staff did: who, when, what, why. A row is
// written in the transaction of the act. The room's role can add rows and change
// none; the rows form a chain of hashes, and a notary signs its heads, so that a
// rewrite by whoever rules the database shows.
package audit

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/pg"
)

//go:embed migrations
var migrations embed.FS

// Set is the table of the log, for each service's schema.
func Set() pg.Set { return pg.Embedded("migration_audit", migrations) }

// Entry is one act.
type Entry struct {
	ID      int64           `json:"id" db:"id"` // order within a service
	At      time.Time       `json:"at" db:"at"`
	Slug    string          `json:"slug" db:"slug"` // "" where the act concerns no selection
	Kind    actor.Kind      `json:"kind" db:"kind"`
	Actor   string          `json:"actor" db:"actor"`
	Name    string          `json:"name" db:"name"`
	Act     string          `json:"act" db:"act"`       // imperative: open_phase
	Reason  string          `json:"reason" db:"reason"` // why, in the actor's words
	Detail  json.RawMessage `json:"detail" db:"detail"` // what, as JSON
	Request string          `json:"request" db:"request"`
}

// Record writes that ctx's actor did act on the selection slug; detail is
// marshalled as JSON and must hold no secret.
func Record(ctx context.Context, tx *sqlx.Tx, at time.Time, slug, act, reason string, detail any) error {
	body, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	who := actor.From(ctx)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO audit (at, slug, kind, actor, name, act, reason, detail, request)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		at.UTC(), slug, who.Kind, who.ID, who.Name, act, reason, body, actor.Request(ctx)); err != nil {
		return fmt.Errorf("audit: record %s: %w", act, err)
	}
	return nil
}

// Page is a request for entries after an id: those of a selection, or all of the
// room.
type Page struct {
	Slug  string `json:"slug"`
	All   bool   `json:"all,omitempty"` // of every selection and of none
	After int64  `json:"after"`
	Limit int    `json:"limit"` // at most and by default 500

	Search // which of them

	// Newest gives the newest first: those before an entry, which Before and
	// BeforeID name, or all.
	Newest   bool       `json:"newest,omitempty"`
	Before   *time.Time `json:"before,omitempty"`
	BeforeID int64      `json:"before_id,omitempty"`
}

// Search is what entries have to be. An empty field asks for nothing.
type Search struct {
	Text   string     `json:"text,omitempty"`   // is in the act, the reason, or what it was done to
	Person string     `json:"person,omitempty"` // is in the name, or the account
	Act    string     `json:"act,omitempty"`
	From   *time.Time `json:"from,omitempty"`
	To     *time.Time `json:"to,omitempty"` // before it
}

// List gives a page of the log.
func List(ctx context.Context, db *sqlx.DB, p Page) ([]Entry, error) {
	if p.Limit <= 0 || p.Limit > 500 {
		p.Limit = 500
	}
	order := `id`
	if p.Newest {
		order = `at DESC, id DESC`
	}
	entries := []Entry{}
	if err := db.SelectContext(ctx, &entries, `
		SELECT id, at, slug, kind, actor, name, act, reason, detail, request
		FROM audit WHERE ($4 OR slug = $1) AND id > $2
		  AND ($5 = '' OR strpos(lower(concat_ws(' ', act, reason, detail::text)), lower($5)) > 0)
		  AND ($6 = '' OR actor = $6 OR strpos(lower(name), lower($6)) > 0)
		  AND ($7 = '' OR act = $7)
		  AND ($8::timestamptz IS NULL OR at >= $8) AND ($9::timestamptz IS NULL OR at < $9)
		  AND ($10::timestamptz IS NULL OR (at, id) < ($10, $11))
		ORDER BY `+order+` LIMIT $3`, p.Slug, p.After, p.Limit, p.All,
		p.Text, p.Person, p.Act, p.From, p.To, p.Before, p.BeforeID); err != nil {
		return nil, fmt.Errorf("audit: list: %w", err)
	}
	return entries, nil
}
