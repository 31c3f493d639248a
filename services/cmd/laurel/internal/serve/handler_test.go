package serve

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
)

// TestRooms_handlers holds what each room handles to what pkg/event says that it
// consumes: an event without a handler would end among the dead letters.
func TestRooms_handlers(t *testing.T) {
	p := &process{cfg: config.Server{Database: config.Database{DataDir: t.TempDir()}}}
	for _, name := range event.Services() {
		room, err := p.room(name, run.Deps{Now: time.Now, Log: testkit.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		var handled []string
		for _, h := range room.Handlers {
			handled = append(handled, h.Type.String())
		}
		var consumed []string
		for _, s := range event.All() {
			if slices.Contains(s.Consumers, name) {
				consumed = append(consumed, s.Example.EventType().String())
			}
		}
		slices.Sort(handled)
		slices.Sort(consumed)
		if diff := cmp.Diff(consumed, handled); diff != "" {
			t.Errorf("%s (-consumes +handles):\n%s", name, diff)
		}
	}
}
