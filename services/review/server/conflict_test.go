package server_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

// TestConflict finds conflicts by every way, lets an organizer overrule each,
// and keeps the candidate from the juror.
func TestConflict(t *testing.T) {
	r := frozen(t, with("nominee: person", "nominee: person\nattributes: [conflicts]", isAll, "sees_others: after_own,"),
		event.CandidateAdmitted{Attributes: map[string]string{"employer": "陇运 速递（兰州）"}},
		event.CandidateAdmitted{Attributes: map[string]string{"recommended_by": "ABC"}},
		event.CandidateAdmitted{Attributes: map[string]string{"conflicts": "Somebody、買買提．艾力"}},
		event.CandidateAdmitted{})
	r.seat(
		review.Person{ID: "a", Name: "Ann", Employer: "陇运速递【兰州】"},
		review.Person{ID: "b", Name: "Bo", Employer: "ａｂｃ"},
		review.Person{ID: "c", Name: "買買提·艾力"},
	)
	r.Open(rulebook.PhaseReview)
	organizer := r.as("organizer")
	declare := review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: "4", Reason: "my cousin"}
	_, err := r.DeclareConflict(r.as("a"), review.DeclareConflict{Slug: slug, Panel: "experts", Candidate: "4"})
	if !cmp.Equal(testkit.Fields(err), []string{"reason"}) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := r.DeclareConflict(r.as("x"), declare); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
	for range 2 { // again is fine
		if c, err := r.DeclareConflict(r.as("a"), declare); err != nil || !c.Recused {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	got, err := r.ListConflicts(organizer, experts)
	if err != nil {
		t.Fatal(err)
	}
	want := []review.Conflict{
		{Juror: "a", Candidate: 1, Grounds: []review.Ground{{Source: "employer", Detail: "陇运速递【兰州】"}}, Recused: true},
		{Juror: "a", Candidate: 4, Grounds: []review.Ground{{Source: "declared", Detail: "my cousin"}}, Recused: true},
		{Juror: "b", Candidate: 2, Grounds: []review.Ground{{Source: "recommended_by", Detail: "ａｂｃ"}}, Recused: true},
		{Juror: "c", Candidate: 3, Grounds: []review.Ground{{Source: "entry", Detail: "買買提．艾力"}}, Recused: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	if got := r.mine("a"); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("a sees %v", got)
	}
	if err := r.score("a", 4, "90", "80"); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused juror scores: %v", err)
	}
	if err := r.score("b", 1, "90", "80"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ListPeers(r.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: "1"}); !errors.Is(err, review.ErrUnassigned) {
		t.Errorf("a recused juror reads scores: %v", err)
	}
	no := false
	pinned, err := r.PinConflict(organizer, review.PinConflict{Slug: slug, Panel: "experts", Juror: "a", Candidate: 1, Reason: "another firm of that name"})
	said := review.Conflict{Juror: "a", Candidate: 1, Grounds: want[0].Grounds, Pinned: &no, Reason: "another firm of that name"}
	if diff := cmp.Diff(said, pinned); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got := r.mine("a"); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("a sees %v", got)
	}
	r.Close(rulebook.PhaseReview)
	if _, err := r.ExportScores(r.as("a"), review.Of{Slug: slug}); !errors.Is(err, review.ErrRecused) {
		t.Errorf("a recused juror exports scores: %v", err)
	}
	r.Tell("selection", "notice", event.NoticePosted{})
	late := review.PinConflict{Slug: slug, Panel: "experts", Juror: "a", Candidate: 2, Conflicted: true, Reason: "late"}
	if _, err := r.PinConflict(organizer, late); !errors.Is(err, review.ErrPhase) {
		t.Errorf("after the notice: %v", err)
	}
}
