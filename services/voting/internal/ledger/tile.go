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
	query, args := `
		SELECT hash FROM subtree WHERE selection = $1 AND number >= $2 AND number < $3 AND level = $4 ORDER BY number`,
		[]any{selection, first, first + int64(t.W), t.L}
	if t.L == 0 { // the leaves, of which a later publication may have added some
		query, args = `SELECT substring(hashes FROM 1 FOR $3) FROM tile WHERE selection = $1 AND number = $2`,
			[]any{selection, t.N, t.W * tlog.HashSize}
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

// leafTile is the tile of the lowest level that has a leaf, as wide as it is in a
// log of so many leaves.
func leafTile(index, size int64) tlog.Tile {
	n := index / ballotlog.TileWidth
	return tlog.Tile{H: ballotlog.TileHeight, N: n, W: int(min(ballotlog.TileWidth, size-n*ballotlog.TileWidth))}
}

// maxTiles is how many tiles one statement writes: 4 MiB.
const maxTiles = 512

// keepTiles writes the lowest tiles of leaves that are appended to h's. The last
// one that is there is filled up.
func keepTiles(ctx context.Context, tx *sqlx.Tx, h Head, leaves []tlog.Hash) error {
	first := h.Size / ballotlog.TileWidth
	var data []byte
	if h.Size%ballotlog.TileWidth > 0 {
		var err error
		if data, err = Tile(ctx, tx, h.Selection, leafTile(h.Size-1, h.Size)); err != nil {
			return err
		}
	}
	data = append(data, ballotlog.Join(leaves)...)
	const width = ballotlog.TileWidth * tlog.HashSize
	for len(data) > 0 {
		part := data[:min(len(data), maxTiles*width)]
		data = data[len(part):]
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO tile (selection, number, hashes)
			SELECT $1, $2::bigint + i, substring($3::bytea FROM $4::int * i + 1 FOR $4::int) FROM generate_series(0, (octet_length($3::bytea) - 1) / $4::int) i
			ON CONFLICT (selection, number) DO UPDATE SET hashes = excluded.hashes`,
			h.Selection, first, part, width); err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		first += maxTiles
	}
	return nil
}
