package counting

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
)

// The aggregates of what this room publishes.
const (
	tallyAggregate = "tally"
	sealAggregate  = "seal"
)

// maxFold bounds the batches of one transaction.
const maxFold = 1000

// fold takes one selection's waiting batches into its tally and its log, in one
// transaction.
type fold struct {
	sequencer *Sequencer
	selection int
	ballots   int // what it added
}

// head is how far the selection has come.
type head struct {
	ledger.Head
	Slug   string `db:"slug"`
	Next   int64  `db:"next_index"`
	Sealed bool   `db:"sealed"`
	Closed bool   `db:"closed"`
}

type batch struct {
	ID         int64         `db:"id"`
	Ballots    int           `db:"ballots"`
	Candidates pq.Int32Array `db:"candidates"`
	Votes      pq.Int64Array `db:"votes"`
}

func (f *fold) run(ctx context.Context, tx *sqlx.Tx) error {
	f.ballots = 0
	// Closed is read before the batches: once it is set, the next statement sees
	// the batch of each acknowledged ballot.
	var h head
	if err := tx.GetContext(ctx, &h, `
		SELECT v.slug, h.selection, h.log_size, h.edge, h.checkpoint, h.next_index, h.sealed_at IS NOT NULL AS sealed, v.closed_at IS NOT NULL AS closed
		FROM head h JOIN voting v ON v.id = h.selection WHERE h.selection = $1 FOR UPDATE OF h`, f.selection); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	var batches []batch
	if err := tx.SelectContext(ctx, &batches, `
		SELECT id, ballots, candidates, votes
		FROM (SELECT id, ballots FROM batch WHERE selection = $1 AND first_index IS NULL ORDER BY id LIMIT $2) b LEFT JOIN batch_body ON batch = id
		ORDER BY id`, f.selection, maxFold); err != nil {
		return fmt.Errorf("batches: %w", err)
	}
	if len(batches) > 0 {
		if h.Sealed {
			return fmt.Errorf("%d batches of %s came after the seal", len(batches), h.Slug)
		}
		if err := f.add(ctx, tx, h, batches); err != nil {
			return err
		}
	}
	logged, err := ledger.Extend(ctx, tx, h.Slug, h.Head, f.sequencer.signer)
	if err != nil {
		return err
	}
	if h.Closed && !h.Sealed && len(batches) < maxFold && logged == h.Next+int64(f.ballots) {
		return f.seal(ctx, tx, h.Slug)
	}
	return nil
}

// add gives each batch its place in the log, behind the head, and adds its sums
// to the tally.
func (f *fold) add(ctx context.Context, tx *sqlx.Tx, h head, batches []batch) error {
	ids, first := make([]int64, len(batches)), make([]int64, len(batches))
	sums := map[int]int64{}
	next := h.Next
	for i, b := range batches {
		ids[i], first[i] = b.ID, next
		next += int64(b.Ballots)
		for j, n := range b.Candidates {
			sums[int(n)] += b.Votes[j]
		}
	}
	f.ballots = int(next - h.Next)
	candidates, votes := make([]int64, 0, len(sums)), make([]int64, 0, len(sums))
	for n, v := range sums {
		candidates, votes = append(candidates, int64(n)), append(votes, v)
	}
	if err := exactly(ctx, tx, len(batches), `
		UPDATE batch b SET first_index = x.first
		FROM unnest($1::bigint[], $2::bigint[]) AS x (id, first)
		WHERE b.id = x.id AND b.first_index IS NULL`, pq.Array(ids), pq.Array(first)); err != nil {
		return fmt.Errorf("indexes: %w", err)
	}
	if err := exactly(ctx, tx, len(sums), `
		INSERT INTO tally (selection, candidate, votes)
		SELECT $1, x.candidate, x.votes FROM unnest($2::smallint[], $3::bigint[]) AS x (candidate, votes)
		ON CONFLICT (selection, candidate) DO UPDATE SET votes = tally.votes + excluded.votes`,
		f.selection, pq.Array(candidates), pq.Array(votes)); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	if err := exactly(ctx, tx, 1, `
		UPDATE head SET next_index = $3, moved_at = clock_timestamp() WHERE selection = $1 AND next_index = $2`,
		f.selection, h.Next, next); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	rules, err := f.sequencer.cache.Rules(ctx, tx, h.Slug)
	if err != nil {
		return err
	}
	if rules.Hidden() {
		sums = nil // who listens to events learns no more than anybody
	}
	return outbox.Append(ctx, tx, f.sequencer.now(), h.Slug, tallyAggregate, event.BallotsCounted{
		Ballots: f.ballots, FirstIndex: h.Next, Sums: sums,
	})
}

// exactly executes a statement that must change so many rows.
func exactly(ctx context.Context, tx *sqlx.Tx, rows int, statement string, args ...any) error {
	res, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n != int64(rows) {
		return fmt.Errorf("%d rows changed of %d: another sequencer is at work", n, rows)
	}
	return err
}
