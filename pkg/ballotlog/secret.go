package ballotlog

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Secrets are 32 bytes for a purpose, that only holders of the keys can make: one
// for each key that signs, in their order. They come of signatures that nobody is
// shown, of a text that is none of a log; Ed25519 makes the same ones always.
func (s Signer) Secrets(purpose string) ([][]byte, error) {
	var all [][]byte
	for _, signer := range s.signers {
		signature, err := signer.Sign([]byte("laurel/secret/" + purpose))
		if err != nil {
			return nil, fmt.Errorf("ballotlog: secret: %w", err)
		}
		secret, err := hkdf.Key(sha256.New, signature, nil, "laurel/secret/"+purpose, sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("ballotlog: secret: %w", err)
		}
		all = append(all, secret)
	}
	return all, nil
}
