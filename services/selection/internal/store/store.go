// Package store keeps selections and their rulebooks, and what other rooms tell
// of them.
package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/selection"
)

// Store keeps the selections of a database.
type Store struct{ deps run.Deps }

// New keeps selections in deps' database.
func New(deps run.Deps) *Store { return &Store{deps} }

// CreateSelection implements selection.Service.
func (s *Store) CreateSelection(ctx context.Context, in selection.CreateSelection) (selection.Selection, error) {
	var created selection.Selection
	err := pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) (err error) {
		created, err = s.create(ctx, tx, in, map[string]string{})
		return err
	})
	return created, taken(err, in.Slug)
}

// taken gives the fault of a slug that another selection has.
func taken(err error, slug string) error {
	if pg.IsUnique(err, "selection_pkey") {
		return selection.ErrSlugTaken.With("slug", slug)
	}
	return err
}

// create makes a selection in a transaction; detail goes into the audit log.
func (s *Store) create(ctx context.Context, tx *sqlx.Tx, in selection.CreateSelection, detail map[string]string) (selection.Selection, error) {
	now := s.deps.Time()
	rb, err := read(in, now)
	if err != nil {
		return selection.Selection{}, err
	}
	canonical, err := rb.Canonical()
	if err != nil {
		return selection.Selection{}, fmt.Errorf("create selection: %w", err)
	}
	title, err := json.Marshal(rb.Title)
	if err != nil {
		return selection.Selection{}, fmt.Errorf("create selection: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO selection (slug, title, edition, timezone, given, rulebook, rulebook_hash, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		in.Slug, title, rb.Edition, rb.Timezone, []byte(in.Rulebook), canonical, rb.Hash(), now); err != nil {
		return selection.Selection{}, fmt.Errorf("create selection: %w", err)
	}
	if err := plan(ctx, tx, in.Slug, rb.Phases); err != nil {
		return selection.Selection{}, err
	}
	detail["rulebook_hash"] = rb.Hash()
	if err := audit.Record(ctx, tx, now, in.Slug, "create_selection", "", detail); err != nil {
		return selection.Selection{}, err
	}
	return Read(ctx, tx, in.Slug)
}

// read gives the rulebook, or everything that is wrong with the input now.
func read(in selection.CreateSelection, now time.Time) (*rulebook.Rulebook, error) {
	fields := in.Check()
	rb, wrong := rulebook.Check([]byte(in.Rulebook), now)
	if len(wrong) > 0 {
		return nil, fault.NewInvalid(rulebook.CodeInvalid, "the rulebook has mistakes", append(fields, wrong...)...)
	}
	return rb, selection.Invalid(fields...)
}

// plan writes the phases with the times that the rulebook gives them.
func plan(ctx context.Context, tx *sqlx.Tx, slug string, phases rulebook.Phases) error {
	for i, name := range rulebook.PhaseNames() {
		w, _ := phases.Window(name) // the notice has no times of its own
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO phase (slug, name, position, opens_at, closes_at) VALUES ($1, $2, $3, $4, $5)`,
			slug, name, i, moment(w.Opens), moment(w.Closes)); err != nil {
			return fmt.Errorf("plan phase %s: %w", name, err)
		}
	}
	return nil
}

// moment is NULL for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
