package timing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
)

// noticeEnd is the end of a notice that is posted now: whole working days in
// the selection's timezone, or the real duration that replaces them.
func (t *Timing) noticeEnd(rules []byte, now time.Time) (time.Time, error) {
	rb, err := rulebook.Parse(rules)
	if err != nil {
		return time.Time{}, fmt.Errorf("notice: %w", err)
	}
	n := rb.Phases.Notice
	if n.ShortenedTo > 0 {
		return now.Add(n.ShortenedTo), nil
	}
	c, err := calendar.Named(n.Calendar)
	if err != nil {
		return time.Time{}, fmt.Errorf("notice: %w", err)
	}
	end, err := c.With(t.holidays).AddWorkingDays(now, n.WorkingDays, rb.Location())
	if missing, ok := errors.AsType[calendar.NoDataError](err); ok {
		return time.Time{}, selection.NoHolidays(n.Calendar, missing.Year)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("notice: %w", err)
	}
	return end.UTC(), nil
}

// noticeRuns returns ErrNoticeRuns for a notice that has not ended.
func noticeRuns(p lifecycle.Phase, now time.Time) error {
	if p.Name != rulebook.PhaseNotice || p.ClosesAt == nil || !now.Before(*p.ClosesAt) {
		return nil
	}
	return selection.ErrNoticeRuns.With("closes_at", p.ClosesAt.Format(time.RFC3339Nano))
}

// post puts the approved result on public notice.
func post(ctx context.Context, tx *sqlx.Tx, s subject, now, closesAt time.Time) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO notice (slug, result_hash, posted_at) VALUES ($1, $2, $3)`,
		s.Slug, s.Approved.String, now); err != nil {
		return fmt.Errorf("post notice: %w", err)
	}
	return outbox.Append(ctx, tx, now, s.Slug, "notice", event.NoticePosted{ResultHash: s.Approved.String, ClosesAt: closesAt})
}
