// Package staff keeps accounts, their roles and their sessions.
package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The cost of a password's hash: the second choice of OWASP's Password Storage
// Cheat Sheet for argon2id (19 MiB, 2 passes, 1 lane).
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonLanes   = 1
	argonKeySize = 32
	saltSize     = 16
	// maxHashing bounds the memory that sign-ins take together.
	maxHashing = 4
)

// hasher hashes passwords, a few at a time.
type hasher struct {
	slots chan struct{}
	decoy string // is checked where there is no account, to take as long
}

func newHasher() (*hasher, error) {
	h := &hasher{slots: make(chan struct{}, maxHashing)}
	var err error
	h.decoy, err = h.hash(context.Background(), rand.Text())
	return h, err
}

// hash gives the PHC string of a password: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	key, err := h.key(ctx, password, salt, argonMemory, argonPasses, argonLanes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonLanes, b64(salt), b64(key)), nil
}

// matches tells whether a password is the one of a PHC string.
func (h *hasher) matches(ctx context.Context, password, phc string) (bool, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("a stored password is not argon2id")
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, fmt.Errorf("a stored password has no parameters: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a stored password's salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("a stored password's key: %w", err)
	}
	got, err := h.key(ctx, password, salt, memory, passes, lanes)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (h *hasher) key(ctx context.Context, password string, salt []byte, memory, passes uint32, lanes uint8) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return argon2.IDKey([]byte(password), salt, passes, memory, lanes, argonKeySize), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
