package voting

import (
	"encoding/json"
	"fmt"

	"github.com/laurel-awards/laurel/pkg/bus"
)

// liveTally is the subject of snapshots of tallies; the slug follows it. They are
// core messages: who misses one gets the next, or asks for the tally.
const liveTally = "live.voting.v1.tally."

// Broadcast sends a snapshot to all who follow. It is what Service.GetTally would
// answer, so it holds no candidate's count while they are hidden.
func Broadcast(b *bus.Bus, t Tally) error {
	data, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("snapshot of %s: %w", t.Slug, err)
	}
	return b.Broadcast(liveTally+t.Slug, data)
}

// Follow calls fn with the snapshots of all selections, one of each publication
// and change of state. Several replicas may send the same one, and they may come
// out of order: Version tells. Follow skips what it cannot read. fn must not
// wait.
func Follow(b *bus.Bus, fn func(Tally)) (stop func(), err error) {
	return b.Listen(liveTally+"*", func(_ string, data []byte) {
		var t Tally
		if err := json.Unmarshal(data, &t); err == nil && t.Slug != "" {
			fn(t)
		}
	})
}
