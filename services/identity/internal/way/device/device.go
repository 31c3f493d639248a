// Package device is the way of whoever holds a credential. Its voter is nobody
// in particular: identity does not keep them, and a cleared browser is a new
// voter. Where the gateway has asked for a proof of work, each work gives one
// credential.
package device

import (
	"context"
	"crypto/rand"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/internal/way"
)

// Devices is the way "device".
type Devices struct{ deps run.Deps }

// New records works in deps' database.
func New(deps run.Deps) *Devices { return &Devices{deps} }

// Name implements way.Way.
func (*Devices) Name() string { return identity.WayDevice }

// Check implements way.Way.
func (*Devices) Check(in identity.ProveVoter) []fault.Field {
	fields := way.Foreign(in, "work")
	if in.Work != nil && len(in.Work.Signature) != signatureSize {
		fields = append(fields, fault.Wrong("work", "work_unsigned", "has no signature of {bytes} bytes", "bytes", signatureSize))
	}
	return fields
}

// Voter implements way.Way. If several use the same work, through whatever
// gateways, only one becomes a voter.
func (d *Devices) Voter(ctx context.Context, in identity.ProveVoter) (v way.Voter, err error) {
	if in.Work != nil {
		if err := d.spend(ctx, *in.Work); err != nil {
			return v, err
		}
	}
	rand.Read(v.ID[:])
	return v, nil
}
