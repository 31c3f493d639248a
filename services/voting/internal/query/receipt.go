package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// batch is the batch of a ballot, as far as a receipt or a statement needs it.
type batch struct {
	Period      int           `db:"period"`
	CommittedAt time.Time     `db:"committed_at"`
	FirstIndex  sql.NullInt64 `db:"first_index"`
	Ballots     int           `db:"ballots"`
	Skipped     pq.Int32Array `db:"skipped"`
	Leaves      []byte        `db:"leaves"`
	Voter       []byte        `db:"voter"`
}

// position is that of the ballot at a rank among the counted ones of the batch;
// there may be none.
func (b batch) position(rank int) (int, bool) {
	before, skipped := slices.BinarySearch(b.Skipped, int32(rank))
	return rank - before, !skipped && rank < b.Ballots+len(b.Skipped)
}

// GetReceipt implements voting.Service. The receipt says where the ballot is, so
// the batch and the ballot alone are read.
func (r *Reader) GetReceipt(ctx context.Context, in voting.GetReceipt) (out voting.Recorded, err error) {
	code, malformed := receipt.Parse(in.Receipt)
	if malformed != nil || !r.keys.Receipt.Verify(code, in.Slug) {
		if _, err := candidates.GetSelection(ctx, r.db, in.Slug); err != nil {
			return out, err
		}
		return out, voting.ErrNoReceipt
	}
	err = r.look(ctx, in.Slug, func(v view) error {
		out, err = v.receipt(ctx, r.signer, code)
		return err
	})
	return out, err
}

func (v view) receipt(ctx context.Context, signer ballotlog.Signer, code receipt.Receipt) (out voting.Recorded, err error) {
	var b batch
	// The voter is the one at the ballot's position: the rank less the gaps before.
	err = v.GetContext(ctx, &b, `
		SELECT period, committed_at, first_index, ballots, skipped, leaves,
		       substring(voters FROM 1 + 16 * ($3::int - (SELECT count(*) FROM unnest(skipped) s WHERE s < $3::int))::int FOR 16) AS voter
		FROM batch JOIN batch_body ON batch = id WHERE id = $1 AND selection = $2`, code.Batch, v.ID, code.Rank)
	if errors.Is(err, sql.ErrNoRows) {
		return out, voting.ErrNoReceipt
	}
	if err != nil {
		return out, fmt.Errorf("receipt: %w", err)
	}
	position, ok := b.position(code.Rank)
	if !ok {
		return out, voting.ErrNoReceipt
	}
	out = voting.Recorded{Slug: v.Slug, Receipt: code.String(), Period: rule.PeriodName(b.Period), At: b.CommittedAt.UTC(), Batch: code.Batch}
	if out.Evidence.Leaf, err = v.leaf(ctx, b, code); err != nil {
		return out, err
	}
	if out.Evidence.Promise, err = promise(signer, v.Slug, b, code.Batch, position); err != nil {
		return out, err
	}
	if b.FirstIndex.Valid {
		index := b.FirstIndex.Int64 + int64(position)
		out.Index = &index
		out.Evidence.Proof, err = v.prove(ctx, signer, index)
	}
	return out, err
}

func (v view) leaf(ctx context.Context, b batch, code receipt.Receipt) (string, error) {
	var row leafRow
	if err := v.GetContext(ctx, &row, `
		SELECT period, voter, salt, picks FROM ballot
		WHERE selection = $1 AND period = $2 AND voter = $3 AND batch = $4 AND rank = $5`, v.ID, b.Period, b.Voter, code.Batch, code.Rank); err != nil {
		return "", fmt.Errorf("receipt: ballot %d/%d: %w", code.Batch, code.Rank, err)
	}
	leaf, err := row.leaf()
	return leaf.String(), err
}

// promise proves that a ballot is among those of its batch, and signs that.
func promise(signer ballotlog.Signer, slug string, b batch, id int64, position int) (in ballotlog.Inclusion, err error) {
	leaves, err := ballotlog.Split(b.Leaves)
	if err != nil {
		return in, err
	}
	tree, path, err := ballotlog.Prove(leaves, int64(position))
	if err != nil {
		return in, err
	}
	head, err := signer.Sign(ballotlog.Head{Origin: ballotlog.PromiseOrigin(slug, id), Tree: tree, At: b.CommittedAt})
	return ballotlog.NewInclusion(head, int64(position), path), err
}

// prove proves that a leaf is in the log, once it is.
func (v view) prove(ctx context.Context, signer ballotlog.Signer, index int64) (*ballotlog.Inclusion, error) {
	if index >= v.Size {
		return nil, nil
	}
	checkpoint, tree, err := v.Signed(v.Slug, signer)
	if err != nil {
		return nil, err
	}
	path, err := ledger.Tiles(ctx, v, v.ID).Prove(tree, index)
	if err != nil {
		return nil, err
	}
	in := ballotlog.NewInclusion(checkpoint, index, path)
	return &in, nil
}
