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
	Promise Inclusion  `json:"promise" doc:"That it is in the count and will be in the log"`
	Proof   *Inclusion `json:"proof,omitempty" doc:"In the log; absent until a publication has put the ballot there"`
}

// Inclusion says that a leaf is in a tree, and proves it.
type Inclusion struct {
	Index int64    `json:"index" doc:"Place in the tree, from 0"`
	Head  string   `json:"head" doc:"The tree's signed head"`
	Path  []string `json:"path" doc:"Hashes from the leaf up to the root, hex"`
}

// ErrProof is a proof that does not hold.
var ErrProof = errors.New("the proof does not hold")

// Promise signs that a ballot is in the count and will be in the log.
func (s Signer) Promise(slug string, b Ballot) (Inclusion, error) {
	head, err := s.Sign(Head{Origin: PromiseOrigin(slug, b.Period), Tree: tlog.Tree{N: 1, Hash: Hash(b.Append(nil))}})
	return NewInclusion(head, 0, nil), err
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
// ballot, and proved by the promise and, where it is there, by the log of the
// selection. A promise of before names a batch, which must be the one that the
// receipt's code tells. ErrLeaf, ErrHead, ErrProof.
func (r Receipt) Check(k PublicKey, slug string, batch int64) (Ballot, error) {
	leaf, err := Parse(r.Leaf)
	if err != nil {
		return Ballot{}, err
	}
	ballot, ok := leaf.(Ballot)
	if !ok {
		return Ballot{}, fmt.Errorf("%w: a receipt's leaf is a ballot", ErrProof)
	}
	if err := r.promised(k, slug, ballot, batch); err != nil {
		return Ballot{}, fmt.Errorf("promise: %w", err)
	}
	if r.Proof == nil { // not in the log yet
		return ballot, nil
	}
	head, err := r.Proof.Check(k, r.Leaf)
	if err == nil {
		err = head.of(CheckpointOrigin(slug))
	}
	if err != nil {
		return Ballot{}, fmt.Errorf("proof: %w", err)
	}
	return ballot, nil
}

func (r Receipt) promised(k PublicKey, slug string, b Ballot, batch int64) error {
	head, err := r.Promise.Check(k, r.Leaf)
	switch {
	case err != nil:
		return err
	case !head.At.IsZero():
		return head.of(batchOrigin(slug, batch))
	case head.N != 1:
		return fmt.Errorf("%w: it is of %d ballots, not of this one", ErrProof, head.N)
	}
	return head.of(PromiseOrigin(slug, b.Period))
}

// of tells whether a head is of what it should be.
func (h Head) of(origin string) error {
	if h.Origin != origin {
		return fmt.Errorf("%w: signed for %.100q, not for %s", ErrProof, h.Origin, origin)
	}
	return nil
}
