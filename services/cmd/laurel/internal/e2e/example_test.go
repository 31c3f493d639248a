package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// TestExamples runs example selections whole, by their own people and rules, and
// checks each from outside. Those with many entries are run by the demo and
// rehearsed in package script.
func TestExamples(t *testing.T) {
	t.Parallel()
	h := together(t)
	for _, name := range []string{"craftsmen", "models-of-virtue", "volunteer-projects"} {
		in, err := script.ReadInput(filepath.Join(filepath.Dir(filepath.Clean(example)), name))
		if err != nil {
			t.Fatal(err)
		}
		organizer := in.With(identity.Organizer)[0]
		if err := h.CreateOrganizer(t.Context(), organizer.Email, organizer.Name, script.Password); err != nil {
			t.Fatal(err)
		}
		s := &script.Script{
			API: h.API, Input: in, Slug: name, Rules: in.Rulebook, Seed: 7, Voters: 40, Again: 5, Late: 3,
			Progress: func(string, int) func() { return func() {} },
		}
		for _, step := range s.Steps() {
			if err := step.Run(t.Context()); err != nil {
				t.Fatalf("%s: %s: %v", name, step.Name, err)
			}
		}
		for _, check := range s.Checks(h.Binary) {
			if err := check.Run(t.Context()); err != nil {
				t.Errorf("%s: %s: %v", name, check.Name, err)
			}
		}
	}
}

// TestUntil stops a selection at each phase: it is open, nobody has acted in it,
// and whoever comes next goes on by hand.
func TestUntil(t *testing.T) {
	t.Parallel()
	h := together(t)
	for _, stop := range script.Stops() {
		s := smallScript(t, h.API)
		s.Slug = "until-" + stop
		for _, step := range s.Until(stop) {
			if err := step.Run(t.Context()); err != nil {
				t.Fatalf("until %s: %s: %v", stop, step.Name, err)
			}
		}
		sel, err := h.API.Selection(t.Context(), s.Slug)
		if err != nil {
			t.Fatal(err)
		}
		if stop == script.Publication {
			if sel.PublishedAt != nil || sel.Phase("notice").State != "closed" {
				t.Errorf("until %s: %+v", stop, sel.Phases)
			}
			continue
		}
		if p := sel.Phase(stop); p.State != "open" && stop != "notice" || p.OpenedAt == nil { // the notice of the test is a second
			t.Errorf("until %s: it is %s", stop, p.State)
		}
		if stop == "voting" { // all that is left are acts: the vote, and what follows with the seats that are given
			s.Voters, s.Again, s.Late = 5, 1, 1
			for _, step := range s.Steps()[3:] {
				if err := step.Run(t.Context()); err != nil {
					t.Fatalf("on from %s: %s: %v", stop, step.Name, err)
				}
			}
		}
	}
}
