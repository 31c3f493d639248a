package panel

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// DeclareConflict implements review.Service.
func (p *Panels) DeclareConflict(ctx context.Context, in review.DeclareConflict) (review.Declared, error) {
	juror := actor.From(ctx).ID
	in.Reason = strings.TrimSpace(in.Reason)
	var of ref
	err := p.alter(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, _ phase.Selection, panel rulebook.Panel) (bool, error) {
		if err := review.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
			return false, err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, juror); err != nil {
			return false, err
		}
		var err error
		byNumber := true
		if of, err = numbered(in.Candidate); err != nil {
			byNumber = false
			of, err = refer(ctx, tx, in.Slug, panel, juror, in.Candidate)
		}
		if err != nil {
			return false, err
		}
		if err := known(ctx, tx, in.Slug, of.number); err != nil {
			return false, err
		}
		detail := map[string]any{"panel": in.Panel, "candidate": of.number}
		return p.write(ctx, tx, in.Slug, "declare_conflict", in.Reason, detail, `
			INSERT INTO declared_conflict AS was (slug, panel, account, candidate, reason, at, quiet)
			SELECT $1, $2, $3, $4, $5, $6, $7 AND EXISTS (SELECT FROM due WHERE slug = $1 AND panel = $2 AND account = $3 AND candidate = $4)
			ON CONFLICT (slug, panel, account, candidate) DO UPDATE SET quiet = false WHERE was.quiet AND NOT $7`,
			in.Slug, in.Panel, juror, of.number, in.Reason, p.deps.Time(), byNumber && coded(panel))
	})
	if err != nil {
		return review.Declared{}, err
	}
	// The juror is not told of other grounds: they say who the candidate is.
	c, err := p.conflict(ctx, in.Slug, in.Panel, juror, of.number)
	return review.Declared{Candidate: of.called, Recused: c.Recused}, err
}

// PinConflict implements review.Service.
func (p *Panels) PinConflict(ctx context.Context, in review.PinConflict) (review.Conflict, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, _ phase.Selection, _ rulebook.Panel) (bool, error) {
		if err := review.ErrInvalid.Check(audit.Reason(in.Reason)); err != nil {
			return false, err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
			return false, err
		}
		if err := known(ctx, tx, in.Slug, in.Candidate); err != nil {
			return false, err
		}
		return p.write(ctx, tx, in.Slug, "pin_conflict", in.Reason, in, `
			INSERT INTO pin AS was (slug, panel, account, candidate, conflicted, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (slug, panel, account, candidate)
			DO UPDATE SET conflicted = excluded.conflicted, reason = excluded.reason, at = excluded.at
			WHERE was.conflicted <> excluded.conflicted`,
			in.Slug, in.Panel, in.Juror, in.Candidate, in.Conflicted, in.Reason, p.deps.Time())
	})
	if err != nil {
		return review.Conflict{}, err
	}
	return p.conflict(ctx, in.Slug, in.Panel, in.Juror, in.Candidate)
}

