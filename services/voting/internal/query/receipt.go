package query

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
)

// batch is the batch of a ballot, as far as a receipt or a statement needs it.
type batch struct {
	Period  int           `db:"period"`
	First   sql.NullInt64 `db:"first_index"`
	Ballots int           `db:"ballots"`
	Skipped pq.Int32Array `db:"skipped"`
	Voter   []byte        `db:"voter"`
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
	place, issued := r.keys.Receipt.Open(code, in.Slug)
	if malformed != nil || !issued {
		sel, err := candidates.GetSelection(ctx, r.db, in.Slug)
		if err == nil {
			err = r.keys.Made(sel.KeyCheck)
		}
		if err == nil {
			err = voting.ErrNoReceipt
		}
		return out, err
	}
	err = r.look(ctx, in.Slug, func(v view) error {
		out, err = r.receipt(ctx, v, place)
		out.Receipt = code.String()
		return err
	})
	return out, err
}

func (r *Reader) receipt(ctx context.Context, v view, at receipt.Place) (out voting.Recorded, err error) {
	var b batch
	// The voter is the one at the ballot's position: the rank less the gaps before.
	err = v.GetContext(ctx, &b, `
		SELECT period, first_index, ballots, skipped,
		       substring(voters FROM 1 + 16 * ($3::int - (SELECT count(*) FROM unnest(skipped) s WHERE s < $3::int))::int FOR 16) AS voter
		FROM batch JOIN batch_body ON batch = id WHERE id = $1 AND selection = $2`, at.Batch, v.ID, at.Rank)
	if errors.Is(err, sql.ErrNoRows) {
		return out, voting.ErrNoReceipt
	}
	if err != nil {
		return out, fmt.Errorf("receipt: %w", err)
	}
	position, ok := b.position(at.Rank)
	if !ok {
		return out, voting.ErrNoReceipt
	}
	leaf, err := v.leaf(ctx, b, at)
	if err != nil {
		return out, err
	}
	out = voting.Recorded{Slug: v.Slug, Period: leaf.Period, Evidence: ballotlog.Receipt{Leaf: leaf.String()}}
	if out.Evidence.Promise, err = r.signer.Promise(v.Slug, leaf); err != nil {
		return out, err
	}
	index, there, err := v.Index(ctx, v, &r.tiles, ledger.Counted{First: b.First, Position: position}, ballotlog.Hash([]byte(out.Evidence.Leaf)))
	if err != nil || !there {
		return out, err
	}
	out.Index = &index
	out.Evidence.Proof, err = r.prove(ctx, v, index)
	return out, err
}

func (v view) leaf(ctx context.Context, b batch, at receipt.Place) (ballotlog.Ballot, error) {
	var row leafRow
	if err := v.GetContext(ctx, &row, `
		SELECT period, voter, salt, picks FROM ballot
		WHERE selection = $1 AND period = $2 AND voter = $3 AND batch = $4 AND rank = $5`, v.ID, b.Period, b.Voter, at.Batch, at.Rank); err != nil {
		return ballotlog.Ballot{}, fmt.Errorf("receipt: ballot %d/%d: %w", at.Batch, at.Rank, err)
	}
	return row.leaf()
}

// prove proves that a leaf is in the log.
func (r *Reader) prove(ctx context.Context, v view, index int64) (*ballotlog.Inclusion, error) {
	checkpoint, tree, err := r.signed.of(v, r.signer)
	if err != nil {
		return nil, err
	}
	path, err := r.tiles.Prove(ctx, v, v.ID, tree, index)
	if err != nil {
		return nil, err
	}
	in := ballotlog.NewInclusion(checkpoint, index, path)
	return &in, nil
}
