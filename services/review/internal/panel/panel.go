// Package panel is where jurors score: seats, sheets, recusals, gaps.
package panel

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
)

// Panels is the panels of all selections.
type Panels struct {
	deps run.Deps
	// recompute is called in the transaction of a recusal, which may close the
	// last gap of a result.
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

// SeatPanel implements review.Service.
func (p *Panels) SeatPanel(ctx context.Context, in review.SeatPanel) (review.Panel, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return review.Panel{}, err
	}
	panel, err := find(sel, in.Panel)
	if err != nil {
		return review.Panel{}, err
	}
	if err := checkJurors(panel, in.Jurors); err != nil {
		return review.Panel{}, err
	}
	ids, names := split(in.Jurors)
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
		if _, err := tx.ExecContext(ctx, `DELETE FROM juror WHERE slug = $1 AND panel = $2`, in.Slug, in.Panel); err != nil {
			return fmt.Errorf("seat panel: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO juror (slug, panel, account, name, seat)
			SELECT $1, $2, account, name, seat FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS j (account, name, seat)`,
			in.Slug, in.Panel, pq.Array(ids), pq.Array(names)); err != nil {
			return fmt.Errorf("seat panel: %w", err)
		}
		return audit.Record(ctx, tx, p.deps.Time(), in.Slug, "seat_panel", "", in)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.Panel(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel})
}

func checkJurors(panel rulebook.Panel, jurors []review.Person) error {
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
	}
	return invalid(fields)
}

func invalid(fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	f := *review.ErrInvalid
	f.Fields = fields
	return &f
}

func split(people []review.Person) (ids, names []string) {
	for _, p := range people {
		ids, names = append(ids, p.ID), append(names, p.Name)
	}
	return ids, names
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

// Panel implements review.Service.
func (p *Panels) Panel(ctx context.Context, in review.OfPanel) (review.Panel, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return review.Panel{}, err
	}
	if _, err := find(sel, in.Panel); err != nil {
		return review.Panel{}, err
	}
	var rows []struct {
		ID        string `db:"account"`
		Name      string `db:"name"`
		Assigned  int    `db:"assigned"`
		Submitted int    `db:"submitted"`
		Drafts    int    `db:"drafts"`
	}
	if err := p.deps.DB.SelectContext(ctx, &rows, `
		SELECT j.account, j.name, count(a.candidate) AS assigned,
		       count(*) FILTER (WHERE s.submitted) AS submitted, count(*) FILTER (WHERE NOT s.submitted) AS drafts
		FROM juror j
		LEFT JOIN assignment a ON a.slug = j.slug AND a.panel = j.panel AND a.account = j.account
		LEFT JOIN last_sheet s ON s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate
		WHERE j.slug = $1 AND j.panel = $2
		GROUP BY j.account, j.name, j.seat ORDER BY j.seat`, in.Slug, in.Panel); err != nil {
		return review.Panel{}, fmt.Errorf("panel: %w", err)
	}
	out := review.Panel{ID: in.Panel, Jurors: make([]review.JurorProgress, len(rows))}
	for i, r := range rows {
		out.Jurors[i] = review.JurorProgress{Person: review.Person{ID: r.ID, Name: r.Name}, Assigned: r.Assigned, Submitted: r.Submitted, Drafts: r.Drafts}
	}
	return out, nil
}

// Recuse implements review.Service.
func (p *Panels) Recuse(ctx context.Context, in review.Recuse) (review.Panel, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return review.Panel{}, err
	}
	if _, err := find(sel, in.Panel); err != nil {
		return review.Panel{}, err
	}
	if strings.TrimSpace(in.Reason) == "" {
		return review.Panel{}, invalid([]fault.Field{{Name: "reason", Message: "is required"}})
	}
	err = pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		if err := noNotice(ctx, tx, in.Slug); err != nil {
			return err
		}
		if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `
			INSERT INTO recusal (slug, panel, account, candidate, reason, at)
			SELECT slug, $2, $3, number, $5, $6 FROM candidate WHERE slug = $1 AND number = $4
			ON CONFLICT DO NOTHING`, in.Slug, in.Panel, in.Juror, in.Candidate, in.Reason, p.deps.Time())
		if err != nil {
			return fmt.Errorf("recuse: %w", err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("recuse: %w", err)
		}
		if n == 0 {
			return p.recusedBefore(ctx, tx, in)
		}
		if err := audit.Record(ctx, tx, p.deps.Time(), in.Slug, "recuse_juror", in.Reason, in); err != nil {
			return err
		}
		return p.recompute(ctx, tx, sel)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.Panel(ctx, review.OfPanel{Slug: in.Slug, Panel: in.Panel})
}

// recusedBefore tells "again" from "no such candidate".
func (p *Panels) recusedBefore(ctx context.Context, tx *sqlx.Tx, in review.Recuse) error {
	var known bool
	if err := tx.GetContext(ctx, &known, `SELECT EXISTS (SELECT FROM candidate WHERE slug = $1 AND number = $2)`, in.Slug, in.Candidate); err != nil {
		return fmt.Errorf("recuse: %w", err)
	}
	if !known {
		return review.ErrUnassigned
	}
	return nil
}

// seated gives ErrNotJuror unless the account is on the panel.
func seated(ctx context.Context, q sqlx.QueryerContext, slug, panel, account string) error {
	var on bool
	if err := sqlx.GetContext(ctx, q, &on, `SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3)`, slug, panel, account); err != nil {
		return fmt.Errorf("juror: %w", err)
	}
	if !on {
		return review.ErrNotJuror
	}
	return nil
}

// Gaps implements review.Service.
func (p *Panels) Gaps(ctx context.Context, in review.Of) ([]string, error) {
	sel, err := phase.Get(ctx, p.deps.DB, in.Slug)
	if err != nil {
		return nil, err
	}
	return Gaps(ctx, p.deps.DB, sel)
}

// Gaps names each score that is missing in a panel whose rule is to refuse.
func Gaps(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) ([]string, error) {
	gaps := []string{}
	for _, panel := range sel.Rulebook.Review.Panels {
		if panel.Missing != rulebook.MissingRefuse {
			continue
		}
		var rows []struct {
			Juror     string `db:"name"`
			Candidate int    `db:"candidate"`
		}
		if err := sqlx.SelectContext(ctx, q, &rows, `
			SELECT j.name, a.candidate
			FROM assignment a JOIN juror j ON j.slug = a.slug AND j.panel = a.panel AND j.account = a.account
			WHERE a.slug = $1 AND a.panel = $2 AND NOT EXISTS (
				SELECT FROM last_sheet s
				WHERE s.slug = a.slug AND s.panel = a.panel AND s.account = a.account AND s.candidate = a.candidate AND s.submitted)
			ORDER BY j.seat, a.candidate`, sel.Slug, panel.ID); err != nil {
			return nil, fmt.Errorf("gaps: %w", err)
		}
		var seats int
		if err := sqlx.GetContext(ctx, q, &seats, `SELECT count(*) FROM juror WHERE slug = $1 AND panel = $2`, sel.Slug, panel.ID); err != nil {
			return nil, fmt.Errorf("gaps: %w", err)
		}
		if seats == 0 {
			gaps = append(gaps, panel.ID+": nobody is seated")
		}
		for _, r := range rows {
			gaps = append(gaps, fmt.Sprintf("%s: %s: %d", panel.ID, r.Juror, r.Candidate))
		}
	}
	return gaps, nil
}

// OnOpen refuses to open review before every admitted candidate is known.
func OnOpen(ctx context.Context, tx *sqlx.Tx, slug string, c event.PhaseChanged) error {
	if c.Phase != event.Review || c.Action != event.Open {
		return nil
	}
	var known int
	if err := tx.GetContext(ctx, &known, `SELECT count(*) FROM candidate WHERE slug = $1`, slug); err != nil {
		return fmt.Errorf("candidates: %w", err)
	}
	if known < c.Candidates {
		return fmt.Errorf("%d of %d candidates are known: %w", known, c.Candidates, outbox.ErrNotYet)
	}
	return nil
}
