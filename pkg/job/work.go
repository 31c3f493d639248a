package job

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

const (
	// share is which part of the time long work works while others wait: for each
	// moment of work it rests the others, so that it takes no more than a quarter of
	// a processor from those who do not wait for it.
	share = 4
	// tell is how often progress is written, and asked whether others wait.
	tell = 500 * time.Millisecond
	// maxRest is the longest rest at once.
	maxRest = time.Second
)

// Work is a job at work.
type Work struct {
	Job
	DB *sqlx.DB // the runner's pool

	leader *pg.Leader
	stop   context.CancelCauseFunc
	waits  func(ctx context.Context, q sqlx.QueryerContext) (bool, error) // Kind.Waits
	told   time.Time                                                      // when the progress was last written
	since  time.Time                                                      // when this stretch of work began
	alone  bool                                                           // nobody waited then
}

// Progress tells that done of total units are done; 0 of total: it is not known
// how many there are. Long work calls it every few milliseconds of work: it is
// where the work rests, and where it learns that it is to end, because it was
// cancelled or because this process owns the job no more.
func (w *Work) Progress(ctx context.Context, done, total int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := time.Now()
	if !w.since.IsZero() && !w.alone && !pause.For(ctx, min((share-1)*now.Sub(w.since), maxRest)) {
		return ctx.Err()
	}
	if w.since = time.Now(); w.since.Sub(w.told) < tell {
		return nil
	}
	w.told = w.since
	var going bool
	err := w.leader.Conn().GetContext(ctx, &going, `
		WITH told AS (UPDATE job SET done = $2, total = $3 WHERE id = $1 AND ended_at IS NULL RETURNING id) SELECT EXISTS (SELECT FROM told)`,
		w.ID, done, total)
	switch {
	case err != nil:
		err = fmt.Errorf("job: progress: %w", err)
	case !going:
		err = ErrCancelled
	case w.waits == nil:
		return nil
	default:
		var others bool
		if others, err = w.waits(ctx, w.leader.Conn()); err == nil {
			w.alone = !others
			return nil
		}
		err = fmt.Errorf("job: who waits: %w", err)
	}
	w.stop(err)
	return err
}
