// Package work asks for proof of work where many credentials are asked for:
// by one address, by a network, or by all together. A challenge is altcha's
// (https://altcha.org): find the number whose SHA-256 behind the salt is known.
package work

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/altcha-org/altcha-lib-go"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

const (
	// life is how long a challenge may be solved: a phone that is put away in
	// between still makes it, and few are worth hoarding.
	life = 5 * time.Minute
	// MaxLength is the longest work in characters, for a limit before any work.
	MaxLength = 1024
	purpose   = "laurel proof of work v1"
	// saltSize is of a salt's random bytes. With it the whole salt is longer than
	// a block of SHA-256: browsers hash that once, and one block a number.
	saltSize = 20
)

// The faults of a work, beside identity's.
var (
	ErrInvalid = fault.NewInvalid("work_invalid", "this is no solution of a challenge of ours",
		fault.Wrong("work", "work_unsolved", "is not a solved challenge"))
	ErrForeign = fault.NewInvalid("work_foreign", "the challenge was for another selection",
		fault.Wrong("work", "work_of_other_selection", "is for another selection"))
)

// Challenges makes and checks challenges. All gateways with one credential key
// take each other's.
type Challenges struct {
	key string
	now func() time.Time
}

// NewChallenges signs with a key of its own that comes from the credential key.
func NewChallenges(key credential.Key, now func() time.Time) *Challenges {
	own, err := hkdf.Key(sha256.New, key, nil, purpose, sha256.Size)
	if err != nil {
		panic(fmt.Sprintf("work: key: %v", err)) // 32 bytes are always to be had
	}
	return &Challenges{string(own), now}
}

// The names in a salt's query, all under the signature.
const (
	paramSlug    = "slug"
	paramExpires = "expires" // Unix seconds; altcha's own
)

// New is a challenge for a selection whose solution is one of the numbers from
// 0 to max.
func (c *Challenges) New(slug string, maxNumber int64) (altcha.Challenge, error) {
	expires := c.now().Add(life)
	challenge, err := altcha.CreateChallenge(altcha.ChallengeOptions{
		Algorithm: altcha.SHA256, HMACKey: c.key, MaxNumber: maxNumber, SaltLength: saltSize,
		Expires: &expires, Params: url.Values{paramSlug: {slug}},
	})
	if err != nil {
		return altcha.Challenge{}, fmt.Errorf("challenge: %w", err)
	}
	return challenge, nil
}

// Check gives what identity records of a work for a selection: base64 of
// altcha's payload. Faults: ErrInvalid, ErrForeign, identity.ErrWorkExpired.
func (c *Challenges) Check(work, slug string) (identity.Work, error) {
	payload, err := parse(work)
	if err != nil {
		return identity.Work{}, ErrInvalid.Because(err)
	}
	// The library would look at the system's clock; ours is injected.
	ok, err := altcha.VerifySolutionSafe(payload, c.key, false)
	if err != nil || !ok {
		return identity.Work{}, ErrInvalid.Because(err)
	}
	signature, err := hex.DecodeString(payload.Signature)
	if err != nil {
		return identity.Work{}, ErrInvalid.Because(err)
	}
	params := altcha.ExtractParams(payload)
	seconds, err := strconv.ParseInt(params.Get(paramExpires), 10, 64)
	if err != nil {
		return identity.Work{}, ErrInvalid.Because(err)
	}
	expires := time.Unix(seconds, 0).UTC()
	switch {
	case params.Get(paramSlug) != slug:
		return identity.Work{}, ErrForeign
	case !c.now().Before(expires):
		return identity.Work{}, identity.ErrWorkExpired
	}
	return identity.Work{Signature: signature, ExpiresAt: expires}, nil
}

// parse reads altcha's payload; what a widget adds to it, such as the time it
// took, is let be.
func parse(work string) (p altcha.Payload, err error) {
	if len(work) > MaxLength {
		return p, fmt.Errorf("%d characters", len(work))
	}
	text, err := base64.StdEncoding.Strict().DecodeString(work)
	if err != nil {
		return p, err
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&p); err != nil {
		return p, err
	}
	if p.Algorithm != string(altcha.SHA256) {
		return p, fmt.Errorf("algorithm %q", p.Algorithm)
	}
	return p, nil
}
