package panel

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// candidateRow is a candidate as the projection has it.
type candidateRow struct {
	Number     int             `db:"number"`
	Name       string          `db:"name"`
	Category   string          `db:"category"`
	Attributes json.RawMessage `db:"attributes"`
	SecondLook string          `db:"second_look"`
}

// Assignments implements review.Service.
func (p *Panels) Assignments(ctx context.Context, in review.OfPanel) ([]review.Assignment, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	panel, err := find(sel, in.Panel)
	if err != nil {
		return nil, err
	}
	juror := actor.From(ctx).ID
	if err := seated(ctx, p.deps.DB, in.Slug, in.Panel, juror); err != nil {
		return nil, err
	}
	var candidates []candidateRow
	// In an order of the juror's own, so that no candidate is the tired ninth
	// of everybody.
	if err := p.deps.DB.SelectContext(ctx, &candidates, `
		SELECT c.number, c.name, c.category, c.attributes, coalesce(l.reason, '') AS second_look
		FROM due a JOIN candidate c ON c.slug = a.slug AND c.number = a.candidate
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		LEFT JOIN second_look l ON l.slug = s.slug AND l.panel = s.panel AND l.account = s.account AND l.candidate = s.candidate
			AND l.revision = s.revision
		WHERE a.slug = $1 AND a.panel = $2 AND a.account = $3
		ORDER BY md5(a.account || '/' || c.number), c.number`, in.Slug, in.Panel, juror); err != nil {
		return nil, fmt.Errorf("assignments: %w", err)
	}
	sheets, err := p.sheets(ctx, in.Slug, in.Panel, juror)
	if err != nil {
		return nil, err
	}
	out := make([]review.Assignment, len(candidates))
	for i, c := range candidates {
		if out[i], err = c.seenBy(panel); err != nil {
			return nil, err
		}
		out[i].Sheet = sheets[c.Number]
	}
	return out, nil
}

func (p *Panels) sheets(ctx context.Context, slug, panel, juror string) (map[int]*review.Sheet, error) {
	var rows []sheetRow
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT panel, candidate, revision, scores, comment, submitted, at, comments, abstained
		FROM last_sheet WHERE slug = $1 AND panel = $2 AND account = $3`, slug, panel, juror); err != nil {
		return nil, fmt.Errorf("sheets: %w", err)
	}
	sheets := make(map[int]*review.Sheet, len(rows))
	for _, r := range rows {
		s, err := r.sheet()
		if err != nil {
			return nil, fmt.Errorf("sheets: %w", err)
		}
		sheets[r.Candidate] = &s
	}
	return sheets, nil
}

// seenBy is the candidate without what the panel is blind to. What an entry
// says of conflicts names jurors, and is nobody's but the organizer's.
func (c candidateRow) seenBy(panel rulebook.Panel) (review.Assignment, error) {
	out := review.Assignment{
		Candidate: c.Number, Name: c.Name, Category: c.Category, Hidden: panel.Blind, SecondLook: c.SecondLook,
	}
	if err := json.Unmarshal(c.Attributes, &out.Attributes); err != nil {
		return out, fmt.Errorf("candidate %d: %w", c.Number, err)
	}
	delete(out.Attributes, "conflicts")
	for _, field := range panel.Blind {
		delete(out.Attributes, field)
	}
	if panel.Hides("name") {
		out.Name = ""
	}
	if panel.Hides("category") {
		out.Category = ""
	}
	return out, nil
}
