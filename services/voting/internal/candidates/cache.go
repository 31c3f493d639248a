package candidates

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// Snapshot is all of a selection by which ballots are judged. It is as it was
// read; whoever writes makes sure that this still holds.
type Snapshot struct {
	Selection
	Rules      rule.Rules
	Candidates map[int]rule.Candidate // by number, struck ones included

	read time.Time // for its monotonic clock
}

// At is the database's clock at this moment, as far as can be told from when
// the snapshot was read.
func (s *Snapshot) At() time.Time { return s.Now.Add(time.Since(s.read)) }

// Cache keeps the last snapshot of each selection. Many may use it at once.
type Cache struct {
	selections *phase.Selections

	mu   sync.Mutex
	kept map[string]*Snapshot // by slug
}

// NewCache is an empty one.
func NewCache(selections *phase.Selections) *Cache {
	return &Cache{selections: selections, kept: map[string]*Snapshot{}}
}

// Rules are the selection's, which never change: its rulebook is frozen. Fault:
// ErrNotYet.
func (c *Cache) Rules(ctx context.Context, q sqlx.QueryerContext, slug string) (rule.Rules, error) {
	if kept := c.Kept(slug); kept != nil {
		return kept.Rules, nil
	}
	sel, err := c.selections.Get(ctx, q, slug)
	if err != nil {
		return rule.Rules{}, err
	}
	return rule.New(sel.Rulebook), nil
}

// Kept is the snapshot that was read last, or nil.
func (c *Cache) Kept(slug string) *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[slug]
}

// Read reads a selection anew; its candidates only where their list has another
// version than the one that is kept. Fault: ErrNotYet.
func (c *Cache) Read(ctx context.Context, q sqlx.QueryerContext, slug string) (*Snapshot, error) {
	sel, err := GetSelection(ctx, q, slug)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{Selection: sel, read: time.Now()}
	if s.Rules, err = c.Rules(ctx, q, slug); err != nil {
		return nil, err
	}
	if kept := c.Kept(slug); kept != nil && kept.ListVersion == s.ListVersion {
		s.Candidates = kept.Candidates
	} else if s.Candidates, err = list(ctx, q, slug); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[slug] = s
	return s, nil
}

// list reads the candidates. They may be younger than the list version that was
// read before them; then the next look at the version tells of the change.
func list(ctx context.Context, q sqlx.QueryerContext, slug string) (map[int]rule.Candidate, error) {
	var rows []struct {
		Number   int    `db:"number"`
		Category string `db:"category"`
		Struck   bool   `db:"struck"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT number, category, struck_at IS NOT NULL AS struck FROM candidate WHERE slug = $1`, slug); err != nil {
		return nil, fmt.Errorf("candidates of %s: %w", slug, err)
	}
	all := make(map[int]rule.Candidate, len(rows))
	for _, row := range rows {
		all[row.Number] = rule.Candidate{Category: row.Category, Struck: row.Struck}
	}
	return all, nil
}
