// Package secret derives pseudonyms and the tags of receipts, so that readers of
// the database can neither tell whose a ballot is nor make a receipt.
package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/mac"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/services/voting"
)

// Name of the pseudonym key.
const Name = "pseudonym"

// KeySize is the least number of bytes of the pseudonym key.
const KeySize = 32

// Pseudonym stands for a voter in one period of one selection. Without the key
// nobody can tell whose it is, nor which of two periods are one voter's.
type Pseudonym [16]byte

// Keys are derived from the pseudonym key by HKDF-SHA-256 (RFC 5869), one for
// each purpose.
type Keys struct {
	pseudonym mac.Key
	salt      mac.Key
	Receipt   receipt.Key
	Check     []byte // 16 bytes that tell, but do not give away, which key it is
}

// New derives the keys.
func New(pseudonym []byte) (Keys, error) {
	if len(pseudonym) < KeySize {
		return Keys{}, fmt.Errorf("voting: the pseudonym key has %d bytes; it needs %d", len(pseudonym), KeySize)
	}
	var errs []error
	derive := func(purpose string, size int) []byte {
		k, err := hkdf.Key(sha256.New, pseudonym, nil, purpose, size)
		errs = append(errs, err)
		return k
	}
	keys := Keys{
		pseudonym: mac.New(derive("laurel voter pseudonym v1", mac.Size)),
		salt:      mac.New(derive("laurel ballot salt v1", mac.Size)),
		Receipt:   receipt.NewKey(derive("laurel receipt v1", mac.Size)),
		Check:     derive("laurel pseudonym key check v1", 16),
	}
	return keys, errors.Join(errs...)
}

// Salt is that of the ballot with an id, in every replica: 16 bytes that tell
// nothing of it.
func (k Keys) Salt(id [16]byte) (salt [16]byte) {
	sum := k.salt.Sum(id[:])
	copy(salt[:], sum[:])
	return salt
}

// Made gives key.ErrUnknown unless check is of these keys, as a selection keeps it
// that began with them.
func (k Keys) Made(check []byte) error {
	if !bytes.Equal(check, k.Check) {
		return key.Unknown(voting.Name, Name)
	}
	return nil
}

// Name gives the voter's pseudonym: the first 16 bytes of the HMAC-SHA-256 of
// period (4 bytes, big endian), voter id and slug.
func (k Keys) Name(slug string, period int, voter [16]byte) (p Pseudonym) {
	message := binary.BigEndian.AppendUint32(make([]byte, 0, 128), uint32(period))
	message = append(append(message, voter[:]...), slug...)
	sum := k.pseudonym.Sum(message)
	copy(p[:], sum[:])
	return p
}
