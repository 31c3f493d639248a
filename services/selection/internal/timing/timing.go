// Package timing opens and closes phases, by hand and by the clock, and keeps
// which services have applied each change.
package timing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/calendar"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
	"github.com/laurel-awards/laurel/services/selection/internal/notice"
	"github.com/laurel-awards/laurel/services/selection/internal/store"
)

// aggregate is what the versions of rulebook_frozen and phase_changed count.
const aggregate = "phases"

// Timing changes phases.
type Timing struct {
	deps     run.Deps
	holidays calendar.Holidays
}

// New changes phases in deps' database. Notices heed holidays before those that
// come with this version.
func New(deps run.Deps, holidays calendar.Holidays) *Timing { return &Timing{deps, holidays} }

// ChangePhase implements selection.Service.
func (t *Timing) ChangePhase(ctx context.Context, in selection.ChangePhase) (selection.Selection, error) {
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Selection{}, err
	}
	if !event.ValidSlug(in.Slug) {
		return selection.Selection{}, selection.ErrUnknown
	}
	in.Reason = strings.TrimSpace(in.Reason)
	var changed selection.Selection
	err := pg.InTx(ctx, t.deps.DB, func(tx *sqlx.Tx) error {
		if err := t.change(ctx, tx, in); err != nil {
			return err
		}
		var err error
		changed, err = store.Read(ctx, tx, in.Slug)
		return err
	})
	return changed, err
}

// subject is the selection whose phase changes, locked until tx ends.
type subject struct {
	Slug         string          `db:"slug"`
	Rulebook     json.RawMessage `db:"rulebook"`
	RulebookHash string          `db:"rulebook_hash"`
	Approved     sql.NullString  `db:"approved"` // hash of the result that the committee approved
}

// change orders the change unless it has been ordered.
func (t *Timing) change(ctx context.Context, tx *sqlx.Tx, in selection.ChangePhase) error {
	s, err := lock(ctx, tx, in.Slug)
	if err != nil {
		return err
	}
	phases, err := lifecycle.Load(ctx, tx, in.Slug)
	if err != nil {
		return err
	}
	p, _ := phases.Phase(in.Phase)
	if in.Seen != "" && p.Name != "" && p.State() != in.Seen {
		return selection.ErrChanged
	}
	already, err := phases.Order(in.Phase, in.Action, s.Approved.Valid)
	if err != nil || already {
		return err
	}
	now := t.deps.Time()
	if in.Action == event.Close {
		if err := noticeRuns(p, now); err != nil {
			return err
		}
		return order(ctx, tx, in, now, event.PhaseChanged{})
	}
	if in.Phase == rulebook.PhaseNomination {
		if err := freeze(ctx, tx, s, now); err != nil {
			return err
		}
	}
	closesAt, err := t.deadline(s, p, now)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE phase SET closes_at = $3 WHERE slug = $1 AND name = $2`, in.Slug, in.Phase, closesAt); err != nil {
		return fmt.Errorf("deadline of %s: %w", in.Phase, err)
	}
	candidates, err := admitted(ctx, tx, in)
	if err != nil {
		return err
	}
	if err := order(ctx, tx, in, now, event.PhaseChanged{ClosesAt: closesAt, Candidates: candidates}); err != nil {
		return err
	}
	if in.Phase != rulebook.PhaseNotice {
		return nil
	}
	runs, err := notice.Runs(s.Rulebook, now, t.holidays)
	if err != nil {
		return err
	}
	return notice.Post(ctx, tx, s.Slug, s.Approved.String, runs)
}

func lock(ctx context.Context, tx *sqlx.Tx, slug string) (subject, error) {
	var s subject
	err := tx.GetContext(ctx, &s, `
		SELECT slug, rulebook, rulebook_hash,
		       (SELECT d.result_hash FROM decision d WHERE d.slug = selection.slug AND d.approved) AS approved
		FROM selection WHERE slug = $1 FOR UPDATE`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return s, selection.ErrUnknown
	}
	if err != nil {
		return s, fmt.Errorf("lock selection: %w", err)
	}
	return s, nil
}

// freeze fixes the rulebook. It is the first event of the selection.
func freeze(ctx context.Context, tx *sqlx.Tx, s subject, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE selection SET frozen_at = $2 WHERE slug = $1`, s.Slug, now); err != nil {
		return fmt.Errorf("freeze rulebook: %w", err)
	}
	return outbox.Append(ctx, tx, now, s.Slug, aggregate, event.RulebookFrozen{Hash: s.RulebookHash, Rulebook: s.Rulebook})
}

