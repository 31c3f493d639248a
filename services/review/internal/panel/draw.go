package panel

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review/internal/assign"
)

// seed is the seed of a panel's random assignment. It is public before there are
// candidates, except the secret end of a blind panel's.
func seed(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection, panel rulebook.Panel) (string, error) {
	public := sel.Hash + "/" + panel.ID
	if !coded(panel) {
		return public, nil
	}
	var secret string
	if err := sqlx.GetContext(ctx, q, &secret, `
		SELECT coalesce(max(secret), '') FROM seed_secret WHERE slug = $1 AND panel = $2`, sel.Slug, panel.ID); err != nil {
		return "", fmt.Errorf("seed: %w", err)
	}
	return public + "/" + secret, nil
}

func (p *Panels) assignAll(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) error {
	for _, panel := range sel.Rulebook.Review.Panels {
		if err := pg.Lock(ctx, tx, lockName(sel.Slug, panel.ID)); err != nil {
			return err
		}
		if err := p.assign(ctx, tx, sel, panel); err != nil {
			return err
		}
	}
	return nil
}

// assign draws the seed and, while review is open, assigns what the rulebook
// says and is not assigned yet, and draws its codes. The caller has the panel's
// lock.
func (p *Panels) assign(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) error {
	if err := drawSecret(ctx, tx, sel.Slug, panel); err != nil {
		return err
	}
	if state, err := phase.Of(ctx, tx, sel.Slug, rulebook.PhaseReview, p.deps.Time()); err != nil || state != phase.Open {
		return err
	}
	var err error
	switch panel.Assign {
	case rulebook.AssignAll, rulebook.AssignCategory:
		_, err = tx.ExecContext(ctx, `
			INSERT INTO assignment (slug, panel, account, candidate)
			SELECT j.slug, j.panel, j.account, c.number
			FROM juror j JOIN candidate c ON c.slug = j.slug
			WHERE j.slug = $1 AND j.panel = $2 AND j.left_at IS NULL AND NOT j.further AND (NOT $3 OR c.category = j.category)
				AND NOT EXISTS (SELECT FROM assignment a WHERE a.slug = $1 AND a.panel = $2 AND a.candidate = c.number)`,
			sel.Slug, panel.ID, panel.Assign == rulebook.AssignCategory)
	case rulebook.AssignRandom:
		err = p.balance(ctx, tx, sel, panel)
	}
	if err != nil {
		return fmt.Errorf("assign: %w", err)
	}
	return drawCodes(ctx, tx, sel.Slug, panel)
}

// balance draws what is lacking, levels the loads and stores the difference.
func (p *Panels) balance(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) error {
	draw, err := readDraw(ctx, tx, sel, panel)
	if err != nil {
		return err
	}
	pairs, _ := draw.Balance()
	var seats, candidates []int64
	for _, x := range pairs {
		seats, candidates = append(seats, int64(x.Seat)), append(candidates, int64(x.Candidate))
	}
	if _, err := tx.ExecContext(ctx, `
		WITH drawn AS (
			SELECT j.account, d.candidate
			FROM unnest($3::int[], $4::int[]) AS d (seat, candidate)
			JOIN juror j ON j.slug = $1 AND j.panel = $2 AND j.seat = d.seat
		), gone AS (
			DELETE FROM assignment a
			WHERE a.slug = $1 AND a.panel = $2
				AND NOT EXISTS (SELECT FROM drawn d WHERE d.account = a.account AND d.candidate = a.candidate)
				AND NOT EXISTS (SELECT FROM sheet s WHERE s.slug = $1 AND s.panel = $2 AND s.account = a.account AND s.candidate = a.candidate)
		)
		INSERT INTO assignment (slug, panel, account, candidate)
		SELECT $1, $2, account, candidate FROM drawn ON CONFLICT DO NOTHING`,
		sel.Slug, panel.ID, pq.Array(seats), pq.Array(candidates)); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// readDraw reads the state that a draw starts from. Work that has begun stays
// where it is. Jurors who abstain from a candidate do not count as its jurors.
func readDraw(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (assign.Draw, error) {
	d := assign.Draw{Each: panel.MinScores, Barred: map[assign.Pair]bool{}}
	var err error
	if d.Seed, err = seed(ctx, tx, sel, panel); err != nil {
		return d, err
	}
	if err := tx.SelectContext(ctx, &d.Seats, `
		SELECT seat FROM juror WHERE slug = $1 AND panel = $2 AND left_at IS NULL AND NOT further ORDER BY seat`, sel.Slug, panel.ID); err != nil {
		return d, fmt.Errorf("jurors: %w", err)
	}
	if err := tx.SelectContext(ctx, &d.Candidates, `SELECT number FROM candidate WHERE slug = $1 AND NOT struck ORDER BY number`, sel.Slug); err != nil {
		return d, fmt.Errorf("candidates: %w", err)
	}
	var rows []struct {
		assign.Pair
		How string `db:"how"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT j.seat, r.candidate, 'barred' AS how
		FROM recusal r JOIN juror j ON j.slug = r.slug AND j.panel = r.panel AND j.account = r.account
		WHERE r.slug = $1 AND r.panel = $2
		UNION ALL
		SELECT j.seat, a.candidate, CASE
			WHEN s.submitted AND s.abstained THEN 'abstained'
			WHEN a.further OR s.revision IS NOT NULL THEN 'begun'
			ELSE 'drawn' END
		FROM due a
		JOIN juror j ON j.slug = a.slug AND j.panel = a.panel AND j.account = a.account
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		WHERE a.slug = $1 AND a.panel = $2
		ORDER BY seat, candidate`, sel.Slug, panel.ID); err != nil {
		return d, fmt.Errorf("assignments: %w", err)
	}
	for _, r := range rows {
		switch r.How {
		case "barred":
			d.Barred[r.Pair] = true
		case "abstained":
			d.Abstained = append(d.Abstained, r.Pair)
		case "begun":
			d.Fixed = append(d.Fixed, r.Pair)
		default:
			d.Kept = append(d.Kept, r.Pair)
		}
	}
	return d, nil
}
