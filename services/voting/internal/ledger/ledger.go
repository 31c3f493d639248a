// Package ledger keeps the ballot log in the database: its head, the tiles that
// it consists of, and where in it a ballot is.
package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// Columns are those of Head, for a SELECT from head.
const Columns = `selection, log_size, edge, checkpoint`

// Head is how far a selection's log has come.
type Head struct {
	Selection  int            `db:"selection"`
	Size       int64          `db:"log_size"` // ballots that are public
	Data       []byte         `db:"edge"`
	Checkpoint sql.NullString `db:"checkpoint"`
}

// Edge is the log's right edge. It is an error if it is not that of the signed
// checkpoint: a log that was changed behind our back is not extended. For this,
// keys that sign no more stay in the key file.
func (h Head) Edge(slug string, key ballotlog.PublicKey) (ballotlog.Edge, error) {
	edge, err := ballotlog.ReadEdge(h.Size, h.Data)
	if err != nil {
		return edge, err
	}
	if h.Size == 0 && !h.Checkpoint.Valid {
		return edge, nil // it has not begun
	}
	signed, err := key.Open(h.Checkpoint.String)
	switch {
	case err != nil:
		return edge, fmt.Errorf("the log of %s is not signed by a key of the key file: %w", slug, err)
	case signed.Tree != edge.Tree() || signed.Origin != ballotlog.CheckpointOrigin(slug):
		return edge, fmt.Errorf("the log of %s is not the one that was signed: %d leaves, signed %d", slug, edge.Size(), signed.N)
	}
	return edge, nil
}

// Signed is the checkpoint, signed by the present key.
func (h Head) Signed(slug string, signer ballotlog.Signer) (string, tlog.Tree, error) {
	edge, err := h.Edge(slug, signer.Public())
	if err != nil {
		return "", tlog.Tree{}, err
	}
	text, err := sign(slug, edge, signer)
	return text, edge.Tree(), err
}

func sign(slug string, edge ballotlog.Edge, signer ballotlog.Signer) (string, error) {
	return signer.Sign(ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: edge.Tree()})
}

// Extend appends leaves and signs, and gives the head, which the caller keeps.
func Extend(ctx context.Context, tx *sqlx.Tx, slug string, h Head, leaves []tlog.Hash, signer ballotlog.Signer) (Head, error) {
	edge, err := h.Edge(slug, signer.Public())
	if err != nil {
		return h, err
	}
	if err := keepTiles(ctx, tx, h, leaves); err != nil {
		return h, fmt.Errorf("log of %s: %w", slug, err)
	}
	var complete []ballotlog.Subtree
	for _, leaf := range leaves {
		edge.Append(leaf, func(s ballotlog.Subtree) { complete = append(complete, s) })
	}
	if err := keepSubtrees(ctx, tx, h.Selection, complete); err != nil {
		return h, fmt.Errorf("log of %s: %w", slug, err)
	}
	checkpoint, err := sign(slug, edge, signer)
	if err != nil {
		return h, err
	}
	return Head{h.Selection, edge.Size(), edge.Bytes(), sql.NullString{String: checkpoint, Valid: true}}, nil
}

func keepSubtrees(ctx context.Context, tx *sqlx.Tx, selection int, subtrees []ballotlog.Subtree) error {
	if len(subtrees) == 0 {
		return nil
	}
	levels, numbers, hashes := make([]int64, len(subtrees)), make([]int64, len(subtrees)), make(pq.ByteaArray, len(subtrees))
	for i, s := range subtrees {
		levels[i], numbers[i], hashes[i] = int64(s.Level), s.Number, subtrees[i].Hash[:]
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO subtree (selection, level, number, hash)
		SELECT $1, x.level, x.number, x.hash FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) AS x (level, number, hash)`,
		selection, pq.Array(levels), pq.Array(numbers), hashes)
	return err
}
