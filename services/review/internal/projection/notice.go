package projection

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// OnNotice records that the result is on public notice.
func OnNotice(ctx context.Context, tx *sqlx.Tx, env event.Envelope, _ event.NoticePosted) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO notice (slug, posted_at) VALUES ($1, $2)`, env.Slug, env.At); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	return nil
}

// OnPublished records that the result is public.
func OnPublished(ctx context.Context, tx *sqlx.Tx, env event.Envelope, _ event.ResultPublished) error {
	if _, err := tx.ExecContext(ctx, `UPDATE notice SET published_at = $2 WHERE slug = $1`, env.Slug, env.At); err != nil {
		return fmt.Errorf("published: %w", err)
	}
	return nil
}

// NoNotice refuses what would change a result that is on public notice.
func NoNotice(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	var posted bool
	if err := sqlx.GetContext(ctx, q, &posted, `SELECT EXISTS (SELECT FROM notice WHERE slug = $1)`, slug); err != nil {
		return fmt.Errorf("notice: %w", err)
	}
	if posted {
		return phase.ErrNotOpen.With("phase", rulebook.PhaseReview)
	}
	return nil
}
