package panel

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// Gaps implements review.Service.
func (p *Panels) Gaps(ctx context.Context, in review.Of) ([]string, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	return Gaps(ctx, p.deps.DB, sel)
}

// Gaps names each score that is missing in a panel whose rule is to refuse, or
// counts them where the panel is closed to the actor of ctx.
func Gaps(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) ([]string, error) {
	gaps := []string{}
	for _, panel := range sel.Rulebook.Review.Panels {
		if panel.Missing != rulebook.MissingRefuse {
			continue
		}
		var rows []struct {
			Juror     string `db:"name"`
			Candidate int    `db:"candidate"`
		}
		if err := sqlx.SelectContext(ctx, q, &rows, `
			SELECT j.name, a.candidate
			FROM due a JOIN juror j ON j.slug = a.slug AND j.panel = a.panel AND j.account = a.account
			WHERE a.slug = $1 AND a.panel = $2 AND NOT EXISTS (
				SELECT FROM last_sheet s
				WHERE s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate AND s.submitted)
			ORDER BY j.seat, a.candidate`, sel.Slug, panel.ID); err != nil {
			return nil, fmt.Errorf("gaps: %w", err)
		}
		var seats int
		if err := sqlx.GetContext(ctx, q, &seats, `SELECT count(*) FROM juror WHERE slug = $1 AND panel = $2`, sel.Slug, panel.ID); err != nil {
			return nil, fmt.Errorf("gaps: %w", err)
		}
		if seats == 0 {
			gaps = append(gaps, panel.ID+": nobody is seated")
		}
		if err := watches(ctx, q, sel.Slug, panel.ID); fault.Is(err, fault.Forbidden) {
			if len(rows) > 0 {
				gaps = append(gaps, fmt.Sprintf("%s: %d scores", panel.ID, len(rows)))
			}
			continue
		} else if err != nil {
			return nil, err
		}
		for _, r := range rows {
			gaps = append(gaps, fmt.Sprintf("%s: %s: %d", panel.ID, r.Juror, r.Candidate))
		}
	}
	return gaps, nil
}
