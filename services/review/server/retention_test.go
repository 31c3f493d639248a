package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/server"
)

// TestRetention erases story, attributes and jurors' words about a candidate that
// was struck, half a year after the publication; the result stays as it was
// computed, and its bodies are taken over from where they lay before.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	keeps := testkit.KeepsFor(retention.Periods{Struck: 180 * day, Unpublished: 700 * day})
	made := testkit.NewRoom(t, review.Name, server.Migrations(), server.Config{}.New, keeps)
	r := &room{made, made.Selection(slug), review.NewClient(made.Caller), t}
	r.Freeze(rules)
	of := func(n string) event.CandidateAdmitted {
		return event.CandidateAdmitted{Name: "name-" + n, Deeds: "deeds-" + n, Attributes: map[string]string{"employer": "employer-" + n}}
	}
	r.Admit(of("1"), of("2"), of("3"))
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	r.scoreAll()
	for _, table := range []string{
		`UPDATE sheet SET comment = 'comment-' || candidate, comments = json_build_object('deeds', 'said-' || candidate)`,
		`INSERT INTO declared_conflict SELECT 's-1', 'experts', 'a', n, 'cousin-' || n, now() FROM generate_series(2, 3) n`,
	} {
		if _, err := r.DB.ExecContext(t.Context(), table); err != nil {
			t.Fatal(err)
		}
	}
	r.Strike(3, "withdrew")
	r.Close(rulebook.PhaseReview)
	r.Tell(event.Voting, "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5}})
	before, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	r.Tell(event.Selection, "notice", event.NoticePosted{ResultHash: before.Hash})
	r.Tell(event.Selection, "notice", event.ResultPublished{ResultHash: before.Hash})
	left := func() (found []string) {
		t.Helper()
		var text strings.Builder
		for _, table := range []string{"candidate", "sheet", "declared_conflict", "pin", "second_look"} {
			text.WriteString(strings.Join(r.dump(table), "\n"))
		}
		for _, of := range []string{"-3", "-2"} {
			for _, word := range []string{"name", "deeds", "employer", "comment", "said", "cousin"} {
				if strings.Contains(text.String(), word+of) {
					found = append(found, word+of)
				}
			}
		}
		return found
	}
	ended := r.Clock.Now()
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{179 * day, 12}, {180 * day, 7}} {
		r.Clock.Set(ended.Add(step.after))
		testkit.Erased(t, r.Deps, r.Clock.Now())
		if got := left(); len(got) != step.want || got[0] != "name-3" {
			t.Errorf("after %s: %v", step.after, got)
		}
	}
	report, err := bus.Call[[]retention.Erased](r.as("auditor"), r.Caller, review.Name, run.ListErasures, run.Of{Slug: slug})
	if diff := cmp.Diff([]retention.Erased{{Kind: "struck_candidates", Count: 1, At: r.Clock.Now()}}, report); err != nil || diff != "" {
		t.Errorf("report (-want +got):\n%s%v", diff, err)
	}
	testkit.Adopts(t, r.Deps, r.Clock, before.Hash, before.VotesHash, before.ScoresHash, before.CandidatesHash)
	after, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("the result (-before +after):\n%s%v", diff, err)
	}
	if exported, err := r.ExportScores(r.as("auditor"), review.Of{Slug: slug}); err != nil || exported.Blob != before.ScoresHash {
		t.Errorf("the scores are %+v, %v; the result is of %s", exported, err, before.ScoresHash)
	}
}
