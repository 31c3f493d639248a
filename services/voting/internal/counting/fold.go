package counting

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// maxFold bounds the batches of one transaction.
const maxFold = 1000

// fold takes one selection's waiting batches into its tally, in one transaction.
// It gives them their order, and moves nothing that is public.
type fold struct {
	selection int
	ballots   int // what it added
}

type batch struct {
	ID         int64         `db:"id"`
	Ballots    int           `db:"ballots"`
	Candidates pq.Int32Array `db:"candidates"`
	Votes      pq.Int64Array `db:"votes"`
	Leaves     []byte        `db:"leaves"`
}

// sums adds up votes by candidate.
type sums map[int32]int64

func (s sums) add(candidates []int32, votes []int64) {
	for i, n := range candidates {
		s[n] += votes[i]
	}
}

// columns are the sums as unnest takes them.
func (s sums) columns() (candidates, votes any) {
	numbers, counts := make([]int64, 0, len(s)), make([]int64, 0, len(s))
	for n, v := range s {
		numbers, counts = append(numbers, int64(n)), append(counts, v)
	}
	return pq.Array(numbers), pq.Array(counts)
}

func (f *fold) run(ctx context.Context, tx *sqlx.Tx) error {
	f.ballots = 0
	var h struct {
		Next   int64 `db:"next_index"`
		Sealed bool  `db:"sealed"`
	}
	if err := tx.GetContext(ctx, &h, `
		SELECT next_index, sealed_at IS NOT NULL AS sealed FROM head WHERE selection = $1 FOR UPDATE`, f.selection); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	var batches []batch
	if err := tx.SelectContext(ctx, &batches, `
		SELECT id, ballots, candidates, votes
		FROM (SELECT id, ballots FROM batch WHERE selection = $1 AND first_index IS NULL ORDER BY id LIMIT $2) b LEFT JOIN batch_body ON batch = id
		ORDER BY id`, f.selection, maxFold); err != nil {
		return fmt.Errorf("batches: %w", err)
	}
	if len(batches) == 0 {
		return nil
	}
	if h.Sealed {
		return fmt.Errorf("%d batches of selection %d came after the seal", len(batches), f.selection)
	}
	return f.add(ctx, tx, h.Next, batches)
}

// add gives each batch its place in the order of counting, behind the head, and
// adds its sums to the tally.
func (f *fold) add(ctx context.Context, tx *sqlx.Tx, head int64, batches []batch) error {
	ids, first := make([]int64, len(batches)), make([]int64, len(batches))
	added, next := sums{}, head
	for i, b := range batches {
		ids[i], first[i] = b.ID, next
		next += int64(b.Ballots)
		if len(b.Candidates) == 0 {
			return fmt.Errorf("batch %d has no sums", b.ID)
		}
		added.add(b.Candidates, b.Votes)
	}
	if err := exactly(ctx, tx, len(batches), `
		UPDATE batch b SET first_index = x.first
		FROM unnest($1::bigint[], $2::bigint[]) AS x (id, first)
		WHERE b.id = x.id AND b.first_index IS NULL`, pq.Array(ids), pq.Array(first)); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	candidates, votes := added.columns()
	if err := exactly(ctx, tx, len(added), `
		INSERT INTO tally (selection, candidate, votes)
		SELECT $1, x.candidate, x.votes FROM unnest($2::smallint[], $3::bigint[]) AS x (candidate, votes)
		ON CONFLICT (selection, candidate) DO UPDATE SET votes = tally.votes + excluded.votes`,
		f.selection, candidates, votes); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	if err := exactly(ctx, tx, 1, `
		UPDATE head SET next_index = $3 WHERE selection = $1 AND next_index = $2`, f.selection, head, next); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	f.ballots = int(next - head)
	return nil
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
