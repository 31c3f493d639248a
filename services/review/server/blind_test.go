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
			Candidate: r.called("a", 1), Attributes: map[string]string{"region": "Lanzhou"}, Hidden: rulebook.BlindFields(),
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
	if err := r.DB.Select(&codes, `SELECT code FROM code WHERE account = 'a' ORDER BY candidate`); err != nil {
		t.Fatal(err)
	}
	if len(codes) != len(mine) || slices.IsSorted(codes) {
		t.Errorf("by number the codes are %v", codes)
	}

	first := mine[0].Candidate
	number := r.number("a", first)
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
	var late []string
	if err := r.DB.Select(&late, `SELECT code FROM code WHERE candidate = $1`, candidates+1); err != nil {
		t.Fatal(err)
	}
	if len(late) != 2 || slices.ContainsFunc(late, func(code string) bool { return !form.MatchString(code) }) {
		t.Errorf("the late candidate is called %v", late)
	}
	if seed := r.panel().Seed; len(strings.Split(seed, "/")) != 3 || len(seed) < 64+len("/experts/")+20 {
		t.Errorf("seed %q", seed)
	}
}

// TestBlind_own gives jurors codes of their own: two who compare theirs learn of
// no candidate that they share.
func TestBlind_own(t *testing.T) {
	const candidates = 60
	r := frozen(t, with(isAll, "blind: [photo],"), make([]event.CandidateAdmitted, candidates)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	same := 0
	for n := 1; n <= candidates; n++ {
		if r.called("a", n) == r.called("b", n) {
			same++
		}
	}
	if same > 2 { // by chance, one of 24,000 pairs
		t.Errorf("%d of %d candidates have one code with two jurors", same, candidates)
	}
	var foreign string // a code of one juror that the other does not have
	if err := r.DB.Get(&foreign, `SELECT min(code) FROM code WHERE account = 'a' AND code NOT IN (SELECT code FROM code WHERE account = 'b')`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SaveSheet(r.as("b"), review.SaveSheet{Slug: slug, Panel: "experts", Candidate: foreign, Abstain: true}); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("by another's code: %v", err)
	}
}

// TestBlind_quiet has a juror declare a conflict by public number: the sheet
// counts no more, and nothing that the juror reads or may do has changed, so
// that it does not tell whose code it is. Declared by the code, it is gone.
func TestBlind_quiet(t *testing.T) {
	r := frozen(t, with(isAll, "blind: [photo], sees_others: after_own,"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	code := r.called("a", 2)
	list := func() []review.Assignment {
		t.Helper()
		all, err := r.ListAssignments(r.as("a"), experts)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	declare := func(candidate string) review.Declared {
		t.Helper()
		d, err := r.DeclareConflict(r.as("a"), review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: candidate, Reason: "kin"})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	before := list()
	if d := declare("2"); d.Candidate != "2" || !d.Recused {
		t.Errorf("%+v", d)
	}
	if diff := cmp.Diff(before, list()); diff != "" {
		t.Errorf("the list has changed (-before +after):\n%s", diff)
	}
	if assigned, _ := loads(r.panel()); assigned["a"] != 2 {
		t.Errorf("the juror scores %d candidates that count, want 2", assigned["a"])
	}
	for c := 1; c <= 3; c++ { // all sheets are taken alike
		if err := r.score("a", c, "80", "80.5"); err != nil {
			t.Errorf("candidate %d: %v", c, err)
		}
		if err := r.score("b", c, "90", "80.5"); err != nil {
			t.Fatal(err)
		}
		peers, err := r.ListPeers(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: r.called("a", c)})
		if err != nil || len(peers) != 1 {
			t.Errorf("peers of candidate %d: %+v, %v", c, peers, err)
		}
	}
	var counted int
	if err := r.DB.Get(&counted, `
		SELECT count(*) FROM due JOIN last_sheet s USING (slug, panel, account, candidate) WHERE account = 'a' AND s.submitted`); err != nil || counted != 2 {
		t.Errorf("%d sheets of the juror count, want 2; %v", counted, err)
	}
	if d := declare(code); d.Candidate != code || !d.Recused {
		t.Errorf("%+v", d)
	}
	if after := list(); len(after) != 2 {
		t.Errorf("%d candidates are listed after a conflict was declared by code, want 2", len(after))
	}
}
