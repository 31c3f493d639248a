// Package receipt makes and reads the code that a voter keeps. By it the room
// that issued it finds the ballot again; to everybody else it tells nothing, not
// even which of two ballots was cast first. It has a checksum against
// misreading.
//
// A receipt is 16 bytes in 26 characters of Crockford's base32
// (https://www.crockford.com/base32.html), the last two bits being zero:
//
//	place     7 bytes  batch (5) and rank in it (2), big endian, encrypted
//	tag       7 bytes  of HMAC-SHA-256 of place and slug
//	checksum  2 bytes  of SHA-256 of all before
//
// The place is encrypted as in a synthetic initialization vector (RFC 5297): the
// key stream is the beginning of HMAC-SHA-256 of tag and slug, and no two places
// have the same tag but by chance. So there is no table of codes, and the same
// ballot has the same code on every replica. Both MACs are under one key of the
// room, told apart by what they begin with.
//
// Codes of before were the same with the place in the clear; Open reads both.
package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/laurel-awards/laurel/pkg/mac"
)

const (
	// Length is the number of characters.
	Length = 26
	// MaxBatch is the largest batch number that fits.
	MaxBatch = 1<<40 - 1
	// MaxRank is the largest rank that fits.
	MaxRank = 1<<16 - 1

	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

	clearTag = "laurel receipt v1" // of codes whose place is in the clear
	tag      = "laurel receipt v2 tag"
	stream   = "laurel receipt v2 stream"

	size    = 16
	tagAt   = 7
	sumAt   = 14
	maxText = 64 // characters with hyphens and spaces, for a limit before any work
)

// ErrMalformed is a text that is no receipt: mistyped, or cut off.
var ErrMalformed = errors.New("not a receipt: a character is missing or wrong")

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Receipt is a code, without its checksum.
type Receipt [sumAt]byte

// Place is where a ballot is: which of a batch.
type Place struct {
	Batch int64 // 0 to MaxBatch
	Rank  int   // 0 to MaxRank
}

// Key issues receipts and opens them.
type Key struct{ mac mac.Key }

// NewKey keeps a key.
func NewKey(key []byte) Key { return Key{mac.New(key)} }

// Issue makes the receipt of a ballot in the selection slug.
func (k Key) Issue(slug string, p Place) (r Receipt) {
	place := p.bytes()
	copy(r[tagAt:], k.sum(tag, place[:], slug))
	k.mask(&r, place[:], slug)
	return r
}

// Open tells the place, if k issued r in the selection slug.
func (k Key) Open(r Receipt, slug string) (p Place, ok bool) {
	hidden, shown := r, readPlace(r[:tagAt])
	k.mask(&r, hidden[:tagAt], slug)
	switch p = readPlace(r[:tagAt]); {
	case hmac.Equal(k.sum(tag, r[:tagAt], slug), hidden[tagAt:]):
		return p, true
	case hmac.Equal(k.sum(clearTag, hidden[:tagAt], slug), hidden[tagAt:]):
		return shown, true
	}
	return Place{}, false
}

// mask writes the place, encrypted under r's tag, or what was encrypted, in the
// clear.
func (k Key) mask(r *Receipt, place []byte, slug string) {
	subtle.XORBytes(r[:tagAt], place, k.sum(stream, r[tagAt:], slug))
}

// sum is the beginning of a MAC, as long as place and tag are.
func (k Key) sum(domain string, data []byte, slug string) []byte {
	message := append(make([]byte, 0, 128), domain...)
	message = append(append(message, data...), slug...)
	sum := k.mac.Sum(message)
	return sum[:tagAt]
}

// OldBatch is the batch number that a code of before has in the clear, by which
// the promise of that time is checked. Of a newer code it is any number.
func (r Receipt) OldBatch() int64 { return readPlace(r[:tagAt]).Batch }

func (p Place) bytes() (b [tagAt]byte) {
	var batch [8]byte
	binary.BigEndian.PutUint64(batch[:], uint64(p.Batch))
	copy(b[:5], batch[3:])
	binary.BigEndian.PutUint16(b[5:], uint16(p.Rank))
	return b
}

func readPlace(b []byte) Place {
	return Place{
		Batch: int64(binary.BigEndian.Uint64(append(make([]byte, 3, 8), b[:5]...))),
		Rank:  int(binary.BigEndian.Uint16(b[5:])),
	}
}

// String is the code: Length characters.
func (r Receipt) String() string {
	var b [size]byte
	copy(b[:], r[:])
	sum := sha256.Sum256(r[:])
	copy(b[sumAt:], sum[:])
	return crockford.EncodeToString(b[:])
}

// Parse reads a code as people type it: small letters, hyphens and spaces
// between, O for 0, I and L for 1. ErrMalformed.
func Parse(text string) (Receipt, error) {
	if len(text) > maxText {
		return Receipt{}, ErrMalformed
	}
	text = strings.Map(plain, strings.ToUpper(text))
	if len(text) != Length {
		return Receipt{}, ErrMalformed
	}
	data, err := crockford.DecodeString(text)
	if err != nil || len(data) != size {
		return Receipt{}, ErrMalformed
	}
	r := Receipt(data[:sumAt])
	if r.String() != text { // the checksum, and the two spare bits
		return Receipt{}, ErrMalformed
	}
	return r, nil
}

// plain drops what separates and reads what is easily confused.
func plain(c rune) rune {
	switch c {
	case '-', ' ':
		return -1
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return c
}
