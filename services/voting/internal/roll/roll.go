package roll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// Columns are those of Selection, for a SELECT from voting.
const Columns = `id, slug, key_check, opened_at, closes_at, closed_at, roll, clock_timestamp() AS now`

// Selection is a vote as it stands.
type Selection struct {
	ID       int          `db:"id"`
	Slug     string       `db:"slug"`
	KeyCheck []byte       `db:"key_check"`
	OpenedAt sql.NullTime `db:"opened_at"`
	ClosesAt sql.NullTime `db:"closes_at"`
	ClosedAt sql.NullTime `db:"closed_at"`
	Roll     int          `db:"roll"` // another number: other candidates
	Now      time.Time    `db:"now"`  // the database's clock
}

// State is Pending, Open or Closed by the database's clock: past the deadline
// it is closed even where the order to close is late.
func (s Selection) State() string {
	switch {
	case s.ClosedAt.Valid, s.ClosesAt.Valid && !s.Now.Before(s.ClosesAt.Time):
		return voting.Closed
	case s.OpenedAt.Valid:
		return voting.Open
	}
	return voting.Pending
}

// Get reads one selection. Fault: ErrNotYet.
func Get(ctx context.Context, q sqlx.QueryerContext, slug string) (Selection, error) {
	var s Selection
	err := sqlx.GetContext(ctx, q, &s, `SELECT `+Columns+` FROM voting WHERE slug = $1`, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return s, voting.ErrNotYet
	}
	if err != nil {
		return s, fmt.Errorf("selection %.64q: %w", slug, err)
	}
	return s, nil
}

// Cache keeps what seldom changes: rulebooks are frozen, candidates have a
// number that changes with them. Many may use it at once.
type Cache struct {
	mu         sync.Mutex
	rules      map[string]rule.Rules
	candidates map[string]candidates
}

type candidates struct {
	roll int
	of   map[int]rule.Candidate
}

// NewCache is an empty one.
func NewCache() *Cache {
	return &Cache{rules: map[string]rule.Rules{}, candidates: map[string]candidates{}}
}

// Rules are the selection's. Fault: ErrNotYet.
func (c *Cache) Rules(ctx context.Context, q sqlx.QueryerContext, slug string) (rule.Rules, error) {
	c.mu.Lock()
	r, ok := c.rules[slug]
	c.mu.Unlock()
	if ok {
		return r, nil
	}
	sel, err := phase.Get(ctx, q, slug)
	if err != nil {
		return r, err
	}
	r = rule.New(sel.Rulebook)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules[slug] = r
	return r, nil
}

// Candidates are the selection's by number, struck ones included. The
// selection must be locked.
func (c *Cache) Candidates(ctx context.Context, q sqlx.QueryerContext, sel Selection) (map[int]rule.Candidate, error) {
	c.mu.Lock()
	have, ok := c.candidates[sel.Slug]
	c.mu.Unlock()
	if ok && have.roll == sel.Roll {
		return have.of, nil
	}
	var rows []struct {
		Number   int    `db:"number"`
		Category string `db:"category"`
		Struck   bool   `db:"struck"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT number, category, struck_at IS NOT NULL AS struck FROM candidate WHERE slug = $1`, sel.Slug); err != nil {
		return nil, fmt.Errorf("candidates of %s: %w", sel.Slug, err)
	}
	have = candidates{sel.Roll, make(map[int]rule.Candidate, len(rows))}
	for _, row := range rows {
		have.of[row.Number] = rule.Candidate{Category: row.Category, Struck: row.Struck}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.candidates[sel.Slug] = have
	return have.of, nil
}
