package casting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
)

// pass is what becomes of a selection's ballots in one pass of an attempt.
type pass struct {
	attempt   *attempt
	slug      string
	items     []*item
	selection *candidates.Snapshot // nil: it is not here
	fresh     bool                 // selection was read for this pass
	now       time.Time            // the database's clock, by which the ballots are judged
	period    int                  // the present one
	writes    []*item
	holds     bool  // the writes are written, or there are none
	asks      []ask // what is to be found after the writing
}

// begin begins one, on the kept snapshot of the selection or on a fresh one.
func (a *attempt) begin(ctx context.Context, slug string, items []*item, fresh bool) (*pass, error) {
	p := &pass{attempt: a, slug: slug, items: items, selection: a.cache.Kept(slug), fresh: fresh}
	if p.selection == nil || fresh {
		p.fresh = true
		var err error
		if p.selection, err = a.cache.Read(ctx, a.store.db, slug); err != nil && !errors.Is(err, voting.ErrNotYet) {
			return nil, err
		}
	}
	if p.selection == nil {
		return p, nil
	}
	if err := a.keys.Made(p.selection.KeyCheck); err != nil { // with another, everybody could vote again
		return nil, fmt.Errorf("cast ballots of %s: %w", slug, err)
	}
	p.now = p.selection.At()
	p.period = p.selection.Rules.Period(p.now)
	return p, nil
}

// judge decides which ballots are to be written, and tells whether that stands:
// nobody is refused on a kept snapshot, which may be out of date.
func (p *pass) judge(ctx context.Context) (stands bool, err error) {
	if err := p.before(ctx); err != nil {
		return false, err
	}
	refused, err := p.sort(ctx)
	return p.fresh || !refused, err
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
	if _, err := p.attempt.store.wait(ctx, p.slug); err != nil {
		return err
	}
	if err := p.attempt.recall(ctx, asks); err != nil {
		return err
	}
	p.items = slices.DeleteFunc(p.items, func(it *item) bool { return it.settled })
	return nil
}

// undo leaves to the next pass all that is not counted.
func (p *pass) undo() {
	for _, it := range p.items {
		it.settled = it.counted()
	}
}
