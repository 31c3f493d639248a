package e2e_test

import (
	"bytes"
	"os"
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
		if name == "craftsmen" {
			exchanged(t, s, h.Binary)
			inBrowser(t, h, s)
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

// exchanged changes each file that a reader of the results page downloads: one of
// the lines that the page gives finds it.
func exchanged(t *testing.T, s *script.Script, binary string) {
	t.Helper()
	dir := t.TempDir()
	if err := s.Download(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	lines, err := s.Copied(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for file, change := range map[string][2]string{
		"votes.csv": {"\n1,", "\n1,9"}, "scores.csv": {",J1,1,", ",J9,1,"}, "candidates.csv": {"\n1,", "\n01,"},
		"rulebook.json": {`"edition":`, `"edition":1`}, "result.json": {`"rank":1,`, `"rank":2,`}, "leaves.txt": {"ballot ", "ballot 0"},
	} {
		path := filepath.Join(dir, file)
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		now := bytes.Replace(was, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(was, now) {
			t.Errorf("%s: %s has no %q", s.Slug, file, change[0])
		}
		if err := os.WriteFile(path, now, 0o600); err != nil {
			t.Fatal(err)
		}
		found := 0
		for i, line := range lines {
			if _, err := script.RunCopied(t.Context(), dir, binary, line); err != nil {
				found |= 1 << i
			}
		}
		want := map[string]int{"leaves.txt": 4, "votes.csv": 7}[file]
		if want == 0 {
			want = 3 // by its hash, and by what is computed
		}
		if found&want != want {
			t.Errorf("%s: %s was exchanged, and lines %b found it, not %b", s.Slug, file, found, want)
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
