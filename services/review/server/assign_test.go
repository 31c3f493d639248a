package server_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

func loads(p review.Panel) (jurors map[string]int, scores map[int]int) {
	jurors, scores = map[string]int{}, map[int]int{}
	for _, j := range p.Jurors {
		jurors[j.ID] = j.Assigned
		for _, c := range j.Candidates {
			scores[c]++
		}
	}
	return jurors, scores
}

// TestAssign_random draws when review opens, levels the loads when a juror
// leaves, and takes in who is admitted late.
func TestAssign_random(t *testing.T) {
	r := frozen(t, with(isAll, isRandom), make([]event.CandidateAdmitted, 9)...)
	r.seat(people...)
	if got := r.mine("a"); len(got) != 0 {
		t.Errorf("before review opens: %v", got)
	}
	r.Open(rulebook.PhaseReview)
	before := r.panel()
	if jurors, scores := loads(before); !cmp.Equal(jurors, map[string]int{"a": 6, "b": 6, "c": 6}) || len(scores) != 9 || before.Seed == "" {
		t.Errorf("loads %v, scores %v, seed %q", jurors, scores, before.Seed)
	}
	done := before.Jurors[0].Candidates[0]
	if err := r.score("a", done, "90", "80"); err != nil {
		t.Fatal(err)
	}
	got, err := r.UnseatJuror(r.as("organizer"), review.UnseatJuror{
		Slug: slug, Panel: "experts", Juror: "a", Sheets: review.KeepSheets, Reason: "ill",
		Successor: &review.Person{ID: "d", Name: "Dai"},
	})
	if err != nil {
		t.Fatal(err)
	}
	jurors, scores := loads(got)
	for c := 1; c <= 9; c++ {
		if scores[c] != 2 {
			t.Errorf("candidate %d has %d jurors", c, scores[c])
		}
	}
	if jurors["a"] != 1 || jurors["b"]+jurors["c"]+jurors["d"] != 17 || jurors["d"] < 5 {
		t.Errorf("loads %v", jurors)
	}
	if err := r.score("a", done, "91", "80"); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("who left scores: %v", err)
	}
	r.Tell("nomination", "candidate/10", event.CandidateAdmitted{Number: 10, Name: "Late"})
	if _, scores := loads(r.panel()); scores[10] != 2 {
		t.Errorf("the late candidate has %d jurors", scores[10])
	}
	// A conflict leaves two jurors; a second one too few.
	for i, juror := range []string{"b", "c"} {
		if _, err := r.DeclareConflict(r.as(juror), review.DeclareConflict{
			Slug: slug, Panel: "experts", Candidate: r.called(juror, 10), Reason: "my neighbour",
		}); err != nil {
			t.Fatal(err)
		}
		if short := r.panel().Short; (i == 1) != slices.Contains(short, 10) {
			t.Errorf("after %d conflicts, short of jurors are %v", i+1, short)
		}
	}
}

// TestAssign_abstained draws another juror in the place of who abstains, as far
// as there are any.
func TestAssign_abstained(t *testing.T) {
	r := frozen(t, with(isAll, isRandom), make([]event.CandidateAdmitted, 6)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	abstain := func(juror string) {
		t.Helper()
		in := review.SaveSheet{Slug: slug, Panel: "experts", Candidate: r.called(juror, 1), Abstain: true, Submit: true}
		if _, err := r.SaveSheet(r.as(juror), in); err != nil {
			t.Fatal(err)
		}
	}
	who := func() (jurors []string) {
		for _, j := range r.panel().Jurors {
			if slices.Contains(j.Candidates, 1) {
				jurors = append(jurors, j.ID)
			}
		}
		return jurors
	}
	shy := who()[0]
	abstain(shy)
	if got, short := who(), r.panel().Short; len(got) != 3 || len(short) != 0 {
		t.Errorf("after an abstention candidate 1 is with %v, short are %v", got, short)
	}
	if jurors, _ := loads(r.panel()); jurors["a"]+jurors["b"]+jurors["c"] != 13 || max(jurors["a"], jurors["b"], jurors["c"]) > 5 {
		t.Errorf("loads %v", jurors)
	}
	abstain(slices.DeleteFunc(who(), func(j string) bool { return j == shy })[0])
	if short := r.panel().Short; !slices.Equal(short, []int{1}) {
		t.Errorf("nobody is left for candidate 1, short are %v", short)
	}
	const few = "experts: 1: 1 of 2 scores"
	if gaps := r.gaps("organizer"); !strings.Contains(gaps, few) {
		t.Errorf("gaps %s", gaps)
	}
	call := review.CallFurther{Slug: slug, Panel: "experts", Candidate: 2, Juror: review.Person{ID: "d", Name: "Dai"}, Reason: "too few"}
	if _, err := r.CallFurther(r.as("organizer"), call); !errors.Is(err, review.ErrWithinLimit) {
		t.Errorf("a further juror for who has enough: %v", err)
	}
	call.Candidate = 1
	if p, err := r.CallFurther(r.as("organizer"), call); err != nil || len(p.Short) > 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if gaps := r.gaps("organizer"); strings.Contains(gaps, few) || !strings.Contains(gaps, "experts: Dai: 1") {
		t.Errorf("gaps %s", gaps)
	}
}

func TestAssign_category(t *testing.T) {
	r := frozen(t, with(isAll, "blind: true, assign: category,", "nominee: person", "nominee: person\ncategories: [{id: road}, {id: desk}]"),
		event.CandidateAdmitted{Category: "road"}, event.CandidateAdmitted{Category: "desk"}, event.CandidateAdmitted{Category: "road"})
	_, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: []review.Person{
		{ID: "a", Category: "road"}, {ID: "b"}, {ID: "c", Category: "sea"},
	}})
	if diff := cmp.Diff([]string{"jurors[1].category", "jurors[2].category"}, testkit.Fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	r.seat(review.Person{ID: "a", Category: "road"}, review.Person{ID: "b", Category: "desk"}, review.Person{ID: "c", Category: "road"})
	r.Open(rulebook.PhaseReview)
	if a, b := r.mine("a"), r.mine("b"); !slices.Equal(a, []int{1, 3}) || !slices.Equal(b, []int{2}) {
		t.Errorf("road %v, desk %v", a, b)
	}
}

func TestAssign_hand(t *testing.T) {
	r := frozen(t, with(isAll, "blind: true, assign: hand,"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	hand := func(juror string, candidates ...int) error {
		_, err := r.AssignByHand(r.as("organizer"), review.AssignByHand{Slug: slug, Panel: "experts", Juror: juror, Candidates: candidates})
		return err
	}
	if err := hand("a", 1, 2); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseReview)
	if got := r.mine("a"); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("a scores %v", got)
	}
	if diff := cmp.Diff([]int{3}, r.panel().Short); diff != "" {
		t.Errorf("short (-want +got):\n%s", diff)
	}
	if err := r.score("a", 2, "90", "80"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"candidates[1]", "candidates[2]", "candidates"}, testkit.Fields(hand("a", 1, 1, 9))); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if err := hand("x", 1); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	if err := hand("b", 3); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after the close: %v", err)
	}
	all := scoring(t)
	_, err := all.AssignByHand(all.as("organizer"), review.AssignByHand{Slug: slug, Panel: "experts", Juror: "a"})
	if !cmp.Equal(testkit.Fields(err), []string{"panel"}) {
		t.Errorf("where the rulebook assigns: %v", err)
	}
}
