// Package phase is what a room that enforces phases knows of selections: their
// frozen rulebooks and which phases are open. The events of the selection
// service feed this projection, and the room answers them with phase_applied.
package phase

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

//go:embed migrations
var migrations embed.FS

// Set is the projection's tables, for each enforcing service's schema.
func Set() pg.Set { return pg.Embedded("migration_phase", migrations) }

// The faults of a room that enforces phases.
var (
	// ErrNotYet says that the room has not heard of the selection: it never
	// says "not found" or "closed" of what it does not know.
	ErrNotYet = fault.NewUnavailable("selection_not_yet", "this selection has not arrived here yet, or does not exist", time.Second)
	// ErrNotOpen says that the phase for an act is not open; param "phase"
	// names it.
	ErrNotOpen = fault.New(fault.Conflict, "phase_not_open", "the phase for this is not open")
)

// Selection is a selection as an enforcing room knows it.
type Selection struct {
	Slug     string
	Hash     string // of the rulebook, hex
	Rulebook *rulebook.Rulebook
}

// Selections reads what the room knows. It keeps parsed rulebooks.
type Selections struct{ rulebooks rulebook.Cache }

// NewSelections has nothing kept yet.
func NewSelections() *Selections { return &Selections{} }

// Known gives ErrNotYet where the room has not heard of a selection.
func Known(ctx context.Context, q sqlx.QueryerContext, slug string) error {
	_, err := hashOf(ctx, q, slug)
	return err
}

func hashOf(ctx context.Context, q sqlx.QueryerContext, slug string) (string, error) {
	var hash string
	err := sqlx.GetContext(ctx, q, &hash, `SELECT hash FROM selection WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotYet
	}
	if err != nil {
		return "", fmt.Errorf("phase: selection: %w", err)
	}
	return hash, nil
}

// Get reads a selection. Its rulebook is shared: nobody changes it. Fault:
// ErrNotYet.
func (s *Selections) Get(ctx context.Context, q sqlx.QueryerContext, slug string) (Selection, error) {
	hash, err := hashOf(ctx, q, slug)
	if err != nil {
		return Selection{}, err
	}
	rb, err := s.rulebooks.Parse(hash, func() ([]byte, error) {
		var text []byte
		err := sqlx.GetContext(ctx, q, &text, `SELECT rulebook FROM selection WHERE slug = $1`, slug)
		return text, err
	})
	if err != nil {
		return Selection{}, fmt.Errorf("phase: frozen rulebook of %s: %w", slug, err)
	}
	return Selection{slug, hash, rb}, nil
}

// State is how far a phase is in this room.
type State string

// The states.
const (
	Pending State = "pending"
	Open    State = "open"
	Closed  State = "closed"
)

// Of tells how far a phase is at a time: past its deadline it is closed, even
// where the order to close has not arrived.
func Of(ctx context.Context, q sqlx.QueryerContext, slug, name string, now time.Time) (State, error) {
	return state(ctx, q, slug, name, now, "")
}

// Require gives the selection if one of the phases is open. It keeps that so
// until tx ends: a change of the phase waits. Faults: ErrNotYet, ErrNotOpen.
func (s *Selections) Require(ctx context.Context, tx *sqlx.Tx, slug string, now time.Time, names ...string) (Selection, error) {
	sel, err := s.Get(ctx, tx, slug)
	if err != nil {
		return Selection{}, err
	}
	for _, name := range names {
		found, err := state(ctx, tx, slug, name, now, "FOR SHARE")
		if err != nil {
			return Selection{}, err
		}
		if found == Open {
			return sel, nil
		}
	}
	return Selection{}, ErrNotOpen.With("phase", names[0])
}

// RequireBefore gives the selection unless the phase has closed. An open phase
// stays so until tx ends. Faults: ErrNotYet, ErrNotOpen.
func (s *Selections) RequireBefore(ctx context.Context, tx *sqlx.Tx, slug string, now time.Time, name string) (Selection, error) {
	sel, err := s.Get(ctx, tx, slug)
	if err != nil {
		return Selection{}, err
	}
	found, err := state(ctx, tx, slug, name, now, "FOR SHARE")
	if err == nil && found == Closed {
		err = ErrNotOpen.With("phase", name)
	}
	return sel, err
}

func state(ctx context.Context, q sqlx.QueryerContext, slug, name string, now time.Time, lock string) (State, error) {
	var row struct {
		Open     bool         `db:"open"`
		ClosesAt sql.NullTime `db:"closes_at"`
	}
	err := sqlx.GetContext(ctx, q, &row, `SELECT open, closes_at FROM phase WHERE slug = $1 AND name = $2 `+lock, slug, name)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Pending, nil
	case err != nil:
		return "", fmt.Errorf("phase: %s: %w", name, err)
	case row.Open && (!row.ClosesAt.Valid || now.Before(row.ClosesAt.Time)):
		return Open, nil
	}
	return Closed, nil
}

// Hooks are a room's own part in what happens to a selection, inside the
// transaction that records it. Each may be nil.
type Hooks struct {
	// Frozen prepares the room for a new selection.
	Frozen func(ctx context.Context, tx *sqlx.Tx, sel Selection) error
	// Changed applies a phase's change; outbox.ErrNotYet makes it wait.
	// candidates goes into the answer: nomination says how many it admitted.
	Changed func(ctx context.Context, tx *sqlx.Tx, sel Selection, c event.PhaseChanged) (candidates int, err error)
}

// Handlers keep the projection, apply each change and answer it with
// phase_applied.
func (s *Selections) Handlers(now func() time.Time, hooks Hooks) []outbox.Handler {
	return []outbox.Handler{
		outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.RulebookFrozen) error {
			if _, err := tx.ExecContext(ctx, `INSERT INTO selection (slug, hash, rulebook, frozen_at) VALUES ($1, $2, $3, $4)`,
				env.Slug, e.Hash, []byte(e.Rulebook), env.At); err != nil {
				return fmt.Errorf("phase: freeze: %w", err)
			}
			if hooks.Frozen == nil {
				return nil
			}
			sel, err := s.Get(ctx, tx, env.Slug)
			if err != nil {
				return err
			}
			return hooks.Frozen(ctx, tx, sel)
		}),
		outbox.On(func(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.PhaseChanged) error {
			sel, err := s.Get(ctx, tx, env.Slug)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO phase (slug, name, open, closes_at) VALUES ($1, $2, $3, $4)
				ON CONFLICT (slug, name) DO UPDATE SET open = excluded.open, closes_at = excluded.closes_at`,
				env.Slug, e.Phase, e.Action == event.Open, e.ClosesAt); err != nil {
				return fmt.Errorf("phase: change: %w", err)
			}
			candidates := 0
			if hooks.Changed != nil {
				if candidates, err = hooks.Changed(ctx, tx, sel, e); err != nil {
					return err
				}
			}
			return outbox.Append(ctx, tx, now(), env.Slug, "phases", event.PhaseApplied{
				Phase: e.Phase, Action: e.Action, Change: env.Version, Candidates: candidates,
			})
		}),
	}
}
