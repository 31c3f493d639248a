package server_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// TestAssignments_blind hides what the rulebook says, and nothing more.
func TestAssignments_blind(t *testing.T) {
	admitted := event.CandidateAdmitted{
		Attributes: map[string]string{"employer": "Longyun", "region": "Lanzhou", "conflicts": "Ann's rival"},
		Deeds:      "Longyun praises Candidate 1 of Lanzhou.",
	}
	more := "missing: refuse}"
	for id, blind := range map[string]string{"region": "[region]", "deeds": "[deeds]", "open": "false"} {
		more += fmt.Sprintf("\n    - {id: %s, jurors: 1, blind: %s, criteria: [{id: deeds}]}", id, blind)
	}
	r := frozen(t, with("missing: refuse}", more, "nominee: person", "nominee: person\nattributes: [conflicts]"), admitted)
	r.Open(rulebook.PhaseReview)
	both := map[string]string{"employer": "Longyun", "region": "Lanzhou"}
	r.seat(people...)
	for panel, want := range map[string]review.Assignment{
		"experts": {
			Candidate: r.called(1), Attributes: map[string]string{"region": "Lanzhou"}, Hidden: rulebook.BlindFields(),
			Deeds: "■■ praises ■■ of Lanzhou.",
		},
		"region": {
			Candidate: "1", Name: "Candidate 1", Attributes: map[string]string{"employer": "Longyun"}, Hidden: []string{"region"},
			Deeds: "Longyun praises Candidate 1 of ■■.",
		},
		"deeds": {Candidate: "1", Name: "Candidate 1", Attributes: both, Hidden: []string{"deeds"}},
		"open":  {Candidate: "1", Name: "Candidate 1", Attributes: both, Deeds: admitted.Deeds},
	} {
		if panel != "experts" {
			if _, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: panel, Jurors: people[:1]}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := r.ListAssignments(r.as("a"), review.OfPanel{Slug: slug, Panel: panel})
		if diff := cmp.Diff([]review.Assignment{want}, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", panel, err, diff)
		}
	}
}

// TestBlind_codes calls candidates by what tells nothing of their numbers, in
// every answer that a juror gets and in the order of lists.
func TestBlind_codes(t *testing.T) {
	const candidates = 40
	r := frozen(t, with(isAll, "blind: [photo], sees_others: after_own, assign: random, min_scores: 2,"), make([]event.CandidateAdmitted, candidates)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	mine, err := r.ListAssignments(r.as("a"), experts)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^[A-HJ-NP-Z]-\d{3}$`)
	seen := map[string]bool{}
	keys := make([]string, len(mine))
	for i, a := range mine {
		sum := md5.Sum([]byte("a/" + a.Candidate))
		keys[i] = hex.EncodeToString(sum[:])
		if !form.MatchString(a.Candidate) || seen[a.Candidate] {
			t.Errorf("a candidate is called %q", a.Candidate)
		}
		seen[a.Candidate] = true
	}
	if !slices.IsSorted(keys) {
		t.Errorf("the list's order is not made of what the juror knows: %+v", mine)
	}
	var codes []string
	if err := r.DB.Select(&codes, `SELECT code FROM code ORDER BY candidate`); err != nil {
		t.Fatal(err)
	}
	if len(codes) != candidates || slices.IsSorted(codes) {
		t.Errorf("by number the codes are %v", codes)
	}

	first := mine[0].Candidate
	number := r.number(first)
	of := review.OfSheet{Slug: slug, Panel: "experts", Candidate: strings.ToLower(first)}
	var answers []string
	take := func(candidate string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, candidate)
	}
	save := review.SaveSheet{Slug: slug, Panel: "experts", Candidate: first, Scores: map[string]string{"deeds": "90"}}
	saved, err := r.SaveSheet(r.as("a"), save)
	take(saved.Candidate, err)
	save.Submit, save.Scores = true, map[string]string{"deeds": "90", "skill": "90"}
	saved, err = r.SaveSheet(r.as("a"), save)
	take(saved.Candidate, err)
	revisions, err := r.ListRevisions(r.as("a"), of)
	if len(revisions) != 2 || revisions[0].Submitted || !revisions[1].Submitted {
		t.Errorf("revisions %+v", revisions)
	}
	for _, s := range revisions {
		take(s.Candidate, err)
	}
	declared, err := r.DeclareConflict(r.as("a"), review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: first, Reason: "kin"})
	take(declared.Candidate, err)
	if !declared.Recused {
		t.Errorf("%+v", declared)
	}
	if want := []string{first, first, first, first, first}; !slices.Equal(answers, want) {
		t.Errorf("answers are about %v, want %v", answers, want)
	}

	// A number or a code that is not theirs is one and the same to a juror.
	for _, name := range []string{fmt.Sprint(number), first, "Q-0000", ""} {
		save.Candidate, of.Candidate = name, name
		if _, err := r.SaveSheet(r.as("a"), save); !errors.Is(err, review.ErrUnassigned) {
			t.Errorf("a sheet of %q: %v", name, err)
		}
		if _, err := r.ListRevisions(r.as("a"), of); !errors.Is(err, review.ErrUnassigned) {
			t.Errorf("revisions of %q: %v", name, err)
		}
		if _, err := r.ListPeers(r.as("a"), of); !errors.Is(err, review.ErrUnassigned) {
			t.Errorf("peers of %q: %v", name, err)
		}
	}
	// Who is admitted late has a code like the others'; the seed is no longer public.
	r.Tell("nomination", "candidate/41", event.CandidateAdmitted{Number: candidates + 1, Name: "Late"})
	if late := r.called(candidates + 1); !form.MatchString(late) || seen[late] {
		t.Errorf("the late candidate is called %q", late)
	}
	if seed := r.panel().Seed; len(strings.Split(seed, "/")) != 3 || len(seed) < 64+len("/experts/")+20 {
		t.Errorf("seed %q", seed)
	}
}
