package serve_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/serve"
)

func TestRooms(t *testing.T) {
	var names []string
	for _, r := range serve.Rooms() {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff(event.Services(), names); diff != "" {
		t.Errorf("rooms (-services +rooms):\n%s", diff)
	}
}
