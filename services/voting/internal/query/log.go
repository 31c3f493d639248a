package query

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// leafRow is a ballot in the database, as far as its leaf tells of it.
type leafRow struct {
	Period int           `db:"period"`
	Voter  []byte        `db:"voter"`
	Salt   []byte        `db:"salt"`
	Picks  pq.Int32Array `db:"picks"`
}

func (r leafRow) leaf() (ballotlog.Ballot, error) {
	b := ballotlog.Ballot{Period: rule.PeriodName(r.Period), Picks: make([]int, len(r.Picks))}
	if copy(b.Voter[:], r.Voter) != len(r.Voter) || copy(b.Salt[:], r.Salt) != len(r.Salt) {
		return b, fmt.Errorf("a voter of %d bytes, a salt of %d", len(r.Voter), len(r.Salt))
	}
	for i, n := range r.Picks {
		b.Picks[i] = int(n)
	}
	return b, nil
}

// GetCheckpoint implements voting.Service.
func (r *Reader) GetCheckpoint(ctx context.Context, in voting.Of) (out voting.Checkpoint, err error) {
	err = r.look(ctx, in.Slug, func(v view) error {
		text, tree, err := v.Signed(in.Slug, r.signer)
		if err != nil {
			return err
		}
		keys, err := r.signer.Keys()
		out = voting.Checkpoint{Checkpoint: text, Key: keys, Size: tree.N}
		return err
	})
	return out, err
}

// GetTile implements voting.Service.
func (r *Reader) GetTile(ctx context.Context, in voting.TileOf) (out voting.Tile, err error) {
	t, malformed := ballotlog.ParseTile(in.Path)
	err = r.look(ctx, in.Slug, func(v view) error {
		if malformed != nil || !ballotlog.Holds(v.Size, t) {
			return voting.ErrNoTile
		}
		out.Hashes, err = ledger.Tile(ctx, v, v.ID, t)
		return err
	})
	return out, err
}

// ProveGrowth implements voting.Service. Both trees began as the log of today
// does, so its tiles prove it.
func (r *Reader) ProveGrowth(ctx context.Context, in voting.ConsistencyOf) (out voting.Consistency, err error) {
	err = r.look(ctx, in.Slug, func(v view) error {
		edge, err := v.Edge(in.Slug, r.signer.Public())
		if err != nil {
			return err
		}
		if err := checkSizes(in, edge.Size()); err != nil {
			return err
		}
		path, err := ledger.Tiles(ctx, v, v.ID).ProveConsistency(edge.Tree(), in.From, in.To)
		out = voting.Consistency{From: in.From, To: in.To, Path: ballotlog.Hex(path)}
		return err
	})
	return out, err
}

// checkSizes names every size that the log has not been of.
func checkSizes(in voting.ConsistencyOf, size int64) error {
	var fields []fault.Field
	for _, x := range []struct {
		name string
		size int64
	}{{"from", in.From}, {"to", in.To}} {
		if x.size < 0 || x.size > size {
			fields = append(fields, fault.Wrong(x.name, "out_of_range",
				"is not from {min} to {max}, the lines that the log has", "min", 0, "max", size))
		}
	}
	if len(fields) == 0 && in.From > in.To {
		fields = append(fields, fault.Wrong("from", "from_after_to", "is larger than to"))
	}
	return voting.ErrSizes.Check(fields)
}

// logOrder is the rest of a SELECT of ballots b of the selection $1 that are public,
// $2 of them, in the order of the log: by publication, and in it by the leaf's
// hash. Batches from before the first publication lie there one by one, in their
// own order. Leaves are hashed here as the migration does it, in SQL.
const logOrder = `
	FROM ballot b JOIN (
	    SELECT id, coalesce(run, first_index) AS run, run IS NOT NULL AS sorted
	    FROM batch, LATERAL (SELECT max(first) AS run FROM publication p WHERE p.selection = batch.selection AND first <= first_index) p
	    WHERE batch.selection = $1 AND first_index < $2 OFFSET 0) t ON t.id = b.batch
	WHERE b.selection = $1
	ORDER BY run, CASE WHEN sorted THEN ` + leafHash + ` END, b.rank`

// leafHash is the hash of the leaf of a row of ballot.
const leafHash = `sha256('\x00'::bytea || convert_to(format('ballot %s %s %s %s',
	CASE WHEN period = 0 THEN 'once' ELSE to_char(date '1970-01-01' + period, 'YYYY-MM-DD') END,
	encode(voter, 'hex'), array_to_string(picks, ','), encode(salt, 'hex')), 'UTF8'))`

// inOrder reads columns of the ballots of the log, in its order. The planner may
// take a new selection for empty; a nested loop would then read all ballots anew
// for each batch.
func (v view) inOrder(ctx context.Context, columns string) (*sqlx.Rows, error) {
	if _, err := v.ExecContext(ctx, `SET LOCAL enable_nestloop = off`); err != nil {
		return nil, err
	}
	return v.QueryxContext(ctx, `SELECT `+columns+logOrder, v.ID, v.Size)
}

// logged gives the ballots of the log, in its order.
func (v view) logged(ctx context.Context, each func(ballotlog.Ballot) error) error {
	rows, err := v.inOrder(ctx, `b.period, b.voter, b.salt, b.picks`)
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row leafRow
		if err := rows.StructScan(&row); err != nil {
			return fmt.Errorf("leaves: %w", err)
		}
		b, err := row.leaf()
		if err == nil {
			err = each(b)
		}
		if err != nil {
			return fmt.Errorf("leaves: %w", err)
		}
	}
	return rows.Err()
}
