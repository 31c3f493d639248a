package query

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// GetStatement implements voting.Service.
func (r *Reader) GetStatement(ctx context.Context, in voting.StatementOf) (out voting.Statement, err error) {
	err = r.look(ctx, in.Slug, func(v view) error {
		rules, err := r.cache.Rules(ctx, v, in.Slug)
		if err != nil {
			return err
		}
		if !v.OpenedAt.Valid {
			return voting.ErrNotOpen
		}
		edge, err := v.Edge(in.Slug, r.signer.Public())
		if err != nil {
			return err
		}
		s := ballotlog.Statement{Head: ballotlog.Head{Origin: ballotlog.StatementOrigin(in.Slug), Tree: edge.Tree(), At: v.Now.UTC()}}
		if s.Entries, err = v.entries(ctx, r.keys, v.Periods(rules), in.Voter); err != nil {
			return err
		}
		out.Ballots = s.Ballots()
		out.Statement, err = r.signer.SignStatement(s)
		return err
	})
	return out, err
}

// statedRow is a ballot and where it is.
type statedRow struct {
	leafRow
	Rank       int           `db:"rank"`
	FirstIndex sql.NullInt64 `db:"first_index"`
	Ballots    int           `db:"ballots"`
	Skipped    pq.Int32Array `db:"skipped"`
}

// entries say what is recorded for the voter in each period.
func (v view) entries(ctx context.Context, keys secret.Keys, periods []int, who voting.VoterID) ([]ballotlog.Entry, error) {
	names := make([]secret.Pseudonym, len(periods))
	voters := make(pq.ByteaArray, len(periods))
	for i, p := range periods {
		names[i] = keys.Name(v.Slug, p, who)
		voters[i] = names[i][:]
	}
	var rows []statedRow
	if err := v.SelectContext(ctx, &rows, `
		SELECT b.period, b.voter, b.salt, b.picks, b.rank, t.first_index, t.ballots, t.skipped
		FROM unnest($2::int[], $3::bytea[]) AS x (period, voter)
		JOIN ballot b ON b.selection = $1 AND b.period = x.period AND b.voter = x.voter
		JOIN batch t ON t.id = b.batch
		ORDER BY b.period, b.part`, v.ID, pq.Array(periods), voters); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	entries := make([]ballotlog.Entry, 0, len(periods))
	for i, p := range periods {
		if len(rows) == 0 || rows[0].Period != p {
			entries = append(entries, ballotlog.Entry{Period: rule.PeriodName(p), Voter: names[i]})
		}
		for ; len(rows) > 0 && rows[0].Period == p; rows = rows[1:] {
			e, err := v.entry(ctx, rows[0])
			if err != nil {
				return nil, fmt.Errorf("statement: %w", err)
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (v view) entry(ctx context.Context, row statedRow) (ballotlog.Entry, error) {
	leaf, err := row.leaf()
	if err != nil {
		return ballotlog.Entry{}, err
	}
	e := ballotlog.Entry{Period: leaf.Period, Voter: leaf.Voter, Ballot: true, Index: ballotlog.Pending, Hash: ballotlog.Hash(leaf.Append(nil))}
	position, ok := batch{Ballots: row.Ballots, Skipped: row.Skipped}.position(row.Rank)
	if !ok {
		return e, fmt.Errorf("the ballot's batch has none at rank %d", row.Rank)
	}
	index, there, err := v.Index(ctx, v, ledger.Counted{First: row.FirstIndex, Position: position}, e.Hash)
	if there {
		e.Index = index
	}
	return e, err
}
