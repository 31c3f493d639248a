package client

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway"
)

// retries is how often a ballot is sent again whose outcome is not known: for
// half a minute, in which a server is restarted.
const retries = 8

// Cast casts a ballot. Where the server is away or does not know the outcome,
// it is sent again with the same Idempotency-Key, so that it counts once.
func (v *Voter) Cast(ctx context.Context, picks []int) (counted gateway.Counted, err error) {
	key := rand.Text()
	for try := 0; ; try++ {
		counted, err = v.CastWith(ctx, key, picks)
		if try == retries || !fault.Is(err, fault.Unavailable) {
			return counted, err
		}
		select {
		case <-ctx.Done():
			return counted, err
		case <-time.After(100 * time.Millisecond << try):
		}
	}
}

// CastWith casts a ballot once, with an Idempotency-Key.
func (v *Voter) CastWith(ctx context.Context, key string, picks []int) (counted gateway.Counted, err error) {
	return counted, v.client.call(ctx, http.MethodPost, of(v.slug)+"/ballots", gateway.Ballot{Picks: picks}, &counted, "Idempotency-Key", key)
}

// AddWith is CastWith for further picks of the period, where the rulebook allows
// them; earlier is the receipt of a ballot of it.
func (v *Voter) AddWith(ctx context.Context, key string, picks []int, earlier string) (counted gateway.Counted, err error) {
	return counted, v.client.call(ctx, http.MethodPost, of(v.slug)+"/ballots", gateway.Ballot{Picks: picks}, &counted,
		"Idempotency-Key", key, "Laurel-Earlier-Receipt", earlier)
}
