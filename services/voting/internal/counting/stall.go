package counting

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
)

// The steps of counting, as operators and auditors read them.
const (
	folding    = "fold"    // batches enter the tally
	publishing = "publish" // a publication that is due, or the seal
)

const (
	// patience is how long counting of a selection may stand still although there is
	// something to be done.
	patience = 10 * time.Second
	// glance is the time between two looks whether it does.
	glance = 2 * time.Second
	// blind is how long looks may fail: then it is the database that is away.
	blind = 10 * time.Second
)

// stalled is registered once a process, like every metric.
var stalled = promauto.NewGaugeVec(prometheus.GaugeOpts{
	Name: "laurel_counting_stalled_seconds",
	Help: "For how long counting of a selection has stood still although ballots wait to be folded, or a publication is due.",
}, []string{"selection", "step"})

// ErrStalled says that counting stands still. Params "selection" and "step".
var ErrStalled = fault.NewUnavailable("counting_stalled", "counting stands still", 10*time.Second)

// stalls are the steps that wait, and since when they have not moved: every replica
// sees them, whichever counts.
type stalls struct {
	mu    sync.Mutex
	still map[stall]standing
}

type stall struct{ slug, step string }

// standing is how far a step has come, and since when.
type standing struct {
	at    int64
	since time.Time
}

// Watch looks whether counting moves, until ctx ends.
func (s *Sequencer) Watch(ctx context.Context) error {
	for {
		if err := s.look(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "sequencer: no look whether counting moves", "error", err)
		}
		if !pause.For(ctx, glance) {
			return nil
		}
	}
}

// look notes what has not moved since the look before.
func (s *Sequencer) look(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, blind)
	defer cancel()
	all, err := waiting(ctx, s.db)
	if err != nil {
		return err
	}
	waits := map[stall]int64{}
	for _, st := range all {
		if st.Waits {
			waits[stall{st.Slug, folding}] = st.Counted
		}
		rules, err := s.cache.Rules(ctx, s.db, st.Slug)
		if st.final() || err == nil && st.due(rules.Publication(), 0) > st.Size {
			waits[stall{st.Slug, publishing}] = st.Size
		}
	}
	s.stalls.mu.Lock()
	defer s.stalls.mu.Unlock()
	before := s.stalls.still
	s.stalls.still = make(map[stall]standing, len(waits))
	stalled.Reset()
	for what, at := range waits {
		is := standing{at, now}
		if was, ok := before[what]; ok && was.at == at {
			is.since = was.since
		}
		s.stalls.still[what] = is
		if since := now.Sub(is.since); since >= patience {
			stalled.WithLabelValues(what.slug, what.step).Set(since.Seconds())
		}
	}
	return nil
}

// Ready gives ErrStalled where counting of a selection stands still.
func (s *Sequencer) Ready(context.Context) error { return s.moves(time.Now()) }

func (s *Sequencer) moves(now time.Time) error {
	s.stalls.mu.Lock()
	defer s.stalls.mu.Unlock()
	for what, is := range s.stalls.still {
		if since := now.Sub(is.since); since >= patience {
			f := ErrStalled.With("selection", what.slug).With("step", what.step)
			f.Message = fmt.Sprintf("counting of %s stands still for %s: %s fails, see the log", what.slug, since.Round(time.Second), what.step)
			return f
		}
	}
	return nil
}

// tell names a selection that cannot be counted to its auditors, in its log of acts.
func (s *Sequencer) tell(ctx context.Context, leader *pg.Leader, slug, step string) bool {
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "sequencer", Name: "sequencer"})
	err := leader.InTx(ctx, func(tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, s.now(), slug, "stall_counting", "", map[string]string{"step": step})
	})
	if err != nil {
		s.log.ErrorContext(ctx, "sequencer: auditors were not told", "selection", slug, "error", err)
	}
	return err == nil
}
