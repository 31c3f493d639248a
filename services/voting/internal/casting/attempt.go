package casting

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"

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

// attempt is one try to count ballots.
type attempt struct {
	store *store
	cache *candidates.Cache
	keys  secret.Keys
	log   *slog.Logger
	items []item // sorted by slug
}

func newAttempt(w *writer, ballots []*ballot) *attempt {
	a := &attempt{store: w.store, cache: w.caster.cache, keys: w.caster.keys, log: w.caster.log, items: make([]item, len(ballots))}
	for i, b := range ballots {
		a.items[i].ballot = b
	}
	slices.SortStableFunc(a.items, func(a, b item) int { return cmp.Compare(a.ballot.cast.Slug, b.ballot.cast.Slug) })
	return a
}

// run settles every ballot, or gives an error; then the next attempt finds what
// this one did. No transaction is held open: the write itself makes sure that
// what the ballots were judged by still holds.
func (a *attempt) run(ctx context.Context) error {
	if err := a.recognize(ctx); err != nil {
		return err
	}
	fresh := map[string]bool{} // selections of which what was kept is out of date
	for range maxPasses {
		left, err := a.pass(ctx, fresh)
		if err != nil || !left {
			return err
		}
	}
	return errRaced
}

// pass judges, writes, and answers the ballots that are not settled: selection by
// selection, but for the write, which is one. It tells whether some are left, and
// notes the selections that are to be read anew for them.
func (a *attempt) pass(ctx context.Context, fresh map[string]bool) (left bool, err error) {
	var judged []*pass
	for slug, items := range bySelection(a.waiting()) {
		p, err := a.begin(ctx, slug, items, fresh[slug])
		if err != nil && !passes(err) { // it is the selection's own
			a.log.ErrorContext(ctx, "ballots failed", "selection", slug, "ballots", len(items), "error", err)
			for _, it := range items {
				it.refuse(it.ballot.failed(err))
			}
			continue
		}
		if err != nil {
			return false, err
		}
		stands, err := p.judge(ctx)
		if err != nil {
			return false, err
		}
		if !stands {
			left, fresh[slug] = true, true
			p.undo()
			continue
		}
		judged = append(judged, p)
	}
	if err := a.write(ctx, judged); err != nil {
		return false, err
	}
	var asks []ask
	for _, p := range judged {
		if p.holds {
			asks = append(asks, p.asks...)
			continue
		}
		left, fresh[p.slug] = true, true
		p.undo()
	}
	return left, a.answer(ctx, asks)
}

// bySelection gives each selection's of items that are sorted by slug.
func bySelection(items []*item) iter.Seq2[string, []*item] {
	return func(yield func(string, []*item) bool) {
		for len(items) > 0 {
			slug, n := items[0].ballot.cast.Slug, 1
			for n < len(items) && items[n].ballot.cast.Slug == slug {
				n++
			}
			if !yield(slug, items[:n]) {
				return
			}
			items = items[n:]
		}
	}
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
// where that is in doubt. Once their selections could be locked, the transaction of
// that attempt has ended. If it had not begun by then, it will find that its minute
// is over, or these ballots in its way.
func (a *attempt) recognize(ctx context.Context) error {
	var asks []ask
	waited := ""
	for i := range a.items {
		it := &a.items[i]
		if !it.ballot.doubtful() {
			continue
		}
		asks = append(asks, ask{it, []slot{*it.ballot.tried}})
		if slug := it.ballot.cast.Slug; slug != waited {
			if _, err := a.store.wait(ctx, slug); err != nil {
				return err
			}
			waited = slug
		}
	}
	if len(asks) == 0 {
		return nil
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
