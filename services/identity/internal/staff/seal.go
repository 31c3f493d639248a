package staff

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/mac"
)

// sealKeySize is that of the installation's key for factors, and of AES-256.
const sealKeySize = 32

// seal keeps what the database is not to tell: secrets lie in it encrypted, and
// codes as hashes that take the key to be made. Without the key it is zero, and
// opens nothing.
type seal struct {
	aead  cipher.AEAD
	codes mac.Key
}

func newSeal(key []byte) (s seal, err error) {
	if len(key) < sealKeySize {
		return s, fmt.Errorf("the key for factors has fewer than %d bytes", sealKeySize)
	}
	part := func(name string) ([]byte, error) {
		return hkdf.Key(sha256.New, key, nil, "laurel/identity/"+name, sealKeySize)
	}
	sealing, err := part("factor")
	if err != nil {
		return s, fmt.Errorf("seal: %w", err)
	}
	hashing, err := part("recovery")
	if err != nil {
		return s, fmt.Errorf("seal: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return s, fmt.Errorf("seal: %w", err)
	}
	s.codes = mac.New(hashing)
	s.aead, err = cipher.NewGCMWithRandomNonce(block)
	return s, err
}

// close encrypts a value as JSON. place is where it is kept: a row that is moved
// to another account, or is taken for another kind, does not open.
func (s seal) close(v any, place ...string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return s.aead.Seal(nil, nil, plain, fmt.Appendf(nil, "%q", place)), nil //nolint:gosec // the mode draws its own nonce
}

// open decrypts a value into v.
func (s seal) open(sealed []byte, v any, place ...string) error {
	plain, err := s.aead.Open(nil, nil, sealed, fmt.Appendf(nil, "%q", place))
	if err != nil {
		return fmt.Errorf("what is kept of a factor does not open with FACTOR_KEY_FILE: %w", err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return nil
}

// hash is what the database knows of an account's code.
func (s seal) hash(account, code string) []byte {
	sum := s.codes.Sum(fmt.Appendf(nil, "%q", []string{account, code}))
	return sum[:]
}
