package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/services/review"
)

// TestGaps names, by juror, the sheets that are missing; of the panel it is said
// which are there.
func TestGaps(t *testing.T) {
	r := scoring(t)
	if err := r.score("a", 1, "90", "80"); err != nil {
		t.Fatal(err)
	}
	got, err := r.FindGaps(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	var want []review.Gap
	for i, p := range people {
		gap := review.Gap{Panel: "experts", Juror: p.Name, Candidates: []int{1, 2, 3}}
		if i == 0 {
			gap.Candidates = []int{2, 3}
		}
		want = append(want, gap)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(review.Gap{}, "What")); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	panel := r.panel()
	if diff := cmp.Diff([]int{1}, panel.Jurors[0].Scored); diff != "" || len(panel.Jurors[1].Scored) != 0 {
		t.Errorf("scored (-want +got):\n%s", diff)
	}
	if got, err = r.FindGaps(r.as("a"), review.Of{Slug: slug}); err != nil || len(got) != 1 || got[0].Juror != "" || got[0].What.Code != "gap_hidden" {
		t.Errorf("who sits there is told %+v, %v", got, err)
	}
}
