package casting

import (
	"bytes"
	"context"
	"slices"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

// judge decides which ballots are to be written, and tells whether any is
// refused.
func (p *pass) judge(ctx context.Context) (refused bool, err error) {
	var adders []*item
	first := make(map[place]bool, len(p.items))
	for _, it := range p.items {
		f := p.gate(it)
		adds := f == nil && p.box.Rules.Adds()
		if f == nil && !adds {
			f = p.check(it, nil)
		}
		if f != nil {
			refused = true
			it.refuse(f)
			p.recall(it)
			continue
		}
		it.place, it.part = p.at(it, p.period), 0
		switch {
		case adds:
			adders = append(adders, it)
		case first[it.place]: // a repeat in this batch
			p.asks = append(p.asks, ask{it, []place{it.place}})
		default:
			first[it.place] = true
			p.writes = append(p.writes, it)
		}
	}
	added, err := p.add(ctx, adders)
	return refused || added, err
}

// at is a voter's place in a period.
func (p *pass) at(it *item, period int) place {
	return place{p.box.ID, period, p.keys.Name(p.slug, period, it.voter)}
}

// gate refuses what is not for now, whatever is on the ballot.
func (p *pass) gate(it *item) *fault.Error {
	if p.box == nil {
		return voting.ErrNotYet
	}
	switch p.box.StateAt(p.now) {
	case voting.Pending:
		return voting.ErrNotOpen
	case voting.Closed:
		return voting.ErrClosed
	}
	if f := p.box.Rules.Hours(p.now); f != nil {
		return f
	}
	return p.box.Rules.Way(it.cast.Way)
}

// check refuses picks that break the rules together with the earlier ones.
func (p *pass) check(it *item, earlier []int) *fault.Error {
	fields := p.box.Rules.Judge(it.cast.Picks, earlier, p.box.Candidates)
	if len(fields) == 0 {
		return nil
	}
	return voting.ErrInvalid.At(fields...)
}

// recall asks whether a refused ballot that has a key was counted before: the
// caller who lost the answer gets it, though the vote has closed since. The
// period may have ended too.
func (p *pass) recall(it *item) {
	if it.key == nil || p.box == nil {
		return
	}
	places := []place{p.at(it, p.period)}
	if p.box.Rules.Daily() {
		places = append(places, p.at(it, p.period-1))
	}
	p.asks = append(p.asks, ask{it, places})
}

// add numbers further ballots of voters who may cast the rest of their picks
// later. It decides on what it read, and the unique part makes that hold: had
// another replica added one, the insert would fall out.
func (p *pass) add(ctx context.Context, adders []*item) (refused bool, err error) {
	if len(adders) == 0 {
		return false, nil
	}
	asks := make([]ask, len(adders))
	for i, it := range adders {
		asks[i] = ask{it, []place{it.place}}
	}
	rows, err := p.find(ctx, asks)
	if err != nil {
		return false, err
	}
	beside := map[place][]*item{} // in this batch
	for i, it := range adders {
		earlier, others := rows[it.place], beside[it.place]
		if r, ok := same(it, earlier); ok {
			it.settle(r)
			continue
		}
		picked := picksOf(earlier, others)
		full := len(picked) > 0 && len(picked) >= p.box.Rules.Picks().Max
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
		beside[it.place] = append(others, it)
	}
	return refused, nil
}

func (b *ballot) sharesKey(other *item) bool { return b.key != nil && bytes.Equal(b.key, other.key) }

func picksOf(earlier []row, beside []*item) (picks []int) {
	for _, r := range earlier {
		for _, n := range r.Picks {
			picks = append(picks, int(n))
		}
	}
	for _, it := range beside {
		picks = append(picks, it.picks...)
	}
	return picks
}
