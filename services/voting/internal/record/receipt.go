package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/roll"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// Receipt implements voting.Service. The receipt says where the ballot is, so
// the batch alone is read.
func (r *Record) Receipt(ctx context.Context, in voting.Receipt) (voting.Recorded, error) {
	sel, err := roll.Get(ctx, r.db, in.Slug)
	if err != nil {
		return voting.Recorded{}, err
	}
	code, err := receipt.Parse(in.Receipt)
	if err != nil || !r.keys.Receipt.Verify(code, in.Slug) {
		return voting.Recorded{}, voting.ErrNoReceipt
	}
	var b struct {
		Period      int           `db:"period"`
		CommittedAt time.Time     `db:"committed_at"`
		FirstIndex  sql.NullInt64 `db:"first_index"`
		Ballots     int           `db:"ballots"`
		Skipped     pq.Int32Array `db:"skipped"`
	}
	err = r.db.GetContext(ctx, &b, `
		SELECT period, committed_at, first_index, ballots, skipped FROM batch WHERE id = $1 AND selection = $2`, code.Batch, sel.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return voting.Recorded{}, voting.ErrNoReceipt
	}
	if err != nil {
		return voting.Recorded{}, fmt.Errorf("receipt: %w", err)
	}
	before, skipped := slices.BinarySearch(b.Skipped, int32(code.Rank))
	if skipped || code.Rank >= b.Ballots+len(b.Skipped) {
		return voting.Recorded{}, voting.ErrNoReceipt
	}
	out := voting.Recorded{Slug: in.Slug, Receipt: code.String(), Period: rule.PeriodName(b.Period), At: b.CommittedAt.UTC()}
	if b.FirstIndex.Valid {
		index := b.FirstIndex.Int64 + int64(code.Rank-before)
		out.Index = &index
	}
	return out, nil
}
