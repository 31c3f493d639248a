package result

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// ListGaps implements review.Service.
func (r *Results) ListGaps(ctx context.Context, in review.Of) ([]string, error) {
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	found, err := gaps(ctx, r.deps.DB, sel)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(found))
	for i, gap := range found {
		texts[i] = gap.Message
	}
	return texts, nil
}

// FindGaps implements review.Service.
func (r *Results) FindGaps(ctx context.Context, in review.Of) ([]review.Gap, error) {
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	found, err := gaps(ctx, r.deps.DB, sel)
	if err != nil {
		return nil, err
	}
	all := []review.Gap{}
	for _, f := range found {
		gap := review.Gap{Panel: f.Params["panel"], Juror: f.Params["juror"], What: f}
		n, err := strconv.Atoi(f.Params["candidate"])
		if gap.Juror == "" || err != nil {
			all = append(all, gap)
			continue
		}
		// The sheets of a juror come one behind another.
		if last := len(all) - 1; last >= 0 && all[last].Panel == gap.Panel && all[last].Juror == gap.Juror {
			all[last].Candidates = append(all[last].Candidates, n)
			continue
		}
		gap.Candidates = []int{n}
		all = append(all, gap)
	}
	return all, nil
}

// scores is the field of a gap.
const scores = "scores"

// gaps names what keeps the rulebook from a result, or counts it where the panel
// is closed to the actor of ctx: each score that is missing in a panel whose
// rule is to refuse, and each candidate who has too few in any panel.
func gaps(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) (all []fault.Field, err error) {
	for _, panel := range sel.Rulebook.Review.Panels {
		own, err := missingSheets(ctx, q, sel.Slug, panel)
		if err != nil {
			return nil, err
		}
		few, err := tooFew(ctx, q, sel.Slug, panel)
		if err != nil {
			return nil, err
		}
		own = append(own, few...)
		if err := watch.Panel(ctx, q, sel.Slug, panel.ID); fault.Is(err, fault.Forbidden) && len(own) > 0 {
			own = []fault.Field{fault.Wrong(scores, "gap_hidden", "{panel}: {count} gaps", "panel", panel.ID, "count", len(own))}
		} else if err != nil && !fault.Is(err, fault.Forbidden) {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

func missingSheets(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel) ([]fault.Field, error) {
	if panel.Missing != rulebook.MissingRefuse {
		return nil, nil
	}
	var seated bool
	if err := sqlx.GetContext(ctx, q, &seated, `SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2)`, slug, panel.ID); err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	if !seated {
		return []fault.Field{fault.Wrong(scores, "gap_panel", "{panel}: nobody is seated", "panel", panel.ID)}, nil
	}
	var rows []struct {
		Juror     string `db:"name"`
		Candidate int    `db:"candidate"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT j.name, a.candidate
		FROM due a
		JOIN juror j ON j.slug = a.slug AND j.panel = a.panel AND j.account = a.account
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		WHERE a.slug = $1 AND a.panel = $2 AND s.submitted IS NOT TRUE
		ORDER BY j.seat, a.candidate`, slug, panel.ID); err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	missing := make([]fault.Field, len(rows))
	for i, r := range rows {
		missing[i] = fault.Wrong(scores, "gap_sheet", "{panel}: {juror}: {candidate}",
			"panel", panel.ID, "juror", r.Juror, "candidate", r.Candidate)
	}
	return missing, nil
}

// tooFew names candidates with fewer scores than the rulebook needs, or than it
// drops. A sheet that is merely missing is one, unless it is to be skipped.
func tooFew(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel) ([]fault.Field, error) {
	opened, err := projection.ReviewOpened(ctx, q, slug)
	if err != nil || !opened {
		return nil, err
	}
	drop := panel.Aggregate.DropHigh + panel.Aggregate.DropLow
	var rows []struct {
		Candidate int `db:"number"`
		Scores    int `db:"scores"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		WITH counted AS (
			SELECT c.number, count(a.account) FILTER (WHERE CASE WHEN s.submitted THEN NOT s.abstained ELSE NOT $5 END)::int AS scores
			FROM candidate c
			LEFT JOIN due a ON a.slug = c.slug AND a.panel = $2 AND a.candidate = c.number
			LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
			WHERE c.slug = $1 AND NOT c.struck GROUP BY c.number
		)
		SELECT number, scores FROM counted
		WHERE scores < $3 OR scores BETWEEN 1 AND $4 ORDER BY number`,
		slug, panel.ID, panel.MinScores, drop, panel.Missing == rulebook.MissingSkip); err != nil {
		return nil, fmt.Errorf("gaps: %w", err)
	}
	few := make([]fault.Field, len(rows))
	for i, r := range rows {
		few[i] = fault.Wrong(scores, "gap_scores", "{panel}: {candidate}: {count} of {least} scores",
			"panel", panel.ID, "candidate", r.Candidate, "count", r.Scores, "least", max(panel.MinScores, drop+1))
	}
	return few, nil
}
