// Package panel is where jurors score: seats, assignments, sheets, conflicts,
// oversight.
package panel

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
)

const maxReason = 1000 // characters

// Panels is the panels of all selections.
type Panels struct {
	deps run.Deps
	// recompute is called in the transaction of what may close the last gap of a
	// result, or change whose scores count.
	recompute func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) error
}

// New keeps panels in deps' database.
func New(deps run.Deps, recompute func(ctx context.Context, tx *sqlx.Tx, sel phase.Selection) error) *Panels {
	return &Panels{deps, recompute}
}

// find gives the panel of a rulebook.
func find(sel phase.Selection, id string) (rulebook.Panel, error) {
	p, ok := sel.Rulebook.Review.Panel(id)
	if !ok {
		return rulebook.Panel{}, review.ErrNoPanel
	}
	return p, nil
}

func requireReason(reason string) []fault.Field {
	switch n := utf8.RuneCountInString(strings.TrimSpace(reason)); {
	case n == 0:
		return []fault.Field{{Name: "reason", Message: "is required"}}
	case n > maxReason:
		return []fault.Field{{Name: "reason", Message: fmt.Sprintf("takes at most %d characters", maxReason)}}
	}
	return nil
}

// lock has the panel to itself until tx ends; share lets others share it.
func lock(ctx context.Context, tx *sqlx.Tx, slug, panel string) error {
	return advisory(ctx, tx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, slug, panel)
}

func share(ctx context.Context, tx *sqlx.Tx, slug, panel string) error {
	return advisory(ctx, tx, `SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))`, slug, panel)
}

func advisory(ctx context.Context, tx *sqlx.Tx, statement, slug, panel string) error {
	if _, err := tx.ExecContext(ctx, statement, "panel/"+slug+"/"+panel); err != nil {
		return fmt.Errorf("lock panel: %w", err)
	}
	return nil
}
