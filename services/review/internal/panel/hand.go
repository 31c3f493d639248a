package panel

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
)

// AssignByHand implements review.Service.
func (p *Panels) AssignByHand(ctx context.Context, in review.AssignByHand) (review.Panel, error) {
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, _ phase.Selection, panel rulebook.Panel) (bool, error) {
		if panel.Assign != rulebook.AssignHand {
			return false, review.ErrInvalid.At(fault.Wrong("panel", "assigned_by_rulebook", "is assigned by the rulebook: {assign}", "assign", panel.Assign))
		}
		if err := projection.ReviewNotClosed(ctx, tx, in.Slug, p.deps.Time()); err != nil {
			return false, err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
			return false, err
		}
		if err := checkHand(ctx, tx, in); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM assignment WHERE slug = $1 AND panel = $2 AND account = $3 AND NOT candidate = ANY($4)`,
			in.Slug, in.Panel, in.Juror, pq.Array(in.Candidates)); err != nil {
			return false, fmt.Errorf("assign: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO assignment (slug, panel, account, candidate)
			SELECT $1, $2, $3, candidate FROM unnest($4::int[]) AS c (candidate) ON CONFLICT DO NOTHING`,
			in.Slug, in.Panel, in.Juror, pq.Array(in.Candidates)); err != nil {
			return false, fmt.Errorf("assign: %w", err)
		}
		return true, audit.Record(ctx, tx, p.deps.Time(), in.Slug, "assign_by_hand", "", in)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

// checkHand refuses unknown candidates, and lists that lack submitted work.
func checkHand(ctx context.Context, tx *sqlx.Tx, in review.AssignByHand) error {
	var numbers, done []int
	if err := tx.SelectContext(ctx, &numbers, `SELECT number FROM candidate WHERE slug = $1 AND NOT struck`, in.Slug); err != nil {
		return fmt.Errorf("candidates: %w", err)
	}
	if err := tx.SelectContext(ctx, &done, `
		SELECT a.candidate FROM due a JOIN last_sheet s USING (slug, panel, account, candidate)
		WHERE a.slug = $1 AND a.panel = $2 AND a.account = $3 AND s.submitted ORDER BY a.candidate`, in.Slug, in.Panel, in.Juror); err != nil {
		return fmt.Errorf("sheets: %w", err)
	}
	var fields []fault.Field
	for i, c := range in.Candidates {
		field := fmt.Sprintf("candidates[%d]", i)
		switch {
		case !slices.Contains(numbers, c):
			fields = append(fields, unknown(field, c))
		case slices.Contains(in.Candidates[:i], c):
			fields = append(fields, fault.Wrong(field, "repeated", "is there twice"))
		}
	}
	for _, c := range done {
		if !slices.Contains(in.Candidates, c) {
			fields = append(fields, fault.Wrong("candidates", "lacks_scored", "lack {candidate}, whom the juror has scored", "candidate", c))
		}
	}
	return review.ErrInvalid.Check(fields)
}
