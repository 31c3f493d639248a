// Package voter issues credentials to those who prove to be voters.
package voter

import (
	"context"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/identity/internal/way"
)

// Voters issues credentials.
type Voters struct {
	key  credential.Key
	ttl  time.Duration
	now  func() time.Time
	ways map[string]way.Way
}

// New issues credentials to those who prove to be voters in one of the ways. It
// signs them with key; they live for ttl.
func New(key credential.Key, ttl time.Duration, now func() time.Time, ways ...way.Way) *Voters {
	v := &Voters{key, ttl, now, make(map[string]way.Way, len(ways))}
	for _, w := range ways {
		v.ways[w.Name()] = w
	}
	return v
}

// ProveVoter implements identity.Service.
func (v *Voters) ProveVoter(ctx context.Context, in identity.ProveVoter) (identity.Credential, error) {
	var fields []fault.Field
	by, known := v.ways[in.Way]
	if known {
		fields = by.Check(in)
	} else {
		fields = append(fields, fault.OneOf("way", identity.Ways()...))
	}
	if err := identity.ErrInvalid.Check(append(fields, event.CheckSlug(in.Slug)...)); err != nil {
		return identity.Credential{}, err
	}
	proved, err := by.Voter(ctx, in)
	if err != nil {
		return identity.Credential{}, err
	}
	expires := v.now().Add(v.ttl)
	if in.Until != nil && in.Until.Before(expires) {
		expires = *in.Until
	}
	voter := credential.Voter{
		Slug: in.Slug, Way: in.Way, ID: proved.ID, Generation: proved.Generation, Expires: expires.UTC().Truncate(time.Second),
	}
	return identity.Credential{Credential: v.key.Sign(voter), ExpiresAt: voter.Expires}, nil
}
