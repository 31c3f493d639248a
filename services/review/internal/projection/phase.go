package projection

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// ReviewOpened tells whether review has opened, though it may have closed since.
func ReviewOpened(ctx context.Context, q sqlx.QueryerContext, slug string) (is bool, err error) {
	if err := sqlx.GetContext(ctx, q, &is, `SELECT EXISTS (SELECT FROM phase WHERE slug = $1 AND name = $2)`, slug, rulebook.PhaseReview); err != nil {
		return false, fmt.Errorf("phase: %w", err)
	}
	return is, nil
}

// ReviewClosed refuses what takes all scores until review has closed.
func ReviewClosed(ctx context.Context, q sqlx.QueryerContext, slug string, now time.Time) error {
	return review(ctx, q, slug, now, func(s phase.State) bool { return s == phase.Closed })
}

// ReviewNotClosed refuses what only makes sense while there is time to score.
func ReviewNotClosed(ctx context.Context, q sqlx.QueryerContext, slug string, now time.Time) error {
	return review(ctx, q, slug, now, func(s phase.State) bool { return s != phase.Closed })
}

func review(ctx context.Context, q sqlx.QueryerContext, slug string, now time.Time, fits func(phase.State) bool) error {
	state, err := phase.Of(ctx, q, slug, rulebook.PhaseReview, now)
	if err == nil && !fits(state) {
		err = phase.ErrNotOpen.With("phase", rulebook.PhaseReview)
	}
	return err
}
