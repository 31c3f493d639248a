// Package voter issues credentials to those who prove to be voters.
package voter

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/identity/internal/roster"
)

// maxSlug is what a credential has room for.
const maxSlug = 64

// Voters issues credentials.
type Voters struct {
	key   credential.Key
	ttl   time.Duration
	now   func() time.Time
	codes *roster.Rosters
}

// New signs with key credentials that live for ttl.
func New(key credential.Key, ttl time.Duration, now func() time.Time, codes *roster.Rosters) *Voters {
	return &Voters{key, ttl, now, codes}
}

// ProveVoter implements identity.Service. A device's voter is nobody in
// particular: it is kept nowhere, and a cleared browser is a new one.
func (v *Voters) ProveVoter(ctx context.Context, in identity.ProveVoter) (identity.Credential, error) {
	if err := check(in); err != nil {
		return identity.Credential{}, err
	}
	voter := credential.Voter{Slug: in.Slug, Way: in.Way, Expires: v.now().Add(v.ttl).UTC().Truncate(time.Second)}
	if in.Way == identity.WayRoster {
		var err error
		if voter.ID, err = v.codes.Voter(ctx, in.Slug, in.Code); err != nil {
			return identity.Credential{}, err
		}
	} else {
		rand.Read(voter.ID[:])
	}
	return identity.Credential{Credential: v.key.Sign(voter), ExpiresAt: voter.Expires}, nil
}

func check(in identity.ProveVoter) error {
	var fields []fault.Field
	switch in.Way {
	case identity.WayDevice:
		if in.Code != "" {
			fields = append(fields, fault.Field{Name: "code", Message: "belongs to the way roster"})
		}
	case identity.WayRoster:
		if in.Code == "" {
			fields = append(fields, fault.Field{Name: "code", Message: "is the code from the organizers"})
		}
	default:
		fields = append(fields, fault.Field{Name: "way", Message: "is device or roster"})
	}
	if in.Slug == "" || len(in.Slug) > maxSlug {
		fields = append(fields, fault.Field{Name: "slug", Message: "names the selection"})
	}
	return identity.ErrInvalid.Check(fields)
}
