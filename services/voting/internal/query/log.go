package query

import (
	"context"
	"fmt"

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

// logged gives the ballots that have an index, in the order of the log.
func (v view) logged(ctx context.Context, each func(ballotlog.Ballot) error) error {
	rows, err := v.QueryxContext(ctx, `
		SELECT b.period, b.voter, b.salt, b.picks FROM ballot b JOIN batch t ON t.id = b.batch
		WHERE b.selection = $1 AND t.first_index IS NOT NULL ORDER BY t.first_index, b.rank`, v.ID)
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

// checkLog makes the log anew from the ballots, and compares it with what is
// kept: subtrees, edge and checkpoint, then what batches keep.
func (v view) checkLog(ctx context.Context, signer ballotlog.Signer, c *voting.Check) error {
	fail := func(format string, args ...any) {
		c.Problems = append(c.Problems, "log = ballots: "+fmt.Sprintf(format, args...))
	}
	var edge ballotlog.Edge
	var subtrees []ballotlog.Subtree
	if err := v.logged(ctx, func(b ballotlog.Ballot) error {
		if edge.Size() < v.Size {
			edge.Append(ballotlog.Hash(b.Append(nil)), func(s ballotlog.Subtree) { subtrees = append(subtrees, s) })
		}
		return nil
	}); err != nil {
		return err
	}
	kept, err := v.Edge(v.Slug, signer.Public())
	switch {
	case err != nil:
		fail("%v", err)
	case kept.Tree() != edge.Tree():
		fail("the log of %d leaves has the root %s; made anew from the ballots it has %d and %s", kept.Size(), kept.Tree().Hash, edge.Size(), edge.Tree().Hash)
	}
	if v.Size > v.Next {
		fail("%d leaves, %d ballots in the tally", v.Size, v.Next)
	}
	var hashes []struct {
		Level  int    `db:"level"`
		Number int64  `db:"number"`
		Hash   []byte `db:"hash"`
	}
	if err := v.SelectContext(ctx, &hashes, `SELECT level, number, hash FROM subtree WHERE selection = $1`, v.ID); err != nil {
		return fmt.Errorf("check log: %w", err)
	}
	want := make(map[ballotlog.Subtree]bool, len(subtrees))
	for _, s := range subtrees {
		want[s] = true
	}
	for _, h := range hashes {
		s := ballotlog.Subtree{Level: h.Level, Number: h.Number}
		copy(s.Hash[:], h.Hash)
		delete(want, s)
	}
	if len(want) > 0 || len(hashes) != len(subtrees) {
		fail("%d subtrees are kept, %d wrong or missing", len(hashes), len(want))
	}
	return v.checkBatches(ctx, fail)
}
