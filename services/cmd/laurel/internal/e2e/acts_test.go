package e2e_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestActs takes a selection through its whole life, by its script: each act of
// staff is in the audit log, with who did it, and the log is what was recorded.
func TestActs(t *testing.T) {
	t.Parallel()
	h := together(t)
	for _, step := range h.Steps() {
		if step.Name == "publish" { // afterwards anybody may, and it is no act of staff
			if _, err := h.As(identity.Auditor).Export(t.Context(), slug, "scores"); err != nil {
				t.Fatal(err)
			}
		}
		if err := step.Run(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	log, err := h.As(identity.Auditor).Audit(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, a := range log {
		times[a.Service+" "+a.Act]++
		if a.Kind == actor.Staff && (a.Actor == "" || a.Name == "" || a.At.IsZero() || a.Request == "") {
			t.Errorf("nobody did %+v", a)
		}
	}
	var got []string
	for act, n := range times {
		got = append(got, fmt.Sprint(act, " ", n))
	}
	slices.Sort(got)
	// Of people: a vetter, three jurors, three of the committee and an auditor, who
	// are invited, claim, and have a role each.
	want := []string{
		"identity claim_account 8", "identity grant_role 8", "identity invite_account 8",
		"nomination give_opinion 8", "nomination import_entries 1",
		"review close_motion 1", "review put_motion 1", "review seat_committee 1", "review seat_panel 1", "review submit_sheet 24", "review vote_motion 3",
		"selection close_phase 6", "selection create_selection 1", "selection export_file 1", "selection open_phase 6", "selection publish_result 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	h.audited(t)
}
