package ledger

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// Tile reads the hashes of a tile that the log holds.
func Tile(ctx context.Context, q sqlx.QueryerContext, selection int, t tlog.Tile) ([]byte, error) {
	first := t.N * ballotlog.TileWidth
	end := first + int64(t.W)
	query := `
		SELECT hash FROM subtree WHERE selection = $1 AND number >= $2 AND number < $3 AND level = $4 ORDER BY number`
	args := []any{selection, first, end, t.L}
	if t.L == 0 { // the leaves, of the batches that reach into the tile
		query = `
			SELECT substring((SELECT leaves FROM batch_body WHERE batch = id) FROM (32 * greatest($2 - first_index, 0) + 1)::int
			                 FOR (32 * (least($3, first_index + ballots) - greatest($2, first_index)))::int)
			FROM batch
			WHERE selection = $1 AND first_index < $3 AND first_index >= (
			    SELECT max(first_index) FROM batch WHERE selection = $1 AND first_index <= $2)
			ORDER BY first_index`
		args = args[:3]
	}
	var parts [][]byte
	if err := sqlx.SelectContext(ctx, q, &parts, query, args...); err != nil {
		return nil, fmt.Errorf("tile %s: %w", t.Path(), err)
	}
	data := bytes.Join(parts, nil)
	if len(data) != t.W*tlog.HashSize {
		return nil, fmt.Errorf("tile %s has %d bytes", t.Path(), len(data))
	}
	return data, nil
}

// Tiles reads tiles of a selection's log.
func Tiles(ctx context.Context, q sqlx.QueryerContext, selection int) ballotlog.Tiles {
	return func(t tlog.Tile) ([]byte, error) { return Tile(ctx, q, selection, t) }
}
