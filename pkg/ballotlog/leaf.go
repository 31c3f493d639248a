// Package ballotlog is the log of ballots that anybody can check: how a ballot
// is written as a leaf, the Merkle tree over the leaves (RFC 6962), its signed
// heads, proofs, and the recount of an export without any service.
package ballotlog

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// The kinds of leaves, which are their first word.
const (
	ballotWord  = "ballot"
	removalWord = "removal"
)

const (
	// Once is the period of a vote that is one whole.
	Once = "once"
	// MaxCandidate is the largest candidate number.
	MaxCandidate = 1<<15 - 1
	// MaxReason is the longest reason of a removal in bytes.
	MaxReason = 200
	// MaxLeaf is the longest leaf in bytes.
	MaxLeaf = 64 << 10

	id = 16 // bytes of a pseudonym, and of a salt
)

// ErrLeaf is a line that is no leaf.
var ErrLeaf = errors.New("not a leaf of a ballot log")

// Leaf is a line of the log: a Ballot or a Removal. Its text, without a line
// feed, is what is hashed.
type Leaf interface {
	fmt.Stringer
	leaf()
}

// Ballot is a leaf:
//
//	ballot PERIOD VOTER PICKS SALT
//	ballot 2026-05-01 9f86d081884c7d659a2feaa0c55ad015 3,7,12 a3bf4f1b2b0b822cd15d6c15b0f00a08
//
// It holds no time and nobody's name.
type Ballot struct {
	Period string   // Once or a day, 2026-05-01
	Voter  [id]byte // pseudonym in this selection and period
	Picks  []int    // candidate numbers, ascending, each once
	Salt   [id]byte // random, so that nobody finds the picks by trying
}

// Removal is a leaf that takes an earlier ballot out of the count:
//
//	removal INDEX REASON
type Removal struct {
	Index  int64  // of the ballot in the log
	Reason string // printable, one line
}

func (Ballot) leaf()  {}
func (Removal) leaf() {}

// String is the leaf's text.
func (b Ballot) String() string { return string(b.Append(nil)) }

// Append appends the leaf's text to dst.
func (b Ballot) Append(dst []byte) []byte {
	dst = append(dst, ballotWord+" "...)
	dst = append(dst, b.Period...)
	dst = append(dst, ' ')
	dst = hex.AppendEncode(dst, b.Voter[:])
	for i, n := range b.Picks {
		if i == 0 {
			dst = append(dst, ' ')
		} else {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	dst = append(dst, ' ')
	return hex.AppendEncode(dst, b.Salt[:])
}

// String is the leaf's text.
func (r Removal) String() string {
	return fmt.Sprintf("%s %d %s", removalWord, r.Index, r.Reason)
}

// Hash is the hash of a leaf's text: SHA-256 of a zero byte and the text.
func Hash(leaf []byte) tlog.Hash { return tlog.RecordHash(leaf) }

// Parse reads a leaf. There is one text for each leaf, so that no two texts
// mean the same. ErrLeaf.
func Parse(text string) (Leaf, error) {
	if len(text) > MaxLeaf {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrLeaf, MaxLeaf)
	}
	kind, rest, _ := strings.Cut(text, " ")
	var (
		l   Leaf
		err error
	)
	switch kind {
	case ballotWord:
		l, err = parseBallot(rest)
	case removalWord:
		l, err = parseRemoval(rest)
	default:
		err = fmt.Errorf("it begins with %.20q", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLeaf, err)
	}
	if l.String() != text { // leading zeros, capitals
		return nil, fmt.Errorf("%w: it is not written the one way it can be", ErrLeaf)
	}
	return l, nil
}

func parseBallot(text string) (b Ballot, err error) {
	words := strings.Split(text, " ")
	if len(words) != 4 {
		return b, fmt.Errorf("a ballot has 5 words, not %d", len(words)+1)
	}
	b.Period = words[0]
	if err := checkPeriod(b.Period); err != nil {
		return b, err
	}
	if !parseID(&b.Voter, words[1]) {
		return b, errors.New("the voter is not 32 hex digits")
	}
	if !parseID(&b.Salt, words[3]) {
		return b, errors.New("the salt is not 32 hex digits")
	}
	last := 0
	for word := range strings.SplitSeq(words[2], ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n <= last || n > MaxCandidate {
			return b, fmt.Errorf("pick %.20q: picks are candidate numbers, ascending", word)
		}
		b.Picks, last = append(b.Picks, n), n
	}
	return b, nil
}

func checkPeriod(period string) error {
	if _, err := time.Parse(time.DateOnly, period); err != nil && period != Once {
		return fmt.Errorf("period %.20q", period)
	}
	return nil
}

func parseID(dst *[id]byte, text string) bool {
	if len(text) != 2*id {
		return false
	}
	_, err := hex.Decode(dst[:], []byte(text))
	return err == nil
}

func parseRemoval(text string) (r Removal, err error) {
	index, reason, _ := strings.Cut(text, " ")
	if r.Index, err = strconv.ParseInt(index, 10, 64); err != nil || r.Index < 0 {
		return r, fmt.Errorf("index %.20q", index)
	}
	if reason == "" || len(reason) > MaxReason || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unprintable) {
		return r, fmt.Errorf("a removal has a reason: one line of at most %d bytes", MaxReason)
	}
	r.Reason = reason
	return r, nil
}

func unprintable(c rune) bool { return !unicode.IsPrint(c) }
