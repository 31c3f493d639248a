package query

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
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
		text, tree, err := r.signed.of(v, r.signer)
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
		out.Hashes, err = r.tiles.Tiles(ctx, v, v.ID)(t)
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
		path, err := r.tiles.Tiles(ctx, v, v.ID).ProveConsistency(edge.Tree(), in.From, in.To)
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

// line is a leaf of the log, and its hash.
type line struct {
	hash tlog.Hash
	text []byte
}

// logged gives the lines of the log of a sealed selection, in its order, and rests
// between parts of it. A publication is held at a time. Ballots are found as
// receipts find them: by the pseudonyms that their batch keeps, and their index.
func (v view) logged(ctx context.Context, rest func() error, each func(text []byte) error) error {
	lines, err := order(ctx, v, func(l line) tlog.Hash { return l.hash }, func(l line) error { return each(l.text) })
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	query, some, err := v.batchesInOrder(ctx, "id, period, first_index, ballots, voters")
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	var batches []loggedBatch
	err = v.chunks(ctx, some, query, func(rows *sqlx.Rows) error {
		var b loggedBatch
		err := rows.StructScan(&b)
		batches = append(batches, b)
		return err
	}, func() error {
		if err := v.readLines(ctx, batches); err != nil {
			return err
		}
		for _, b := range batches {
			if err := lines.add(b.First, b.lines); err != nil {
				return err
			}
		}
		batches = batches[:0]
		return rest()
	})
	if err == nil {
		err = lines.flush()
	}
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	return nil
}

// loggedBatch is a batch whose ballots are in the log.
type loggedBatch struct {
	ID      int64  `db:"id"`
	Period  int    `db:"period"`
	First   int64  `db:"first_index"`
	Ballots int    `db:"ballots"`
	Voters  []byte `db:"voters"`

	lines []line
}

// readLines reads the ballots of batches, each batch's in their order. PostgreSQL
// looks each up by its index.
func (v view) readLines(ctx context.Context, batches []loggedBatch) error {
	ids, periods, voters := make([]int64, len(batches)), make([]int64, len(batches)), make(pq.ByteaArray, len(batches))
	at := make(map[int64]int, len(batches))
	for i, b := range batches {
		ids[i], periods[i], voters[i], at[b.ID] = b.ID, int64(b.Period), b.Voters, i
	}
	var found []struct {
		leafRow
		Batch int64 `db:"batch"`
		Rank  int   `db:"rank"`
	}
	if err := v.plan(ctx, "indexscan", "nestloop", "sort"); err != nil {
		return err
	}
	if err := v.SelectContext(ctx, &found, `
		SELECT b.batch, b.rank, b.period, b.voter, b.salt, b.picks
		FROM unnest($2::bigint[], $3::int[], $4::bytea[]) AS x (batch, period, voters)
		CROSS JOIN generate_series(0, octet_length(voters) / 16 - 1) i
		JOIN LATERAL (
		    SELECT batch, rank, period, voter, salt, picks FROM ballot
		    WHERE selection = $1 AND period = x.period AND voter = substring(voters FROM 16 * i + 1 FOR 16)) b ON b.batch = x.batch
		ORDER BY b.batch, b.rank`, v.ID, pq.Array(ids), pq.Array(periods), voters); err != nil {
		return err
	}
	for i, row := range found {
		if i > 0 && row.Batch == found[i-1].Batch && row.Rank == found[i-1].Rank {
			continue // its voter has several ballots in the batch, and each was found so often
		}
		leaf, err := row.leaf()
		if err != nil {
			return err
		}
		text := leaf.Append(nil)
		b := &batches[at[row.Batch]]
		b.lines = append(b.lines, line{ballotlog.Hash(text), text})
	}
	for _, b := range batches {
		if len(b.lines) != b.Ballots {
			return fmt.Errorf("batch %d has %d ballots of %d", b.ID, len(b.lines), b.Ballots)
		}
	}
	return v.plan(ctx)
}