// RecuseJuror implements review.Service.
func (p *Panels) RecuseJuror(ctx context.Context, in review.RecuseJuror) (review.Panel, error) {
	if _, err := p.PinConflict(ctx, review.PinConflict{
		Slug: in.Slug, Panel: in.Panel, Juror: in.Juror, Candidate: in.Candidate, Conflicted: true, Reason: in.Reason,
	}); err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

// run is alter by an organizer. Faults: ErrOwnPanel, ErrRecused.
func (p *Panels) run(ctx context.Context, slug, panelID string, change func(tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (bool, error)) error {
	return p.alter(ctx, slug, panelID, func(tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (bool, error) {
		if err := watch.Panel(ctx, tx, slug, panelID); err != nil {
			return false, err
		}
		return change(tx, sel, panel)
	})
}

// alter runs an organizer's or juror's change of a panel, alone with the panel
// and before the notice; then it assigns and computes what follows. change tells
// whether it changed anything.
func (p *Panels) alter(ctx context.Context, slug, panelID string, change func(tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (bool, error)) error {
	return pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := p.deps.Selections.Get(ctx, tx, slug)
		if err != nil {
			return err
		}
		panel, err := find(sel, panelID)
		if err != nil {
			return err
		}
		if err := projection.NoNotice(ctx, tx, slug); err != nil {
			return err
		}
		if err := pg.Lock(ctx, tx, lockName(slug, panelID)); err != nil {
			return err
		}
		if changed, err := change(tx, sel, panel); err != nil || !changed {
			return err
		}
		if err := p.assign(ctx, tx, sel, panel); err != nil {
			return err
		}
		return p.results.Compute(ctx, tx, sel)
	})
}

// write runs a statement, and audits it where it changed a row.
func (p *Panels) write(ctx context.Context, tx *sqlx.Tx, slug, act, reason string, detail any, statement string, args ...any) (bool, error) {
	res, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("%s: %w", act, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("%s: %w", act, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, audit.Record(ctx, tx, p.deps.Time(), slug, act, reason, detail)
}

// known gives ErrUnassigned unless there is such a candidate.
func known(ctx context.Context, q sqlx.QueryerContext, slug string, candidate int) error {
	is, err := projection.Known(ctx, q, slug, candidate)
	if err == nil && !is {
		err = review.ErrUnassigned
	}
	return err
}

// ListConflicts implements review.Service.
func (p *Panels) ListConflicts(ctx context.Context, in review.OfPanel) ([]review.Conflict, error) {
	if _, _, err := p.watched(ctx, in); err != nil {
		return nil, err
	}
	return p.conflicts(ctx, in.Slug, in.Panel, "", 0)
}

func (p *Panels) conflict(ctx context.Context, slug, panel, juror string, candidate int) (review.Conflict, error) {
	all, err := p.conflicts(ctx, slug, panel, juror, candidate)
	if err != nil || len(all) == 0 {
		return review.Conflict{Juror: juror, Candidate: candidate}, err
	}
	return all[0], nil
}

// conflicts reads a panel's, or only those of a juror and a candidate.
func (p *Panels) conflicts(ctx context.Context, slug, panel, juror string, candidate int) ([]review.Conflict, error) {
	var rows []struct {
		Juror     string         `db:"account"`
		Candidate int            `db:"candidate"`
		Source    sql.NullString `db:"source"`
		Detail    sql.NullString `db:"detail"`
		Pinned    sql.NullBool   `db:"conflicted"`
		Reason    sql.NullString `db:"reason"`
	}
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		WITH mine AS (
			SELECT account, seat FROM juror WHERE slug = $1 AND panel = $2 AND ($3 = '' OR account = $3)
		), found AS (
			SELECT account, candidate, source, detail FROM conflict WHERE slug = $1 AND panel = $2 AND ($4 = 0 OR candidate = $4)
		), pinned AS (
			SELECT account, candidate, conflicted, reason FROM pin WHERE slug = $1 AND panel = $2 AND ($4 = 0 OR candidate = $4)
		)
		SELECT account, candidate, source, detail, conflicted, reason
		FROM found FULL JOIN pinned USING (account, candidate) JOIN mine USING (account)
		ORDER BY seat, candidate, source`, slug, panel, juror, candidate); err != nil {
		return nil, fmt.Errorf("conflicts: %w", err)
	}
	out := []review.Conflict{}
	for _, r := range rows {
		n := len(out)
		if n == 0 || out[n-1].Juror != r.Juror || out[n-1].Candidate != r.Candidate {
			c := review.Conflict{Juror: r.Juror, Candidate: r.Candidate, Grounds: []review.Ground{}, Reason: r.Reason.String, Recused: true}
			if r.Pinned.Valid {
				c.Pinned, c.Recused = &r.Pinned.Bool, r.Pinned.Bool
			}
			out = append(out, c)
			n++
		}
		if r.Source.Valid {
			out[n-1].Grounds = append(out[n-1].Grounds, review.Ground{Source: r.Source.String, Detail: r.Detail.String})
		}
	}
	return out, nil
}
