package server_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
)

func TestResult(t *testing.T) {
	r := scoring(t)
	r.scoreAll()
	if _, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug}); !errors.Is(err, review.ErrUncomputed) {
		t.Errorf("before the close: %v", err)
	}
	if _, err := r.ExportScores(r.as("auditor"), review.Of{Slug: slug}); !errors.Is(err, review.ErrPhase) {
		t.Errorf("export before the close: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5, 3: 0}})
	got, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	// Candidate c: sheets 0.6×(60+10c+i) + 0.4×80.5 for i = 0, 1, 2; votes 100, 50, 0.
	want := map[string]string{"1": "84.88", "2": "68.48", "3": "52.08"}
	var out struct {
		Ranking []struct{ Candidate, Total, Award string }
	}
	if err := json.Unmarshal(got.Ranking, &out); err != nil {
		t.Fatal(err)
	}
	totals := map[string]string{}
	for _, x := range out.Ranking {
		totals[x.Candidate] = x.Total
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if out.Ranking[0].Candidate != "1" || out.Ranking[0].Award != "winner" {
		t.Errorf("ranking %+v", out.Ranking)
	}
	exported, err := r.ExportScores(r.as("auditor"), review.Of{Slug: slug})
	if err != nil || exported.Blob != got.ScoresHash || exported.Rows != 18 {
		t.Errorf("export = %+v, %v; the result is of %s", exported, err, got.ScoresHash)
	}
	if votes := string(r.Blob(got.VotesHash)); votes != "candidate,votes\n1,10\n2,5\n3,0\n" {
		t.Errorf("votes:\n%s", votes)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'result_computed'`); n != 1 {
		t.Errorf("result_computed %d times", n)
	}
}

// TestResult_first has a result that a version before this computed, whose reasons are
// sentences and which names no candidates: it stays in force while the inputs are the
// same, and who reads it gets its own bytes. What is computed of others is of today.
func TestResult_first(t *testing.T) {
	of := func(gender string) event.CandidateAdmitted {
		return event.CandidateAdmitted{Attributes: map[string]string{"gender": gender, "region": "Lanzhou"}}
	}
	r := frozen(t, with("seats: 1}]", "seats: 2}]\nquotas: [{attribute: gender, value: female, min: 1}]"), of("male"), of("male"), of("female"))
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 10, 2: 5, 3: 0}})
	organizer, selection := r.as("organizer"), review.Of{Slug: slug}
	read := func() (review.Result, string) {
		t.Helper()
		got, err := r.GetResult(organizer, selection)
		if err != nil {
			t.Fatal(err)
		}
		return got, string(r.Blob(got.Hash))
	}
	now, text := read()
	if !strings.Contains(text, `"code":"passed_over"`) {
		t.Fatalf("no codes: %s", text)
	}
	// What is hashed has what quotas decide by, and no more.
	want := "candidate,name,gender\n1,Candidate 1,male\n2,Candidate 2,male\n3,Candidate 3,female\n"
	if diff := cmp.Diff(want, string(r.Blob(now.CandidatesHash))); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	var computed ranking.Result
	if err := json.Unmarshal(now.Ranking, &computed); err != nil {
		t.Fatal(err)
	}
	document, err := review.Result{Slug: slug, RulebookHash: now.RulebookHash, VotesHash: now.VotesHash, ScoresHash: now.ScoresHash}.Document(&computed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DB.ExecContext(t.Context(), `UPDATE result SET hash = $1, candidates_hash = ''`, r.Keep(review.Name, document)); err != nil {
		t.Fatal(err)
	}
	r.Close(rulebook.PhaseReview) // it is computed again
	first, text := read()
	if text != string(document) || first.CandidatesHash != "" ||
		!strings.Contains(text, "award winner: passed over as the seats left are needed") || strings.Contains(text, `"code"`) {
		t.Errorf("in force: %s", text)
	}
	r.Strike(2, "withdrew")
	if other, text := read(); other.Hash == first.Hash || other.CandidatesHash == "" || !strings.Contains(text, `"code":"component"`) {
		t.Errorf("of other inputs: %s", text)
	}
}

// TestResult_missing closes review with a gap, which a recusal ends.
func TestResult_missing(t *testing.T) {
	r := scoring(t)
	for _, j := range people {
		for c := 1; c <= 3; c++ {
			if j.ID == "b" && c == 2 {
				continue
			}
			if err := r.score(j.ID, c, "90", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if gaps, err := r.ListGaps(r.as("organizer"), review.Of{Slug: slug}); err != nil || len(gaps) != 1 || gaps[0] != "experts: Bo: 2" {
		t.Errorf("gaps = %v, %v", gaps, err)
	}
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1, 2: 1, 3: 1}})
	r.Close(rulebook.PhaseReview)
	_, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if !errors.Is(err, review.ErrMissing) || len(fault.From(err).Fields) != 1 {
		t.Fatalf("with a gap: %v", err)
	}
	recuse := review.RecuseJuror{Slug: slug, Panel: "experts", Juror: "b", Candidate: 2, Reason: "related"}
	for range 2 { // again is fine
		if _, err := r.RecuseJuror(r.as("organizer"), recuse); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if scores := string(r.Blob(got.ScoresHash)); !strings.Contains(scores, "experts,J2,2,,recused\n") {
		t.Errorf("scores do not tell the recusal:\n%s", scores)
	}
	if _, err := r.RecuseJuror(r.as("organizer"), review.RecuseJuror{Slug: slug, Panel: "experts", Juror: "b", Candidate: 1}); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
}

// TestLot draws no result before the value is recorded, and records it only
// between the seal and the motion.
func TestLot(t *testing.T) {
	r := frozen(t, with("lot]", "lot]\n  lot: {source: {en: SSE close of May 8}}"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	for _, j := range people {
		for c := 1; c <= 2; c++ {
			if err := r.score(j.ID, c, "80", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	organizer, of := r.as("organizer"), review.Of{Slug: slug}
	record := review.RecordLot{Slug: slug, Value: " 3371.25 ", Reason: "sse.com.cn, May 8, 15:00"}
	if _, err := r.RecordLot(organizer, record); !errors.Is(err, review.ErrPhase) {
		t.Errorf("before the counts are final: %v", err)
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 2, Votes: map[int]int64{1: 1, 2: 1}})
	if _, err := r.GetResult(organizer, of); !errors.Is(err, review.ErrLot) {
		t.Errorf("without the value: %v", err)
	}
	if _, err := r.GetLot(organizer, of); !errors.Is(err, review.ErrLot) {
		t.Errorf("no value: %v", err)
	}
	if _, err := r.RecordLot(organizer, review.RecordLot{Slug: slug}); !cmp.Equal(testkit.Fields(err), []string{"value", "reason"}) {
		t.Errorf("nothing: %v", err)
	}
	if lot, err := r.RecordLot(organizer, record); err != nil || lot.Value != "3371.25" || lot.At == nil {
		t.Fatalf("%+v, %v", lot, err)
	}
	got, err := r.GetResult(organizer, of)
	if err != nil {
		t.Fatal(err)
	}
	var ranking struct{ Lot string }
	if err := json.Unmarshal(got.Ranking, &ranking); err != nil || ranking.Lot != "3371.25" {
		t.Errorf("the result draws from %q, %v", ranking.Lot, err)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'record_lot' AND reason LIKE 'sse.com.cn%'`); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseDecision)
	if _, err := r.PutMotion(organizer, review.PutMotion{Slug: slug, Motion: "adopt"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RecordLot(organizer, record); !errors.Is(err, review.ErrMoved) {
		t.Errorf("after the motion: %v", err)
	}
	own := scoring(t)
	if _, err := own.RecordLot(organizer, record); !cmp.Equal(testkit.Fields(err), []string{"value"}) {
		t.Errorf("where the rulebook has the value: %v", err)
	}
}
