package casting

import (
	"context"
	"maps"
	"slices"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
)

// sort finds the ballots that are to be written, and tells whether any is refused.
func (p *pass) sort(ctx context.Context) (refused bool, err error) {
	replaced, err := p.replaced(ctx)
	if err != nil {
		return false, err
	}
	if err := p.earlier(ctx); err != nil {
		return false, err
	}
	var adders []*item
	second := false // ballots fall out that are remembered
	first := make(map[slot]bool, len(p.items))
	for _, it := range p.items {
		if it.settled {
			continue
		}
		f := p.gate(it)
		if f == nil && replaced[it] {
			f = voting.ErrReplaced
		}
		adds := f == nil && p.selection.Rules.Adds()
		if f == nil && !adds {
			f = p.check(it, nil)
		}
		if f != nil {
			refused = true
			it.refuse(f)
			p.recall(it)
			continue
		}
		it.slot, it.part = p.slot(it, p.period), 0
		switch {
		case adds:
			adders = append(adders, it)
		case first[it.slot]: // a repeat in this batch
			p.asks = append(p.asks, ask{it, []slot{it.slot}})
		case p.attempt.store.recent.answer(it):
			second = second || it.result.fault != nil
		default:
			first[it.slot] = true
			p.writes = append(p.writes, it)
		}
	}
	added, err := p.add(ctx, adders)
	// A write makes sure that what was kept of the selection still holds.
	return refused || added || second && len(p.writes) == 0, err
}

// replaced are the ballots whose credential was issued for a code that has been
// replaced since. Codes are replaced under the lock, and then the selection has
// another version: what is read here holds if the write finds the same.
func (p *pass) replaced(ctx context.Context) (map[*item]bool, error) {
	if p.selection == nil || p.selection.Replaced == 0 {
		return nil, nil
	}
	items := map[string][]*item{}
	for _, it := range p.items {
		if it.ballot.cast.Way == rulebook.WayRoster {
			hash := event.VoterHash(p.slug, it.ballot.cast.Voter)
			items[hash] = append(items[hash], it)
		}
	}
	generations, err := p.attempt.store.generations(ctx, p.slug, slices.Collect(maps.Keys(items)))
	if err != nil {
		return nil, err
	}
	replaced := map[*item]bool{}
	for hash, generation := range generations {
		for _, it := range items[hash] {
			replaced[it] = it.ballot.cast.Generation < generation
		}
	}
	return replaced, nil
}

// slot is the voter's in a period.
func (p *pass) slot(it *item, period int) slot {
	return slot{p.selection.ID, period, p.attempt.keys.Name(p.slug, period, it.ballot.cast.Voter)}
}

// gate refuses ballots that are not taken now, whatever they pick.
func (p *pass) gate(it *item) *fault.Error {
	if p.selection == nil {
		return voting.ErrNotYet
	}
	switch p.selection.StateAt(p.now) {
	case voting.Pending:
		return voting.ErrNotOpen
	case voting.Closed:
		return voting.ErrClosed
	}
	if f := p.selection.Rules.Hours(p.now); f != nil {
		return f
	}
	return p.selection.Rules.Way(it.ballot.cast.Way)
}

// check refuses picks that break the rules together with the earlier ones.
func (p *pass) check(it *item, earlier []int) *fault.Error {
	fields := p.selection.Rules.Judge(it.ballot.cast.Picks, earlier, p.selection.Candidates)
	if len(fields) == 0 {
		return nil
	}
	return voting.ErrInvalid.At(fields...)
}

// recall asks whether a refused ballot that has a key was counted before: a
// caller who lost the answer gets it, even if the vote has closed since.
func (p *pass) recall(it *item) {
	if !it.ballot.cast.Key.IsZero() && p.selection != nil {
		p.asks = append(p.asks, ask{it, []slot{p.slot(it, p.period)}})
	}
}

// add numbers further ballots of voters who may cast the rest of their picks
// later. It decides by what it has read. The unique part keeps that true: where
// another replica has added a ballot since, the insert is skipped.
func (p *pass) add(ctx context.Context, adders []*item) (refused bool, err error) {
	if len(adders) == 0 {
		return false, nil
	}
	asks := make([]ask, len(adders))
	for i, it := range adders {
		asks[i] = ask{it, []slot{it.slot}}
	}
	rows, err := p.attempt.store.find(ctx, asks)
	if err != nil {
		return false, err
	}
	beside := map[slot][]*item{} // in this batch
	for i, it := range adders {
		earlier, others := rows[it.slot], beside[it.slot]
		if r, ok := same(it.ballot, earlier); ok {
			it.settle(r)
			continue
		}
		if sharesCode(it.ballot) && !p.shows(it, earlier) {
			if f := p.check(it, nil); f != nil {
				refused = true
				it.refuse(f)
				continue
			}
			if len(earlier)+len(others) > 0 {
				p.asks = append(p.asks, asks[i])
				continue
			}
		}
		picked := picksOf(earlier, others)
		full := len(picked) > 0 && len(picked) >= p.selection.Rules.Picks().Max
		if full || slices.ContainsFunc(others, it.sharesKey) {
			p.asks = append(p.asks, asks[i]) // what stands in its way is yet to be written
			continue
		}
		if f := p.check(it, picked); f != nil {
			refused = true
			it.refuse(f)
			continue
		}
		it.part = len(earlier) + len(others)
		p.writes = append(p.writes, it)
		beside[it.slot] = append(others, it)
	}
	return refused, nil
}

// sharesCode tells whether somebody else may hold the voter's credential:
// whoever gave a member the code. Unless they show a receipt, they are told no
// more of earlier ballots than that there is one, and that only for a ballot
// which would have been counted otherwise.
func sharesCode(b *ballot) bool { return b.cast.Way == rulebook.WayRoster }

// shows tells whether a ballot comes with the receipt of one of these.
func (p *pass) shows(it *item, earlier []row) bool {
	code, err := receipt.Parse(it.ballot.cast.Earlier)
	shown, issued := p.attempt.keys.Receipt.Open(code, p.slug)
	return err == nil && issued && slices.ContainsFunc(earlier, func(r row) bool { return receipt.Place{Batch: r.Batch, Rank: r.Rank} == shown })
}

// sharesKey tells whether the other is the same ballot: it has the same key, or was
// sent again.
func (it *item) sharesKey(other *item) bool {
	key := it.ballot.cast.Key
	return !key.IsZero() && key == other.ballot.cast.Key || it.ballot.salt == other.ballot.salt
}

func picksOf(earlier []row, beside []*item) (picks []int) {
	for _, r := range earlier {
		for _, n := range r.Picks {
			picks = append(picks, int(n))
		}
	}
	for _, it := range beside {
		picks = append(picks, it.ballot.picks...)
	}
	return picks
}
