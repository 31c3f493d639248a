package result

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/projection"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

const maxLot = 200 // characters

// RecordLot implements review.Service.
func (r *Results) RecordLot(ctx context.Context, in review.RecordLot) (review.Lot, error) {
	in.Value, in.Reason = strings.TrimSpace(in.Value), strings.TrimSpace(in.Reason)
	err := pg.InTx(ctx, r.deps.DB, func(tx *sqlx.Tx) error {
		sel, err := r.deps.Selections.Get(ctx, tx, in.Slug)
		if err != nil {
			return err
		}
		if err := checkLot(sel, in); err != nil {
			return err
		}
		if err := lotOpen(ctx, tx, in.Slug); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO lot (slug, seq, value, reason, at)
			SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4 FROM lot WHERE slug = $1`,
			in.Slug, in.Value, in.Reason, r.deps.Time()); err != nil {
			return fmt.Errorf("record lot: %w", err)
		}
		if err := audit.Record(ctx, tx, r.deps.Time(), in.Slug, "record_lot", in.Reason, in); err != nil {
			return err
		}
		return r.Compute(ctx, tx, sel)
	})
	if err != nil {
		return review.Lot{}, err
	}
	return r.GetLot(ctx, review.Of{Slug: in.Slug})
}

func checkLot(sel phase.Selection, in review.RecordLot) error {
	var fields []fault.Field
	if _, has := sel.Rulebook.LotValue(); has {
		fields = append(fields, fault.Wrong("value", "value_fixed", "is fixed: the rulebook names no source to read it from"))
	}
	if in.Value == "" {
		fields = append(fields, fault.Required("value"))
	}
	fields = append(fields, fault.Text("value", in.Value, maxLot)...)
	return review.ErrInvalid.Check(append(fields, audit.Reason(in.Reason)...))
}

// lotOpen refuses a value before the counts are final and after a motion on the
// result was put. It holds until tx ends.
func lotOpen(ctx context.Context, tx *sqlx.Tx, slug string) error {
	if err := pg.Lock(ctx, tx, "lot/"+slug); err != nil {
		return err
	}
	_, sealed, err := projection.Votes(ctx, tx, slug)
	if err != nil {
		return err
	}
	var moved bool
	if err := tx.GetContext(ctx, &moved, `SELECT EXISTS (SELECT FROM motion WHERE slug = $1)`, slug); err != nil {
		return fmt.Errorf("record lot: %w", err)
	}
	switch {
	case !sealed:
		return phase.ErrNotOpen.With("phase", rulebook.PhaseVoting)
	case moved:
		return review.ErrMoved
	}
	return nil
}

// GetLot implements review.Service.
func (r *Results) GetLot(ctx context.Context, in review.Of) (review.Lot, error) {
	sel, err := r.deps.Selections.Get(ctx, r.deps.DB, in.Slug)
	if err != nil {
		return review.Lot{}, err
	}
	if err := watch.Member(ctx, r.deps.DB, in.Slug); err != nil {
		return review.Lot{}, err
	}
	if value, ok := sel.Rulebook.LotValue(); ok {
		return review.Lot{Value: value}, nil
	}
	return readLot(ctx, r.deps.DB, in.Slug)
}

func readLot(ctx context.Context, q sqlx.QueryerContext, slug string) (review.Lot, error) {
	var row struct {
		Value  string    `db:"value"`
		Reason string    `db:"reason"`
		At     time.Time `db:"at"`
	}
	err := sqlx.GetContext(ctx, q, &row, `SELECT value, reason, at FROM lot WHERE slug = $1 ORDER BY seq DESC LIMIT 1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return review.Lot{}, review.ErrLot
	}
	if err != nil {
		return review.Lot{}, fmt.Errorf("lot: %w", err)
	}
	at := row.At.UTC()
	return review.Lot{Value: row.Value, Reason: row.Reason, At: &at}, nil
}

// lotOf gives the recorded value where the rulebook draws lots from a source.
// Fault: ErrLot.
func lotOf(ctx context.Context, q sqlx.QueryerContext, sel phase.Selection) (string, error) {
	if _, has := sel.Rulebook.LotValue(); has || !slices.Contains(sel.Rulebook.Composite.TieBreak, rulebook.SourceLot) {
		return "", nil
	}
	lot, err := readLot(ctx, q, sel.Slug)
	return lot.Value, err
}
