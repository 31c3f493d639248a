package panel

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
)

// Handlers are the room's: what happens elsewhere reaches the projection, the
// panels and the result in one transaction.
func (p *Panels) Handlers() []outbox.Handler {
	return append(p.deps.Selections.Handlers(p.deps.Time, phase.Hooks{Changed: p.onChanged}),
		outbox.On(p.onAdmitted), outbox.On(p.onStruck), outbox.On(p.onSealed),
		outbox.On(projection.OnNotice), outbox.On(projection.OnPublished))
}

// onChanged assigns the candidates when review opens, and computes when it
// closes. It does not open review before every admitted candidate is known.
func (p *Panels) onChanged(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) (int, error) {
	if c.Phase != rulebook.PhaseReview {
		return 0, nil
	}
	if c.Action == event.Close {
		return 0, p.results.Compute(ctx, tx, sel)
	}
	known, err := projection.Admitted(ctx, tx, sel.Slug)
	if err != nil {
		return 0, err
	}
	if known < c.Candidates {
		return 0, fmt.Errorf("%d of %d candidates are known: %w", known, c.Candidates, outbox.ErrNotYet)
	}
	return 0, p.assignAll(ctx, tx, sel)
}

// onAdmitted assigns a candidate who comes after review has opened.
func (p *Panels) onAdmitted(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
	if err := projection.OnAdmitted(ctx, tx, env, e); err != nil {
		return err
	}
	if opened, err := projection.ReviewOpened(ctx, tx, env.Slug); err != nil || !opened {
		return err
	}
	sel, err := p.deps.Selections.Get(ctx, tx, env.Slug)
	if err != nil {
		return err
	}
	return p.assignAll(ctx, tx, sel)
}

// onStruck takes a candidate out of the result, too. A decision about it falls, as
// long as the result is not public.
func (p *Panels) onStruck(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateStruck) error {
	if err := projection.OnStruck(ctx, tx, env, e); err != nil {
		return err
	}
	if err := p.results.Overtake(ctx, tx, env.Slug); err != nil {
		return err
	}
	return p.compute(ctx, tx, env.Slug)
}

func (p *Panels) onSealed(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.TallySealed) error {
	if err := projection.OnSealed(ctx, tx, env, e); err != nil {
		return err
	}
	return p.compute(ctx, tx, env.Slug)
}

// compute computes for a selection whose rulebook has arrived; where it has not,
// the event waits for it.
func (p *Panels) compute(ctx context.Context, tx *sqlx.Tx, slug string) error {
	sel, err := p.deps.Selections.Get(ctx, tx, slug)
	if err != nil {
		return fmt.Errorf("%w: %w", outbox.ErrNotYet, err)
	}
	return p.results.Compute(ctx, tx, sel)
}
