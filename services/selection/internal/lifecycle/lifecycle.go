// Package lifecycle is how far a selection is in its phases, and the order in
// which they may be opened and closed.
package lifecycle

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/selection"
)

// Phases are all phases of one selection, in order.
type Phases []Phase

// Phase is one of them.
type Phase struct {
	Name     string
	OpensAt  *time.Time // by the clock; nil: by hand
	ClosesAt *time.Time
	Opened   *Change // nil: not ordered
	Closed   *Change
}

// Change is an order to open or close.
type Change struct {
	At      time.Time // when it was ordered
	Waiting []string  // services that have not answered; none: the change counts
}

// counts tells whether every enforcing service has applied the change.
func (c *Change) counts() bool { return c != nil && len(c.Waiting) == 0 }

// Phase gives the phase with the name.
func (ps Phases) Phase(name string) (Phase, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// State is how far the phase is.
func (p Phase) State() selection.PhaseState {
	switch {
	case p.Closed.counts():
		return selection.Closed
	case p.Closed != nil:
		return selection.Closing
	case p.Opened.counts():
		return selection.Opened
	case p.Opened != nil:
		return selection.Opening
	}
	return selection.Pending
}

// Waiting are the services that have not answered the phase's last change.
func (p Phase) Waiting() []string {
	switch {
	case p.Closed != nil:
		return p.Closed.Waiting
	case p.Opened != nil:
		return p.Opened.Waiting
	}
	return nil
}

// Load reads the phases of a selection.
func Load(ctx context.Context, q sqlx.QueryerContext, slug string) (Phases, error) {
	all, err := LoadAll(ctx, q, []string{slug})
	return all[slug], err
}

// LoadAll reads the phases of selections, by slug.
func LoadAll(ctx context.Context, q sqlx.QueryerContext, slugs []string) (map[string]Phases, error) {
	var rows []struct {
		Slug     string         `db:"slug"`
		Name     string         `db:"name"`
		OpensAt  sql.NullTime   `db:"opens_at"`
		ClosesAt sql.NullTime   `db:"closes_at"`
		OpenedAt sql.NullTime   `db:"opened_at"`
		ClosedAt sql.NullTime   `db:"closed_at"`
		Opening  pq.StringArray `db:"opening"`
		Closing  pq.StringArray `db:"closing"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT p.slug, p.name, p.opens_at, p.closes_at,
		       o.ordered_at AS opened_at, o.waiting AS opening,
		       c.ordered_at AS closed_at, c.waiting AS closing
		FROM phase p
		LEFT JOIN phase_change o ON o.slug = p.slug AND o.phase = p.name AND o.action = 'open'
		LEFT JOIN phase_change c ON c.slug = p.slug AND c.phase = p.name AND c.action = 'close'
		WHERE p.slug = ANY($1) ORDER BY p.slug, p.position`, pq.Array(slugs)); err != nil {
		return nil, fmt.Errorf("phases: %w", err)
	}
	all := make(map[string]Phases, len(slugs))
	for _, r := range rows {
		all[r.Slug] = append(all[r.Slug], Phase{
			Name: r.Name, OpensAt: UTC(r.OpensAt), ClosesAt: UTC(r.ClosesAt),
			Opened: change(r.OpenedAt, r.Opening), Closed: change(r.ClosedAt, r.Closing),
		})
	}
	return all, nil
}

func change(at sql.NullTime, waiting []string) *Change {
	if !at.Valid {
		return nil
	}
	return &Change{At: at.Time.UTC(), Waiting: waiting}
}

// UTC gives a time of the database in UTC, nil for NULL.
func UTC(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}
