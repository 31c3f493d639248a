// Package live tells the world outside how tallies move: a snapshot of each
// selection whose tally has changed, a few times a second, whatever the number
// of folds in between.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/record"
	"github.com/laurel-awards/laurel/services/voting/internal/roll"
)

const (
	fastest = 250 * time.Millisecond // between looks
	slowest = 2 * time.Second
	// share is how much longer it rests than it worked: where the database is
	// under load a look takes longer, and there are fewer of them.
	share = 20
	limit = 10 * time.Second // for one look
)

// Teller sends snapshots. Every replica may have one: those who listen keep the
// newest.
type Teller struct {
	db     *sqlx.DB
	bus    *bus.Bus
	log    *slog.Logger
	record *record.Record

	told map[string]int64 // the version that was last sent, by slug
}

// New tells what r shows of the tallies in deps' database.
func New(deps run.Deps, r *record.Record) *Teller {
	return &Teller{db: deps.DB, bus: deps.Bus, log: deps.Log, record: r, told: map[string]int64{}}
}

// Run tells until ctx ends. A look that fails is made up for by the next.
func (t *Teller) Run(ctx context.Context) error {
	for {
		began := time.Now()
		err := t.look(ctx)
		pause := rest(time.Since(began))
		if err != nil && ctx.Err() == nil {
			t.log.WarnContext(ctx, "live tally: not sent", "error", err)
			pause = slowest
		}
		if !run.Wait(ctx, pause) {
			return nil
		}
	}
}

func rest(worked time.Duration) time.Duration {
	return min(slowest, max(fastest, share*worked))
}

// look sends each tally that has changed since the last look. What is sealed
// is looked at for a while longer, so that the seal is told.
func (t *Teller) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var open []struct {
		roll.Selection
		Next   int64 `db:"next_index"`
		Sealed bool  `db:"sealed"`
	}
	if err := t.db.SelectContext(ctx, &open, `
		SELECT `+roll.Columns+`, next_index, sealed_at IS NOT NULL AS sealed
		FROM voting JOIN head ON head.selection = voting.id
		WHERE opened_at IS NOT NULL AND (sealed_at IS NULL OR sealed_at > clock_timestamp() - interval '1 minute')`); err != nil {
		return fmt.Errorf("what is open: %w", err)
	}
	seen := make(map[string]bool, len(open))
	var errs []error
	for _, s := range open {
		seen[s.Slug] = true
		version := record.VersionOf(record.StateOf(s.Selection, s.Sealed), s.Next, s.Roll)
		if told, ok := t.told[s.Slug]; !ok || told != version {
			errs = append(errs, t.tell(ctx, s.Slug))
		}
	}
	maps.DeleteFunc(t.told, func(slug string, _ int64) bool { return !seen[slug] })
	return errors.Join(errs...)
}

func (t *Teller) tell(ctx context.Context, slug string) error {
	tally, err := t.record.GetTally(ctx, voting.Of{Slug: slug})
	if err == nil {
		err = voting.Broadcast(t.bus, tally)
	}
	if err != nil {
		return err
	}
	t.told[slug] = tally.Version
	return nil
}
