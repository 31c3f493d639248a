package casting

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/roll"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// errRaced is a voter's further ballot that another replica numbered first.
var errRaced = errors.New("another replica wrote to the same voters")

// place is where a voter's ballots of a period are.
type place struct {
	selection int
	period    int
	voter     secret.Pseudonym
}

// box is a selection's part in the transaction.
type box struct {
	standing
	rules      rule.Rules
	candidates map[int]rule.Candidate
	period     int     // the present one
	writes     []*item // by rank
}

// item is a ballot's part in the transaction.
type item struct {
	*ballot
	box      *box // nil: the selection is not here
	place    place
	part     int
	rank     int
	inserted bool
	settled  bool
	result   result
}

func (it *item) settle(r result) { it.result, it.settled = r, true }

func (it *item) refuse(f *fault.Error) { it.settle(result{fault: f}) }

// transaction has the effect of a batch of ballots.
type transaction struct {
	*writer
	tx    *sqlx.Tx
	again bool // a try before this one may have been committed
	items []*item
	boxes map[string]*box
	asks  []ask // what is to be found after the writing
}

func newTransaction(tx *sqlx.Tx, w *writer, ballots []*ballot, again bool) *transaction {
	t := &transaction{writer: w, tx: tx, again: again, items: make([]*item, len(ballots)), boxes: map[string]*box{}}
	for i, b := range ballots {
		t.items[i] = &item{ballot: b}
	}
	return t
}

func (t *transaction) results() []result {
	all := make([]result, len(t.items))
	for i, it := range t.items {
		all[i] = it.result
	}
	return all
}

func (t *transaction) run(ctx context.Context) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	if t.again {
		if err := t.recognize(ctx); err != nil {
			return err
		}
	}
	if err := t.judge(ctx); err != nil {
		return err
	}
	if err := t.insert(ctx); err != nil {
		return err
	}
	for _, b := range t.boxes {
		if err := t.count(ctx, b); err != nil {
			return err
		}
	}
	return t.answer(ctx, t.asks)
}

// enter locks the selections, then reads how they stand. A second try locks
// out all others: when it has the lock, the first one has ended either way.
func (t *transaction) enter(ctx context.Context) error {
	var slugs []string
	for _, it := range t.items {
		if _, ok := t.boxes[it.cast.Slug]; !ok {
			t.boxes[it.cast.Slug] = nil
			slugs = append(slugs, it.cast.Slug)
		}
	}
	if err := t.lock(ctx, slugs); err != nil {
		return err
	}
	var standings []standing
	if err := t.read(ctx, t.statements.selections, &standings, pq.Array(slugs)); err != nil {
		return fmt.Errorf("selections: %w", err)
	}
	clear(t.boxes)
	for _, s := range standings {
		b, err := t.open(ctx, s)
		if err != nil {
			return err
		}
		t.boxes[s.Slug] = b
	}
	for _, it := range t.items {
		it.box = t.boxes[it.cast.Slug]
	}
	return nil
}

func (t *transaction) lock(ctx context.Context, slugs []string) error {
	if t.again {
		return roll.Lock(ctx, t.tx, roll.Exclusive, slugs...)
	}
	return roll.LockBy(ctx, t.tx.StmtxContext(ctx, t.statements.lock), slugs...)
}

// read selects by a prepared statement into dest.
func (t *transaction) read(ctx context.Context, s *sqlx.Stmt, dest any, args ...any) error {
	return t.tx.StmtxContext(ctx, s).SelectContext(ctx, dest, args...) //nolint:sqlclosecheck // the transaction closes it
}

func (t *transaction) open(ctx context.Context, s standing) (*box, error) {
	if !bytes.Equal(s.KeyCheck, t.keys.Check) {
		return nil, fmt.Errorf("the pseudonym key is not the one that %s began with: with another, everybody could vote again", s.Slug)
	}
	rules, err := t.cache.Rules(ctx, t.tx, s.Slug)
	if err != nil {
		return nil, err
	}
	candidates, err := t.cache.Candidates(ctx, t.tx, s.Selection)
	if err != nil {
		return nil, err
	}
	return &box{standing: s, rules: rules, candidates: candidates, period: rules.Period(s.Now)}, nil
}

// put gives a ballot its place in the batch.
func (b *box) put(it *item) {
	it.rank = len(b.writes)
	b.writes = append(b.writes, it)
	it.tried = &it.place
	it.settle(result{batch: b.Batch, rank: it.rank, counted: b.Now})
}

// at is a voter's place in a period.
func (t *transaction) at(it *item, period int) place {
	return place{it.box.ID, period, t.namer.Name(it.box.Slug, period, it.voter)}
}

// gate refuses what is not for now, whatever is on the ballot.
func (b *box) gate(it *item) *fault.Error {
	if b == nil {
		return voting.ErrNotYet
	}
	switch b.State() {
	case voting.Pending:
		return voting.ErrNotOpen
	case voting.Closed:
		return voting.ErrClosed
	}
	if f := b.rules.Hours(b.Now); f != nil {
		return f
	}
	return b.rules.Way(it.cast.Way)
}

// check refuses picks that break the rules together with the earlier ones.
func (b *box) check(it *item, earlier []int) *fault.Error {
	fields := b.rules.Judge(it.cast.Picks, earlier, b.candidates)
	if len(fields) == 0 {
		return nil
	}
	return voting.ErrInvalid.At(fields...)
}
