package ballotlog

import (
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// Absent is the place of a leaf that an export does not have.
const Absent = -1

// Look is what is looked for in an export: whether signed heads of the log and
// single leaves are of it. Read fills in the values of both maps.
type Look struct {
	Roots  map[int64]tlog.Hash // root of the first so many leaves; the zero hash where there are fewer
	Places map[tlog.Hash]int64 // by the leaf's hash, from 0; Absent
}

// Read looks through the leaves, one a line, in the order of the log. ErrExport.
func (l Look) Read(leaves io.Reader) error {
	var edge Edge
	for size := range l.Roots {
		l.Roots[size] = tlog.Hash{}
	}
	for hash := range l.Places {
		l.Places[hash] = Absent
	}
	root := func() {
		if _, wanted := l.Roots[edge.Size()]; wanted {
			l.Roots[edge.Size()] = edge.Tree().Hash
		}
	}
	root()
	return eachLine(leaves, func(text string) error {
		hash := Hash([]byte(text))
		if place, wanted := l.Places[hash]; wanted && place == Absent {
			l.Places[hash] = edge.Size()
		}
		edge.Append(hash, nil)
		root()
		return nil
	})
}

// TreeOf is the tree of leaves, one a line, in the order of the log. ErrExport.
func TreeOf(leaves io.Reader) (tlog.Tree, error) {
	var edge Edge
	err := eachLine(leaves, func(text string) error {
		edge.Append(Hash([]byte(text)), nil)
		return nil
	})
	return edge.Tree(), err
}
