package result

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review/internal/panel"
)

// Handlers are the room's: what happens elsewhere reaches panels and results
// in one transaction.
func (r *Results) Handlers(panels *panel.Panels) []outbox.Handler {
	handlers := r.deps.Selections.Handlers(r.deps.Time, phase.Hooks{
		Changed: func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) (int, error) {
			if err := panels.OnOpen(ctx, tx, sel, c); err != nil {
				return 0, err
			}
			return 0, r.OnChanged(ctx, tx, sel, c)
		},
	})
	return append(handlers,
		outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
			if err := r.OnAdmitted(ctx, tx, env, e); err != nil {
				return err
			}
			return panels.OnAdmitted(ctx, tx, env.Slug)
		}),
		outbox.On(r.OnStruck), outbox.On(r.OnSealed), outbox.On(panel.OnNotice), outbox.On(panel.OnPublished))
}

// OnAdmitted keeps a candidate.
func (r *Results) OnAdmitted(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
	attributes, err := json.Marshal(e.Attributes)
	if err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO candidate (slug, number, name, category, attributes, deeds) VALUES ($1, $2, $3, $4, $5, $6)`,
		env.Slug, e.Number, e.Name, e.Category, attributes, e.Deeds); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	return nil
}

// OnStruck takes a candidate out, and out of a result that is not decided.
func (r *Results) OnStruck(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
	if _, err := tx.ExecContext(ctx, `UPDATE candidate SET struck = true WHERE slug = $1 AND number = $2`, env.Slug, e.Number); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	return r.known(ctx, tx, env.Slug)
}

// OnSealed keeps the final counts.
func (r *Results) OnSealed(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.TallySealed) error {
	votes, err := json.Marshal(e.Votes)
	if err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO tally (slug, ballots, votes) VALUES ($1, $2, $3)`, env.Slug, e.Ballots, votes); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	return r.known(ctx, tx, env.Slug)
}

// known computes for a selection whose rulebook has arrived; where it has not,
// the event waits for it.
func (r *Results) known(ctx context.Context, tx *sqlx.Tx, slug string) error {
	sel, err := r.deps.Selections.Get(ctx, tx, slug)
	if err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrNotYet, err)
	}
	return r.Compute(ctx, tx, sel)
}

// OnChanged computes when review closes.
func (r *Results) OnChanged(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) error {
	if c.Phase != rulebook.PhaseReview || c.Action != event.Close {
		return nil
	}
	return r.Compute(ctx, tx, sel)
}
