// Package receipt makes and reads the code that a voter keeps: where the
// ballot is, a tag that nobody can guess, and a checksum against misreading.
//
// A receipt is 16 bytes in 26 characters of Crockford's base32
// (https://www.crockford.com/base32.html), the last two bits being zero:
//
//	batch     5 bytes  big endian
//	rank      2 bytes  place in the batch, big endian
//	tag       7 bytes  of HMAC-SHA-256 under the room's key
//	checksum  2 bytes  of SHA-256 of all before
package receipt

import (
	"crypto/hmac"
	"crypto/sha256"
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
	domain   = "laurel receipt v1"

	size    = 16
	tagAt   = 7
	sumAt   = 14
	maxText = 64 // characters with hyphens and spaces, for a limit before any work
)

// ErrMalformed is a text that is no receipt: mistyped, or cut off.
var ErrMalformed = errors.New("not a receipt: a character is missing or wrong")

var crockford = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Receipt is what the code says.
type Receipt struct {
	Batch int64 // 0 to MaxBatch
	Rank  int   // 0 to MaxRank
	Tag   [sumAt - tagAt]byte
}

// Key makes the tags of receipts.
type Key struct{ mac mac.Key }

// NewKey keeps a key.
func NewKey(key []byte) Key { return Key{mac.New(key)} }

// Issue makes the receipt of a ballot in the selection slug.
func (k Key) Issue(slug string, batch int64, rank int) Receipt {
	r := Receipt{Batch: batch, Rank: rank}
	place := r.bytes()
	message := append(make([]byte, 0, 128), domain...)
	message = append(append(message, place[:tagAt]...), slug...)
	sum := k.mac.Sum(message)
	copy(r.Tag[:], sum[:])
	return r
}

// Verify tells whether k issued r in the selection slug.
func (k Key) Verify(r Receipt, slug string) bool {
	want := k.Issue(slug, r.Batch, r.Rank)
	return hmac.Equal(want.Tag[:], r.Tag[:])
}

// String is the code: Length characters.
func (r Receipt) String() string {
	b := r.bytes()
	return crockford.EncodeToString(b[:])
}

func (r Receipt) bytes() (b [size]byte) {
	var batch [8]byte
	binary.BigEndian.PutUint64(batch[:], uint64(r.Batch))
	copy(b[:5], batch[3:])
	binary.BigEndian.PutUint16(b[5:], uint16(r.Rank))
	copy(b[tagAt:], r.Tag[:])
	sum := sha256.Sum256(b[:sumAt])
	copy(b[sumAt:], sum[:])
	return b
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
	r := Receipt{
		Batch: int64(binary.BigEndian.Uint64(append(make([]byte, 3, 8), data[:5]...))),
		Rank:  int(binary.BigEndian.Uint16(data[5:])),
	}
	copy(r.Tag[:], data[tagAt:])
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
