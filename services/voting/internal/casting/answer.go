package casting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

// ask is a ballot and the slots to look into, where one may be that stands in its
// way.
type ask struct {
	item  *item
	slots []slot
}

// answer tells each of these ballots what stands in its way. A ballot that was
// refused before keeps its fault, unless it turns out to be counted.
func (a *attempt) answer(ctx context.Context, asks []ask) error {
	rows, err := a.store.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, q := range asks {
		var there []row
		for _, at := range q.slots {
			there = append(there, rows[at]...)
		}
		r, ok := same(q.item.ballot, there)
		switch {
		case q.item.settled:
			if ok && r.fault == nil {
				q.item.settle(r)
			}
		case ok:
			q.item.settle(r)
		case len(there) > 0:
			q.item.refuse(duplicate(q.item.ballot, there))
		default:
			return fmt.Errorf("selection %d: a ballot was refused as a duplicate of none", q.item.slot.selection)
		}
	}
	return nil
}

// same finds the ballot that is this one, by its salt or its key. Fault, in the
// result: ErrKeyReused.
func same(b *ballot, rows []row) (result, bool) {
	for _, r := range rows {
		switch {
		case r.is(b):
			return r.result(false), true
		case !r.hasKey(b.cast.Key):
		case slices.EqualFunc(r.Picks, b.picks, func(a int32, b int) bool { return int(a) == b }):
			return r.result(true), true
		default:
			return result{fault: voting.ErrKeyReused}, true
		}
	}
	return result{}, false
}

// duplicate says when the first ballot of the period was counted, unless the one
// who asks may be another than the one who voted.
func duplicate(b *ballot, earlier []row) *fault.Error {
	if sharesCode(b) {
		return voting.ErrDuplicate
	}
	return voting.ErrDuplicate.With("first", earlier[0].CommittedAt.UTC().Format(time.RFC3339Nano))
}
