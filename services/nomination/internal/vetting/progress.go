package vetting

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/entry"
	"github.com/laurel-awards/laurel/services/nomination/internal/seats"
)

// CheckSeats implements nomination.Service.
func (v *Vetting) CheckSeats(ctx context.Context, in nomination.Of) (nomination.Seats, error) {
	sel, err := v.deps.Selections.Get(ctx, v.deps.DB, in.Slug)
	if err != nil {
		return nomination.Seats{}, err
	}
	return seats.Check(ctx, v.deps.DB, sel)
}

// GetProgress implements nomination.Service.
func (v *Vetting) GetProgress(ctx context.Context, in nomination.Of) (nomination.Progress, error) {
	sel, err := v.deps.Selections.Get(ctx, v.deps.DB, in.Slug)
	if err != nil {
		return nomination.Progress{}, err
	}
	p := nomination.Progress{Entries: make(map[nomination.State]int), Due: make(map[string]int)}
	var rows []struct {
		State      nomination.State `db:"state"`
		Department *string          `db:"department"`
		Entries    int              `db:"entries"`
	}
	// Both counts from one statement, so that they belong together.
	if err := v.deps.DB.SelectContext(ctx, &rows, `
		SELECT state, NULL AS department, count(*) AS entries FROM entry WHERE slug = $1 GROUP BY state
		UNION ALL
		SELECT 'submitted', o.department, count(*) FROM entry e JOIN opinion o ON o.entry = e.id
		WHERE e.slug = $1 AND e.state = 'submitted' GROUP BY o.department`, in.Slug); err != nil {
		return p, fmt.Errorf("progress: %w", err)
	}
	given := make(map[string]int)
	for _, r := range rows {
		if r.Department == nil {
			p.Entries[r.State] = r.Entries
		} else {
			given[*r.Department] = r.Entries
		}
	}
	for _, d := range sel.Rulebook.Vetting.Departments {
		p.Due[d.ID] = p.Entries[nomination.Submitted] - given[d.ID]
	}
	spellings, err := entry.Spellings(ctx, v.deps.DB, in.Slug)
	if err != nil {
		return p, err
	}
	for _, d := range spellings.Doubts() {
		p.Warnings = append(p.Warnings, nomination.Warn(0, d))
	}
	return p, nil
}
