// Package store keeps selections and their rulebooks, and what other rooms tell
// of them.
package store

import (
	"context"
	"encoding/json"
	"errors"
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
	rb, err := read(in)
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
	now := s.deps.Time()
	var created selection.Selection
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO selection (slug, title, edition, timezone, given, rulebook, rulebook_hash, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			in.Slug, title, rb.Edition, rb.Timezone, []byte(in.Rulebook), canonical, rb.Hash(), now); err != nil {
			return fmt.Errorf("create selection: %w", err)
		}
		if err := plan(ctx, tx, in.Slug, rb.Phases); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, now, in.Slug, "create_selection", "", map[string]string{"rulebook_hash": rb.Hash()}); err != nil {
			return err
		}
		var err error
		created, err = Read(ctx, tx, in.Slug)
		return err
	})
	if pg.IsUnique(err, "selection_pkey") {
		return selection.Selection{}, selection.ErrSlugTaken.With("slug", in.Slug)
	}
	return created, err
}

// read gives the rulebook, or everything that is wrong with the input.
func read(in selection.CreateSelection) (*rulebook.Rulebook, error) {
	fields := in.Check()
	rb, err := rulebook.Parse([]byte(in.Rulebook))
	if err == nil {
		err = rb.CheckSelection()
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Invalid {
		all := *f
		all.Fields = append(fields, f.Fields...)
		return nil, &all
	}
	if err != nil {
		return nil, fmt.Errorf("read rulebook: %w", err)
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
