package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/selection/internal/lifecycle"
)

// GetSelection implements selection.Service.
func (s *Store) GetSelection(ctx context.Context, in selection.Of) (selection.Selection, error) {
	return Read(ctx, s.deps.DB, in.Slug)
}

// ListSelections implements selection.Service.
func (s *Store) ListSelections(ctx context.Context, _ struct{}) ([]selection.Selection, error) {
	return load(ctx, s.deps.DB, "")
}

// Read gives one selection as q sees it. Fault: ErrUnknown.
func Read(ctx context.Context, q sqlx.QueryerContext, slug string) (selection.Selection, error) {
	if !event.ValidSlug(slug) {
		return selection.Selection{}, selection.ErrUnknown
	}
	found, err := load(ctx, q, slug)
	if err != nil {
		return selection.Selection{}, err
	}
	if len(found) == 0 {
		return selection.Selection{}, selection.ErrUnknown
	}
	return found[0], nil
}

type row struct {
	Slug         string          `db:"slug"`
	Title        json.RawMessage `db:"title"`
	Edition      int             `db:"edition"`
	Timezone     string          `db:"timezone"`
	Rulebook     json.RawMessage `db:"rulebook"`
	RulebookHash string          `db:"rulebook_hash"`
	CreatedAt    time.Time       `db:"created_at"`
	FrozenAt     sql.NullTime    `db:"frozen_at"`
	PublishedAt  sql.NullTime    `db:"published_at"`
	Ballots      int64           `db:"ballots"`
	Candidates   int             `db:"candidates"`
	Decided      bool            `db:"decided"`
}

// load gives the selection with the slug, or all for "", newest first.
func load(ctx context.Context, q sqlx.QueryerContext, slug string) ([]selection.Selection, error) {
	var rows []row
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT s.slug, s.title, s.edition, s.timezone, s.rulebook, s.rulebook_hash, s.created_at, s.frozen_at,
		       p.published_at, coalesce(t.sealed, t.counted, 0) AS ballots, coalesce(d.approved, false) AS decided,
		       (SELECT count(*) FROM candidate c WHERE c.slug = s.slug AND c.struck_at IS NULL) AS candidates
		FROM selection s
		LEFT JOIN turnout t ON t.slug = s.slug
		LEFT JOIN decision d ON d.slug = s.slug
		LEFT JOIN publication p ON p.slug = s.slug
		WHERE $1 = '' OR s.slug = $1
		ORDER BY s.created_at DESC, s.slug`, slug); err != nil {
		return nil, fmt.Errorf("read selections: %w", err)
	}
	slugs := make([]string, len(rows))
	for i, r := range rows {
		slugs[i] = r.Slug
	}
	phases, err := lifecycle.LoadAll(ctx, q, slugs)
	if err != nil {
		return nil, err
	}
	found := make([]selection.Selection, len(rows))
	for i, r := range rows {
		if found[i], err = r.selection(phases[r.Slug]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r row) selection(phases lifecycle.Phases) (selection.Selection, error) {
	s := selection.Selection{
		Slug: r.Slug, Edition: r.Edition, Timezone: r.Timezone, Rulebook: r.Rulebook, RulebookHash: r.RulebookHash,
		Ballots: r.Ballots, Candidates: r.Candidates, Decided: r.Decided, CreatedAt: r.CreatedAt.UTC(),
		FrozenAt: lifecycle.UTC(r.FrozenAt), PublishedAt: lifecycle.UTC(r.PublishedAt),
	}
	if err := json.Unmarshal(r.Title, &s.Title); err != nil {
		return s, fmt.Errorf("title of %s: %w", r.Slug, err)
	}
	for _, p := range phases {
		phase := selection.Phase{Name: p.Name, State: p.State(), OpensAt: p.OpensAt, ClosesAt: p.ClosesAt, WaitingFor: p.Waiting()}
		if p.Opened != nil {
			phase.OpenedAt = &p.Opened.At
		}
		if p.Closed != nil {
			phase.ClosedAt = &p.Closed.At
		}
		s.Phases = append(s.Phases, phase)
	}
	return s, nil
}
