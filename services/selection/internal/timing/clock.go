package timing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
)

// tick is how often the clock looks for phases that are due.
const tick = time.Second

// reason is what the clock says for its changes.
const reason = "the time set in the rulebook"

// Clock changes the phases that are due by the rulebook's times. A due phase
// that may not change yet waits. A phase opens only once, so one whose whole
// time passed while it could not open is left to people.
type Clock struct {
	timing *Timing
	told   map[due]string // what was logged of a phase that waits
}

// Clock gives the clock of t's selections; one runs at a time.
func (t *Timing) Clock() *Clock { return &Clock{t, map[due]string{}} }

// Task runs the clock, in one replica at a time.
func (c *Clock) Task() run.Task { return run.Task{Name: "clock", Run: c.run} }

func (c *Clock) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := pg.Lead(ctx, c.timing.deps.DB, selection.Name+"/clock", func(leader *pg.Leader) error { return c.lead(ctx, leader) })
		if err != nil && ctx.Err() == nil {
			c.timing.deps.Log.WarnContext(ctx, "clock: trying again", "error", err)
		}
		pause.For(ctx, tick)
	}
	return nil
}

// lead is the clock with the lock; it writes on the connection that holds it.
func (c *Clock) lead(ctx context.Context, leader *pg.Leader) error {
	for ctx.Err() == nil {
		if err := c.Act(ctx, leader.Conn()); err != nil {
			return err
		}
		pause.For(ctx, tick)
	}
	return nil
}

// due is a change whose time has come.
type due struct {
	Slug   string `db:"slug"`
	Phase  string `db:"name"`
	Action string `db:"action"`
	Missed bool   `db:"missed"` // its closing time has passed as well
}

// Act orders what is due now. A selection that fails does not keep the others
// waiting; the error is of the database as a whole.
func (c *Clock) Act(ctx context.Context, db interface {
	sqlx.QueryerContext
	pg.Beginner
},
) error {
	var changes []due
	if err := sqlx.SelectContext(ctx, db, &changes, `
		SELECT p.slug, p.name,
		       CASE WHEN o.slug IS NULL THEN 'open' ELSE 'close' END AS action,
		       o.slug IS NULL AND coalesce(p.closes_at <= $1, false) AS missed
		FROM phase p
		LEFT JOIN phase_change o ON o.slug = p.slug AND o.phase = p.name AND o.action = 'open'
		LEFT JOIN phase_change c ON c.slug = p.slug AND c.phase = p.name AND c.action = 'close'
		WHERE o.slug IS NULL AND p.opens_at <= $1
		   OR o.slug IS NOT NULL AND c.slug IS NULL AND p.closes_at <= $1
		ORDER BY p.slug, p.position`, c.timing.deps.Time()); err != nil {
		return fmt.Errorf("clock: what is due: %w", err)
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: "clock", Name: "clock"})
	for _, d := range changes {
		if err := guard.Do("clock", func() error { return c.change(ctx, db, d) }); pg.IsUnavailable(err) || errors.Is(err, pg.ErrUnknownCommit) || ctx.Err() != nil {
			return err
		} else if guard.Is(err) {
			c.tell(ctx, d, err)
		}
	}
	return nil
}

func (c *Clock) change(ctx context.Context, db pg.Beginner, d due) error {
	if d.Missed {
		c.tell(ctx, d, errors.New("its whole time has passed; it opens by hand"))
		return nil
	}
	err := pg.InTx(ctx, db, func(tx *sqlx.Tx) error {
		return c.timing.change(ctx, tx, selection.ChangePhase{Slug: d.Slug, Phase: d.Phase, Action: d.Action, Reason: reason})
	})
	if err != nil {
		c.tell(ctx, d, err)
		return err
	}
	delete(c.told, d)
	c.timing.deps.Log.InfoContext(ctx, "clock: phase changed", "slug", d.Slug, "phase", d.Phase, "action", d.Action)
	return nil
}

// tell logs why a phase waits, once for each reason.
func (c *Clock) tell(ctx context.Context, d due, why error) {
	reason := why.Error()
	if p, ok := errors.AsType[*guard.Panic](why); ok {
		reason = fmt.Sprint(p.Value) // a stack differs from one time to the next
	}
	if c.told[d] == reason {
		return
	}
	c.told[d] = reason
	level := c.timing.deps.Log.WarnContext
	if errors.Is(why, selection.ErrOutOfOrder) {
		level = c.timing.deps.Log.InfoContext
	}
	level(ctx, "clock: a phase is due and waits", "slug", d.Slug, "phase", d.Phase, "action", d.Action, "why", why)
}
