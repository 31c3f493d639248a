package casting

import (
	"context"
	"errors"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// errRaced says that the selection changed under each pass, or that others were
// always quicker to add a ballot for one of the voters.
var errRaced = errors.New("others changed what the ballots were judged by")

// maxPasses bounds an attempt: one on the kept snapshot, one on a fresh one, and
// more where the selection changes at this very moment.
const maxPasses = 5

// item is a ballot's part in an attempt.
type item struct {
	ballot  *ballot
	slot    slot
	part    int
	settled bool
	result  result
}

func (it *item) settle(r result) { it.result, it.settled = r, true }

// counted tells whether the ballot is known to be committed: no result but a fault
// may be taken back.
func (it *item) counted() bool { return it.settled && it.result.fault == nil }

func (it *item) refuse(f *fault.Error) { it.settle(result{fault: f}) }

// attempt is one try to count ballots of one selection.
type attempt struct {
	store *store
	cache *candidates.Cache
	keys  secret.Keys
	slug  string
	items []item
}

func newAttempt(w *writer, slug string, ballots []*ballot) *attempt {
	a := &attempt{store: w.store, cache: w.caster.cache, keys: w.caster.keys, slug: slug, items: make([]item, len(ballots))}
	for i, b := range ballots {
		a.items[i].ballot = b
	}
	return a
}

// run settles every ballot, or gives an error; then the next attempt finds what
// this one did. No transaction is held open: the write itself makes sure that
// what the ballots were judged by still holds.
func (a *attempt) run(ctx context.Context) error {
	if err := a.recognize(ctx); err != nil {
		return err
	}
	for n := range maxPasses {
		p, err := a.pass(ctx, n > 0)
		if err != nil {
			return err
		}
		if done, err := p.run(ctx); err != nil || done {
			return err
		}
	}
	return errRaced
}

// waiting are the items that are not settled.
func (a *attempt) waiting() []*item {
	items := make([]*item, 0, len(a.items))
	for i := range a.items {
		if it := &a.items[i]; !it.settled {
			items = append(items, it)
		}
	}
	return items
}

// recognize finds the ballots that an attempt before this one wrote after all,
// where that is in doubt. Once the selection could be locked, the transaction of
// that attempt has ended. If it had not begun by then, it will find that its minute
// is over, or these ballots in its way.
func (a *attempt) recognize(ctx context.Context) error {
	var asks []ask
	for i := range a.items {
		if it := &a.items[i]; it.ballot.doubtful() {
			asks = append(asks, ask{it, []slot{*it.ballot.tried}})
		}
	}
	if len(asks) == 0 {
		return nil
	}
	if _, err := a.store.wait(ctx, a.slug); err != nil {
		return err
	}
	return a.recall(ctx, asks)
}

// recall settles the ballots that are there already.
func (a *attempt) recall(ctx context.Context, asks []ask) error {
	rows, err := a.store.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, q := range asks {
		for _, at := range q.slots {
			for _, r := range rows[at] {
				if r.is(q.item.ballot) {
					q.item.settle(r.result(false))
				}
			}
		}
	}
	return nil
}
