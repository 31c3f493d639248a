package counting

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// maxFold bounds the batches of one transaction.
const maxFold = 1000

// fold takes waiting batches into the tallies of their selections, in one
// transaction. It gives them their order, and moves nothing that is public.
type fold struct {
	selections []int
	ballots    int // what it added
}

type batch struct {
	ID         int64         `db:"id"`
	Selection  int           `db:"selection"`
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

// head is how far the order of counting of a selection goes.
type head struct {
	Selection int   `db:"selection"`
	Next      int64 `db:"next_index"`
	Sealed    bool  `db:"sealed"`

	from int64 // where it was
}

func (f *fold) run(ctx context.Context, tx *sqlx.Tx) error {
	f.ballots = 0
	var heads []*head
	if err := tx.SelectContext(ctx, &heads, `
		SELECT selection, next_index, sealed_at IS NOT NULL AS sealed FROM head WHERE selection = ANY($1) ORDER BY selection FOR UPDATE`,
		pq.Array(f.selections)); err != nil {
		return fmt.Errorf("heads: %w", err)
	}
	var batches []batch
	if err := tx.SelectContext(ctx, &batches, `
		SELECT id, selection, ballots, candidates, votes
		FROM (SELECT id, selection, ballots FROM batch WHERE selection = ANY($1) AND first_index IS NULL ORDER BY id LIMIT $2) b
		LEFT JOIN batch_body ON batch = id
		ORDER BY id`, pq.Array(f.selections), maxFold); err != nil {
		return fmt.Errorf("batches: %w", err)
	}
	if len(batches) == 0 {
		return nil
	}
	return f.add(ctx, tx, heads, batches)
}

// add gives each batch its place in the order of counting, behind its selection's
// head, and adds its sums to the tally.
func (f *fold) add(ctx context.Context, tx *sqlx.Tx, heads []*head, batches []batch) error {
	of := make(map[int]*head, len(heads))
	for _, h := range heads {
		of[h.Selection], h.from = h, h.Next
	}
	ids, first := make([]int64, len(batches)), make([]int64, len(batches))
	added := map[int]sums{}
	for i, b := range batches {
		h := of[b.Selection]
		switch {
		case h == nil:
			return fmt.Errorf("selection %d has no head", b.Selection)
		case h.Sealed:
			return fmt.Errorf("batch %d of selection %d came after the seal", b.ID, b.Selection)
		case len(b.Candidates) == 0:
			return fmt.Errorf("batch %d has no sums", b.ID)
		case added[b.Selection] == nil:
			added[b.Selection] = sums{}
		}
		ids[i], first[i] = b.ID, h.Next
		h.Next += int64(b.Ballots)
		f.ballots += b.Ballots
		added[b.Selection].add(b.Candidates, b.Votes)
	}
	if err := exactly(ctx, tx, len(batches), `
		UPDATE batch b SET first_index = x.first
		FROM unnest($1::bigint[], $2::bigint[]) AS x (id, first)
		WHERE b.id = x.id AND b.first_index IS NULL`, pq.Array(ids), pq.Array(first)); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	var selections, candidates, votes []int64
	for selection, s := range added {
		for candidate, n := range s {
			selections, candidates, votes = append(selections, int64(selection)), append(candidates, int64(candidate)), append(votes, n)
		}
	}
	if err := exactly(ctx, tx, len(selections), `
		INSERT INTO tally (selection, candidate, votes)
		SELECT * FROM unnest($1::int[], $2::smallint[], $3::bigint[])
		ON CONFLICT (selection, candidate) DO UPDATE SET votes = tally.votes + excluded.votes`,
		pq.Array(selections), pq.Array(candidates), pq.Array(votes)); err != nil {
		return fmt.Errorf("tally: %w", err)
	}
	var moved, from, to []int64
	for selection := range added {
		h := of[selection]
		moved, from, to = append(moved, int64(selection)), append(from, h.from), append(to, h.Next)
	}
	if err := exactly(ctx, tx, len(moved), `
		UPDATE head h SET next_index = x.next
		FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS x (selection, first, next)
		WHERE h.selection = x.selection AND h.next_index = x.first`, pq.Array(moved), pq.Array(from), pq.Array(to)); err != nil {
		return fmt.Errorf("head: %w", err)
	}
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
