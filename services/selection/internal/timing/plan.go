package timing

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// GetPlan implements selection.Service: it asks of each change what ChangePhase
// asks, in one snapshot.
func (t *Timing) GetPlan(ctx context.Context, in selection.Of) (selection.Plan, error) {
	plan := selection.Plan{Steps: []selection.Step{}}
	tx, err := t.deps.DB.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return plan, fmt.Errorf("plan: %w", err)
	}
	defer tx.Rollback()
	if plan.Selection, err = store.Read(ctx, tx, in.Slug); err != nil {
		return plan, err
	}
	phases, err := lifecycle.Load(ctx, tx, in.Slug)
	if err != nil {
		return plan, err
	}
	orders, err := ordered(ctx, tx, in.Slug)
	if err != nil {
		return plan, err
	}
	plan.At = t.deps.Time()
	s := subject{Slug: in.Slug, Rulebook: plan.Selection.Rulebook}
	for _, p := range phases {
		for _, action := range []string{event.Open, event.Close} {
			step := selection.Step{Phase: p.Name, Action: action, Ordered: orders[p.Name+" "+action]}
			if step.Ordered == nil {
				step.ClosesAt, err = t.ask(phases, s, p, action, plan.Selection.Decided, plan.At)
				if err != nil {
					step.Refused = fault.From(err)
				}
			}
			plan.Steps = append(plan.Steps, step)
		}
	}
	return plan, nil
}

// ask tells what an order would be refused for, and when a phase that it opens
// would close.
func (t *Timing) ask(phases lifecycle.Phases, s subject, p lifecycle.Phase, action string, approved bool, now time.Time) (*time.Time, error) {
	if _, err := phases.Order(p.Name, action, approved); err != nil {
		return nil, err
	}
	if action == event.Close {
		return nil, noticeRuns(p, now)
	}
	return t.deadline(s, p, now)
}

// ordered are the changes of a selection so far, by "PHASE ACTION".
func ordered(ctx context.Context, q sqlx.QueryerContext, slug string) (map[string]*selection.Ordered, error) {
	var rows []struct {
		Phase  string    `db:"phase"`
		Action string    `db:"action"`
		At     time.Time `db:"ordered_at"`
		Kind   string    `db:"kind"`
		By     string    `db:"name"`
		Reason string    `db:"reason"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT c.phase, c.action, c.ordered_at, coalesce(a.kind, '') AS kind, coalesce(a.name, '') AS name, coalesce(a.reason, '') AS reason
		FROM phase_change c
		LEFT JOIN audit a ON a.slug = c.slug AND a.act = c.action || '_phase' AND a.detail->>'phase' = c.phase
		WHERE c.slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	all := make(map[string]*selection.Ordered, len(rows))
	for _, r := range rows {
		o := &selection.Ordered{At: r.At.UTC(), By: r.By, Reason: r.Reason}
		if r.Kind != string(actor.Staff) {
			o.By = ""
		}
		all[r.Phase+" "+r.Action] = o
	}
	return all, nil
}
