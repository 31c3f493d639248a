package casting

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/laurel-awards/laurel/services/voting"
)

// TestWriter_panic has every write panic, for there is no database: each ballot
// hears that nobody knows, and none waits for ever.
func TestWriter_panic(t *testing.T) {
	c := &Caster{log: slog.New(slog.DiscardHandler)}
	w := &writer{caster: c, store: &store{}}
	call := newCall(3)
	var ballots []*ballot
	for i := range call.results {
		ballots = append(ballots, &ballot{cast: &voting.Cast{Slug: "s-1"}, call: call, index: i})
	}
	w.cast(t.Context(), ballots)
	<-call.done
	for i, r := range call.results {
		if !errors.Is(r.fault, voting.ErrUnknownOutcome) {
			t.Errorf("ballot %d: %v", i, r.fault)
		}
	}
}
