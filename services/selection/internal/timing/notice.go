package timing

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
)

// noticeRuns returns ErrNoticeRuns for a notice that has not ended.
func noticeRuns(p lifecycle.Phase, now time.Time) error {
	if p.Name != rulebook.PhaseNotice || p.ClosesAt == nil || !now.Before(*p.ClosesAt) {
		return nil
	}
	return selection.ErrNoticeRuns.With("closes_at", p.ClosesAt.Format(time.RFC3339Nano))
}
