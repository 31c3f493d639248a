package query

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// ownPlace is about the place of each batch in the order of counting.
const ownPlace = "indexes from 0 to the head, without gaps"

// checkLog makes the log anew from the leaves that batches keep, which recount has
// held to the ballots, and compares it with what is kept: tiles, edge and
// checkpoint.
func (c *check) checkLog(ctx context.Context) error {
	l := remade{check: c}
	var err error
	l.leaves, err = order(ctx, c.view, func(leaf tlog.Hash) tlog.Hash { return leaf }, l.append)
	if err != nil {
		return err
	}
	query, some, err := c.batchesInOrder(ctx, "id, first_index, ballots, leaves")
	if err != nil {
		return err
	}
	if err := c.chunks(ctx, some, query, l.add, func() error {
		read := l.read
		l.read = 0
		return c.step(ctx, read)
	}); err != nil {
		return err
	}
	if err := l.leaves.flush(); err != nil {
		return err
	}
	var next int64
	if err := c.GetContext(ctx, &next, `SELECT next_index FROM head WHERE selection = $1`, c.ID); err != nil {
		return err
	}
	if next != l.next {
		c.fail(ownPlace, "index %d follows %d", next, l.next)
	}
	kept, err := c.Edge(c.Slug, c.signer.Public())
	switch {
	case err != nil:
		c.fail(logBallots, "%v", err)
	case kept.Tree() != l.edge.Tree():
		c.fail(logBallots, "the log of %d leaves has the root %s; made anew from the ballots it has %d and %s",
			kept.Size(), kept.Tree().Hash, l.edge.Size(), l.edge.Tree().Hash)
	}
	if err := l.checkSubtrees(ctx); err != nil {
		return err
	}
	return l.checkTiles(ctx, l.tiles.sums())
}

// remade is the log, made anew.
type remade struct {
	*check

	leaves *inOrder[tlog.Hash]
	next   int64 // in the order of counting
	read   int64 // since the last step

	edge     ballotlog.Edge
	subtrees []ballotlog.Subtree
	tiles    tiles
}

func (l *remade) add(rows *sqlx.Rows) error {
	var id, first int64
	var ballots int
	var data sql.RawBytes
	if err := rows.Scan(&id, &first, &ballots, &data); err != nil {
		return err
	}
	if first != l.next {
		l.fail(ownPlace, "index %d follows %d", first, l.next)
	}
	l.next = first + int64(ballots)
	l.read += int64(ballots)
	if first >= l.Size { // not public yet
		return nil
	}
	leaves, err := ballotlog.Split(data)
	if err != nil {
		l.fail(logBallots, "batch %d: %v", id, err)
	}
	return l.leaves.add(first, leaves)
}

func (l *remade) append(leaf tlog.Hash) error {
	l.tiles.add(leaf)
	l.edge.Append(leaf, func(s ballotlog.Subtree) { l.subtrees = append(l.subtrees, s) })
	return nil
}

func (l *remade) checkSubtrees(ctx context.Context) error {
	var hashes []struct {
		Level  int    `db:"level"`
		Number int64  `db:"number"`
		Hash   []byte `db:"hash"`
	}
	if err := l.SelectContext(ctx, &hashes, `SELECT level, number, hash FROM subtree WHERE selection = $1`, l.ID); err != nil {
		return err
	}
	want := make(map[ballotlog.Subtree]bool, len(l.subtrees))
	for _, s := range l.subtrees {
		want[s] = true
	}
	for _, h := range hashes {
		s := ballotlog.Subtree{Level: h.Level, Number: h.Number}
		copy(s.Hash[:], h.Hash)
		delete(want, s)
	}
	if len(want) > 0 || len(hashes) != len(l.subtrees) {
		l.fail(logBallots, "%d subtrees are kept, %d wrong or missing", len(hashes), len(want))
	}
	return nil
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

func (l *remade) checkTiles(ctx context.Context, want []tlog.Hash) error {
	if err := l.plan(ctx, "indexscan"); err != nil {
		return err
	}
	kept, right := 0, 0
	if err := l.chunks(ctx, 8*chunk/ballotlog.TileWidth, fmt.Sprintf(
		`SELECT number, hashes FROM tile WHERE selection = %d ORDER BY number`, l.ID), func(rows *sqlx.Rows) error {
		var number int64
		var hashes sql.RawBytes
		if err := rows.Scan(&number, &hashes); err != nil {
			return err
		}
		kept++
		if number >= 0 && number < int64(len(want)) && sha256.Sum256(hashes) == want[number] {
			right++
		}
		return nil
	}, func() error { return l.step(ctx, 0) }); err != nil {
		return err
	}
	if kept != len(want) || right != kept {
		l.fail(logBallots, "%d tiles are kept of %d, %d wrong or missing", kept, len(want), max(kept, len(want))-right)
	}
	return nil
}
