package ballotlog

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// TileHeight is the height of the log's tiles: each holds up to TileWidth
	// hashes.
	TileHeight = 8
	// TileWidth is the number of hashes of a full tile.
	TileWidth = 1 << TileHeight
)

// Edge is the right edge of a log's tree: as many hashes as it takes to extend
// the log. The zero value is the edge of the empty log.
type Edge struct {
	size   int64
	hashes []tlog.Hash // of the complete subtrees, the largest first
}

// Subtree is a complete one of TileWidth^Level leaves. Its hash is the
// Number-th of the tiles of that level.
type Subtree struct {
	Level  int // from 1
	Number int64
	Hash   tlog.Hash
}

// Size is the number of leaves.
func (e *Edge) Size() int64 { return e.size }

// Append adds a leaf, and calls complete with the subtrees that it completes.
func (e *Edge) Append(leaf tlog.Hash, complete func(Subtree)) {
	hash, n := leaf, e.size
	for level := 1; n&1 == 1; level++ {
		last := len(e.hashes) - 1
		hash = tlog.NodeHash(e.hashes[last], hash)
		e.hashes = e.hashes[:last]
		n >>= 1
		if level%TileHeight == 0 && complete != nil {
			complete(Subtree{level / TileHeight, n, hash})
		}
	}
	e.hashes = append(e.hashes, hash)
	e.size++
}

// Tree is the log's size and root.
func (e *Edge) Tree() tlog.Tree {
	if e.size == 0 {
		root, _ := tlog.TreeHash(0, nil) // of nothing it reads nothing
		return tlog.Tree{Hash: root}
	}
	root := e.hashes[len(e.hashes)-1]
	for i := len(e.hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(e.hashes[i], root)
	}
	return tlog.Tree{N: e.size, Hash: root}
}

// Bytes are the edge's hashes, one after the other.
func (e *Edge) Bytes() []byte { return Join(e.hashes) }

// ReadEdge reads the Bytes of the edge of a log of so many leaves.
func ReadEdge(size int64, data []byte) (Edge, error) {
	hashes, err := Split(data)
	if err == nil && (size < 0 || bits.OnesCount64(uint64(size)) != len(hashes)) {
		err = fmt.Errorf("%d hashes are not the edge of a log of %d leaves", len(hashes), size)
	}
	if err != nil {
		return Edge{}, fmt.Errorf("ballotlog: %w", err)
	}
	return Edge{size, hashes}, nil
}

// Join writes hashes one after the other.
func Join(hashes []tlog.Hash) []byte {
	data := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		data = append(data, h[:]...)
	}
	return data
}

// Split reads what Join wrote.
func Split(data []byte) ([]tlog.Hash, error) {
	if len(data)%tlog.HashSize != 0 {
		return nil, errors.New("not a whole number of hashes")
	}
	hashes := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range hashes {
		copy(hashes[i][:], data[i*tlog.HashSize:])
	}
	return hashes, nil
}
