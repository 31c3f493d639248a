package result

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/review"
)

// Overtake has the decision of a selection fall whose candidate is struck: what it
// was about is no more. The committee decides again, after the decision's phase
// too. Of a public result nothing falls.
func (r *Results) Overtake(ctx context.Context, tx *sqlx.Tx, slug string) error {
	var was struct {
		Result    string `db:"result"`
		Members   int    `db:"members"`
		For       int    `db:"votes_for"`
		Against   int    `db:"against"`
		Abstained int    `db:"abstained"`
	}
	if err := pg.Lock(ctx, tx, "meeting/"+slug); err != nil {
		return err
	}
	err := tx.GetContext(ctx, &was, `
		UPDATE motion SET outcome = $2 WHERE slug = $1 AND outcome = $3
		  AND NOT EXISTS (SELECT FROM notice WHERE slug = $1 AND published_at IS NOT NULL)
		RETURNING result, members, votes_for, against, abstained`, slug, review.Fallen, review.Approved)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("overtake: %w", err)
	}
	now, made := r.deps.Time(), event.DecisionMade{
		ResultHash: was.Result, Members: was.Members, For: was.For, Against: was.Against, Abstained: was.Abstained,
	}
	if err := audit.Record(ctx, tx, now, slug, "overtake_decision", "", made); err != nil {
		return err
	}
	return outbox.Append(ctx, tx, now, slug, "decision", made)
}

// Overtaken tells whether the committee has to decide again: what it had decided
// is no more, and nothing is in its place.
func Overtaken(ctx context.Context, q sqlx.QueryerContext, slug string) (is bool, err error) {
	if err := sqlx.GetContext(ctx, q, &is, `
		SELECT EXISTS (SELECT FROM motion WHERE slug = $1 AND outcome IN ($2, $3))
		   AND NOT EXISTS (SELECT FROM motion WHERE slug = $1 AND outcome = $4)`,
		slug, review.Overtaken, review.Fallen, review.Approved); err != nil {
		return false, fmt.Errorf("overtaken: %w", err)
	}
	return is, nil
}
