package ballotlog

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// maxLevel is the highest level of tiles that a log can have.
const maxLevel = 64/TileHeight - 1

// ErrTile is a path that names no tile.
var ErrTile = errors.New("not a tile of a ballot log")

// ParseTile reads the path of a tile as https://c2sp.org/tlog-tiles has it,
// without its first word: LEVEL/NUMBER, with .p/WIDTH for one that is not full,
// and the number in groups of three digits: 0/x001/234.p/17. ErrTile.
func ParseTile(path string) (tlog.Tile, error) {
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", TileHeight, path))
	if err != nil || len(path) > 64 || strings.HasPrefix(path, "data/") || t.L > maxLevel || t.N < 0 {
		return tlog.Tile{}, ErrTile
	}
	return t, nil
}

// TilePath is what ParseTile reads.
func TilePath(t tlog.Tile) string {
	return strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", TileHeight))
}

// Holds tells whether a tree of n leaves has the tile, at that width.
func Holds(n int64, t tlog.Tile) bool {
	hashes := n >> (TileHeight * t.L) // on the tile's level
	return t.N <= hashes>>TileHeight && t.N*TileWidth+int64(t.W) <= hashes
}

// Tiles reads tiles from where they are kept. Its users check them against the
// tree.
type Tiles func(t tlog.Tile) ([]byte, error)

// reader reads hashes from Tiles, and makes sure that they are the tree's.
func (read Tiles) reader(tree tlog.Tree) tlog.HashReader { return tlog.TileHashReader(tree, read) }

// Height implements tlog.TileReader.
func (read Tiles) Height() int { return TileHeight }

// ReadTiles implements tlog.TileReader.
func (read Tiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, t := range tiles {
		data, err := read(t)
		if err != nil {
			return nil, err
		}
		all[i] = data
	}
	return all, nil
}

// SaveTiles implements tlog.TileReader.
func (Tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// Prove proves that the index-th leaf is in the tree.
func (read Tiles) Prove(tree tlog.Tree, index int64) (tlog.RecordProof, error) {
	path, err := tlog.ProveRecord(tree.N, index, read.reader(tree))
	if err != nil {
		return nil, fmt.Errorf("ballotlog: prove leaf %d of %d: %w", index, tree.N, err)
	}
	return path, nil
}

// ProveGrowth proves that the tree began with the leaves of an older one; an
// empty one is the beginning of every other and needs no proof.
func (read Tiles) ProveGrowth(tree tlog.Tree, older int64) (tlog.TreeProof, error) {
	return read.ProveConsistency(tree, older, tree.N)
}

// ProveConsistency proves that the tree of the first newer leaves began with
// the first older ones. The tiles are those of tree, which began with both.
func (read Tiles) ProveConsistency(tree tlog.Tree, older, newer int64) (tlog.TreeProof, error) {
	if older == 0 && newer >= 0 && newer <= tree.N {
		return tlog.TreeProof{}, nil
	}
	if newer > tree.N {
		return nil, fmt.Errorf("ballotlog: there are %d leaves, not %d", tree.N, newer)
	}
	path, err := tlog.ProveTree(newer, older, read.reader(tree))
	if err != nil {
		return nil, fmt.Errorf("ballotlog: prove that %d leaves grew to %d: %w", older, newer, err)
	}
	return path, nil
}

// CheckGrowth tells whether the proof shows that the newer tree began with the
// older one's leaves. ErrProof.
func CheckGrowth(path tlog.TreeProof, newer, older tlog.Tree) error {
	if older.N == 0 {
		return nil
	}
	if err := tlog.CheckTree(path, newer.N, newer.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}
