package ballotlog

import (
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Receipt is what stands behind a voter's receipt: that the ballot is in the
// count and, once it is sequenced, in the log.
type Receipt struct {
	Leaf    string     `json:"leaf" doc:"The ballot's line in the log"`
	Promise Inclusion  `json:"promise" doc:"In the ballots that were committed together"`
	Proof   *Inclusion `json:"proof,omitempty" doc:"In the log; absent until the ballot is in it"`
}

// Inclusion says that a leaf is in a tree, and proves it.
type Inclusion struct {
	Index int64    `json:"index" doc:"Place in the tree, from 0"`
	Head  string   `json:"head" doc:"The tree's signed head"`
	Path  []string `json:"path" doc:"Hashes from the leaf up to the root, hex"`
}

// ErrProof is a proof that does not hold.
var ErrProof = errors.New("the proof does not hold")

// Prove proves that the index-th leaf is in the tree of all these leaves. It is
// for few of them.
func Prove(leaves []tlog.Hash, index int64) (tlog.Tree, tlog.RecordProof, error) {
	stored := make([]tlog.Hash, 0, 2*len(leaves))
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			hashes[i] = stored[x]
		}
		return hashes, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			return tlog.Tree{}, nil, fmt.Errorf("ballotlog: %w", err)
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), reader)
	if err != nil {
		return tlog.Tree{}, nil, fmt.Errorf("ballotlog: %w", err)
	}
	path, err := tlog.ProveRecord(int64(len(leaves)), index, reader)
	if err != nil {
		return tlog.Tree{}, nil, fmt.Errorf("ballotlog: %w", err)
	}
	return tlog.Tree{N: int64(len(leaves)), Hash: root}, path, nil
}

// NewInclusion writes a proof down.
func NewInclusion(head string, index int64, path tlog.RecordProof) Inclusion {
	return Inclusion{Index: index, Head: head, Path: Hex(path)}
}

// Hex writes the hashes of a proof down.
func Hex(path []tlog.Hash) []string {
	texts := make([]string, len(path))
	for i, h := range path {
		texts[i] = hex.EncodeToString(h[:])
	}
	return texts
}

// ReadPath reads the hashes of a proof. ErrProof.
func ReadPath(texts []string) ([]tlog.Hash, error) {
	path := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		data, err := hex.DecodeString(text)
		if err != nil || len(data) != tlog.HashSize || hex.EncodeToString(data) != text {
			return nil, fmt.Errorf("%w: path[%d] is not a hash in hex", ErrProof, i)
		}
		copy(path[i][:], data)
	}
	return path, nil
}

// Check tells whether the leaf is in the tree of a head that the key signed,
// and gives that head. ErrHead, ErrProof.
func (in Inclusion) Check(k PublicKey, leaf string) (Head, error) {
	head, err := k.Open(in.Head)
	if err != nil {
		return Head{}, err
	}
	path, err := ReadPath(in.Path)
	if err != nil {
		return Head{}, err
	}
	if in.Index < 0 || in.Index >= head.N {
		return Head{}, fmt.Errorf("%w: place %d in a tree of %d", ErrProof, in.Index, head.N)
	}
	if err := tlog.CheckRecord(path, head.N, head.Hash, in.Index, Hash([]byte(leaf))); err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrProof, err)
	}
	return head, nil
}

// Check tells whether all that stands behind a receipt holds: the leaf is a
// ballot, and proved by the promise of its batch and, where it is there, by the
// log of the selection. ErrLeaf, ErrHead, ErrProof.
func (r Receipt) Check(k PublicKey, slug string, batch int64) (Ballot, error) {
	leaf, err := Parse(r.Leaf)
	if err != nil {
		return Ballot{}, err
	}
	ballot, ok := leaf.(Ballot)
	if !ok {
		return Ballot{}, fmt.Errorf("%w: a receipt's leaf is a ballot", ErrProof)
	}
	if err := r.Promise.signed(k, PromiseOrigin(slug, batch), r.Leaf); err != nil {
		return Ballot{}, fmt.Errorf("promise: %w", err)
	}
	if r.Proof == nil { // not in the log yet
		return ballot, nil
	}
	if err := r.Proof.signed(k, CheckpointOrigin(slug), r.Leaf); err != nil {
		return Ballot{}, fmt.Errorf("proof: %w", err)
	}
	return ballot, nil
}

// signed is Check for a tree whose origin is known.
func (in Inclusion) signed(k PublicKey, origin, leaf string) error {
	head, err := in.Check(k, leaf)
	if err == nil && head.Origin != origin {
		err = fmt.Errorf("%w: signed for %.100q, not for %s", ErrProof, head.Origin, origin)
	}
	return err
}
