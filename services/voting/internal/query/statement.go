package query

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// keySize is how much of a key's hash a ballot's row keeps, in bytes.
const keySize = 16

// GetStatement implements voting.Service.
func (r *Reader) GetStatement(ctx context.Context, in voting.StatementOf) (out voting.Statement, err error) {
	err = r.look(ctx, in.Slug, func(v view) error {
		if err := r.keys.Made(v.KeyCheck); err != nil {
			return err
		}
		at, err := r.secret(ctx, v, in)
		if err != nil {
			return err
		}
		ballot, err := r.stated(ctx, v, at)
		if err != nil {
			return err
		}
		period, err := rule.ParsePeriod(ballot.Period)
		if err != nil {
			return err
		}
		// The ballots of one pseudonym are stated together: their lines show that they
		// belong together, and a statement names all that it knows of a pseudonym.
		all, err := v.places(ctx, `SELECT batch, rank FROM ballot WHERE selection = $1 AND period = $2 AND voter = $3 ORDER BY part`,
			v.ID, period, ballot.Voter[:])
		if err != nil {
			return err
		}
		edge, err := v.Edge(in.Slug, r.signer.Public())
		if err != nil {
			return err
		}
		s := ballotlog.Statement{Head: ballotlog.Head{Origin: ballotlog.StatementOrigin(in.Slug), Tree: edge.Tree(), At: v.Now.UTC()}}
		for _, at := range all {
			e, err := r.stated(ctx, v, at)
			if err != nil {
				return err
			}
			s.Entries = append(s.Entries, e)
		}
		out.Statement, err = r.signer.SignStatement(s)
		return err
	})
	return out, err
}

// secret finds the ballot of a receipt, or the one that a voter cast with a key.
// Fault: ErrNoReceipt, whether the voter has no ballot or one with another key.
func (r *Reader) secret(ctx context.Context, v view, in voting.StatementOf) (at receipt.Place, err error) {
	if in.Receipt != "" {
		code, err := receipt.Parse(in.Receipt)
		at, issued := r.keys.Receipt.Open(code, in.Slug)
		if err != nil || !issued {
			return at, voting.ErrNoReceipt
		}
		return at, nil
	}
	if in.Key.IsZero() {
		return at, voting.ErrNoReceipt
	}
	rules, err := r.cache.Rules(ctx, v, in.Slug)
	if err != nil {
		return at, err
	}
	periods := v.Periods(rules)
	names := make(pq.ByteaArray, len(periods))
	for i, p := range periods {
		name := r.keys.Name(in.Slug, p, in.Voter)
		names[i] = name[:]
	}
	found, err := v.places(ctx, `
		SELECT b.batch, b.rank FROM unnest($2::int[], $3::bytea[]) AS x (period, voter)
		JOIN ballot b ON b.selection = $1 AND b.period = x.period AND b.voter = x.voter WHERE b.key = $4`,
		v.ID, pq.Array(periods), names, in.Key[:keySize])
	switch {
	case err != nil:
		return at, err
	case len(found) == 0:
		return at, voting.ErrNoReceipt
	}
	return found[0], nil
}

// places are those of the ballots that a query gives by batch and rank.
func (v view) places(ctx context.Context, query string, args ...any) ([]receipt.Place, error) {
	var rows []struct {
		Batch int64 `db:"batch"`
		Rank  int   `db:"rank"`
	}
	if err := v.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	all := make([]receipt.Place, len(rows))
	for i, row := range rows {
		all[i] = receipt.Place{Batch: row.Batch, Rank: row.Rank}
	}
	return all, nil
}

// stated is what is recorded of a ballot. Its place is there once it is public.
func (r *Reader) stated(ctx context.Context, v view, at receipt.Place) (e ballotlog.Entry, err error) {
	recorded, err := r.receipt(ctx, v, at)
	if err != nil {
		return e, err
	}
	leaf, err := ballotlog.Parse(recorded.Evidence.Leaf)
	ballot, ok := leaf.(ballotlog.Ballot)
	if err != nil || !ok {
		return e, fmt.Errorf("statement: the line %q: %w", recorded.Evidence.Leaf, err)
	}
	e = ballotlog.Entry{
		Period: ballot.Period, Voter: ballot.Voter, Ballot: true, Index: ballotlog.Pending, Hash: ballotlog.Hash([]byte(recorded.Evidence.Leaf)),
	}
	if recorded.Index != nil {
		e.Index = *recorded.Index
	}
	return e, nil
}
