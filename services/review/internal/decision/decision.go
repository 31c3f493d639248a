// Package decision is the committee's meeting: members, motion, vote, outcome.
package decision

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/internal/result"
	"github.com/laurel-awards/laurel/services/review/internal/watch"
)

// Meeting is the committee of each selection.
type Meeting struct {
	deps    run.Deps
	results *result.Results
}

// New keeps meetings in deps' database; what they vote on is in results.
func New(deps run.Deps, results *result.Results) *Meeting { return &Meeting{deps, results} }

// SeatCommittee implements review.Service.
func (m *Meeting) SeatCommittee(ctx context.Context, in review.SeatCommittee) (review.Decision, error) {
	if err := phase.Known(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	var fields []fault.Field
	var ids, names []string
	seen := map[string]bool{}
	for i, p := range in.Members {
		if field := fmt.Sprintf("members[%d]", i); p.ID == "" {
			fields = append(fields, fault.Required(field))
		} else if seen[p.ID] {
			fields = append(fields, fault.Wrong(field, "repeated", "is there twice"))
		}
		seen[p.ID] = true
		ids, names = append(ids, p.ID), append(names, p.Name)
	}
	if len(in.Members) == 0 {
		fields = append(fields, fault.Required("members"))
	}
	if err := review.ErrInvalid.Check(fields); err != nil {
		return review.Decision{}, err
	}
	return m.change(ctx, in.Slug, func(tx *sqlx.Tx) error {
		if mo, err := last(ctx, tx, in.Slug); err != nil || mo.Seq > 0 {
			return errors.Join(err, review.ErrMoved)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM member WHERE slug = $1`, in.Slug); err != nil {
			return fmt.Errorf("seat committee: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO member (slug, account, name) SELECT $1, account, name FROM unnest($2::text[], $3::text[]) AS m (account, name)`,
			in.Slug, pq.Array(ids), pq.Array(names)); err != nil {
			return fmt.Errorf("seat committee: %w", err)
		}
		return audit.Record(ctx, tx, m.deps.Time(), in.Slug, "seat_committee", "", in)
	})
}

// closed is what the audit log says of the close of a motion.
type closed struct {
	event.DecisionMade

	Outcome string `json:"outcome"`
}

// reaches tells whether part is at least share of whole; an unset share asks
// for more than half.
func reaches(part, whole int, share rulebook.Number) bool {
	if !share.IsSet() {
		return 2*part > whole
	}
	return new(big.Rat).SetInt64(int64(part)).Cmp(new(big.Rat).Mul(share.Rat(), new(big.Rat).SetInt64(int64(whole)))) >= 0
}

// GetDecision implements review.Service.
func (m *Meeting) GetDecision(ctx context.Context, in review.Of) (review.Decision, error) {
	if err := phase.Known(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	if err := watch.Member(ctx, m.deps.DB, in.Slug); err != nil {
		return review.Decision{}, err
	}
	return m.state(ctx, m.deps.DB, in.Slug)
}

// open refuses what is not of the decision's phase. A committee whose decision was
// overtaken goes on after it.
func (m *Meeting) open(ctx context.Context, tx *sqlx.Tx, slug string) (phase.Selection, error) {
	sel, err := m.deps.Selections.Require(ctx, tx, slug, m.deps.Time(), rulebook.PhaseDecision)
	if !errors.Is(err, phase.ErrNotOpen) {
		return sel, err
	}
	if again, failed := result.Overtaken(ctx, tx, slug); failed != nil || !again {
		return sel, errors.Join(err, failed)
	}
	return m.deps.Selections.Get(ctx, tx, slug)
}

// change runs fn with the meeting to itself and gives the state after it.
func (m *Meeting) change(ctx context.Context, slug string, fn func(tx *sqlx.Tx) error) (review.Decision, error) {
	var d review.Decision
	err := m.alone(ctx, slug, func(tx *sqlx.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		var err error
		d, err = m.state(ctx, tx, slug)
		return err
	})
	return d, err
}

// alone runs fn with the meeting to itself.
func (m *Meeting) alone(ctx context.Context, slug string, fn func(tx *sqlx.Tx) error) error {
	return pg.InTx(ctx, m.deps.DB, func(tx *sqlx.Tx) error {
		if err := pg.Lock(ctx, tx, "meeting/"+slug); err != nil {
			return err
		}
		return fn(tx)
	})
}
