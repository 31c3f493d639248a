package voting

import (
	"context"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// CastVerb is that of CastBallots, which each replica answers under its own name, too.
const CastVerb = "cast_ballots"

// rollCall is run.RollCall, which every room answers.
const rollCall = "roll_call"

// Replicas speaks to the replicas of the service one by one.
type Replicas struct{ bus *bus.Bus }

// NewReplicas speaks to them over b.
func NewReplicas(b *bus.Bus) *Replicas { return &Replicas{b} }

// Cast is Service.CastBallots at a replica; where that is empty, at any.
func (r *Replicas) Cast(ctx context.Context, replica string, in CastBallots) (Outcomes, error) {
	verb := CastVerb
	if replica != "" {
		verb = bus.At(verb, replica)
	}
	return bus.Call[Outcomes](ctx, r.bus, Name, verb, in)
}

// Present are the replicas that answer until ctx ends.
func (r *Replicas) Present(ctx context.Context) (replicas []string, err error) {
	all, err := bus.RollCall[struct {
		Replica string `json:"replica"`
	}](ctx, r.bus, Name, rollCall)
	for _, one := range all {
		replicas = append(replicas, one.Replica)
	}
	return replicas, err
}
