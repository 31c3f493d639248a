package panel

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// GetPanel implements review.Service.
func (p *Panels) GetPanel(ctx context.Context, in review.OfPanel) (review.Panel, error) {
	sel, panel, err := p.watched(ctx, in)
	if err != nil {
		return review.Panel{}, err
	}
	return p.progress(ctx, sel, panel)
}

func (p *Panels) progress(ctx context.Context, sel phase.Selection, panel rulebook.Panel) (review.Panel, error) {
	var rows []struct {
		ID          string        `db:"account"`
		Name        string        `db:"name"`
		Employer    string        `db:"employer"`
		Category    string        `db:"category"`
		Seat        int           `db:"seat"`
		Further     bool          `db:"further"`
		LeftAt      sql.NullTime  `db:"left_at"`
		Candidates  pq.Int64Array `db:"candidates"`
		Scored      pq.Int64Array `db:"scored"`
		Submitted   int           `db:"submitted"`
		Drafts      int           `db:"drafts"`
		SecondLooks int           `db:"second_looks"`
	}
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT j.account, j.name, j.employer, j.category, j.seat, j.further, j.left_at,
		       coalesce(array_agg(a.candidate ORDER BY a.candidate) FILTER (WHERE a.candidate IS NOT NULL), '{}') AS candidates,
		       coalesce(array_agg(a.candidate ORDER BY a.candidate) FILTER (WHERE s.submitted), '{}') AS scored,
		       count(*) FILTER (WHERE s.submitted) AS submitted, count(*) FILTER (WHERE NOT s.submitted) AS drafts,
		       count(l.revision) AS second_looks
		FROM juror j
		LEFT JOIN due a ON a.slug = j.slug AND a.panel = j.panel AND a.account = j.account
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		LEFT JOIN second_look l ON l.slug = s.slug AND l.panel = s.panel AND l.account = s.account AND l.candidate = s.candidate
			AND l.revision = s.revision
		WHERE j.slug = $1 AND j.panel = $2
		GROUP BY j.account, j.name, j.employer, j.category, j.seat, j.further, j.left_at ORDER BY j.seat`, sel.Slug, panel.ID); err != nil {
		return review.Panel{}, fmt.Errorf("panel: %w", err)
	}
	out := review.Panel{ID: panel.ID, Assign: panel.Assign, Jurors: make([]review.JurorProgress, len(rows))}
	if panel.Assign == rulebook.AssignRandom {
		var err error
		if out.Seed, err = seed(ctx, p.deps.DB, sel, panel); err != nil {
			return out, err
		}
	}
	for i, r := range rows {
		j := review.JurorProgress{
			Person: review.Person{ID: r.ID, Name: r.Name, Employer: r.Employer, Category: r.Category},
			Seat:   r.Seat, Further: r.Further, Candidates: numbers(r.Candidates), Scored: numbers(r.Scored),
			Assigned: len(r.Candidates), Submitted: r.Submitted, Drafts: r.Drafts, SecondLooks: r.SecondLooks,
		}
		if r.LeftAt.Valid {
			at := r.LeftAt.Time.UTC()
			j.LeftAt = &at
		}
		out.Jurors[i] = j
	}
	var err error
	out.Short, err = short(ctx, p.deps.DB, sel.Slug, panel)
	return out, err
}

func numbers(column pq.Int64Array) []int {
	out := make([]int, len(column))
	for i, n := range column {
		out[i] = int(n)
	}
	return out
}

// short gives the candidates with too few jurors once review has opened.
// Abstentions do not count.
func short(ctx context.Context, q sqlx.QueryerContext, slug string, panel rulebook.Panel) (numbers []int, err error) {
	if err := sqlx.SelectContext(ctx, q, &numbers, `
		SELECT c.number
		FROM candidate c
		LEFT JOIN due a ON a.slug = c.slug AND a.panel = $2 AND a.candidate = c.number
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
			AND s.submitted AND s.abstained
		WHERE c.slug = $1 AND NOT c.struck AND EXISTS (SELECT FROM phase WHERE slug = $1 AND name = 'review')
		GROUP BY c.number HAVING count(a.account) - count(s.revision) < $3 ORDER BY c.number`, slug, panel.ID, max(1, panel.MinScores)); err != nil {
		return nil, fmt.Errorf("jurors of candidates: %w", err)
	}
	return numbers, nil
}

// answer is the panel after an act on it. Organizers who have seated themselves
// read nothing about the candidates.
func (p *Panels) answer(ctx context.Context, slug, id string) (review.Panel, error) {
	sel, err := p.deps.Selections.Get(ctx, p.deps.DB, slug)
	if err != nil {
		return review.Panel{}, err
	}
	panel, err := find(sel, id)
	if err != nil {
		return review.Panel{}, err
	}
	out, err := p.progress(ctx, sel, panel)
	self := func(j review.JurorProgress) bool { return j.ID == actor.From(ctx).ID }
	if err != nil || !slices.ContainsFunc(out.Jurors, self) {
		return out, err
	}
	out.Seed, out.Short = "", nil
	for i := range out.Jurors {
		out.Jurors[i].Candidates, out.Jurors[i].Scored = []int{}, []int{}
	}
	return out, nil
}
