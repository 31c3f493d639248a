package panel

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/agreement"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// GetOversight implements review.Service.
func (p *Panels) GetOversight(ctx context.Context, in review.OfPanel) (review.Oversight, error) {
	out := review.Oversight{Candidates: []review.Spread{}, Jurors: []review.Severity{}, Alike: []review.Alike{}}
	_, panel, err := p.watched(ctx, in)
	if err != nil {
		return out, err
	}
	rows, err := readCounted(ctx, p.deps.DB, in.Slug, panel, 0)
	if err != nil {
		return out, err
	}
	further := map[int]bool{}
	if err := p.furtherCalled(ctx, in, further); err != nil {
		return out, err
	}
	sheets := sheetsOf(rows)
	for _, s := range agreement.Spreads(sheets) {
		spread := review.Spread{
			Candidate: s.Candidate, Sheets: s.Sheets, Mean: decimal(s.Mean), Lowest: decimal(s.Lowest), Highest: decimal(s.Highest),
			Spread: decimal(s.Range()), OverLimit: past(panel, s.Range()), Further: further[s.Candidate],
		}
		for _, o := range s.Outliers {
			spread.Outliers = append(spread.Outliers, review.Outlier{Juror: o.Juror, Total: decimal(o.Total), Z: decimal(o.Z)})
		}
		out.Candidates = append(out.Candidates, spread)
	}
	for _, s := range agreement.Severities(sheets) {
		out.Jurors = append(out.Jurors, review.Severity{Juror: s.Juror, Sheets: s.Sheets, Lean: decimal(s.Lean)})
	}
	for _, a := range agreement.Pairs(sheets) {
		out.Alike = append(out.Alike, review.Alike{A: a.A, B: a.B, Candidates: a.Candidates, Scores: a.Cells, Equal: a.Equal, Shifted: a.Shifted})
	}
	return out, nil
}

func (p *Panels) furtherCalled(ctx context.Context, in review.OfPanel, called map[int]bool) error {
	var numbers []int
	if err := p.deps.DB.SelectContext(ctx, &numbers, `
		SELECT DISTINCT candidate FROM due WHERE slug = $1 AND panel = $2 AND further`, in.Slug, in.Panel); err != nil {
		return fmt.Errorf("further jurors: %w", err)
	}
	for _, c := range numbers {
		called[c] = true
	}
	return nil
}

func sheetsOf(rows []countedRow) []agreement.Sheet {
	var sheets []agreement.Sheet
	for _, r := range rows {
		if !r.Abstained {
			sheets = append(sheets, agreement.Sheet{Juror: r.Account, Candidate: r.Candidate, Cells: r.cells, Total: r.total})
		}
	}
	return sheets
}

// SendBack implements review.Service.
func (p *Panels) SendBack(ctx context.Context, in review.SendBack) (review.Panel, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err := pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := p.deps.Selections.Require(ctx, tx, in.Slug, p.deps.Time(), rulebook.PhaseReview)
		if err != nil {
			return err
		}
		if _, err := find(sel, in.Panel); err != nil {
			return err
		}
		if err := watch.Panel(ctx, tx, in.Slug, in.Panel); err != nil {
			return err
		}
		if err := review.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
			return err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
			return err
		}
		wrote, err := p.write(ctx, tx, in.Slug, "send_back_sheet", in.Reason, in, `
			INSERT INTO second_look (slug, panel, account, candidate, revision, reason, at)
			SELECT a.slug, a.panel, a.account, a.candidate, s.revision, $5, $6
			FROM due a JOIN last_sheet s USING (slug, panel, account, candidate)
			WHERE a.slug = $1 AND a.panel = $2 AND a.account = $3 AND a.candidate = $4 AND s.submitted
			ON CONFLICT (slug, panel, account, candidate, revision) DO UPDATE SET reason = excluded.reason, at = excluded.at`,
			in.Slug, in.Panel, in.Juror, in.Candidate, in.Reason, p.deps.Time())
		if err == nil && !wrote {
			err = review.ErrNoSheet
		}
		return err
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}
