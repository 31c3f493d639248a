package ledger

import (
	"context"
	"fmt"
	"sync"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// Shelf keeps tiles that were read: a tile of a width never changes, for a log only
// grows. Whoever proves something with them holds them to the signed head. The zero
// value is ready, and safe for concurrent use.
type Shelf struct {
	mu    sync.Mutex
	young map[shelved][]byte // read or used since the last turn
	old   map[shelved][]byte // in the turn before
}

type shelved struct {
	selection int
	tile      tlog.Tile
}

// turn is how many tiles make the older ones be forgotten: 16 MiB twice.
const turn = 2048

func (s *Shelf) get(key shelved) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.young[key]
	if !ok {
		if data, ok = s.old[key]; ok {
			s.keep(key, data)
		}
	}
	return data, ok
}

func (s *Shelf) put(key shelved, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(key, data)
}

func (s *Shelf) keep(key shelved, data []byte) {
	if s.young == nil || len(s.young) >= turn {
		s.old, s.young = s.young, map[shelved][]byte{}
	}
	s.young[key] = data
}

// Tiles reads tiles of a selection's log that are not kept.
func (s *Shelf) Tiles(ctx context.Context, q sqlx.QueryerContext, selection int) ballotlog.Tiles {
	return func(t tlog.Tile) ([]byte, error) {
		key := shelved{selection, t}
		if data, ok := s.get(key); ok {
			return data, nil
		}
		data, err := Tile(ctx, q, selection, t)
		if err == nil {
			s.put(key, data)
		}
		return data, err
	}
}

// Prove proves that a leaf is in the log of a tree. The tiles that it takes and that
// are not kept are read by one statement.
func (s *Shelf) Prove(ctx context.Context, q sqlx.QueryerContext, selection int, tree tlog.Tree, index int64) (tlog.RecordProof, error) {
	if err := s.read(ctx, q, selection, proving(tree.N, index)); err != nil {
		return nil, err
	}
	return s.Tiles(ctx, q, selection).Prove(tree, index)
}

// proving are the tiles above a leaf in a log of so many, and those of its right
// edge.
func proving(size, index int64) (tiles []tlog.Tile) {
	for level := 0; size > 0; level++ {
		last := (size - 1) / ballotlog.TileWidth
		for _, n := range []int64{index / ballotlog.TileWidth, last} {
			t := tlog.Tile{H: ballotlog.TileHeight, L: level, N: n, W: int(min(ballotlog.TileWidth, size-n*ballotlog.TileWidth))}
			if t.W > 0 && (len(tiles) == 0 || tiles[len(tiles)-1] != t) {
				tiles = append(tiles, t)
			}
		}
		size, index = size/ballotlog.TileWidth, index/ballotlog.TileWidth
	}
	return tiles
}

func (s *Shelf) read(ctx context.Context, q sqlx.QueryerContext, selection int, tiles []tlog.Tile) error {
	var levels, numbers, widths []int64
	for _, t := range tiles {
		if _, kept := s.get(shelved{selection, t}); !kept {
			levels, numbers, widths = append(levels, int64(t.L)), append(numbers, t.N), append(widths, int64(t.W))
		}
	}
	if len(levels) == 0 {
		return nil
	}
	var found []struct {
		Level  int    `db:"level"`
		Number int64  `db:"n"`
		Width  int    `db:"w"`
		Hashes []byte `db:"hashes"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, `
		WITH x AS (SELECT level, n, w FROM unnest($2::int[], $3::bigint[], $4::int[]) AS x (level, n, w))
		SELECT level, n, w, substring(hashes FROM 1 FOR 32 * w) AS hashes FROM x JOIN tile ON selection = $1 AND number = n WHERE level = 0
		UNION ALL
		SELECT x.level, n, w, string_agg(hash, ''::bytea ORDER BY number)
		FROM x JOIN subtree s ON selection = $1 AND s.level = x.level AND number >= 256 * n AND number < 256 * n + w
		WHERE x.level > 0 GROUP BY x.level, n, w`, selection, pq.Array(levels), pq.Array(numbers), pq.Array(widths)); err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	for _, f := range found {
		if len(f.Hashes) == f.Width*tlog.HashSize { // else whoever reads it alone says what it lacks
			s.put(shelved{selection, tlog.Tile{H: ballotlog.TileHeight, L: f.Level, N: f.Number, W: f.Width}}, f.Hashes)
		}
	}
	return nil
}
