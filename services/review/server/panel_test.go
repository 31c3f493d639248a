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

func TestSeatPanel_refused(t *testing.T) {
	r := setup(t)
	r.Freeze(rules)
	_, err := r.SeatPanel(r.as("organizer"), review.SeatPanel{Slug: slug, Panel: "experts", Jurors: []review.Person{people[0], people[0]}})
	if diff := cmp.Diff([]string{"jurors", "jurors[1]"}, testkit.Fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// TestUnseat_sheets keeps or withdraws what was submitted.
func TestUnseat_sheets(t *testing.T) {
	for sheets, want := range map[string]struct {
		successor []int
		line      string
	}{
		review.KeepSheets:     {[]int{2, 3}, "experts,J1,1,deeds,90\n"},
		review.WithdrawSheets: {[]int{1, 2, 3}, "experts,J1,1,,unassigned\n"},
	} {
		t.Run(sheets, func(t *testing.T) {
			r := scoring(t)
			if err := r.score("a", 1, "90", "80"); err != nil {
				t.Fatal(err)
			}
			unseat := review.UnseatJuror{Slug: slug, Panel: "experts", Juror: "a", Sheets: "burn", Successor: &review.Person{ID: "b"}}
			_, err := r.UnseatJuror(r.as("organizer"), unseat)
			if diff := cmp.Diff([]string{"reason", "sheets", "successor"}, testkit.Fields(err)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			unseat.Sheets, unseat.Reason, unseat.Successor = sheets, "moved away", &review.Person{ID: "d", Name: "Dai"}
			if _, err := r.UnseatJuror(r.as("organizer"), unseat); err != nil {
				t.Fatal(err)
			}
			if _, err := r.UnseatJuror(r.as("organizer"), unseat); !errors.Is(err, review.ErrNotJuror) {
				t.Errorf("twice: %v", err)
			}
			if got := r.mine("d"); !slices.Equal(got, want.successor) {
				t.Errorf("the successor scores %v, want %v", got, want.successor)
			}
			for _, j := range []string{"b", "c", "d"} {
				for _, c := range r.mine(j) {
					if err := r.score(j, c, "70", "70"); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.Close(rulebook.PhaseReview)
			r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
			got, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
			if err != nil {
				t.Fatal(err)
			}
			if scores := string(r.Blob(got.ScoresHash)); !strings.Contains(scores, want.line) {
				t.Errorf("scores lack %q:\n%s", want.line, scores)
			}
			if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'unseat_juror' AND reason = 'moved away'`); n != 1 {
				t.Errorf("%d audit entries", n)
			}
		})
	}
}
