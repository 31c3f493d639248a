package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/installation"
	"github.com/laurel-awards/laurel/services/voting"
)

// chunk is how many batches of batchSize are written at a time.
const (
	chunk     = 500
	batchSize = 500
	warmUp    = 10 // spans
)

// size prints what ballots take on disk, with their indexes and the log.
func (b *bench) size(ctx context.Context) error {
	return database(ctx, b.one, func(db *sqlx.DB) error {
		var got struct {
			Ballots int64 `db:"ballots"`
			Bytes   int64 `db:"bytes"`
		}
		if err := db.GetContext(ctx, &got, `
			SELECT (SELECT count(*) FROM ballot) AS ballots,
			       pg_total_relation_size('ballot') + pg_total_relation_size('batch') + pg_total_relation_size('batch_body') +
			       pg_total_relation_size('tile') + pg_total_relation_size('subtree') + pg_total_relation_size('publication') AS bytes`); err != nil {
			return fmt.Errorf("size: %w", err)
		}
		fmt.Printf("%d ballots take %.0f bytes each on disk, indexes and log included.\n", got.Ballots, float64(got.Bytes)/float64(max(1, got.Ballots)))
		return nil
	})
}

func database(ctx context.Context, in *installation.Installation, do func(db *sqlx.DB) error) (err error) {
	db, err := pg.Open(ctx, pg.Config{URL: in.Database, Service: voting.Name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}

// large fills the table, and prints how much of the rate is left beside another
// installation, which has few ballots, asked in turn.
func (b *bench) large(ctx context.Context, conns int) error {
	if b.Prefill == 0 {
		return nil
	}
	began := time.Now()
	if err := database(ctx, b.one, func(db *sqlx.DB) error { return fill(ctx, db, b.Prefill) }); err != nil {
		return err
	}
	fmt.Printf("%d ballots were written by SQL and counted in %.0f s.\n", b.Prefill, time.Since(began).Seconds())
	if _, err := b.together(ctx, few); err != nil {
		return err
	}
	// The writer meets pages that another process has filled: each for the first time.
	for name, span := range map[string]time.Duration{laurel: warmUp * b.Span, few: b.Span} {
		if _, err := b.targets[name].run(ctx, conns, span, false); err != nil {
			return err
		}
	}
	loads, err := b.rounds(ctx, conns, few, laurel)
	if err != nil {
		return err
	}
	fmt.Printf("With them, %d connections: %.0f ballots/s, %.2f of another with few.\n", conns, rate(loads[laurel]), share(loads[laurel], loads[few]))
	return b.size(ctx)
}

// fill casts ballots by SQL: batches as the room writes them, with sums and
// leaves. The sequencer counts and publishes them as any others.
func fill(ctx context.Context, db *sqlx.DB, ballots int) error {
	for left := (ballots + batchSize - 1) / batchSize; left > 0; left -= chunk {
		if _, err := db.ExecContext(ctx, `
			WITH last AS MATERIALIZED (SELECT selection, period FROM ballot ORDER BY batch DESC LIMIT 1),
			listed AS MATERIALIZED (SELECT array_agg(number ORDER BY number) AS numbers FROM candidate JOIN voting USING (slug) JOIN last ON last.selection = voting.id),
			made AS MATERIALIZED (SELECT nextval('batch_id') AS batch FROM generate_series(1, $1)),
			drawn AS MATERIALIZED (
			    SELECT batch, rank, selection, period, floor(random() * (cardinality(numbers) - 28))::int AS first,
			           decode(md5(random()::text || rank), 'hex') AS voter, decode(md5(random()::text || batch), 'hex') AS salt
			    FROM made, generate_series(0, $2 - 1) rank, last, listed
			), cast_in AS (
			    INSERT INTO ballot (batch, selection, period, part, rank, voter, salt, key, picks)
			    SELECT batch, selection, period, 0, rank, voter, salt, salt,
			           ARRAY[numbers[first + 1], numbers[first + 8], numbers[first + 15], numbers[first + 22], numbers[first + 29]]
			    FROM drawn, listed ORDER BY batch, rank
			    RETURNING batch, rank, selection, period, voter, salt, picks
			), leaves AS (
			    SELECT batch, selection, period, count(*) AS ballots, string_agg(voter, '' ORDER BY rank) AS voters,
			           string_agg(sha256('\x00'::bytea || convert_to(format('ballot %s %s %s %s',
			               CASE WHEN period = 0 THEN 'once' ELSE to_char(date '1970-01-01' + period, 'YYYY-MM-DD') END,
			               encode(voter, 'hex'), array_to_string(picks, ','), encode(salt, 'hex')), 'UTF8')), '' ORDER BY rank) AS leaves
			    FROM cast_in GROUP BY batch, selection, period
			), sums AS (
			    SELECT batch, array_agg(candidate) AS candidates, array_agg(votes) AS votes
			    FROM (SELECT batch, numbers[first + 1 + step] AS candidate, sum(ballots) AS votes
			          FROM (SELECT batch, first, count(*) AS ballots FROM drawn GROUP BY batch, first) s, listed, unnest('{0,7,14,21,28}'::int[]) step
			          GROUP BY 1, 2) v
			    GROUP BY batch
			), body AS (
			    INSERT INTO batch_body (batch, candidates, votes, leaves, voters)
			    SELECT batch, candidates, votes, leaves, voters FROM leaves JOIN sums USING (batch)
			)
			INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
			SELECT batch, selection, period, clock_timestamp(), ballots, '{}' FROM leaves`,
			min(left, chunk), batchSize); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	return counted(ctx, db)
}

// counted waits until the ballots are counted and public, and makes the tables
// ready for what comes.
func counted(ctx context.Context, db *sqlx.DB) error {
	for {
		var waiting int
		if err := db.GetContext(ctx, &waiting, `
			SELECT (SELECT count(*) FROM batch WHERE first_index IS NULL) + (SELECT count(*) FROM head WHERE next_index - log_size >= 10)`); err != nil {
			return err
		}
		if waiting == 0 {
			break
		}
		if !pause.For(ctx, time.Second) {
			return ctx.Err()
		}
	}
	// Autovacuum would do so once for so many new rows, in the midst of the measure.
	_, err := db.ExecContext(ctx, `VACUUM (ANALYZE) ballot, batch, batch_body, tile, subtree, publication`)
	return err
}
