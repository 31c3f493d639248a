package casting

import (
	"context"
	"time"
)

// keyDays is for how many days an Idempotency-Key is known again. Each of them is a
// look into the voter's slot of that day, unless the key was made later, by a gateway
// whose clock is fast by no more than clocksDiffer.
const (
	keyDays      = 31
	clocksDiffer = 5 * time.Minute
)

// earlier settles ballots whose key came with a ballot of an earlier period: a key
// belongs to the period in which it came first. Whoever tries again after
// midnight gets the receipt of that day, and casts nothing of this one.
func (p *pass) earlier(ctx context.Context) error {
	if p.selection == nil || !p.selection.Rules.Daily() {
		return nil
	}
	var before []int
	for _, period := range p.selection.PeriodsAt(p.selection.Rules, p.now) {
		if period < p.period {
			before = append(before, period)
		}
	}
	before = before[max(0, len(before)-keyDays):]
	if len(before) == 0 {
		return nil
	}
	var asks []ask
	for _, it := range p.items {
		if it.ballot.cast.Key.IsZero() {
			continue
		}
		from := 0
		if made := it.ballot.cast.Made; !made.IsZero() {
			from = p.selection.Rules.Period(made.Add(-clocksDiffer))
		}
		var slots []slot
		for _, period := range before {
			if period >= from {
				slots = append(slots, p.slot(it, period))
			}
		}
		if len(slots) > 0 {
			asks = append(asks, ask{it, slots})
		}
	}
	if len(asks) == 0 {
		return nil
	}
	if err := p.ended(ctx); err != nil {
		return err
	}
	rows, err := p.attempt.store.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, q := range asks {
		for _, at := range q.slots {
			if r, ok := same(q.item.ballot, rows[at]); ok {
				q.item.settle(r)
			}
		}
	}
	return nil
}

// ended returns once all ballots of earlier periods that will ever be written can
// be read. What is written is of the minute of its judgement, so a transaction
// that begins after midnight writes none; one that began before has ended when
// the selection could be locked. One such wait a day does.
func (p *pass) ended(ctx context.Context) error {
	s := p.attempt.store
	if s.begun[p.selection.ID] >= p.period {
		return nil
	}
	at, err := s.wait(ctx, p.slug)
	if err != nil {
		return err
	}
	if s.begun == nil {
		s.begun = map[int]int{}
	}
	s.begun[p.selection.ID] = p.selection.Rules.Period(at)
	return nil
}
