// Package panel is where jurors score: seats, assignments, sheets, conflicts,
// oversight.
package panel

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// Panels is the panels of all selections.
type Panels struct {
	deps    run.Deps
	results *result.Results // computed anew when an act may have changed them
}

// New keeps panels in deps' database.
func New(deps run.Deps, results *result.Results) *Panels { return &Panels{deps, results} }

// find gives the panel of a rulebook.
func find(sel phase.Selection, id string) (rulebook.Panel, error) {
	p, ok := sel.Rulebook.Review.Panel(id)
	if !ok {
		return rulebook.Panel{}, review.ErrNoPanel
	}
	return p, nil
}

// watched finds a panel that the actor of ctx reads. Faults: those of find and
// watch.Panel.
func (p *Panels) watched(ctx context.Context, in review.OfPanel) (sel phase.Selection, panel rulebook.Panel, err error) {
	if sel, err = p.deps.Selections.Get(ctx, p.deps.DB, in.Slug); err != nil {
		return sel, panel, err
	}
	if panel, err = find(sel, in.Panel); err != nil {
		return sel, panel, err
	}
	return sel, panel, watch.Panel(ctx, p.deps.DB, in.Slug, in.Panel)
}

// lockName names a panel's lock. Changes of the panel have it alone; jurors who
// save sheets share it.
func lockName(slug, panel string) string { return "panel/" + slug + "/" + panel }
