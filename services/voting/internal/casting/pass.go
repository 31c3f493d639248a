package casting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
)

// pass judges, writes, and answers the ballots that an attempt has not settled.
type pass struct {
	attempt   *attempt
	items     []*item
	selection *candidates.Snapshot // nil: it is not here
	fresh     bool                 // selection was read for this pass
	now       time.Time            // the database's clock, by which the ballots are judged
	period    int                  // the present one
	writes    []*item
	asks      []ask // what is to be found after the writing
}

// pass begins one, on the kept snapshot of the selection or on a fresh one.
func (a *attempt) pass(ctx context.Context, fresh bool) (*pass, error) {
	p := &pass{attempt: a, items: a.waiting(), selection: a.cache.Kept(a.slug), fresh: fresh}
	if p.selection == nil || fresh {
		p.fresh = true
		var err error
		if p.selection, err = a.cache.Read(ctx, a.store.db, a.slug); err != nil && !errors.Is(err, voting.ErrNotYet) {
			return nil, err
		}
	}
	if p.selection == nil {
		return p, nil
	}
	if err := a.keys.Made(p.selection.KeyCheck); err != nil { // with another, everybody could vote again
		return nil, fmt.Errorf("cast ballots of %s: %w", a.slug, err)
	}
	p.now = p.selection.At()
	p.period = p.selection.Rules.Period(p.now)
	return p, nil
}

// run tells whether all are settled. Nobody is refused on a kept snapshot, which
// may be out of date.
func (p *pass) run(ctx context.Context) (done bool, err error) {
	if err := p.before(ctx); err != nil {
		return false, err
	}
	refused, err := p.judge(ctx)
	if err != nil {
		return false, err
	}
	if refused && !p.fresh {
		p.undo()
		return false, nil
	}
	if holds, err := p.write(ctx); err != nil || !holds {
		p.undo()
		return false, err
	}
	return true, p.attempt.answer(ctx, p.asks)
}

// sentAgain is for how long a ballot may be on its way to two replicas: a gateway
// gives it up after eight seconds, and no room looks at a request of a minute ago.
const sentAgain = 70 * time.Second

// before finds the ballots that another replica counted in the period before: a
// gateway sends them again where a replica does not answer, and this one may have
// slept over midnight.
func (p *pass) before(ctx context.Context) error {
	if p.selection == nil || !p.selection.Rules.Daily() {
		return nil
	}
	var asks []ask
	for _, it := range p.items {
		if it.ballot.cast.ID.IsZero() {
			continue
		}
		first := p.selection.Rules.Period(p.now.Add(-sentAgain - time.Since(it.ballot.came)))
		if first == p.period {
			continue
		}
		q := ask{item: it}
		for period := first; period < p.period; period++ {
			q.slots = append(q.slots, p.slot(it, period))
		}
		asks = append(asks, q)
	}
	if len(asks) == 0 {
		return nil
	}
	if _, err := p.attempt.store.wait(ctx, p.attempt.slug); err != nil {
		return err
	}
	if err := p.attempt.recall(ctx, asks); err != nil {
		return err
	}
	p.items = p.attempt.waiting()
	return nil
}

// undo leaves to the next pass all that is not counted.
func (p *pass) undo() {
	for _, it := range p.items {
		it.settled = it.counted()
	}
}