// deadline is when the phase closes by the clock; nil: it closes by hand. A phase
// that people open only after its closing time has passed has no deadline left:
// people close it, too.
func (t *Timing) deadline(s subject, p lifecycle.Phase, now time.Time) (*time.Time, error) {
	if p.Name == rulebook.PhaseNotice {
		runs, err := notice.Runs(s.Rulebook, now, t.holidays)
		if err != nil {
			return nil, err
		}
		return &runs[len(runs)-1].Closes, nil
	}
	if p.ClosesAt == nil || !p.ClosesAt.After(now) {
		return nil, nil
	}
	return p.ClosesAt, nil
}

// admitted is how many candidates a room must know before it opens voting or
// review: as many as nomination had admitted when vetting closed.
func admitted(ctx context.Context, tx *sqlx.Tx, in selection.ChangePhase) (n int, err error) {
	if in.Phase != rulebook.PhaseVoting && in.Phase != rulebook.PhaseReview {
		return 0, nil
	}
	if err := tx.GetContext(ctx, &n, `
		SELECT candidates FROM phase_change WHERE slug = $1 AND phase = $2 AND action = $3`, in.Slug, rulebook.PhaseVetting, event.Close); err != nil {
		return 0, fmt.Errorf("candidates of %s: %w", in.Slug, err)
	}
	return n, nil
}

// order tells the enforcing services, and waits for them from now on.
func order(ctx context.Context, tx *sqlx.Tx, in selection.ChangePhase, now time.Time, e event.PhaseChanged) error {
	e.Phase, e.Action, e.Reason = in.Phase, in.Action, in.Reason
	if err := outbox.Append(ctx, tx, now, in.Slug, aggregate, e); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO phase_change (slug, phase, action, version, ordered_at, waiting)
		SELECT slug, $2, $3, version, $4, $5 FROM aggregate WHERE slug = $1 AND name = $6`,
		in.Slug, in.Phase, in.Action, now, pq.Array(event.Enforcers()), aggregate); err != nil {
		return fmt.Errorf("order %s of %s: %w", in.Action, in.Phase, err)
	}
	return audit.Record(ctx, tx, now, in.Slug, in.Action+"_phase", in.Reason, changed{e, in.Unmet})
}

// changed is what the audit log keeps of a change.
type changed struct {
	event.PhaseChanged
	Unmet string `json:"unmet,omitempty"` // what whoever closed vetting acknowledged
}

// Handlers keep the answers of the enforcing services.
func (t *Timing) Handlers() []outbox.Handler { return []outbox.Handler{outbox.On(applied)} }

func applied(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.PhaseApplied) error {
	var candidates *int // what nomination says when vetting is closed
	if env.Publisher == event.Nomination && e.Phase == rulebook.PhaseVetting && e.Action == event.Close {
		candidates = &e.Candidates
	}
	res, err := tx.ExecContext(ctx, `
		UPDATE phase_change SET waiting = array_remove(waiting, $5), candidates = coalesce($6, candidates)
		WHERE slug = $1 AND version = $2 AND phase = $3 AND action = $4`,
		env.Slug, e.Change, e.Phase, e.Action, env.Publisher, candidates)
	if err != nil {
		return fmt.Errorf("phase applied: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return fmt.Errorf("phase applied: %s answers change %d of %s, %s %s, which was not ordered", env.Publisher, e.Change, env.Slug, e.Action, e.Phase)
}
