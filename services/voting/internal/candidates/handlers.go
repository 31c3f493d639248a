// Package candidates is what voting knows of selections: how each stands, by
// which rules its ballots are judged, and its list of candidates.
package candidates

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// Handlers keep selections and their candidates as events tell of them.
func Handlers(selections *phase.Selections, now func() time.Time, keys secret.Keys) []outbox.Handler {
	return append(selections.Handlers(now, phase.Hooks{Frozen: freeze(keys), Changed: change}),
		outbox.On(admit), outbox.On(strike))
}

func freeze(keys secret.Keys) func(context.Context, *sqlx.Tx, phase.Selection) error {
	return func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) error {
		if err := Lock(ctx, tx, sel.Slug); err != nil {
			return err
		}
		// Codes may have been replaced before the selection came here.
		_, err := tx.ExecContext(ctx, `
			WITH v AS (
				INSERT INTO voting (slug, key_check, roll, replaced)
				SELECT $1, $2, n, n FROM (SELECT coalesce((
					SELECT version FROM projection WHERE slug = $1 AND publisher = $3 AND aggregate = $4), 0) AS n) p
				RETURNING id
			)
			INSERT INTO head (selection, next_index) SELECT id, 0 FROM v`, sel.Slug, keys.Check, event.Identity, event.ReplacedAggregate)
		if err != nil {
			return fmt.Errorf("take up %s: %w", sel.Slug, err)
		}
		return nil
	}
}

// change opens and closes the vote. What is closed stays closed, whatever comes
// later.
func change(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) (int, error) {
	if c.Phase != rulebook.PhaseVoting {
		return 0, nil
	}
	if err := Lock(ctx, tx, sel.Slug); err != nil {
		return 0, err
	}
	if c.Action == event.Close {
		return 0, closeVote(ctx, tx, sel.Slug)
	}
	var have int
	if err := tx.GetContext(ctx, &have, `SELECT count(*) FROM candidate WHERE slug = $1`, sel.Slug); err != nil {
		return 0, fmt.Errorf("open %s: %w", sel.Slug, err)
	}
	if have < c.Candidates {
		return 0, fmt.Errorf("open %s: %d candidates of %d have arrived: %w", sel.Slug, have, c.Candidates, outbox.ErrNotYet)
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE voting SET opened_at = clock_timestamp(), closes_at = $2
		WHERE slug = $1 AND opened_at IS NULL AND closed_at IS NULL`, sel.Slug, c.ClosesAt); err != nil {
		return 0, fmt.Errorf("open %s: %w", sel.Slug, err)
	}
	return 0, nil
}

func closeVote(ctx context.Context, tx *sqlx.Tx, slug string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE voting SET closed_at = clock_timestamp() WHERE slug = $1 AND closed_at IS NULL`, slug); err != nil {
		return fmt.Errorf("close %s: %w", slug, err)
	}
	return nil
}

func admit(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
	return alter(ctx, tx, env.Slug, `INSERT INTO candidate (slug, number, category) VALUES ($1, $2, $3)`, env.Slug, e.Number, e.Category)
}

func strike(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
	return alter(ctx, tx, env.Slug, `UPDATE candidate SET struck_at = $3 WHERE slug = $1 AND number = $2`, env.Slug, e.Number, env.At)
}

// alter changes the list of candidates between ballots, never under one, and
// gives it its next version.
func alter(ctx context.Context, tx *sqlx.Tx, slug, statement string, args ...any) error {
	if err := Lock(ctx, tx, slug); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("candidates of %s: %w", slug, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE voting SET roll = roll + 1 WHERE slug = $1`, slug); err != nil {
		return fmt.Errorf("candidates of %s: %w", slug, err)
	}
	return nil
}
