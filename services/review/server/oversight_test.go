package server_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

// TestOversight reads how jurors agree, sends a sheet back and calls a further
// juror for the candidate whose spread is past the limit.
func TestOversight(t *testing.T) {
	r := frozen(t, with(isAll, "spread_limit: 10,"), make([]event.CandidateAdmitted, 5)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	for c := 1; c <= 5; c++ {
		deeds := 60 + 5*c
		last := deeds
		if c == 1 {
			last = 95
		}
		for juror, x := range map[string]int{"a": deeds, "b": deeds, "c": last + 1} {
			if err := r.score(juror, c, fmt.Sprint(x), fmt.Sprint(x)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := r.GetOversight(r.as("a"), experts); !errors.Is(err, review.ErrOwnPanel) {
		t.Errorf("a juror oversees the panel: %v", err)
	}
	got, err := r.GetOversight(r.as("organizer"), experts)
	if err != nil {
		t.Fatal(err)
	}
	// Of 1: 65, 65, 96. Median 65, MAD 0; 31 / (1.253314 × 31 / 3) is within 3.5.
	first := review.Spread{Candidate: 1, Sheets: 3, Mean: "75.3333", Lowest: "65.0000", Highest: "96.0000", Spread: "31.0000", OverLimit: true}
	if diff := cmp.Diff(first, got.Candidates[0]); diff != "" || len(got.Candidates) != 5 || got.Candidates[1].OverLimit {
		t.Errorf("spreads %+v (-want +got):\n%s", got.Candidates, diff)
	}
	// c: (31 + 4 × 1) / 5; a and b: −(15.5 + 4 × 0.5) / 5.
	lean := []review.Severity{{Juror: "a", Sheets: 5, Lean: "-3.5000"}, {Juror: "b", Sheets: 5, Lean: "-3.5000"}, {Juror: "c", Sheets: 5, Lean: "7.0000"}}
	if diff := cmp.Diff(lean, got.Jurors); diff != "" {
		t.Errorf("severity (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]review.Alike{{A: "a", B: "b", Candidates: 5, Scores: 10, Equal: 10}}, got.Alike); diff != "" {
		t.Errorf("alike (-want +got):\n%s", diff)
	}

	back := review.SendBack{Slug: slug, Panel: "experts", Juror: "c", Candidate: 1, Reason: "is 96 meant?"}
	none := review.SendBack{Slug: slug, Panel: "experts", Juror: "c", Candidate: 9, Reason: "?"}
	if _, err := r.SendBack(r.as("organizer"), none); !errors.Is(err, review.ErrNoSheet) {
		t.Errorf("no such sheet: %v", err)
	}
	if p, err := r.SendBack(r.as("organizer"), back); err != nil || p.Jurors[2].SecondLooks != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	look := func() (reason string) {
		mine, err := r.ListAssignments(r.as("c"), experts)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range mine {
			reason += a.SecondLook
		}
		return reason
	}
	if got := look(); got != "is 96 meant?" {
		t.Errorf("the juror reads %q", got)
	}
	if err := r.score("c", 1, "90", "90"); err != nil {
		t.Fatal(err)
	}
	if got := look(); got != "" {
		t.Errorf("submitted again, the juror still reads %q", got)
	}

	call := func(candidate int, juror string) error {
		_, err := r.CallFurther(r.as("organizer"), review.CallFurther{
			Slug: slug, Panel: "experts", Candidate: candidate, Juror: review.Person{ID: juror, Name: juror}, Reason: "far apart",
		})
		return err
	}
	if err := call(2, "d"); !errors.Is(err, review.ErrWithinLimit) {
		t.Errorf("within the limit: %v", err)
	}
	if diff := cmp.Diff([]string{"juror"}, testkit.Fields(call(1, "a"))); diff != "" {
		t.Errorf("who scores it already (-want +got):\n%s", diff)
	}
	if err := call(1, "d"); err != nil {
		t.Fatal(err)
	}
	if got := r.mine("d"); !slices.Equal(got, []int{1}) {
		t.Errorf("the further juror scores %v", got)
	}
	if got, err := r.GetOversight(r.as("organizer"), experts); err != nil || !got.Candidates[0].Further {
		t.Errorf("%+v, %v", got.Candidates[0], err)
	}
	if gaps, err := r.ListGaps(r.as("organizer"), review.Of{Slug: slug}); err != nil || !slices.Equal(gaps, []string{"experts: d: 1"}) {
		t.Errorf("gaps %v, %v", gaps, err)
	}
	if err := r.score("d", 1, "70", "70"); err != nil {
		t.Fatal(err)
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug}); err != nil {
		t.Errorf("with a further juror of one candidate: %v", err)
	}
}

// TestSaveSheet_further draws a further juror when the last sheet is in.
func TestSaveSheet_further(t *testing.T) {
	r := frozen(t, with(isAll, isRandom+" spread_limit: 10,"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	drawn := map[int][]string{}
	for _, j := range r.panel().Jurors {
		for _, c := range j.Candidates {
			drawn[c] = append(drawn[c], j.ID)
		}
	}
	for c, x := range map[int]string{1: "80", 2: "95"} { // beside 80
		if err := errors.Join(r.score(drawn[c][0], c, "80", "80"), r.score(drawn[c][1], c, x, x)); err != nil {
			t.Fatal(err)
		}
	}
	_, scores := loads(r.panel())
	if diff := cmp.Diff(map[int]int{1: 2, 2: 3, 3: 2}, scores); diff != "" {
		t.Errorf("jurors by candidate (-want +got):\n%s", diff)
	}
	if n := r.Count(`SELECT count(*) FROM assignment WHERE further AND candidate = 2`); n != 1 {
		t.Errorf("%d further jurors", n)
	}
	var acts []string
	if err := r.DB.Select(&acts, `SELECT kind || ' ' || actor || ': ' || reason FROM audit WHERE act = 'call_further'`); err != nil {
		t.Fatal(err)
	}
	want := []string{"system spread: the spread of 15.0000, from 80.0000 to 95.0000, is past the rulebook's limit of 10"}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("audited (-want +got):\n%s", diff)
	}
}
