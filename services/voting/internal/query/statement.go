package query

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// keySize is how much of a key's hash a ballot's row keeps, in bytes.
const keySize = 16

// GetStatement implements voting.Service.
func (r *Reader) GetStatement(ctx context.Context, in voting.StatementOf) (out voting.Statement, err error) {
	code := in.Receipt
	if code == "" {
		if code, err = r.receiptOf(ctx, in); err != nil {
			return out, err
		}
	}
	known, err := r.stated(ctx, in.Slug, code)
	if err != nil {
		return out, err
	}
	// The ballots of one pseudonym are stated together: their lines show that they
	// belong together, and a statement names all that it knows of a pseudonym.
	codes, err := r.codes(ctx, in.Slug, known)
	if err != nil {
		return out, err
	}
	var s ballotlog.Statement
	for _, code := range codes {
		e, err := r.stated(ctx, in.Slug, code)
		if err != nil {
			return out, err
		}
		s.Entries = append(s.Entries, e)
	}
	err = r.look(ctx, in.Slug, func(v view) error { // after the places were read: they are in this log
		edge, err := v.Edge(in.Slug, r.signer.Public())
		if err != nil {
			return err
		}
		s.Head = ballotlog.Head{Origin: ballotlog.StatementOrigin(in.Slug), Tree: edge.Tree(), At: v.Now.UTC()}
		out.Statement, err = r.signer.SignStatement(s)
		return err
	})
	return out, err
}

// receiptOf finds the ballot that a voter cast with a key. Fault: ErrNoReceipt,
// whether the voter has no ballot or one with another key.
func (r *Reader) receiptOf(ctx context.Context, in voting.StatementOf) (code string, err error) {
	if in.Key.IsZero() {
		return "", voting.ErrNoReceipt
	}
	err = r.look(ctx, in.Slug, func(v view) error {
		rules, err := r.cache.Rules(ctx, v, in.Slug)
		if err != nil {
			return err
		}
		periods := v.Periods(rules)
		names := make(pq.ByteaArray, len(periods))
		for i, p := range periods {
			name := r.keys.Name(in.Slug, p, in.Voter)
			names[i] = name[:]
		}
		codes, err := v.receipts(ctx, r.keys, `
			SELECT b.batch, b.rank FROM unnest($2::int[], $3::bytea[]) AS x (period, voter)
			JOIN ballot b ON b.selection = $1 AND b.period = x.period AND b.voter = x.voter WHERE b.key = $4`,
			v.ID, pq.Array(periods), names, in.Key[:keySize])
		if err == nil && len(codes) == 0 {
			err = voting.ErrNoReceipt
		}
		if err != nil {
			return err
		}
		code = codes[0]
		return nil
	})
	return code, err
}

// codes are the receipts of all ballots of an entry's pseudonym.
func (r *Reader) codes(ctx context.Context, slug string, of ballotlog.Entry) (codes []string, err error) {
	err = r.look(ctx, slug, func(v view) error {
		period, err := rule.ParsePeriod(of.Period)
		if err != nil {
			return err
		}
		codes, err = v.receipts(ctx, r.keys, `
			SELECT batch, rank FROM ballot WHERE selection = $1 AND period = $2 AND voter = $3 ORDER BY part`, v.ID, period, of.Voter[:])
		return err
	})
	return codes, err
}

// receipts are those of the ballots that a query gives by batch and rank.
func (v view) receipts(ctx context.Context, keys secret.Keys, query string, args ...any) (codes []string, err error) {
	var rows []struct {
		Batch int64 `db:"batch"`
		Rank  int   `db:"rank"`
	}
	if err := v.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	for _, row := range rows {
		codes = append(codes, keys.Receipt.Issue(v.Slug, row.Batch, row.Rank).String())
	}
	return codes, nil
}

// stated is what is recorded behind a receipt. The place is that of the log as
// it is public.
func (r *Reader) stated(ctx context.Context, slug, code string) (e ballotlog.Entry, err error) {
	recorded, err := r.GetReceipt(ctx, voting.GetReceipt{Slug: slug, Receipt: code})
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
	if recorded.Evidence.Proof != nil {
		e.Index = recorded.Evidence.Proof.Index
	}
	return e, nil
}
