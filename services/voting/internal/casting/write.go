package casting

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// castBallots is told of in the migration. It is prepared once a connection:
// planning it anew would take longer than a small batch.
const castBallots = `SELECT id, at, skipped FROM cast_ballots($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

// write counts the ballots in one transaction, which is one call: their
// selection stands as they were judged, or nothing is written. It tells whether
// what they were judged by has held.
//
// The rules of time change at full minutes, so what was judged holds until the
// minute ends.
func (p *pass) write(ctx context.Context) (holds bool, err error) {
	if len(p.writes) == 0 {
		return true, nil
	}
	slices.SortFunc(p.writes, func(a, b *item) int {
		return cmp.Or(bytes.Compare(a.place.voter[:], b.place.voter[:]), cmp.Compare(a.part, b.part))
	})
	for _, it := range p.writes {
		it.tried = &it.place
	}
	since := p.now.Truncate(time.Minute)
	until := since.Add(time.Minute)
	if end := p.box.ClosesAt; end.Valid && end.Time.Before(until) {
		until = end.Time
	}
	var out struct {
		ID      sql.NullInt64 `db:"id"`
		At      time.Time     `db:"at"`
		Skipped pq.Int32Array `db:"skipped"`
	}
	args := append([]any{candidates.LockKey(p.slug), p.box.ID, p.box.ListVersion, since, until, p.period}, p.columns()...)
	if err := pg.Settled(p.call.GetContext(ctx, &out, args...)); err != nil {
		return false, fmt.Errorf("cast ballots of %s: %w", p.slug, err)
	}
	if !out.ID.Valid {
		return false, nil
	}
	for rank, it := range p.writes {
		if _, fell := slices.BinarySearch(out.Skipped, int32(rank)); fell {
			p.asks = append(p.asks, ask{it, []place{it.place}})
			continue
		}
		it.written = true
		it.settle(result{batch: out.ID.Int64, rank: rank, counted: out.At.UTC()})
	}
	// Another replica was quicker to add: what the rest was judged by is gone.
	return !p.box.Rules.Adds() || len(out.Skipped) == 0, nil
}

// columns are the ballots, their leaves and their sums as cast_ballots takes
// them.
func (p *pass) columns() []any {
	n := len(p.writes)
	parts, bounds := make(smallints, n), make(ints, 1, n+1)
	voters, salts, keys, leaves := make([]byte, 0, 16*n), make([]byte, 0, 16*n), make([]byte, 0, 16*n), make([]byte, 0, 32*n)
	var picks smallints
	sums := map[int]int32{}
	var text []byte
	leaf := ballotlog.Ballot{Period: rule.PeriodName(p.period)}
	for i, it := range p.writes {
		parts[i] = int16(it.part)
		leaf.Voter, leaf.Salt, leaf.Picks = it.place.voter, it.salt, it.picks
		text = leaf.Append(text[:0])
		hash := ballotlog.Hash(text)
		voters, salts, leaves = append(voters, it.place.voter[:]...), append(salts, it.salt[:]...), append(leaves, hash[:]...)
		if keys = append(keys, it.key...); it.key == nil {
			keys = append(keys, make([]byte, 16)...)
		}
		for _, pick := range it.picks {
			picks = append(picks, int16(pick))
			sums[pick]++
		}
		bounds = append(bounds, int32(len(picks)))
	}
	candidates, votes := make(smallints, 0, len(sums)), make(ints, 0, len(sums))
	for candidate, v := range sums {
		candidates, votes = append(candidates, int16(candidate)), append(votes, v)
	}
	return []any{parts, voters, salts, keys, leaves, picks, bounds, candidates, votes}
}
