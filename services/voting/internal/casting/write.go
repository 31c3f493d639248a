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

// write counts what is to be written, of all selections in one transaction, which
// is one call. Of a selection that has changed since its ballots were judged it
// writes nothing, and that pass does not hold.
//
// The rules of time change at full minutes, so a judgement holds until the minute
// ends.
func (a *attempt) write(ctx context.Context, passes []*pass) error {
	var c columns
	var writing []*pass
	var writes []*item
	for _, p := range passes {
		if p.holds = len(p.writes) == 0; p.holds {
			continue
		}
		slices.SortFunc(p.writes, func(a, b *item) int {
			return cmp.Or(bytes.Compare(a.slot.voter[:], b.slot.voter[:]), cmp.Compare(a.part, b.part))
		})
		writing, writes = append(writing, p), append(writes, p.writes...)
		c.add(p)
	}
	if len(writes) == 0 {
		return nil
	}
	known := make([]*slot, len(writes)) // what was in doubt before
	for i, it := range writes {
		known[i], it.ballot.tried = it.ballot.tried, &it.slot
	}
	out, err := a.store.write(ctx, c.args())
	if !errors.Is(err, pg.ErrUnknownCommit) {
		for i, it := range writes {
			it.ballot.tried = known[i]
		}
	}
	if err != nil {
		return fmt.Errorf("cast ballots: %w", err)
	}
	first := 0 // of the selection's ballots among all
	for g, p := range writing {
		p.written(out, out.IDs[g], first)
		first += len(p.writes)
	}
	return nil
}

// written notes what came of the pass's writes.
func (p *pass) written(out written, batch int64, first int) {
	if batch == 0 {
		return
	}
	fell := false
	for rank, it := range p.writes {
		if _, skipped := slices.BinarySearch(out.Skipped, int32(first+rank)); skipped {
			fell = true
			p.asks = append(p.asks, ask{it, []slot{it.slot}})
			continue
		}
		it.settle(result{batch: batch, rank: rank, counted: out.At.UTC()})
		if !p.selection.Rules.Adds() {
			p.attempt.store.recent.add(it)
		}
	}
	// Where another replica was quicker to add, the rest was judged by old picks.
	p.holds = !p.selection.Rules.Adds() || !fell
}

// columns are ballots of one selection after another, their leaves and their sums,
// as cast_ballots_of_many takes them.
type columns struct {
	// An element for each selection; of starts and sums, one more.
	locks         bigints
	selections    ints
	rolls         ints
	since, until  moments
	periods       ints
	starts, sums  ints
	parts         smallints // an element for each ballot, from here on
	voters, salts []byte
	keys          []byte // a key of zeros is none, there as here
	leaves        []byte
	picks         smallints
	bounds        ints
	candidates    smallints
	votes         ints
}

// add puts the pass's writes behind the others.
func (c *columns) add(p *pass) {
	since := p.now.Truncate(time.Minute)
	until := since.Add(time.Minute)
	if end := p.selection.ClosesAt; end.Valid && end.Time.Before(until) {
		until = end.Time
	}
	c.locks, c.selections = append(c.locks, candidates.LockKey(p.slug)), append(c.selections, int32(p.selection.ID))
	c.rolls, c.periods = append(c.rolls, int32(p.selection.Version)), append(c.periods, int32(p.period))
	c.since, c.until = append(c.since, since), append(c.until, until)
	c.starts, c.sums = append(c.starts, int32(len(c.parts))), append(c.sums, int32(len(c.candidates)))
	sums := map[int]int32{}
	var text []byte
	leaf := ballotlog.Ballot{Period: rule.PeriodName(p.period)}
	for _, it := range p.writes {
		b := it.ballot
		leaf.Voter, leaf.Salt, leaf.Picks = it.slot.voter, b.salt, b.picks
		text = leaf.Append(text[:0])
		hash := ballotlog.Hash(text)
		c.parts = append(c.parts, int16(it.part))
		c.voters, c.salts = append(c.voters, it.slot.voter[:]...), append(c.salts, b.salt[:]...)
		c.keys, c.leaves = append(c.keys, b.cast.Key[:keySize]...), append(c.leaves, hash[:]...)
		c.bounds = append(c.bounds, int32(len(c.picks)))
		for _, pick := range b.picks {
			c.picks = append(c.picks, int16(pick))
			sums[pick]++
		}
	}
	for candidate, v := range sums {
		c.candidates, c.votes = append(c.candidates, int16(candidate)), append(c.votes, v)
	}
}

// args are the function's.
func (c *columns) args() []any {
	return []any{
		c.locks, c.selections, c.rolls, c.since, c.until, c.periods,
		append(c.starts, int32(len(c.parts))), append(c.sums, int32(len(c.candidates))),
		c.parts, c.voters, c.salts, c.keys, c.leaves, c.picks, append(c.bounds, int32(len(c.picks))), c.candidates, c.votes,
	}
}
