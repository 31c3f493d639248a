package event_test

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestAll_golden holds the wire form of every event: a change of it is a
// change of the contract and needs a new version.
func TestAll_golden(t *testing.T) {
	for _, s := range event.All() {
		typ := s.Example.EventType()
		t.Run(typ.String(), func(t *testing.T) {
			if len(s.Publishers) == 0 || len(s.Consumers) == 0 || s.About == "" || s.Aggregate == "" {
				t.Errorf("incomplete: %+v", s)
			}
			got, err := json.MarshalIndent(s.Example, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			testkit.Golden(t, filepath.Join("testdata", typ.String()+".json"), string(got))

			back := reflect.New(reflect.TypeOf(s.Example))
			if err := json.Unmarshal(got, back.Interface()); err != nil {
				t.Fatal(err)
			}
			again, err := json.MarshalIndent(back.Elem().Interface(), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(again)+"\n"); diff != "" {
				t.Errorf("round trip (-sent +got):\n%s", diff)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	testkit.Golden(t, "../../docs/events.md", event.Markdown())
}

func TestFilters(t *testing.T) {
	want := []string{
		"laurel.selection.v1.rulebook_frozen.*", "laurel.selection.v1.phase_changed.*",
		"laurel.nomination.v1.candidate_admitted.*", "laurel.nomination.v1.candidate_struck.*",
		"laurel.identity.v1.codes_replaced.*", "laurel.identity.v1.roster_closed.*",
	}
	if diff := cmp.Diff(want, event.Filters("voting")); diff != "" {
		t.Errorf("voting consumes (-want +got):\n%s", diff)
	}
}

func TestDecode_otherType(t *testing.T) {
	env := event.Envelope{Name: "phase_changed", V: 2, Data: json.RawMessage(`{}`)}
	if _, err := event.Decode[event.PhaseChanged](env); err == nil {
		t.Error("a version that this code does not know was decoded")
	}
}
