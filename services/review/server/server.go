// Package server wires the review room.
package server

import (
	"cmp"
	"context"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/decision"
	"github.com/laurel-awards/laurel/services/review/internal/panel"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
	"github.com/laurel-awards/laurel/services/review/migrations"
)

// Migrations are the room's tables.
func Migrations() []pg.Set { return []pg.Set{phase.Set(), migrations.Set()} }

// Config is what the room is built from beside its furniture.
type Config struct {
	// SearchBudget is how much work the search about quotas may do while somebody
	// waits for it, in numbers looked at; 0: review.BudgetAtOnce.
	SearchBudget int64
}

// New wires the room.
func (cfg Config) New(deps run.Deps) (run.Room, error) {
	deps.Selections = phase.NewSelections()
	results := result.New(deps, cmp.Or(cfg.SearchBudget, review.BudgetAtOnce))
	panels := panel.New(deps, results)
	service := struct {
		*panel.Panels
		*result.Results
		*decision.Meeting
	}{panels, results, decision.New(deps, results)}
	return run.Room{
		Name: review.Name, Migrations: Migrations(), Endpoints: review.Endpoints(service), Handlers: panels.Handlers(), Jobs: []job.Kind{results.SearchKind()},
		Retention: retention.Plan{Rules: projection.Rules(deps.Retention), Needs: result.Needs},
		Audit:     func(ctx context.Context, in audit.Page) ([]audit.Entry, error) { return watch.Audit(ctx, deps.DB, in) },
	}, nil
}
