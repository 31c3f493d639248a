package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/review"
)

// TestSaveSheet_abstain takes no scores, and is no gap.
func TestSaveSheet_abstain(t *testing.T) {
	r := scoring(t)
	sheet := review.SaveSheet{
		Slug: slug, Panel: "experts", Candidate: 1, Abstain: true, Submit: true,
		Scores: map[string]string{"deeds": "90"}, Comments: map[string]string{"charm": "none", "skill": strings.Repeat("长", 2001)},
	}
	_, err := r.SaveSheet(r.as("a"), sheet)
	if diff := cmp.Diff([]string{"scores.deeds", "comments.charm", "comments.skill"}, fields(err)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	sheet.Scores, sheet.Comments = nil, map[string]string{"skill": " cannot tell "}
	saved, err := r.SaveSheet(r.as("a"), sheet)
	want := review.Sheet{
		Panel: "experts", Candidate: 1, Scores: map[string]string{}, Comments: map[string]string{"skill": "cannot tell"},
		Abstained: true, Submitted: true, Revision: 1,
	}
	if diff := cmp.Diff(want, saved, cmpopts.IgnoreFields(review.Sheet{}, "At")); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	for _, j := range people {
		for c := 1; c <= 3; c++ {
			if j.ID == "a" && c == 1 {
				continue
			}
			if err := r.score(j.ID, c, "90", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.phase(event.Review, event.Close)
	r.deliver("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	got, err := r.Result(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if scores := r.blob(got.ScoresHash); !strings.Contains(scores, "experts,J1,1,,abstained\n") {
		t.Errorf("scores do not tell the abstention:\n%s", scores)
	}
}

func TestPeers(t *testing.T) {
	never := scoring(t)
	if _, err := never.Peers(never.as("a"), review.OfSheet{Slug: slug, Panel: "experts", Candidate: 1}); !errors.Is(err, review.ErrPeersHidden) {
		t.Errorf("where the rulebook says never: %v", err)
	}
	r := frozen(t, with(isAll, "sees_others: after_own,"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.phase(event.Review, event.Open)
	of := review.OfSheet{Slug: slug, Panel: "experts", Candidate: 1}
	if err := r.score("b", 1, "90", "80.5"); err != nil {
		t.Fatal(err)
	}
	save := func(in review.SaveSheet) {
		t.Helper()
		in.Slug, in.Panel, in.Candidate = slug, "experts", 1
		if _, err := r.SaveSheet(r.as("a"), in); err != nil {
			t.Fatal(err)
		}
	}
	before := func(how string) {
		t.Helper()
		if _, err := r.Peers(r.as("a"), of); !errors.Is(err, review.ErrOwnFirst) {
			t.Errorf("%s: %v", how, err)
		}
	}
	before("without a sheet")
	save(review.SaveSheet{Scores: map[string]string{"deeds": "70"}})
	before("with a draft")
	save(review.SaveSheet{Abstain: true, Submit: true})
	before("abstaining")
	if err := r.score("a", 1, "70", "70"); err != nil {
		t.Fatal(err)
	}
	got, err := r.Peers(r.as("a"), of)
	want := []review.Peer{{Juror: "J2", Scores: map[string]string{"deeds": "90", "skill": "80.5"}, Total: "86.2000"}}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := r.Peers(r.as("x"), of); !errors.Is(err, review.ErrNotJuror) {
		t.Errorf("a stranger: %v", err)
	}
}

// TestOversight reads how jurors agree, sends a sheet back and calls a further
// juror for the candidate whose spread is past the limit.
func TestOversight(t *testing.T) {
	r := frozen(t, with(isAll, "spread_limit: 10,"), make([]event.CandidateAdmitted, 5)...)
	r.seat(people...)
	r.phase(event.Review, event.Open)
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
	if _, err := r.Oversight(r.as("a"), experts); !errors.Is(err, review.ErrOwnPanel) {
		t.Errorf("a juror oversees the panel: %v", err)
	}
	got, err := r.Oversight(r.as("organizer"), experts)
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
	if _, err := r.SendBack(r.as("organizer"), review.SendBack{Slug: slug, Panel: "experts", Juror: "c", Candidate: 9, Reason: "?"}); !errors.Is(err, review.ErrNoSheet) {
		t.Errorf("no such sheet: %v", err)
	}
	if p, err := r.SendBack(r.as("organizer"), back); err != nil || p.Jurors[2].SecondLooks != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	look := func() (reason string) {
		mine, err := r.Assignments(r.as("c"), experts)
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
	if diff := cmp.Diff([]string{"juror"}, fields(call(1, "a"))); diff != "" {
		t.Errorf("who scores it already (-want +got):\n%s", diff)
	}
	if err := call(1, "d"); err != nil {
		t.Fatal(err)
	}
	if got := r.mine("d"); !slices.Equal(got, []int{1}) {
		t.Errorf("the further juror scores %v", got)
	}
	if got, err := r.Oversight(r.as("organizer"), experts); err != nil || !got.Candidates[0].Further {
		t.Errorf("%+v, %v", got.Candidates[0], err)
	}
	if gaps, err := r.Gaps(r.as("organizer"), review.Of{Slug: slug}); err != nil || !slices.Equal(gaps, []string{"experts: d: 1"}) {
		t.Errorf("gaps %v, %v", gaps, err)
	}
	if err := r.score("d", 1, "70", "70"); err != nil {
		t.Fatal(err)
	}
	r.phase(event.Review, event.Close)
	r.deliver("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.Result(r.as("organizer"), review.Of{Slug: slug}); err != nil {
		t.Errorf("with a further juror of one candidate: %v", err)
	}
}

// TestSaveSheet_further draws a further juror when the last sheet is in.
func TestSaveSheet_further(t *testing.T) {
	r := frozen(t, with(isAll, isRandom+" spread_limit: 10,"), make([]event.CandidateAdmitted, 3)...)
	r.seat(people...)
	r.phase(event.Review, event.Open)
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
	if n := r.count(`SELECT count(*) FROM assignment WHERE further AND candidate = 2`); n != 1 {
		t.Errorf("%d further jurors", n)
	}
}

// TestLot draws no result before the value is recorded, and records it only
// between the seal and the motion.
func TestLot(t *testing.T) {
	r := frozen(t, with("lot]", "lot]\n  lot: {source: {en: SSE close of May 8}}"), make([]event.CandidateAdmitted, 2)...)
	r.seat(people...)
	r.phase(event.Review, event.Open)
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
	r.phase(event.Review, event.Close)
	r.deliver("voting", "seal", event.TallySealed{Ballots: 2, Votes: map[int]int64{1: 1, 2: 1}})
	if _, err := r.Result(organizer, of); !errors.Is(err, review.ErrLot) {
		t.Errorf("without the value: %v", err)
	}
	if _, err := r.Lot(organizer, of); !errors.Is(err, review.ErrLot) {
		t.Errorf("no value: %v", err)
	}
	if _, err := r.RecordLot(organizer, review.RecordLot{Slug: slug}); !cmp.Equal(fields(err), []string{"value", "reason"}) {
		t.Errorf("nothing: %v", err)
	}
	if lot, err := r.RecordLot(organizer, record); err != nil || lot.Value != "3371.25" || lot.At == nil {
		t.Fatalf("%+v, %v", lot, err)
	}
	got, err := r.Result(organizer, of)
	if err != nil {
		t.Fatal(err)
	}
	var ranking struct{ Lot string }
	if err := json.Unmarshal(got.Ranking, &ranking); err != nil || ranking.Lot != "3371.25" {
		t.Errorf("the result draws from %q, %v", ranking.Lot, err)
	}
	if n := r.count(`SELECT count(*) FROM audit WHERE act = 'record_lot' AND reason LIKE 'sse.com.cn%'`); n != 1 {
		t.Errorf("%d audit entries", n)
	}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.phase(event.Decision, event.Open)
	if _, err := r.Move(organizer, review.Move{Slug: slug, Motion: "adopt"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RecordLot(organizer, record); !errors.Is(err, review.ErrMoved) {
		t.Errorf("after the motion: %v", err)
	}
	own := scoring(t)
	if _, err := own.RecordLot(organizer, record); !cmp.Equal(fields(err), []string{"value"}) {
		t.Errorf("where the rulebook has the value: %v", err)
	}
}
