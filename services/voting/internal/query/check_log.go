package query

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting"
)

// checkLog makes the log anew from the ballots, and compares it with what is
// kept: tiles, edge and checkpoint, then what batches keep.
func (v view) checkLog(ctx context.Context, signer ballotlog.Signer, c *voting.Check) error {
	fail := func(format string, args ...any) {
		c.Problems = append(c.Problems, "log = ballots: "+fmt.Sprintf(format, args...))
	}
	var edge ballotlog.Edge
	var subtrees []ballotlog.Subtree
	var tiles tiles
	if err := v.logged(ctx, func(b ballotlog.Ballot) error {
		hash := ballotlog.Hash(b.Append(nil))
		tiles.add(hash)
		edge.Append(hash, func(s ballotlog.Subtree) { subtrees = append(subtrees, s) })
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
	if err := v.checkTiles(ctx, tiles.sums(), fail); err != nil {
		return err
	}
	return v.checkBatches(ctx, fail)
}

// tiles are the lowest ones, of which the hashes are kept: one each.
type tiles struct {
	full []tlog.Hash
	last []byte
}

func (t *tiles) add(leaf tlog.Hash) {
	if t.last = append(t.last, leaf[:]...); len(t.last) == ballotlog.TileWidth*tlog.HashSize {
		t.full, t.last = append(t.full, sha256.Sum256(t.last)), t.last[:0]
	}
}

func (t *tiles) sums() []tlog.Hash {
	if len(t.last) == 0 {
		return t.full
	}
	return append(t.full, sha256.Sum256(t.last))
}

func (v view) checkTiles(ctx context.Context, want []tlog.Hash, fail func(format string, args ...any)) error {
	var kept []struct {
		Number int64  `db:"number"`
		Sum    []byte `db:"sum"`
	}
	if err := v.SelectContext(ctx, &kept, `
		SELECT number, sha256(hashes) AS sum FROM tile WHERE selection = $1 ORDER BY number`, v.ID); err != nil {
		return fmt.Errorf("check tiles: %w", err)
	}
	wrong := len(want)
	for _, k := range kept {
		if k.Number < int64(len(want)) && bytes.Equal(k.Sum, want[k.Number][:]) {
			wrong--
		}
	}
	if wrong > 0 || len(kept) != len(want) {
		fail("%d tiles are kept of %d, %d wrong or missing", len(kept), len(want), wrong)
	}
	return nil
}

// otherBatches are the batches that keep other leaves or voters than those of
// their ballots. $1 is the selection, $2 the most of them.
//
// The join is a full one because either side may lack a batch. It is also never a
// nested loop, which would hash all ballots anew for each batch where the planner
// takes a new selection for empty.
const otherBatches = `
	SELECT coalesce(t.id, b.batch)
	FROM (SELECT id, leaves, voters FROM batch LEFT JOIN batch_body ON batch = id WHERE selection = $1) t
	FULL JOIN (
	    SELECT batch, string_agg(voter, ''::bytea ORDER BY rank) AS voters, string_agg(` + leafHash + `, ''::bytea ORDER BY rank) AS leaves
	    FROM ballot WHERE selection = $1 GROUP BY batch) b ON b.batch = t.id
	WHERE t.leaves IS DISTINCT FROM b.leaves OR t.voters IS DISTINCT FROM b.voters LIMIT $2`

func (v view) checkBatches(ctx context.Context, fail func(format string, args ...any)) error {
	var ids []int64
	if err := v.SelectContext(ctx, &ids, otherBatches, v.ID, maxProblems); err != nil {
		return fmt.Errorf("check log: %w", err)
	}
	for _, id := range ids {
		fail("batch %d keeps the leaves or voters of other ballots", id)
	}
	return nil
}
