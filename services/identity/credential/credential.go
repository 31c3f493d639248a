// Package credential makes and checks voter credentials: who holds one may
// cast a ballot in one selection until it expires. A check needs the key and
// no request to anybody.
//
// A credential is "v2." and the base64url of payload and MAC:
//
//	expiry      8 bytes  Unix seconds, big endian
//	voter      16 bytes  random for a device, of a keyed hash for a member of a roster
//	generation  4 bytes  big endian: how often the voter's code had been replaced
//	way         1 byte   length, then the way's name
//	slug        1 byte   length, then the selection's slug
//	mac        32 bytes  HMAC-SHA-256 of "laurel credential v2" and all before
//
// Those that begin with "v1." were issued before there were generations. They
// have none, which is generation 0, and end by themselves.
package credential

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/mac"
)

// The faults of a credential.
var (
	ErrInvalid = fault.New(fault.Unauthorized, "credential_invalid", "the voter credential is not one of ours")
	ErrExpired = fault.New(fault.Unauthorized, "credential_expired", "the voter credential has expired; ask for a new one")
	ErrForeign = fault.New(fault.Forbidden, "credential_foreign", "the voter credential is for another selection")
)

const (
	voterSize = 16
	fixed     = 8 + voterSize
	// MaxLength is the longest credential in characters, for a limit before
	// any work.
	MaxLength = 256
)

// format is a version of the text of credentials.
type format struct {
	prefix, domain string
	generation     int // bytes
}

var (
	v1 = format{"v1.", "laurel credential v1", 0}
	v2 = format{"v2.", "laurel credential v2", 4}
)

// Voter is whom a credential names.
type Voter struct {
	Slug    string
	Way     string    // device or roster
	ID      [16]byte  // the same in each credential of one voter
	Expires time.Time // whole seconds

	Generation uint32 // of the code that it was issued for
}

// HexID is the voter's id as 32 hex digits.
func (v Voter) HexID() string { return hex.EncodeToString(v.ID[:]) }

// Key signs credentials. Identity makes and the gateway checks with the same.
type Key []byte

// Sign makes the credential of a voter. Way and slug are at most 64 bytes.
func (k Key) Sign(v Voter) string {
	b := make([]byte, 0, 128)
	b = binary.BigEndian.AppendUint64(b, uint64(v.Expires.Unix()))
	b = append(b, v.ID[:]...)
	b = binary.BigEndian.AppendUint32(b, v.Generation)
	for _, s := range []string{v.Way, v.Slug} {
		b = append(append(b, byte(len(s))), s...)
	}
	sum := v2.mac(mac.New(k), b)
	return v2.prefix + base64.RawURLEncoding.EncodeToString(append(b, sum[:]...))
}

// Verifier checks credentials. It is safe for concurrent use.
type Verifier struct{ key mac.Key }

// Verifier checks what k signed.
func (k Key) Verifier() Verifier { return Verifier{mac.New(k)} }

// Verify gives whom a credential names, if it is for slug and not expired.
func (v Verifier) Verify(s, slug string, now time.Time) (Voter, error) {
	f := v2
	body, ok := strings.CutPrefix(s, f.prefix)
	if !ok {
		f = v1
		body, ok = strings.CutPrefix(s, f.prefix)
	}
	if !ok || len(s) > MaxLength {
		return Voter{}, ErrInvalid
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(b) < fixed+f.generation+2+mac.Size {
		return Voter{}, ErrInvalid
	}
	b, sum := b[:len(b)-mac.Size], b[len(b)-mac.Size:]
	if want := f.mac(v.key, b); !hmac.Equal(sum, want[:]) {
		return Voter{}, ErrInvalid
	}
	voter := Voter{Expires: time.Unix(int64(binary.BigEndian.Uint64(b)), 0)}
	copy(voter.ID[:], b[8:])
	rest := b[fixed:]
	if f.generation > 0 {
		voter.Generation, rest = binary.BigEndian.Uint32(rest), rest[f.generation:]
	}
	for _, s := range []*string{&voter.Way, &voter.Slug} {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return Voter{}, ErrInvalid
		}
		*s, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	switch {
	case voter.Slug != slug:
		return Voter{}, ErrForeign
	case !now.Before(voter.Expires):
		return Voter{}, ErrExpired
	}
	return voter, nil
}

func (f format) mac(key mac.Key, b []byte) [mac.Size]byte {
	return key.Sum(append(append(make([]byte, 0, MaxLength), f.domain...), b...))
}
