// Package server wires the review room.
package server

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/decision"
	"github.com/laurel-awards/laurel/services/review/internal/panel"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/migrations"
)

// Migrations are the room's tables.
func Migrations() []pg.Set { return []pg.Set{phase.Set(), migrations.Set()} }

// New wires the room.
func New(deps run.Deps) (run.Room, error) {
	results := result.New(deps)
	panels := panel.New(deps, results.Compute)
	service := struct {
		*panel.Panels
		*result.Results
		*decision.Meeting
	}{
		panels,
		results,
		decision.New(deps, func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) (string, error) {
			return results.InForce(ctx, tx, sel)
		}),
	}
	handlers := phase.Handlers(deps.Time, phase.Hooks{
		Changed: func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, c event.PhaseChanged) (int, error) {
			if err := panels.OnOpen(ctx, tx, sel, c); err != nil {
				return 0, err
			}
			return 0, results.OnChanged(ctx, tx, sel, c)
		},
	})
	return run.Room{
		Name: review.Name, Migrations: Migrations(), Endpoints: review.Endpoints(service),
		Handlers: append(handlers,
			outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CandidateAdmitted) error {
				if err := results.OnAdmitted(ctx, tx, env, e); err != nil {
					return err
				}
				return panels.OnAdmitted(ctx, tx, env.Slug)
			}),
			outbox.On(results.OnStruck), outbox.On(results.OnSealed),
			outbox.On(panel.OnNotice), outbox.On(panel.OnPublished)),
	}, nil
}
