package server_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/review/server"
)

// undecided is a room whose search ends undecided at once, in its meeting. Of the
// candidates 1 to 3, best first, the third is the only woman; one seat is hers.
func undecided(t *testing.T) *room {
	t.Helper()
	made := testkit.NewRoom(t, review.Name, server.Migrations(), server.Config{SearchBudget: 100}.New)
	r := &room{made, made.Selection(slug), review.NewClient(made.Caller), t}
	r.Freeze(with("seats: 1}]", "seats: 2}]\nquotas: [{attribute: gender, value: female, min: 1}]"))
	of := func(gender string) event.CandidateAdmitted {
		return event.CandidateAdmitted{Name: "the " + gender, Attributes: map[string]string{"gender": gender}}
	}
	r.Admit(of("male"), of("male"), of("female"))
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: map[int]int64{1: 100, 2: 50, 3: 0}})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseDecision)
	return r
}

// move puts a motion that gives candidates the award.
func (r *room) move(winners ...int) error {
	in := review.PutMotion{Slug: slug, Motion: "fill the seats"}
	for _, n := range winners {
		in.Seats = append(in.Seats, review.Awarded{Candidate: n, Award: "winner"})
	}
	_, err := r.PutMotion(r.as("organizer"), in)
	return err
}

// decide lets all vote alike, and closes the vote.
func (r *room) decide(choice string) review.Decision {
	r.t.Helper()
	for _, p := range people {
		if _, err := r.VoteMotion(r.as(p.ID), review.VoteMotion{Slug: slug, Choice: choice}); err != nil {
			r.t.Fatal(err)
		}
	}
	d, err := r.CloseMotion(r.as("organizer"), review.CloseMotion{Slug: slug})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// TestMotion_seats ends an undecided search by a decision of the committee.
func TestMotion_seats(t *testing.T) {
	r := undecided(t)
	organizer, selection := r.as("organizer"), review.Of{Slug: slug}
	if err := r.move(); !fault.HasCode(err, "quotas_undecided") {
		t.Errorf("a motion without a result: %v", err)
	}
	for code, winners := range map[string][]int{
		"seat_number": {1}, "seat_candidate": {1, 4}, "seat_twice": {3, 3}, "seat_quota": {1, 2}, "seat_passed": {2, 3},
	} {
		err := r.move(winners...)
		if !errors.Is(err, review.ErrInvalid) || fault.From(err).Fields[0].Name != "seats" || fault.From(err).Fields[0].Code != code {
			t.Errorf("%v: %v, want %s", winners, err, code)
		}
	}
	if n := r.Count(`SELECT (SELECT count(*) FROM motion) + (SELECT count(*) FROM result) + (SELECT count(*) FROM audit WHERE act = 'put_motion')`); n != 0 {
		t.Errorf("refused motions leave %d rows", n)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(r.move(1, 3))
	_, err := r.OrderSearch(organizer, review.OrderSearch{Slug: slug, Budget: 1_000_000_000})
	if !errors.Is(err, review.ErrMoved) {
		t.Errorf("a search while the committee votes: %v", err)
	}
	if d := r.decide(review.Against); d.Outcome != review.Rejected {
		t.Errorf("rejected: %+v", d)
	}
	if _, err := r.GetResult(organizer, selection); !fault.HasCode(err, "quotas_undecided") {
		t.Errorf("the result after a rejected motion: %v", err)
	}
	must(r.move(3, 1))
	meeting, err := r.GetMeeting(organizer, review.OfMeeting{Slug: slug})
	must(err)
	want := []review.Awarded{{Candidate: 3, Name: "the female", Award: "winner"}, {Candidate: 1, Name: "the male", Award: "winner"}}
	if diff := cmp.Diff(want, meeting.Motion().Seats); diff != "" {
		t.Errorf("seats of the motion (-want +got):\n%s", diff)
	}
	decision := r.decide(review.For)
	if decision.Outcome != review.Approved {
		t.Fatalf("approved: %+v", decision)
	}
	got, err := r.GetResult(organizer, selection)
	must(err)
	var found ranking.Result
	must(json.Unmarshal(got.Ranking, &found))
	if got.Hash != decision.ResultHash || !found.Decided || !slices.Equal(found.Awards[0].Candidates, []string{"1", "3"}) {
		t.Errorf("result %s of %s: %s", got.Hash, decision.ResultHash, got.Ranking)
	}
	if s, err := r.GetSearch(organizer, selection); err != nil || s.Undecided {
		t.Errorf("the search: %+v, %v", s, err)
	}
	if _, err := r.OrderSearch(organizer, review.OrderSearch{Slug: slug, Budget: 1_000_000_000}); !errors.Is(err, review.ErrDecided) {
		t.Errorf("a search after the decision: %v", err)
	}
	var names []string
	must(r.DB.Select(&names, `SELECT name FROM outbox WHERE name IN ('result_computed', 'decision_made') ORDER BY seq`))
	if !slices.Equal(names, []string{"decision_made", "result_computed", "decision_made"}) {
		t.Errorf("told: %v", names)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'put_motion' AND detail->>'seats' IS NOT NULL`); n != 2 {
		t.Errorf("%d motions in the audit log with their seats", n)
	}
}

// TestMotion_seats_overtaken closes a motion whose seats were voted on and are no
// more: the search has decided meanwhile, or a candidate was struck.
func TestMotion_seats_overtaken(t *testing.T) {
	for name, meanwhile := range map[string]func(r *room){
		"struck": func(r *room) { r.Strike(2, "withdrew") },
		"decided": func(r *room) {
			if _, err := r.DB.Exec(`
				INSERT INTO result (slug, seq, hash, computed_at, votes_hash, scores_hash) VALUES ($1, 1, 'h', now(), 'v', 's')`, slug); err != nil {
				r.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := undecided(t)
			if err := r.move(1, 3); err != nil {
				t.Fatal(err)
			}
			meanwhile(r)
			if d := r.decide(review.For); d.Outcome != review.Overtaken || d.For != len(people) {
				t.Errorf("outcome %+v", d)
			}
			if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made' AND (data->>'approved')::bool`); n != 0 {
				t.Error("it is told as approved")
			}
		})
	}
}

// TestMotion_seats_decided refuses to fill seats otherwise that are decided.
func TestMotion_seats_decided(t *testing.T) {
	r := scoring(t)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseDecision)
	if err := r.move(1); !errors.Is(err, review.ErrDecided) {
		t.Errorf("err = %v", err)
	}
}
