package panel

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/agreement"
)

// CallFurther implements review.Service.
func (p *Panels) CallFurther(ctx context.Context, in review.CallFurther) (review.Panel, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, _ phase.Selection, panel rulebook.Panel) (bool, error) {
		if _, err := p.deps.Selections.Require(ctx, tx, in.Slug, p.deps.Time(), rulebook.PhaseReview); err != nil {
			return false, err
		}
		_, over, err := overLimit(ctx, tx, in.Slug, panel, in.Candidate)
		if err != nil {
			return false, err
		}
		few, err := short(ctx, tx, in.Slug, panel)
		if err != nil {
			return false, err
		}
		if !over && !slices.Contains(few, in.Candidate) {
			return false, review.ErrWithinLimit
		}
		if err := review.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
			return false, err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror.ID); errors.Is(err, review.ErrNotJuror) {
			fields, err := p.newcomer(ctx, tx, in.Slug, in.Panel, "juror", in.Juror)
			if err := errors.Join(err, review.ErrInvalid.Check(fields)); err != nil {
				return false, err
			}
			if err := p.seat(ctx, tx, in.Slug, in.Panel, in.Juror, true); err != nil {
				return false, err
			}
		} else if err != nil {
			return false, err
		}
		return true, p.further(ctx, tx, in, in.Reason)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

// further assigns a candidate to a seated juror beyond the rest. The field
// juror is at fault if they have a conflict or score the candidate already.
func (p *Panels) further(ctx context.Context, tx *sqlx.Tx, in review.CallFurther, reason string) error {
	wrote, err := p.write(ctx, tx, in.Slug, "call_further", reason, in, `
		INSERT INTO assignment (slug, panel, account, candidate, further)
		SELECT $1, $2, $3, $4, true
		WHERE NOT EXISTS (SELECT FROM recusal WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)
		ON CONFLICT DO NOTHING`, in.Slug, in.Panel, in.Juror.ID, in.Candidate)
	if err != nil || wrote {
		return err
	}
	return review.ErrInvalid.At(fault.Wrong("juror", "cannot_score", "scores this candidate already, or has a conflict"))
}

// past tells whether a spread is past the rulebook's limit.
func past(panel rulebook.Panel, spread *big.Rat) bool {
	return panel.SpreadLimit.IsSet() && spread.Cmp(panel.SpreadLimit.Rat()) > 0
}

// overLimit gives a candidate's spread, and whether it is past the limit.
func overLimit(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel, candidate int) (agreement.Spread, bool, error) {
	rows, err := readCounted(ctx, q, slug, panel, candidate)
	if err != nil {
		return agreement.Spread{}, false, err
	}
	for _, s := range agreement.Spreads(sheetsOf(rows)) {
		if s.Candidate == candidate {
			return s, past(panel, s.Range()), nil
		}
	}
	return agreement.Spread{}, false, nil
}

// drawFurther draws one further juror for a candidate whose jurors have all
// submitted and are too far apart. Where nobody is left, the oversight shows it
// and the organizer may call somebody. The caller has the panel's lock.
func (p *Panels) drawFurther(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel, candidate int) error {
	var waiting bool
	if err := tx.GetContext(ctx, &waiting, `
		SELECT EXISTS (
			SELECT FROM due a LEFT JOIN last_sheet s USING (slug, panel, account, candidate)
			WHERE a.slug = $1 AND a.panel = $2 AND a.candidate = $3 AND (a.further OR s.submitted IS NOT TRUE))`,
		sel.Slug, panel.ID, candidate); err != nil {
		return fmt.Errorf("further juror: %w", err)
	}
	if waiting {
		return nil
	}
	spread, over, err := overLimit(ctx, tx, sel.Slug, panel, candidate)
	if err != nil || !over {
		return err
	}
	draw, err := readDraw(ctx, tx, sel, panel)
	if err != nil {
		return err
	}
	number, ok := draw.Further(candidate)
	if !ok {
		return nil
	}
	in := review.CallFurther{Slug: sel.Slug, Panel: panel.ID, Candidate: candidate}
	if err := tx.GetContext(ctx, &in.Juror.ID, `SELECT account FROM juror WHERE slug = $1 AND panel = $2 AND seat = $3`, sel.Slug, panel.ID, number); err != nil {
		return fmt.Errorf("further juror: %w", err)
	}
	// It is the room's act, not that of the juror whose sheet was the last.
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "spread", Name: "spread limit"})
	if err := p.further(ctx, tx, in, fmt.Sprintf("the spread of %s, from %s to %s, is past the rulebook's limit of %s",
		decimal(spread.Range()), decimal(spread.Lowest), decimal(spread.Highest), panel.SpreadLimit)); err != nil {
		return err
	}
	return drawCodes(ctx, tx, sel.Slug, panel)
}
