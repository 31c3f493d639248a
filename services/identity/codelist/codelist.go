// Package codelist seals a list of voters' codes for its way through the blob
// store. What lies there is encrypted under a key that is made for one list,
// travels in the answer alone and is kept nowhere: whoever finds the blob, or
// a backup of it, learns no code.
package codelist

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/laurel-awards/laurel/services/identity"
)

// keySize is that of AES-256.
const keySize = 32

// ErrSealed is a list that the key does not open.
var ErrSealed = errors.New("the list of codes does not open with this key")

// Seal encrypts a list (JSON in AES-256-GCM, the nonce first) under a new key.
func Seal(list []identity.Coded) (sealed, key []byte, err error) {
	key = make([]byte, keySize)
	rand.Read(key)
	aead, err := box(key)
	if err != nil {
		return nil, nil, err
	}
	plain, err := json.Marshal(list)
	if err != nil {
		return nil, nil, fmt.Errorf("seal codes: %w", err)
	}
	return aead.Seal(nil, nil, plain, nil), key, nil //nolint:gosec // the mode draws its own nonce
}

// Open decrypts a list. ErrSealed.
func Open(sealed, key []byte) ([]identity.Coded, error) {
	aead, err := box(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, ErrSealed
	}
	var list []identity.Coded
	if err := json.Unmarshal(plain, &list); err != nil {
		return nil, fmt.Errorf("open codes: %w", err)
	}
	return list, nil
}

func box(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, ErrSealed
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("codes: %w", err)
	}
	return aead, nil
}
