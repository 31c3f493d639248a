// Package panel is where jurors score: seats, assignments, sheets, conflicts,
// oversight.
package panel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
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

// sitsOn gives the panel if the actor of ctx is on it. Faults: ErrNotYet,
// ErrNoPanel, ErrNotJuror.
func (p *Panels) sitsOn(ctx context.Context, slug, id string) (rulebook.Panel, error) {
	sel, err := p.deps.Selections.Get(ctx, p.deps.DB, slug)
	if err != nil {
		return rulebook.Panel{}, err
	}
	panel, err := find(sel, id)
	if err != nil {
		return rulebook.Panel{}, err
	}
	return panel, seated(ctx, p.deps.DB, slug, id, actor.From(ctx).ID)
}

// SeatPanel implements review.Service.
func (p *Panels) SeatPanel(ctx context.Context, in review.SeatPanel) (review.Panel, error) {
	sel, err := p.deps.Selections.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return review.Panel{}, err
	}
	panel, err := find(sel, in.Panel)
	if err != nil {
		return review.Panel{}, err
	}
	if err := checkJurors(sel, panel, in.Jurors); err != nil {
		return review.Panel{}, err
	}
	people := split(in.Jurors)
	err = pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		if err := lock(ctx, tx, in.Slug, in.Panel); err != nil {
			return err
		}
		var submitted bool
		if err := tx.GetContext(ctx, &submitted, `
			SELECT EXISTS (SELECT FROM sheet WHERE slug = $1 AND panel = $2 AND submitted)`, in.Slug, in.Panel); err != nil {
			return fmt.Errorf("seat panel: %w", err)
		}
		if submitted {
			return review.ErrSeated
		}
		for _, table := range []string{"assignment", "juror"} {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE slug = $1 AND panel = $2`, in.Slug, in.Panel); err != nil {
				return fmt.Errorf("seat panel: %w", err)
			}
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO juror (slug, panel, account, name, employer, category, seat)
			SELECT $1, $2, account, name, employer, category, seat
			FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS j (account, name, employer, category, seat)`,
			in.Slug, in.Panel, pq.Array(people.ids), pq.Array(people.names), pq.Array(people.employers), pq.Array(people.categories)); err != nil {
			return fmt.Errorf("seat panel: %w", err)
		}
		if err := p.assign(ctx, tx, sel, panel); err != nil {
			return err
		}
		return audit.Record(ctx, tx, p.deps.Time(), in.Slug, "seat_panel", "", in)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

func checkJurors(sel phase.Selection, panel rulebook.Panel, jurors []review.Person) error {
	var fields []fault.Field
	if panel.Jurors > 0 && len(jurors) != panel.Jurors || len(jurors) == 0 {
		fields = append(fields, fault.Field{Name: "jurors", Message: fmt.Sprintf("are %d, the rulebook says %d", len(jurors), panel.Jurors)})
	}
	seen := map[string]bool{}
	for i, j := range jurors {
		if j.ID == "" || seen[j.ID] {
			fields = append(fields, fault.Field{Name: fmt.Sprintf("jurors[%d]", i), Message: "is nobody, or twice on the panel"})
		}
		seen[j.ID] = true
		fields = append(fields, checkCategory(sel, panel, fmt.Sprintf("jurors[%d].category", i), j.Category)...)
	}
	return review.ErrInvalid.Check(fields)
}

// checkCategory says what is wrong with a juror's category, or nothing.
func checkCategory(sel phase.Selection, panel rulebook.Panel, field, category string) []fault.Field {
	known := slices.ContainsFunc(sel.Rulebook.Categories, func(c rulebook.Category) bool { return c.ID == category })
	switch {
	case category == "" && panel.Assign == rulebook.AssignCategory:
		return []fault.Field{{Name: field, Message: "is required: the panel's candidates are assigned by category"}}
	case category != "" && !known:
		return []fault.Field{{Name: field, Message: "is not a category of the rulebook"}}
	}
	return nil
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

// columns are people by column.
type columns struct{ ids, names, employers, categories []string }

func split(people []review.Person) (c columns) {
	for _, p := range people {
		c.ids, c.names = append(c.ids, p.ID), append(c.names, p.Name)
		c.employers, c.categories = append(c.employers, p.Employer), append(c.categories, p.Category)
	}
	return c
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

// seated gives ErrNotJuror unless the account is on the panel.
func seated(ctx context.Context, q sqlx.QueryerContext, slug, panel, account string) error {
	var on bool
	if err := sqlx.GetContext(ctx, q, &on, `SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3 AND left_at IS NULL)`, slug, panel, account); err != nil {
		return fmt.Errorf("juror: %w", err)
	}
	if !on {
		return review.ErrNotJuror
	}
	return nil
}
