package roll

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// Standing is a selection as ballots are judged by: as it was read, which the
// write makes sure of.
type Standing struct {
	Selection
	Rules      rule.Rules
	Candidates map[int]rule.Candidate // by number, struck ones included

	read time.Time // for its monotonic clock
}

// At is the database's clock at this moment, as far as can be told from when
// the standing was read.
func (s *Standing) At() time.Time { return s.Now.Add(time.Since(s.read)) }

// Cache keeps what seldom changes: rulebooks are frozen, candidates have a
// number that changes with them. Many may use it at once.
type Cache struct {
	selections *phase.Selections

	mu        sync.Mutex
	rules     map[string]rule.Rules
	standings map[string]*Standing
}

// NewCache is an empty one.
func NewCache(selections *phase.Selections) *Cache {
	return &Cache{selections: selections, rules: map[string]rule.Rules{}, standings: map[string]*Standing{}}
}

// Rules are the selection's. Fault: ErrNotYet.
func (c *Cache) Rules(ctx context.Context, q sqlx.QueryerContext, slug string) (rule.Rules, error) {
	c.mu.Lock()
	r, ok := c.rules[slug]
	c.mu.Unlock()
	if ok {
		return r, nil
	}
	sel, err := c.selections.Get(ctx, q, slug)
	if err != nil {
		return r, err
	}
	r = rule.New(sel.Rulebook)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules[slug] = r
	return r, nil
}

// Kept is the standing that was read last, or nil.
func (c *Cache) Kept(slug string) *Standing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standings[slug]
}

// Read reads how a selection stands. Fault: ErrNotYet.
func (c *Cache) Read(ctx context.Context, q sqlx.QueryerContext, slug string) (*Standing, error) {
	sel, err := Get(ctx, q, slug)
	if err != nil {
		return nil, err
	}
	s := &Standing{Selection: sel, read: time.Now()}
	if s.Rules, err = c.Rules(ctx, q, slug); err != nil {
		return nil, err
	}
	if kept := c.Kept(slug); kept != nil && kept.Roll == s.Roll {
		s.Candidates = kept.Candidates
	} else if s.Candidates, err = candidates(ctx, q, sel); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.standings[slug] = s
	return s, nil
}

// candidates may be younger than the selection's roll, whose next change is
// noticed all the same.
func candidates(ctx context.Context, q sqlx.QueryerContext, sel Selection) (map[int]rule.Candidate, error) {
	var rows []struct {
		Number   int    `db:"number"`
		Category string `db:"category"`
		Struck   bool   `db:"struck"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT number, category, struck_at IS NOT NULL AS struck FROM candidate WHERE slug = $1`, sel.Slug); err != nil {
		return nil, fmt.Errorf("candidates of %s: %w", sel.Slug, err)
	}
	all := make(map[int]rule.Candidate, len(rows))
	for _, row := range rows {
		all[row.Number] = rule.Candidate{Category: row.Category, Struck: row.Struck}
	}
	return all, nil
}
