package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/server"
)

// TestSearch decides by a job what the budget at once did not: it goes on with a
// larger budget until there is a result, and is kept while its inputs are.
func TestSearch(t *testing.T) {
	made := testkit.NewRoom(t, review.Name, server.Migrations(), server.Config{SearchBudget: 100}.New)
	r := &room{made, made.Selection(slug), review.NewClient(made.Caller), t}
	r.Freeze(with("seats: 1}]", "seats: 2}]\nquotas: [{attribute: gender, value: female, min: 1}]"))
	of := func(gender string) event.CandidateAdmitted {
		return event.CandidateAdmitted{Attributes: map[string]string{"gender": gender}}
	}
	r.Admit(of("male"), of("male"), of("female"))
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	r.scoreAll()
	organizer, selection := r.as("organizer"), review.Of{Slug: slug}
	order := func(budget int64) error {
		_, err := r.OrderSearch(organizer, review.OrderSearch{Slug: slug, Budget: budget})
		return err
	}
	if _, err := r.GetSearch(organizer, selection); !errors.Is(err, review.ErrUncomputed) {
		t.Errorf("before the close: %v", err)
	}
	if err := order(1000); !errors.Is(err, review.ErrUncomputed) {
		t.Errorf("ordered before the close: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5, 3: 0}})
	undecided := func(when string) review.Search {
		t.Helper()
		if _, err := r.GetResult(organizer, selection); !fault.HasCode(err, "quotas_undecided") {
			t.Fatalf("%s: the result: %v", when, err)
		}
		s, err := r.GetSearch(organizer, selection)
		if err != nil || !s.Undecided || s.Work == 0 {
			t.Fatalf("%s: %+v, %v", when, s, err)
		}
		return s
	}
	first := undecided("at once")
	// What was computed by an earlier version is not noted: whoever asks first finds out.
	if _, err := r.DB.ExecContext(t.Context(), `DELETE FROM search`); err != nil {
		t.Fatal(err)
	}
	if s, err := r.GetSearch(organizer, selection); err != nil || s != first {
		t.Errorf("looked for again: %+v, %v; first %+v", s, err, first)
	}
	for _, budget := range []int64{0, -1, first.Work, review.MostBudget + 1} {
		if err := order(budget); !errors.Is(err, review.ErrInvalid) || fault.From(err).Fields[0].Name != "budget" {
			t.Errorf("with %d: %v", budget, err)
		}
	}
	if _, err := r.CancelSearch(organizer, selection); !errors.Is(err, job.ErrUnknown) {
		t.Errorf("cancelled, where none is at work: %v", err)
	}
	ended := func(budget int64) job.Job {
		t.Helper()
		if err := order(budget); err != nil {
			t.Fatal(err)
		}
		var last job.Job
		testkit.Eventually(t, testkit.Patience, func() error {
			s, err := r.GetSearch(organizer, selection)
			if err == nil && (s.Job == nil || !s.Job.Ended()) {
				err = fmt.Errorf("the search is %+v", s.Job)
			}
			if err == nil {
				last = *s.Job
			}
			return err
		})
		return last
	}
	if j := ended(first.Work + 1); j.State != job.Done {
		t.Errorf("with little more: %+v", j)
	}
	if again := undecided("with little more"); again.Budget != first.Work+1 || again.Work < first.Work {
		t.Errorf("%+v after %+v", again, first)
	}
	if j := ended(1_000_000_000); j.State != job.Done {
		t.Errorf("with enough: %+v", j)
	}
	got, err := r.GetResult(organizer, selection)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got.Ranking), `"candidates":["1","3"]`) {
		t.Errorf("result %s", got.Ranking)
	}
	if s, err := r.GetSearch(organizer, selection); err != nil || s.Undecided {
		t.Errorf("decided: %+v, %v", s, err)
	}
	if err := order(2_000_000_000); !errors.Is(err, review.ErrDecided) {
		t.Errorf("ordered once it is decided: %v", err)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'result_computed'`); n != 1 {
		t.Errorf("result_computed %d times", n)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'order_search'`); n != 2 {
		t.Errorf("%d orders in the audit log", n)
	}
}
