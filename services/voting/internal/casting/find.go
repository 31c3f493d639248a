package casting

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// ask is a ballot and where the one that stands in its way may be.
type ask struct {
	it     *item
	places []place
}

// row is a ballot in the database, with the time of its batch.
type row struct {
	Selection   int           `db:"selection"`
	Period      int           `db:"period"`
	Voter       []byte        `db:"voter"`
	Batch       int64         `db:"batch"`
	Rank        int           `db:"rank"`
	Salt        []byte        `db:"salt"`
	Key         []byte        `db:"key"`
	Picks       pq.Int32Array `db:"picks"`
	CommittedAt time.Time     `db:"committed_at"`
}

// find reads the ballots at the places, in the order of their parts. The
// statement is planned anew each time: a plan of the hour when the table was
// small would read all of it.
func (w *writer) find(ctx context.Context, asks []ask) (map[place][]row, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	var selections, periods []int64
	var voters pq.ByteaArray
	seen := make(map[place]bool, len(asks))
	for _, a := range asks {
		for _, p := range a.places {
			if !seen[p] {
				seen[p] = true
				selections, periods = append(selections, int64(p.selection)), append(periods, int64(p.period))
				voters = append(voters, p.voter[:])
			}
		}
	}
	var rows []row
	if err := w.db.SelectContext(ctx, &rows, `
		SELECT b.selection, b.period, b.voter, b.batch, b.rank, b.salt, b.key, b.picks, t.committed_at
		FROM unnest($1::int[], $2::int[], $3::bytea[]) AS w (selection, period, voter)
		JOIN ballot b ON b.selection = w.selection AND b.period = w.period AND b.voter = w.voter
		JOIN batch t ON t.id = b.batch
		ORDER BY b.part`, pq.Array(selections), pq.Array(periods), voters); err != nil {
		return nil, fmt.Errorf("find ballots: %w", err)
	}
	found := make(map[place][]row, len(rows))
	for _, r := range rows {
		p := place{r.Selection, r.Period, secret.Pseudonym(r.Voter)}
		found[p] = append(found[p], r)
	}
	return found, nil
}

// answer tells those who were not written what stands in their way. A ballot
// that was refused before keeps its fault, unless it turns out to be counted.
func (w *writer) answer(ctx context.Context, asks []ask) error {
	rows, err := w.find(ctx, asks)
	if err != nil {
		return err
	}
	for _, a := range asks {
		var there []row
		for _, p := range a.places {
			there = append(there, rows[p]...)
		}
		r, ok := same(a.it, there)
		switch {
		case a.it.settled:
			if ok && r.fault == nil {
				a.it.settle(r)
			}
		case ok:
			a.it.settle(r)
		case len(there) > 0:
			a.it.refuse(duplicate(there))
		default:
			return fmt.Errorf("selection %d: a ballot was refused as a duplicate of none", a.it.place.selection)
		}
	}
	return nil
}

// same finds the ballot that is this one, by its salt or its key. Fault, in the
// result: ErrKeyReused.
func same(it *item, rows []row) (result, bool) {
	for _, r := range rows {
		switch {
		case r.is(it):
			return r.result(false), true
		case it.key == nil || !bytes.Equal(r.Key, it.key):
		case slices.EqualFunc(r.Picks, it.picks, func(a int32, b int) bool { return int(a) == b }):
			return r.result(true), true
		default:
			return result{fault: voting.ErrKeyReused}, true
		}
	}
	return result{}, false
}

// is tells whether an earlier try of this very writer wrote the row.
func (r row) is(it *item) bool { return bytes.Equal(r.Salt, it.salt[:]) }

func (r row) result(again bool) result {
	return result{batch: r.Batch, rank: r.Rank, counted: r.CommittedAt.UTC(), again: again}
}

// duplicate says when the first ballot of the period was counted.
func duplicate(earlier []row) *fault.Error {
	return voting.ErrDuplicate.With("first", earlier[0].CommittedAt.UTC().Format(time.RFC3339Nano))
}
