package panel

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// ListRevisions implements review.Service.
func (p *Panels) ListRevisions(ctx context.Context, in review.OfSheet) (out []review.Sheet, err error) {
	err = p.asJuror(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, panel rulebook.Panel, juror string) error {
		of, err := shown(ctx, tx, in.Slug, panel, juror, in.Candidate)
		if err != nil {
			return err
		}
		var rows []sheetRow
		if err := tx.SelectContext(ctx, &rows, `
			SELECT panel, candidate, revision, scores, comment, submitted, at, comments, abstained
			FROM sheet WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4 ORDER BY revision`,
			in.Slug, in.Panel, juror, of.number); err != nil {
			return fmt.Errorf("revisions: %w", err)
		}
		out = make([]review.Sheet, len(rows))
		for i, r := range rows {
			if out[i], err = r.sheet(of.called); err != nil {
				return fmt.Errorf("revisions: %w", err)
			}
		}
		return nil
	})
	return out, err
}

// GetHistory implements review.Service.
func (p *Panels) GetHistory(ctx context.Context, in review.OfCandidate) ([]review.Revision, error) {
	_, _, err := p.watched(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel})
	if err != nil {
		return nil, err
	}
	if err := known(ctx, p.deps.DB, in.Slug, in.Candidate); err != nil {
		return nil, err
	}
	var rows []struct {
		Account string `db:"account"`
		sheetRow
	}
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT s.account, s.panel, s.candidate, s.revision, s.scores, s.comment, s.submitted, s.at, s.comments, s.abstained
		FROM sheet s JOIN juror j USING (slug, panel, account)
		WHERE s.slug = $1 AND s.panel = $2 AND s.candidate = $3 AND s.submitted ORDER BY j.seat, s.revision`,
		in.Slug, in.Panel, in.Candidate); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	out := make([]review.Revision, len(rows))
	for i, r := range rows {
		out[i].Juror = r.Account
		if out[i].Sheet, err = r.sheet(strconv.Itoa(in.Candidate)); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
	}
	return out, nil
}
