package casting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// errRaced is a selection that changed under each pass, or a voter to whom
// others were always quicker to add a ballot.
var errRaced = errors.New("others changed what the ballots were judged by")

// maxPasses bounds an attempt: one by what was kept, one by what is read anew,
// and more where that changes at this very moment.
const maxPasses = 5

// place is where a voter's ballots of a period are.
type place struct {
	selection int
	period    int
	voter     secret.Pseudonym
}

// item is a ballot's part in an attempt.
type item struct {
	*ballot
	place   place
	part    int
	written bool // by this attempt
	settled bool
	result  result
}

func (it *item) settle(r result) { it.result, it.settled = r, true }

func (it *item) refuse(f *fault.Error) { it.settle(result{fault: f}) }

// attempt is one try to count ballots of one selection.
type attempt struct {
	*writer
	slug  string
	items []*item
}

func newAttempt(w *writer, slug string, ballots []*ballot) *attempt {
	a := &attempt{writer: w, slug: slug, items: make([]*item, len(ballots))}
	items := make([]item, len(ballots))
	for i, b := range ballots {
		items[i].ballot = b
		a.items[i] = &items[i]
	}
	return a
}

// run settles every ballot, or gives an error; then the next attempt finds what
// this one did. No transaction is held open: what the ballots are judged by, the
// write makes sure of. again says that an attempt before this one may have
// written, or may be about to.
func (a *attempt) run(ctx context.Context, again bool) error {
	if again {
		if err := a.recognize(ctx); err != nil {
			return err
		}
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

func (a *attempt) results() []result {
	all := make([]result, len(a.items))
	for i, it := range a.items {
		all[i] = it.result
	}
	return all
}

func (a *attempt) waiting() (items []*item) {
	for _, it := range a.items {
		if !it.settled {
			items = append(items, it)
		}
	}
	return items
}

// pass judges, writes, and answers the ballots that are not settled.
type pass struct {
	*attempt
	items  []*item
	box    *candidates.Snapshot // nil: the selection is not here
	fresh  bool                 // box was read for this pass
	now    time.Time            // the database's clock, by which the ballots are judged
	period int                  // the present one
	writes []*item
	asks   []ask // what is to be found after the writing
}

func (a *attempt) pass(ctx context.Context, fresh bool) (*pass, error) {
	p := &pass{attempt: a, items: a.waiting(), box: a.cache.Kept(a.slug), fresh: fresh}
	if p.box == nil || fresh {
		p.fresh = true
		var err error
		if p.box, err = a.cache.Read(ctx, a.db, a.slug); err != nil && !errors.Is(err, voting.ErrNotYet) {
			return nil, err
		}
	}
	if p.box == nil {
		return p, nil
	}
	if !bytes.Equal(p.box.KeyCheck, a.keys.Check) {
		return nil, fmt.Errorf("the pseudonym key is not the one that %s began with: with another, everybody could vote again", a.slug)
	}
	p.now = p.box.At()
	p.period = p.box.Rules.Period(p.now)
	return p, nil
}

// run tells whether all are settled. Nobody is refused by what was kept: that
// may have changed.
func (p *pass) run(ctx context.Context) (done bool, err error) {
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
	return true, p.answer(ctx, p.asks)
}

// undo leaves all but what is written to the next pass.
func (p *pass) undo() {
	for _, it := range p.items {
		it.settled = it.written
	}
}

// recognize finds the ballots that the attempt before this one wrote after all.
// Its transaction has ended when the selection could be locked; had it not begun
// by then, it will find that its minute is over, or these ballots in its way.
func (a *attempt) recognize(ctx context.Context) error {
	if err := pg.InTx(ctx, a.db, func(tx *sqlx.Tx) error { return candidates.Lock(ctx, tx, a.slug) }); err != nil {
		return err
	}
	var asks []ask
	for _, it := range a.items {
		if it.tried != nil {
			asks = append(asks, ask{it, []place{*it.tried}})
		}
	}
	rows, err := a.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, q := range asks {
		for _, r := range rows[q.places[0]] {
			if r.is(q.it) {
				q.it.settle(r.result(false))
			}
		}
	}
	return nil
}
