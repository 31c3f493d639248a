package panel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// AssignByHand implements review.Service.
func (p *Panels) AssignByHand(ctx context.Context, in review.AssignByHand) (review.Panel, error) {
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, _ phase.Selection, panel rulebook.Panel) (bool, error) {
		if panel.Assign != rulebook.AssignHand {
			return false, review.ErrInvalid.Check([]fault.Field{{Name: "panel", Message: "is assigned by the rulebook: " + panel.Assign}})
		}
		if err := p.notClosed(ctx, tx, in.Slug); err != nil {
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

// checkHand refuses unknown candidates, and to take away submitted work.
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
			fields = append(fields, fault.Field{Name: field, Message: "is not a candidate"})
		case slices.Contains(in.Candidates[:i], c):
			fields = append(fields, fault.Field{Name: field, Message: "is there twice"})
		}
	}
	for _, c := range done {
		if !slices.Contains(in.Candidates, c) {
			fields = append(fields, fault.Field{Name: "candidates", Message: fmt.Sprintf("lack %d, whom the juror has scored", c)})
		}
	}
	return review.ErrInvalid.Check(fields)
}

// notClosed refuses what only makes sense while there is time to score.
func (p *Panels) notClosed(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	state, err := phase.Of(ctx, q, slug, rulebook.PhaseReview, p.deps.Time())
	if err == nil && state == phase.Closed {
		err = phase.ErrNotOpen.With("phase", rulebook.PhaseReview)
	}
	return err
}

// UnseatJuror implements review.Service.
func (p *Panels) UnseatJuror(ctx context.Context, in review.UnseatJuror) (review.Panel, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (bool, error) {
		if err := p.checkUnseat(ctx, tx, sel, panel, &in); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE juror SET left_at = $4 WHERE slug = $1 AND panel = $2 AND account = $3`,
			in.Slug, in.Panel, in.Juror, p.deps.Time()); err != nil {
			return false, fmt.Errorf("unseat: %w", err)
		}
		var released []int64
		if err := tx.SelectContext(ctx, &released, `
			DELETE FROM assignment a
			WHERE slug = $1 AND panel = $2 AND account = $3 AND ($4 OR NOT EXISTS (
				SELECT FROM last_sheet s
				WHERE s.slug = $1 AND s.panel = $2 AND s.account = $3 AND s.candidate = a.candidate AND s.submitted))
			RETURNING candidate`, in.Slug, in.Panel, in.Juror, in.Sheets == review.WithdrawSheets); err != nil {
			return false, fmt.Errorf("unseat: %w", err)
		}
		if in.Successor != nil {
			if err := seat(ctx, tx, in.Slug, in.Panel, *in.Successor, false); err != nil {
				return false, err
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO assignment (slug, panel, account, candidate)
				SELECT $1, $2, $3, candidate FROM unnest($4::int[]) AS c (candidate)`,
				in.Slug, in.Panel, in.Successor.ID, pq.Array(released)); err != nil {
				return false, fmt.Errorf("unseat: %w", err)
			}
		}
		return true, audit.Record(ctx, tx, p.deps.Time(), in.Slug, "unseat_juror", in.Reason, in)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

// checkUnseat checks who leaves and who comes; the successor has the leaver's
// category unless another is given.
func (p *Panels) checkUnseat(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel, in *review.UnseatJuror) error {
	if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
		return err
	}
	fields := requireReason(in.Reason)
	if in.Sheets != review.KeepSheets && in.Sheets != review.WithdrawSheets {
		fields = append(fields, fault.Field{Name: "sheets", Message: "are kept or withdrawn: say keep or withdraw"})
	}
	if in.Successor == nil {
		return review.ErrInvalid.Check(fields)
	}
	if err := p.notClosed(ctx, tx, in.Slug); err != nil {
		return err
	}
	if in.Successor.Category == "" {
		if err := tx.GetContext(ctx, &in.Successor.Category, `
			SELECT category FROM juror WHERE slug = $1 AND panel = $2 AND account = $3`, in.Slug, in.Panel, in.Juror); err != nil {
			return fmt.Errorf("unseat: %w", err)
		}
	}
	fields = append(fields, checkCategory(sel, panel, "successor.category", in.Successor.Category)...)
	fresh, err := p.newcomer(ctx, tx, in.Slug, in.Panel, "successor", *in.Successor)
	if err != nil {
		return err
	}
	return review.ErrInvalid.Check(append(fields, fresh...))
}

// newcomer says what keeps a person from a new seat, or nothing.
func (p *Panels) newcomer(ctx context.Context, q sqlx.QueryerContext, slug, panel, field string, who review.Person) ([]fault.Field, error) {
	var was bool
	if err := sqlx.GetContext(ctx, q, &was, `
		SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3)`, slug, panel, who.ID); err != nil {
		return nil, fmt.Errorf("juror: %w", err)
	}
	if was || who.ID == "" {
		return []fault.Field{{Name: field, Message: "is nobody, or is or was on the panel"}}, nil
	}
	return nil, nil
}

// seat gives a person the panel's next seat.
func seat(ctx context.Context, tx *sqlx.Tx, slug, panel string, who review.Person, further bool) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO juror (slug, panel, account, name, employer, category, further, seat)
		SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(seat), 0) + 1 FROM juror WHERE slug = $1 AND panel = $2`,
		slug, panel, who.ID, who.Name, who.Employer, who.Category, further); err != nil {
		return fmt.Errorf("seat: %w", err)
	}
	return nil
}

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
		if err := review.ErrInvalid.Check(requireReason(in.Reason)); err != nil {
			return false, err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror.ID); errors.Is(err, review.ErrNotJuror) {
			fields, err := p.newcomer(ctx, tx, in.Slug, in.Panel, "juror", in.Juror)
			if err := errors.Join(err, review.ErrInvalid.Check(fields)); err != nil {
				return false, err
			}
			if err := seat(ctx, tx, in.Slug, in.Panel, in.Juror, true); err != nil {
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

// further assigns a candidate to a seated juror beyond the rest. A conflict of
// theirs, or that they score it already, is the fault of the field juror.
func (p *Panels) further(ctx context.Context, tx *sqlx.Tx, in review.CallFurther, reason string) error {
	wrote, err := p.write(ctx, tx, in.Slug, "call_further", reason, in, `
		INSERT INTO assignment (slug, panel, account, candidate, further)
		SELECT $1, $2, $3, $4, true
		WHERE NOT EXISTS (SELECT FROM recusal WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)
		ON CONFLICT DO NOTHING`, in.Slug, in.Panel, in.Juror.ID, in.Candidate)
	if err != nil || wrote {
		return err
	}
	return review.ErrInvalid.Check([]fault.Field{{Name: "juror", Message: "scores this candidate already, or has a conflict"}})
}
