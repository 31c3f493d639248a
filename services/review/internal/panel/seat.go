package panel

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
)

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
		if err := pg.Lock(ctx, tx, lockName(in.Slug, in.Panel)); err != nil {
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
		if err := p.clear(ctx, tx, in); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO juror (slug, panel, account, name, employer, category, seat)
			SELECT $1, $2, account, name, employer, category, seat
			FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS j (account, name, employer, category, seat)`,
			in.Slug, in.Panel, pq.Array(people.ids), pq.Array(people.names), pq.Array(people.employers), pq.Array(people.categories)); err != nil {
			return fmt.Errorf("seat panel: %w", err)
		}
		for _, account := range people.ids {
			if err := p.came(ctx, tx, in.Slug, in.Panel, account); err != nil {
				return err
			}
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

// clear takes everybody off a panel. Those who are not in the new one have left
// it.
func (p *Panels) clear(ctx context.Context, tx *sqlx.Tx, in review.SeatPanel) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM assignment WHERE slug = $1 AND panel = $2`, in.Slug, in.Panel); err != nil {
		return fmt.Errorf("seat panel: %w", err)
	}
	var sat []string
	if err := tx.SelectContext(ctx, &sat, `
		WITH gone AS (DELETE FROM juror WHERE slug = $1 AND panel = $2 RETURNING account, seat, left_at)
		SELECT account FROM gone WHERE left_at IS NULL ORDER BY seat`, in.Slug, in.Panel); err != nil {
		return fmt.Errorf("seat panel: %w", err)
	}
	for _, account := range sat {
		if slices.ContainsFunc(in.Jurors, func(j review.Person) bool { return j.ID == account }) {
			continue
		}
		if err := p.left(ctx, tx, in.Slug, in.Panel, account); err != nil {
			return err
		}
	}
	return nil
}

// came tells the other rooms that a juror has a seat.
func (p *Panels) came(ctx context.Context, tx *sqlx.Tx, slug, panel, account string) error {
	return outbox.Append(ctx, tx, p.deps.Time(), slug, event.JurorAggregate(panel, account), event.JurorSeated{Panel: panel, Account: account})
}

// left tells the other rooms that a juror has none any more.
func (p *Panels) left(ctx context.Context, tx *sqlx.Tx, slug, panel, account string) error {
	return outbox.Append(ctx, tx, p.deps.Time(), slug, event.JurorAggregate(panel, account), event.JurorLeft{Panel: panel, Account: account})
}

