package rulebook

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// Canonical is the document in its canonical form.
func (rb *Rulebook) Canonical() ([]byte, error) {
	if rb.doc.kind == absent {
		return nil, errors.New("rulebook: no document was parsed")
	}
	return nil, nil
}

// Hash is the lower-case hex SHA-256 of the canonical form; empty for a
// Rulebook that was not parsed.
func (rb *Rulebook) Hash() string {
	src, err := rb.Canonical()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}
