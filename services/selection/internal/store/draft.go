package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/selection"
)

type draftRow struct {
	ID        uuid.UUID `db:"id"`
	Version   int       `db:"version"`
	Slug      string    `db:"slug"`
	Rulebook  []byte    `db:"rulebook"`
	SavedBy   string    `db:"saved_by"`
	SavedAt   time.Time `db:"saved_at"`
	CreatedAt time.Time `db:"created_at"`
}

func (r draftRow) draft() selection.Draft {
	return selection.Draft{
		ID: r.ID.String(), Version: r.Version, Slug: r.Slug, Rulebook: string(r.Rulebook),
		SavedBy: r.SavedBy, SavedAt: r.SavedAt.UTC(), CreatedAt: r.CreatedAt.UTC(),
	}
}

// StartDraft implements selection.Service.
func (s *Store) StartDraft(ctx context.Context, in selection.StartDraft) (selection.Draft, error) {
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Draft{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return selection.Draft{}, fmt.Errorf("start draft: %w", err)
	}
	now := s.deps.Time()
	r := draftRow{ID: id, Version: 1, Slug: in.Slug, Rulebook: []byte(in.Rulebook), SavedBy: actor.From(ctx).Name, SavedAt: now, CreatedAt: now}
	return r.draft(), pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO draft (id, version, slug, rulebook, saved_by, saved_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $6)`,
			r.ID, r.Version, r.Slug, r.Rulebook, r.SavedBy, now); err != nil {
			return fmt.Errorf("start draft: %w", err)
		}
		return recordDraft(ctx, tx, now, "start_draft", r)
	})
}

// recordDraft writes an act on a draft into the audit log.
func recordDraft(ctx context.Context, tx *sqlx.Tx, at time.Time, act string, r draftRow) error {
	return audit.Record(ctx, tx, at, "", act, "", map[string]string{"draft": r.ID.String(), "version": strconv.Itoa(r.Version), "slug": r.Slug})
}

// ListDrafts implements selection.Service.
func (s *Store) ListDrafts(ctx context.Context, _ struct{}) ([]selection.Draft, error) {
	var rows []draftRow
	if err := s.deps.DB.SelectContext(ctx, &rows, `
		SELECT id, version, slug, ''::bytea AS rulebook, saved_by, saved_at, created_at FROM draft ORDER BY saved_at DESC, id`); err != nil {
		return nil, fmt.Errorf("list drafts: %w", err)
	}
	drafts := make([]selection.Draft, len(rows))
	for i, r := range rows {
		drafts[i] = r.draft()
	}
	return drafts, nil
}

// GetDraft implements selection.Service.
func (s *Store) GetDraft(ctx context.Context, in selection.OfDraft) (selection.Draft, error) {
	id, err := in.Key()
	if err != nil {
		return selection.Draft{}, err
	}
	var r draftRow
	err = s.deps.DB.GetContext(ctx, &r, `SELECT id, version, slug, rulebook, saved_by, saved_at, created_at FROM draft WHERE id = $1`, id)
	return r.draft(), noDraft(err)
}

func noDraft(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return selection.ErrNoDraft
	}
	if err != nil {
		return fmt.Errorf("draft: %w", err)
	}
	return nil
}

// SaveDraft implements selection.Service.
func (s *Store) SaveDraft(ctx context.Context, in selection.SaveDraft) (selection.Draft, error) {
	if err := selection.Invalid(in.Check()...); err != nil {
		return selection.Draft{}, err
	}
	var r draftRow
	err := s.inVersion(ctx, in.ID, in.Version, func(tx *sqlx.Tx, id uuid.UUID) error {
		now := s.deps.Time()
		if err := tx.GetContext(ctx, &r, `
			UPDATE draft SET version = version + 1, slug = $3, rulebook = $4, saved_by = $5, saved_at = $6
			WHERE id = $1 AND version = $2 RETURNING id, version, slug, rulebook, saved_by, saved_at, created_at`,
			id, in.Version, in.Slug, []byte(in.Rulebook), actor.From(ctx).Name, now); err != nil {
			return err
		}
		return recordDraft(ctx, tx, now, "save_draft", r)
	})
	return r.draft(), err
}

// DiscardDraft implements selection.Service.
func (s *Store) DiscardDraft(ctx context.Context, in selection.OfVersion) (selection.Draft, error) {
	var r draftRow
	err := s.inVersion(ctx, in.ID, in.Version, func(tx *sqlx.Tx, id uuid.UUID) (err error) {
		if r, err = take(ctx, tx, id, in.Version); err != nil {
			return err
		}
		return recordDraft(ctx, tx, s.deps.Time(), "discard_draft", r)
	})
	return r.draft(), err
}

// FinishDraft implements selection.Service.
func (s *Store) FinishDraft(ctx context.Context, in selection.OfVersion) (selection.Selection, error) {
	var r draftRow
	var created selection.Selection
	err := s.inVersion(ctx, in.ID, in.Version, func(tx *sqlx.Tx, id uuid.UUID) (err error) {
		if r, err = take(ctx, tx, id, in.Version); err != nil {
			return err
		}
		created, err = s.create(ctx, tx, selection.CreateSelection{Slug: r.Slug, Rulebook: string(r.Rulebook)}, map[string]string{"draft": r.ID.String()})
		return err
	})
	return created, taken(err, r.Slug)
}

// take removes a draft in the version that was read, and gives it.
func take(ctx context.Context, tx *sqlx.Tx, id uuid.UUID, version int) (r draftRow, err error) {
	return r, tx.GetContext(ctx, &r, `
		DELETE FROM draft WHERE id = $1 AND version = $2 RETURNING id, version, slug, rulebook, saved_by, saved_at, created_at`, id, version)
}

// inVersion changes a draft, which finds no row where it is not in the version
// that was read: then the draft has changed, or is no more.
func (s *Store) inVersion(ctx context.Context, draft string, version int, change func(tx *sqlx.Tx, id uuid.UUID) error) error {
	id, err := selection.OfDraft{ID: draft}.Key()
	if err != nil {
		return err
	}
	err = pg.InTx(ctx, s.deps.DB, func(tx *sqlx.Tx) error { return change(tx, id) })
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	now, err := s.GetDraft(ctx, selection.OfDraft{ID: draft})
	if err != nil {
		return err
	}
	return selection.ErrDraftChanged.With("version", strconv.Itoa(now.Version)).With("saved_by", now.SavedBy)
}

// GetGiven implements selection.Service.
func (s *Store) GetGiven(ctx context.Context, in selection.Of) (selection.Given, error) {
	if !event.ValidSlug(in.Slug) {
		return selection.Given{}, selection.ErrUnknown
	}
	var text []byte
	err := s.deps.DB.GetContext(ctx, &text, `SELECT given FROM selection WHERE slug = $1`, in.Slug)
	if errors.Is(err, sql.ErrNoRows) {
		return selection.Given{}, selection.ErrUnknown
	}
	if err != nil {
		return selection.Given{}, fmt.Errorf("read rulebook: %w", err)
	}
	return selection.Given{Rulebook: string(text)}, nil
}
