package casting

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// insert writes the ballots in one statement, sorted by the unique key so that
// replicas never wait for each other in a circle. The unique key is the rule:
// second ballots fall out.
func (t *transaction) insert(ctx context.Context) error {
	var writes []*item
	batches := make(map[int64]*box, len(t.boxes))
	for _, b := range t.boxes {
		writes = append(writes, b.writes...)
		batches[b.Batch] = b
	}
	if len(writes) == 0 {
		return nil
	}
	slices.SortFunc(writes, func(a, b *item) int {
		return cmp.Or(
			cmp.Compare(a.place.selection, b.place.selection), cmp.Compare(a.place.period, b.place.period),
			bytes.Compare(a.place.voter[:], b.place.voter[:]), cmp.Compare(a.part, b.part))
	})
	var ranks []rank
	if err := t.read(ctx, t.statements.insert, &ranks, columns(writes)...); err != nil {
		return fmt.Errorf("insert ballots: %w", err)
	}
	for _, r := range ranks {
		batches[r.Batch].writes[r.Rank].inserted = true
	}
	for _, it := range writes {
		switch {
		case it.inserted:
		case it.box.rules.Adds():
			return errRaced
		default:
			it.settled = false
			t.asks = append(t.asks, ask{it, []place{it.place}})
		}
	}
	return nil
}

// columns are the ballots as the insert statement takes them.
func columns(writes []*item) []any {
	n := len(writes)
	batch, selection, period, part, rank := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	voter, salt, key := make(pq.ByteaArray, n), make(pq.ByteaArray, n), make(pq.ByteaArray, n)
	picks := make(pq.StringArray, n)
	for i, it := range writes {
		batch[i], selection[i], period[i] = it.box.Batch, int64(it.place.selection), int64(it.place.period)
		part[i], rank[i] = int64(it.part), int64(it.rank)
		voter[i], salt[i], key[i] = it.place.voter[:], it.salt, it.key
		picks[i] = arrayText(it.picks)
	}
	return []any{pq.Array(batch), pq.Array(selection), pq.Array(period), pq.Array(part), pq.Array(rank), voter, salt, key, picks}
}

// arrayText is an array as PostgreSQL reads it: {3,7}.
func arrayText(numbers []int) string {
	text := make([]byte, 0, 4*len(numbers)+2)
	text = append(text, '{')
	for i, n := range numbers {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(n), 10)
	}
	return string(append(text, '}'))
}

// count writes the batch: what was inserted, the sums of just that, and the
// leaves for the log.
func (t *transaction) count(ctx context.Context, b *box) error {
	ballots := 0
	sums := map[int]int64{}
	skipped := []int64{}
	var leaves, voters, text []byte
	leaf := ballotlog.Ballot{Period: rule.PeriodName(b.period)}
	for rank, it := range b.writes {
		if !it.inserted {
			skipped = append(skipped, int64(rank))
			continue
		}
		ballots++
		leaf.Voter, leaf.Salt, leaf.Picks = it.place.voter, [16]byte(it.salt), it.picks
		text = leaf.Append(text[:0])
		hash := ballotlog.Hash(text)
		leaves, voters = append(leaves, hash[:]...), append(voters, it.place.voter[:]...)
		for _, n := range it.picks {
			sums[n]++
		}
	}
	if ballots == 0 {
		return nil
	}
	candidates, votes := make([]int64, 0, len(sums)), make([]int64, 0, len(sums))
	for n, v := range sums {
		candidates, votes = append(candidates, int64(n)), append(votes, v)
	}
	if _, err := t.tx.StmtxContext(ctx, t.statements.batch).ExecContext(ctx, b.Batch, b.ID, b.period, b.Now, ballots,
		pq.Array(skipped), pq.Array(candidates), pq.Array(votes), leaves, voters); err != nil {
		return fmt.Errorf("batch of %s: %w", b.Slug, err)
	}
	return nil
}