func checkJurors(sel phase.Selection, panel rulebook.Panel, jurors []review.Person) error {
	var fields []fault.Field
	if panel.Jurors > 0 && len(jurors) != panel.Jurors {
		fields = append(fields, fault.Wrong("jurors", "wrong_number", "are {count}, the rulebook says {want}", "count", len(jurors), "want", panel.Jurors))
	} else if len(jurors) == 0 {
		fields = append(fields, fault.Required("jurors"))
	}
	seen := map[string]bool{}
	for i, j := range jurors {
		if field := fmt.Sprintf("jurors[%d]", i); j.ID == "" {
			fields = append(fields, fault.Required(field))
		} else if seen[j.ID] {
			fields = append(fields, fault.Wrong(field, "repeated", "is there twice"))
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
		return []fault.Field{fault.Wrong(field, "category_required", "is required: the panel's candidates are assigned by category")}
	case category != "" && !known:
		return []fault.Field{unknown(field, category)}
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

// UnseatJuror implements review.Service.
func (p *Panels) UnseatJuror(ctx context.Context, in review.UnseatJuror) (review.Panel, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	err := p.run(ctx, in.Slug, in.Panel, func(tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel) (bool, error) {
		if err := p.checkUnseat(ctx, tx, sel, panel, &in); err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE juror SET left_at = $4 WHERE slug = $1 AND panel = $2 AND account = $3`,
			in.Slug, in.Panel, in.Juror, p.deps.Time()); err != nil {
			return false, fmt.Errorf("unseat: %w", err)
		}
		if err := p.left(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
			return false, err
		}
		var released []int64
		if err := tx.SelectContext(ctx, &released, `
			DELETE FROM assignment a
			WHERE slug = $1 AND panel = $2 AND account = $3 AND ($4 OR NOT EXISTS (
				SELECT FROM last_sheet s
				WHERE s.slug = $1 AND s.panel = $2 AND s.account = $3 AND s.candidate = a.candidate AND s.submitted))
			RETURNING candidate`, in.Slug, in.Panel, in.Juror, in.Sheets == review.WithdrawSheets); err != nil {
			return false, fmt.Errorf("unseat: %w", err)
		}
		if in.Successor != nil {
			if err := p.seat(ctx, tx, in.Slug, in.Panel, *in.Successor, false); err != nil {
				return false, err
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO assignment (slug, panel, account, candidate)
				SELECT $1, $2, $3, candidate FROM unnest($4::int[]) AS c (candidate)`,
				in.Slug, in.Panel, in.Successor.ID, pq.Array(released)); err != nil {
				return false, fmt.Errorf("unseat: %w", err)
			}
		}
		return true, audit.Record(ctx, tx, p.deps.Time(), in.Slug, "unseat_juror", in.Reason, in)
	})
	if err != nil {
		return review.Panel{}, err
	}
	return p.answer(ctx, in.Slug, in.Panel)
}

// checkUnseat checks who leaves and who comes; the successor has the leaver's
// category unless another is given.
func (p *Panels) checkUnseat(ctx context.Context, tx *sqlx.Tx, sel phase.Selection, panel rulebook.Panel, in *review.UnseatJuror) error {
	if err := seated(ctx, tx, in.Slug, in.Panel, in.Juror); err != nil {
		return err
	}
	fields := audit.Reason(in.Reason)
	if in.Sheets != review.KeepSheets && in.Sheets != review.WithdrawSheets {
		fields = append(fields, fault.OneOf("sheets", review.KeepSheets, review.WithdrawSheets))
	}
	if in.Successor == nil {
		return review.ErrInvalid.Check(fields)
	}
	if err := projection.ReviewNotClosed(ctx, tx, in.Slug, p.deps.Time()); err != nil {
		return err
	}
	if in.Successor.Category == "" {
		if err := tx.GetContext(ctx, &in.Successor.Category, `
			SELECT category FROM juror WHERE slug = $1 AND panel = $2 AND account = $3`, in.Slug, in.Panel, in.Juror); err != nil {
			return fmt.Errorf("unseat: %w", err)
		}
	}
	fields = append(fields, checkCategory(sel, panel, "successor.category", in.Successor.Category)...)
	fresh, err := p.newcomer(ctx, tx, in.Slug, in.Panel, "successor", *in.Successor)
	if err != nil {
		return err
	}
	return review.ErrInvalid.Check(append(fields, fresh...))
}

// newcomer says what keeps a person from a new seat, or nothing.
func (p *Panels) newcomer(ctx context.Context, q sqlx.QueryerContext, slug, panel, field string, who review.Person) ([]fault.Field, error) {
	if who.ID == "" {
		return []fault.Field{fault.Required(field)}, nil
	}
	var was bool
	if err := sqlx.GetContext(ctx, q, &was, `
		SELECT EXISTS (SELECT FROM juror WHERE slug = $1 AND panel = $2 AND account = $3)`, slug, panel, who.ID); err != nil {
		return nil, fmt.Errorf("juror: %w", err)
	}
	if was {
		return []fault.Field{fault.Wrong(field, "on_panel", "is or was on the panel")}, nil
	}
	return nil, nil
}

// seat gives a person the panel's next seat.
func (p *Panels) seat(ctx context.Context, tx *sqlx.Tx, slug, panel string, who review.Person, further bool) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO juror (slug, panel, account, name, employer, category, further, seat)
		SELECT $1, $2, $3, $4, $5, $6, $7, coalesce(max(seat), 0) + 1 FROM juror WHERE slug = $1 AND panel = $2`,
		slug, panel, who.ID, who.Name, who.Employer, who.Category, further); err != nil {
		return fmt.Errorf("seat: %w", err)
	}
	return p.came(ctx, tx, slug, panel, who.ID)
}

// seated gives ErrNotJuror unless the account has a seat on the panel. It keeps
// the seat until tx ends: taking it away waits for that.
func seated(ctx context.Context, tx *sqlx.Tx, slug, panel, account string) error {
	var seat int
	err := tx.GetContext(ctx, &seat, `
		SELECT seat FROM juror WHERE slug = $1 AND panel = $2 AND account = $3 AND left_at IS NULL FOR SHARE`, slug, panel, account)
	if errors.Is(err, sql.ErrNoRows) {
		return review.ErrNotJuror
	}
	if err != nil {
		return fmt.Errorf("juror: %w", err)
	}
	return nil
}

// asJuror runs fn for the actor of ctx, who keeps their seat on the panel until
// fn returns. Faults: ErrNotYet, ErrNoPanel, ErrNotJuror.
func (p *Panels) asJuror(ctx context.Context, slug, id string, fn func(tx *sqlx.Tx, panel rulebook.Panel, juror string) error) error {
	return pg.InTx(ctx, p.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := p.deps.Selections.Get(ctx, tx, slug)
		if err != nil {
			return err
		}
		panel, err := find(sel, id)
		if err != nil {
			return err
		}
		juror := actor.From(ctx).ID
		if err := seated(ctx, tx, slug, id, juror); err != nil {
			return err
		}
		return fn(tx, panel, juror)
	})
}
