package server_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestReplicas_sentAgain sends ballots to one replica, and the same ones to the other
// and to both at once: each is counted once, and has one receipt.
func TestReplicas_sentAgain(t *testing.T) {
	for name, rules := range map[string]string{
		"once": once, "adds": `{"voters": ["device"], "frequency": "once", "picks": {"max": 3}, "change": "add", "counts": "live"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := setup(t)
			r.replica(t, key(), r.signer)
			r.open(t, rules)
			replicas := voting.NewReplicas(testkit.Connect(t, r.nats, "gateway"))
			var names []string
			testkit.Eventually(t, testkit.Patience, func() (err error) {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				if names, err = replicas.Present(ctx); err == nil && len(names) != 2 {
					err = fmt.Errorf("%d replicas are there", len(names))
				}
				return err
			})
			var in voting.CastBallots
			const voters = 20
			for n := range voters {
				b := ballot(n, 1, 2)
				b.ID[0], b.ID[1] = 1, byte(n)
				in.Ballots = append(in.Ballots, b, b)
			}
			receipts := map[voting.BallotID]string{}
			for _, to := range []string{names[0], names[1], "", names[0]} {
				out, err := replicas.Cast(r.ctx, to, in)
				if err != nil {
					t.Fatal(err)
				}
				for i, o := range out.Outcomes {
					id := in.Ballots[i].ID
					if o.Fault != nil || receipts[id] != "" && receipts[id] != o.Receipt {
						t.Fatalf("at %q ballot %d: %+v, had %s", to, i, o, receipts[id])
					}
					receipts[id] = o.Receipt
				}
			}
			r.whole(t, voters)
		})
	}
}
