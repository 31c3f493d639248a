package casting

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// write counts the ballots in one transaction, which is one call. It writes
// nothing if the selection has changed since they were judged, and tells whether
// it has not.
//
// The rules of time change at full minutes, so a judgement holds until the minute
// ends.
func (p *pass) write(ctx context.Context) (holds bool, err error) {
	if len(p.writes) == 0 {
		return true, nil
	}
	slices.SortFunc(p.writes, func(a, b *item) int {
		return cmp.Or(bytes.Compare(a.slot.voter[:], b.slot.voter[:]), cmp.Compare(a.part, b.part))
	})
	known := make([]*slot, len(p.writes)) // what was in doubt before
	for i, it := range p.writes {
		known[i], it.ballot.tried = it.ballot.tried, &it.slot
	}
	since := p.now.Truncate(time.Minute)
	until := since.Add(time.Minute)
	if end := p.selection.ClosesAt; end.Valid && end.Time.Before(until) {
		until = end.Time
	}
	slug := p.attempt.slug
	args := []any{candidates.LockKey(slug), p.selection.ID, p.selection.Version, since, until, p.period}
	out, err := p.attempt.store.write(ctx, append(args, p.columns()...))
	if !errors.Is(err, pg.ErrUnknownCommit) {
		for i, it := range p.writes {
			it.ballot.tried = known[i]
		}
	}
	if err != nil {
		return false, fmt.Errorf("cast ballots of %s: %w", slug, err)
	}
	if !out.ID.Valid {
		return false, nil
	}
	for rank, it := range p.writes {
		if _, fell := slices.BinarySearch(out.Skipped, int32(rank)); fell {
			p.asks = append(p.asks, ask{it, []slot{it.slot}})
			continue
		}
		it.settle(result{batch: out.ID.Int64, rank: rank, counted: out.At.UTC()})
	}
	// Where another replica was quicker to add, the rest was judged by old picks.
	return !p.selection.Rules.Adds() || len(out.Skipped) == 0, nil
}

// columns are the ballots, their leaves and their sums as cast_ballots takes
// them. A key of zeros is none, there as here.
func (p *pass) columns() []any {
	n := len(p.writes)
	parts, bounds := make(smallints, n), make(ints, 1, n+1)
	voters, salts, keys := make([]byte, 0, 16*n), make([]byte, 0, saltSize*n), make([]byte, 0, keySize*n)
	leaves := make([]byte, 0, 32*n)
	var picks smallints
	sums := map[int]int32{}
	var text []byte
	leaf := ballotlog.Ballot{Period: rule.PeriodName(p.period)}
	for i, it := range p.writes {
		b := it.ballot
		parts[i] = int16(it.part)
		leaf.Voter, leaf.Salt, leaf.Picks = it.slot.voter, b.salt, b.picks
		text = leaf.Append(text[:0])
		hash := ballotlog.Hash(text)
		voters, salts = append(voters, it.slot.voter[:]...), append(salts, b.salt[:]...)
		keys, leaves = append(keys, b.cast.Key[:keySize]...), append(leaves, hash[:]...)
		for _, pick := range b.picks {
			picks = append(picks, int16(pick))
			sums[pick]++
		}
		bounds = append(bounds, int32(len(picks)))
	}
	numbers, votes := make(smallints, 0, len(sums)), make(ints, 0, len(sums))
	for candidate, v := range sums {
		numbers, votes = append(numbers, int16(candidate)), append(votes, v)
	}
	return []any{parts, voters, salts, keys, leaves, picks, bounds, numbers, votes}
}
