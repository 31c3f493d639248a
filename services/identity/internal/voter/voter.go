// Package voter issues credentials to those who prove to be voters.
package voter

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// Device is the way of being a voter that a browser or app has: whoever holds
// the credential is the voter, and nothing else is known. It is kept nowhere;
// a cleared browser is a new device.
const Device = "device"

// maxSlug is what a credential has room for.
const maxSlug = 64

// Voters issues credentials.
type Voters struct {
	key credential.Key
	ttl time.Duration
	now func() time.Time
}

// New signs with key credentials that live for ttl.
func New(key credential.Key, ttl time.Duration, now func() time.Time) *Voters {
	return &Voters{key, ttl, now}
}

// ProveVoter implements identity.Service.
func (v *Voters) ProveVoter(_ context.Context, in identity.ProveVoter) (identity.Credential, error) {
	var fields []fault.Field
	if in.Way != Device {
		fields = append(fields, fault.Field{Name: "way", Message: "is device"})
	}
	if in.Slug == "" || len(in.Slug) > maxSlug {
		fields = append(fields, fault.Field{Name: "slug", Message: "names the selection"})
	}
	if len(fields) > 0 {
		return identity.Credential{}, identity.ErrInvalid.At(fields...)
	}
	voter := credential.Voter{Slug: in.Slug, Way: Device, Expires: v.now().Add(v.ttl).UTC().Truncate(time.Second)}
	rand.Read(voter.ID[:])
	return identity.Credential{Credential: v.key.Sign(voter), ExpiresAt: voter.Expires}, nil
}
