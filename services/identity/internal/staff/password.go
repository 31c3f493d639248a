// Package staff keeps accounts, their roles and their sessions.
package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is that of a password's hash by argon2id, on one lane. The zero Cost is
// the second choice of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

const (
	argonKeySize = 32
	saltSize     = 16
)

// hasher hashes passwords, a few at a time.
type hasher struct {
	queue *queue
	cost  Cost
	decoy string // is checked where there is no account, to take as long
}

// newHasher leaves half of the processors to the rest of the process.
func newHasher(cost Cost) *hasher {
	if cost == (Cost{}) {
		cost = Cost{Memory: 19 * 1024, Passes: 2}
	}
	return &hasher{newQueue(max(1, runtime.GOMAXPROCS(0)/2)), cost, cost.encode(rand.Text())}
}

// hash gives the PHC string of a password, once its turn has come.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.queue.enter(ctx, "")
	if err != nil {
		return "", err
	}
	defer leave()
	return h.cost.encode(password), nil
}

// encode gives the PHC string of a password: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (c Cost) encode(password string) string {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, argonKeySize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, b64(salt), b64(key))
}

// matches tells whether a password is the one of a PHC string. Whoever asks has
// a turn in the queue.
func matches(password, phc string) (bool, error) {
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
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, argonKeySize)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
