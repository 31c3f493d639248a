// Package live broadcasts how public tallies change: a snapshot of each selection
// at its publications, and when it opens, closes, is sealed or loses a candidate.
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
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/query"
)

const (
	fastest = 250 * time.Millisecond // between looks
	slowest = 2 * time.Second
	// share is how many times longer it rests than it worked: a database under
	// load takes longer for each look, and then there are fewer of them.
	share = 20
	limit = 10 * time.Second // for one look
)

// Broadcaster sends snapshots. Every replica may have one: listeners keep the
// newest.
type Broadcaster struct {
	db     *sqlx.DB
	bus    *bus.Bus
	log    *slog.Logger
	reader *query.Reader

	sent map[string]int64 // the version that was last sent, by slug
}

// New broadcasts what reader shows of the tallies in deps' database.
func New(deps run.Deps, reader *query.Reader) *Broadcaster {
	return &Broadcaster{db: deps.DB, bus: deps.Bus, log: deps.Log, reader: reader, sent: map[string]int64{}}
}

// Run broadcasts until ctx ends. The next look makes up for one that fails.
func (b *Broadcaster) Run(ctx context.Context) error {
	after := fastest
	for {
		began := time.Now()
		sent, err := b.look(ctx)
		switch {
		case err != nil:
			b.log.WarnContext(ctx, "live tally: not sent", "error", err)
			after = slowest
		case sent == 0: // nothing moves: a look less and less often
			after = max(rest(time.Since(began)), min(2*after, slowest))
		default:
			after = rest(time.Since(began))
		}
		if !pause.For(ctx, after) {
			return nil
		}
	}
}

func rest(worked time.Duration) time.Duration {
	return min(slowest, max(fastest, share*worked))
}

// look sends each tally that has changed since the last look, and gives how many it
// sent. It looks at a sealed one for a while longer, so that the seal is sent.
func (b *Broadcaster) look(ctx context.Context) (sent int, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var open []struct {
		candidates.Selection
		Size   int64 `db:"log_size"`
		Sealed bool  `db:"sealed"`
	}
	if err := b.db.SelectContext(ctx, &open, `
		SELECT `+candidates.Columns+`, log_size, sealed_at IS NOT NULL AS sealed
		FROM voting JOIN head ON head.selection = voting.id
		WHERE opened_at IS NOT NULL AND (sealed_at IS NULL OR sealed_at > clock_timestamp() - interval '1 minute')`); err != nil {
		return 0, fmt.Errorf("open selections: %w", err)
	}
	seen := make(map[string]bool, len(open))
	var errs []error
	for _, s := range open {
		seen[s.Slug] = true
		version := query.VersionOf(query.StateOf(s.Selection, s.Sealed), s.Size, s.ListVersion)
		if was, ok := b.sent[s.Slug]; !ok || was != version {
			sent++
			errs = append(errs, guard.Do("broadcaster", func() error { return b.send(ctx, s.Slug) }))
		}
	}
	maps.DeleteFunc(b.sent, func(slug string, _ int64) bool { return !seen[slug] })
	return sent, errors.Join(errs...)
}

func (b *Broadcaster) send(ctx context.Context, slug string) error {
	tally, err := b.reader.GetTally(ctx, voting.Of{Slug: slug})
	if err == nil {
		err = voting.Broadcast(b.bus, tally)
	}
	if err != nil {
		return err
	}
	b.sent[slug] = tally.Version
	return nil
}
