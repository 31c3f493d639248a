// Package roster is what voting and identity tell each other of the voters of a
// roster: whose code was replaced, and after the vote, who has a ballot.
package roster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// Voters hears of rosters and answers.
type Voters struct {
	deps  run.Deps
	keys  secret.Keys
	cache *candidates.Cache
}

// New keeps what it hears in deps' database.
func New(deps run.Deps, keys secret.Keys, cache *candidates.Cache) *Voters {
	return &Voters{deps, keys, cache}
}

// Handlers hear identity's events.
func (v *Voters) Handlers() []outbox.Handler {
	return []outbox.Handler{outbox.On(replace), outbox.On(v.count)}
}

// replace ends what was issued for earlier codes: between ballots, never under
// one.
func replace(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.CodesReplaced) error {
	if err := candidates.Lock(ctx, tx, env.Slug); err != nil {
		return err
	}
	voters := slices.Collect(maps.Keys(e.Generations))
	generations := make([]int64, len(voters))
	for i, hash := range voters {
		generations[i] = int64(e.Generations[hash])
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO replaced_code (slug, voter, generation) SELECT $1, voter, generation FROM unnest($2::text[], $3::int[]) AS n (voter, generation)
		ON CONFLICT (slug, voter) DO UPDATE SET generation = excluded.generation`,
		env.Slug, pq.Array(voters), pq.Array(generations)); err != nil {
		return fmt.Errorf("replaced codes of %s: %w", env.Slug, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE voting SET roll = roll + 1, replaced = replaced + 1 WHERE slug = $1`, env.Slug); err != nil {
		return fmt.Errorf("replaced codes of %s: %w", env.Slug, err)
	}
	return nil
}

// GetReplacements implements voting.Service. Those of a selection that has not
// arrived are in force as soon as it does.
func (v *Voters) GetReplacements(ctx context.Context, in voting.Of) (out voting.Replacements, err error) {
	err = v.deps.DB.GetContext(ctx, &out.Replacements, `SELECT version FROM projection WHERE publisher = $1 AND slug = $2 AND aggregate = $3`,
		event.Identity, in.Slug, event.ReplacedAggregate)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return out, fmt.Errorf("replaced codes of %.64q: %w", in.Slug, err)
	}
	return out, nil
}
