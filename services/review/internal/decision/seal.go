package decision

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/laurel-awards/laurel/services/review"
)

// sealedBytes is the length of counts before they are sealed.
const sealedBytes = 12

// counts are a motion's: for, against, abstained.
type counts [3]uint32

// add counts a choice.
func (c *counts) add(choice string) {
	switch choice {
	case review.For:
		c[0]++
	case review.Against:
		c[1]++
	case review.Abstain:
		c[2]++
	}
}

// seal encrypts the counts of a secret ballot. It is done anew with each vote, so
// that whoever reads the database learns of none: each time all bytes are others.
// The key is no part of the database.
func (m *Meeting) seal(c counts, slug string, seq int) ([]byte, error) {
	all, err := m.ciphers()
	if err != nil || len(all) == 0 {
		return nil, errors.Join(err, review.ErrBallotKey)
	}
	plain := make([]byte, 0, sealedBytes)
	for _, n := range c {
		plain = binary.BigEndian.AppendUint32(plain, n)
	}
	return all[0].Seal(nil, nil, plain, sealedFor(slug, seq)), nil //nolint:gosec // the mode draws its own nonce
}

// unseal gives the counts of a motion so far. Fault: ErrBallotKey, where the key that
// sealed them is gone.
func (m *Meeting) unseal(mo motion, slug string) (counts, error) {
	// Of an open ballot, or from before they were sealed.
	c := counts{uint32(mo.For), uint32(mo.Against), uint32(mo.Abstained)}
	if mo.Sealed == nil {
		return c, nil
	}
	all, err := m.ciphers()
	if err != nil {
		return c, err
	}
	for _, one := range all {
		plain, err := one.Open(nil, nil, mo.Sealed, sealedFor(slug, mo.Seq))
		if err != nil || len(plain) != sealedBytes {
			continue
		}
		for i := range c {
			c[i] += binary.BigEndian.Uint32(plain[4*i:])
		}
		return c, nil
	}
	return c, review.ErrBallotKey
}

// sealedFor keeps counts from being taken for another motion's.
func sealedFor(slug string, seq int) []byte { return fmt.Appendf(nil, "%q %d", slug, seq) }

// ciphers are those of the installation's keys, the one that seals first.
func (m *Meeting) ciphers() (all []cipher.AEAD, err error) {
	secrets, err := m.deps.Audit.Secrets("review/ballot")
	for _, secret := range secrets {
		block, err := aes.NewCipher(secret)
		if err != nil {
			return nil, fmt.Errorf("ballot: %w", err)
		}
		one, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("ballot: %w", err)
		}
		all = append(all, one)
	}
	return all, err
}
