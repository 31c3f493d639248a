package panel

import (
	"context"
	"fmt"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/review"
)

// ListRevisions implements review.Service.
func (p *Panels) ListRevisions(ctx context.Context, in review.OfSheet) ([]review.Sheet, error) {
	panel, err := p.sitsOn(ctx, in.Slug, in.Panel)
	if err != nil {
		return nil, err
	}
	juror := actor.From(ctx).ID
	of, err := due(ctx, p.deps.DB, in.Slug, panel, juror, in.Candidate)
	if err != nil {
		return nil, err
	}
	var rows []sheetRow
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT panel, candidate, revision, scores, comment, submitted, at, comments, abstained
		FROM sheet WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4 ORDER BY revision`,
		in.Slug, in.Panel, juror, of.number); err != nil {
		return nil, fmt.Errorf("revisions: %w", err)
	}
	out := make([]review.Sheet, len(rows))
	for i, r := range rows {
		if out[i], err = r.sheet(of.called); err != nil {
			return nil, fmt.Errorf("revisions: %w", err)
		}
	}
	return out, nil
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
