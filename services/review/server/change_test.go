package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/ranking"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// meets brings the room of a rulebook to where the committee decides; each
// candidate gets as many votes as is said.
func meets(t *testing.T, document string, votes map[int]int64, candidates ...event.CandidateAdmitted) *room {
	t.Helper()
	r := frozen(t, document, candidates...)
	r.seat(people...)
	r.Open(rulebook.PhaseReview)
	for _, j := range people {
		for c := range candidates {
			if err := r.score(j.ID, c+1, "80", "80"); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 10, Votes: votes})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	r.Open(rulebook.PhaseDecision)
	return r
}

// put puts a motion.
func (r *room) put(in review.PutMotion) error {
	in.Slug = slug
	if in.Motion == "" {
		in.Motion = "so be it"
	}
	_, err := r.PutMotion(r.as("organizer"), in)
	return err
}

// winners are who gets an award by the result in force.
func (r *room) winners() (found ranking.Result, winners string) {
	r.t.Helper()
	got, err := r.GetResult(r.as("organizer"), review.Of{Slug: slug})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := json.Unmarshal(got.Ranking, &found); err != nil {
		r.t.Fatal(err)
	}
	for _, a := range found.Awards {
		winners += strings.Join(a.Candidates, " ")
	}
	return found, winners
}

// wrong is the first field of a fault, and its code.
func wrong(err error) string {
	if !errors.Is(err, review.ErrInvalid) {
		return fmt.Sprint(err)
	}
	f := fault.From(err).Fields[0]
	return f.Name + " " + f.Code
}

// TestMotion_replace changes the list by a motion with a reason and its own
// majority; a later motion adopts it.
func TestMotion_replace(t *testing.T) {
	r := meets(t, with("approve: 2/3", "approve: 1/2, approve_change: 3/4"), map[int]int64{1: 5, 2: 3, 3: 2}, make([]event.CandidateAdmitted, 3)...)
	const why = "the winner has asked for it"
	for want, in := range map[string]review.PutMotion{
		"reason required":       {Kind: review.Replace, Out: 1, In: 2},
		"out required":          {Kind: review.Replace, In: 2, Reason: why},
		"in required":           {Kind: review.Replace, Out: 1, Reason: why},
		"out without_award":     {Kind: review.Replace, Out: 3, In: 2, Reason: why},
		"in has_award":          {Kind: review.Replace, Out: 1, In: 1, Reason: why},
		"in seat_candidate":     {Kind: review.Replace, Out: 1, In: 9, Reason: why},
		"in motion_takes_none":  {Kind: review.LeaveEmpty, Out: 1, In: 2, Reason: why},
		"out motion_takes_none": {Out: 1},
		"kind not_one_of":       {Kind: "crown"},
	} {
		if got := wrong(r.put(in)); got != want {
			t.Errorf("%+v: %s, want %s", in, got, want)
		}
	}
	if n := r.Count(`SELECT (SELECT count(*) FROM motion) + (SELECT count(*) FROM audit WHERE act = 'put_motion')`); n != 0 {
		t.Errorf("refused motions leave %d rows", n)
	}
	replace := review.PutMotion{Kind: review.Replace, Out: 1, In: 3, Reason: why}
	if err := r.put(replace); err != nil {
		t.Fatal(err)
	}
	for i, choice := range []string{review.For, review.For, review.Against} {
		if _, err := r.VoteMotion(r.as(people[i].ID), review.VoteMotion{Slug: slug, Choice: choice}); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := r.CloseMotion(r.as("organizer"), review.CloseMotion{Slug: slug}); err != nil || d.Outcome != review.Rejected {
		t.Errorf("two of three, where three of four are needed: %+v, %v", d, err)
	}
	if err := r.put(replace); err != nil {
		t.Fatal(err)
	}
	d := r.decide(review.For)
	if found, who := r.winners(); d.Outcome != review.Changed || who != "3" || !found.Changed || found.Decided {
		t.Errorf("adopted: %+v, winner %s, %+v", d, who, found)
	}
	if _, err := r.PinConflict(r.as("organizer"), review.PinConflict{
		Slug: slug, Panel: "experts", Juror: "a", Candidate: 2, Reason: "no kin", Conflicted: false,
	}); err != nil {
		t.Fatal(err)
	}
	if _, who := r.winners(); who != "3" {
		t.Errorf("computed again, the winner is %s", who)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made'`); n != 0 {
		t.Error("a change of the list is told as the decision")
	}
	m := r.meeting("organizer", false).Motion()
	if m.Kind != review.Replace || m.Reason != why || m.Out.Candidate != 1 || m.In.Candidate != 3 || m.Approve != "3/4" {
		t.Errorf("in the minutes: %+v", m)
	}
	if d := r.adopt(); d.Outcome != review.Approved || d.ResultHash != m.ResultHash {
		t.Errorf("the list adopted: %+v", d)
	}
	var made event.DecisionMade
	if r.event("decision_made", &made); !made.Approved || made.ResultHash != m.ResultHash {
		t.Errorf("told: %+v", made)
	}
}

// TestMotion_replace_fallen has a change fall whose inputs are others.
func TestMotion_replace_fallen(t *testing.T) {
	r := meets(t, rules, map[int]int64{1: 5, 2: 3, 3: 2}, make([]event.CandidateAdmitted, 3)...)
	if err := r.put(review.PutMotion{Kind: review.Replace, Out: 1, In: 3, Reason: "so it is"}); err != nil {
		t.Fatal(err)
	}
	r.decide(review.For)
	r.Strike(3, "withdrew")
	if _, who := r.winners(); who != "1" || r.meeting("organizer", false).Motion().Outcome != review.Fallen {
		t.Errorf("winner %s, %+v", who, r.meeting("organizer", false).Motion())
	}
}

// TestMotion_quota keeps changes of the list within the quotas, and names what
// would be broken.
func TestMotion_quota(t *testing.T) {
	of := func(employer string) event.CandidateAdmitted {
		return event.CandidateAdmitted{Attributes: map[string]string{"employer": employer}}
	}
	r := meets(t, with("seats: 1}]", "seats: 2}]\nquotas: [{attribute: employer, max: 1}]"), map[int]int64{1: 5, 2: 3, 3: 2}, of("A"), of("B"), of("A"))
	err := r.put(review.PutMotion{Kind: review.Replace, Out: 2, In: 3, Reason: "so it is"})
	if got := wrong(err); got != "in seat_quota" || !strings.Contains(fault.From(err).Fields[0].Params["quota"], "employer") {
		t.Errorf("%s: %v", got, err)
	}
	if err := r.put(review.PutMotion{Kind: review.LeaveEmpty, Out: 2, Reason: "so it is"}); err != nil {
		t.Fatal(err)
	}
	r.decide(review.For)
	if found, who := r.winners(); who != "1" || !found.Changed {
		t.Errorf("winners %s", who)
	}
	if err := r.put(review.PutMotion{Kind: review.LeaveEmpty, Out: 1, Reason: "so it is"}); err != nil {
		t.Errorf("another change: %v", err)
	}
}

// TestMotion_choose gives the seats of a tie to some of those who tie.
func TestMotion_choose(t *testing.T) {
	r := meets(t, with(`tie_break: ["panel:experts", votes, lot]`, `tie_break: [votes]`), map[int]int64{1: 5, 2: 5, 3: 1}, make([]event.CandidateAdmitted, 3)...)
	choose := func(numbers ...int) review.PutMotion {
		in := review.PutMotion{Kind: review.Choose, Reason: "a second round"}
		for _, n := range numbers {
			in.Seats = append(in.Seats, review.Awarded{Candidate: n, Award: "winner"})
		}
		return in
	}
	for want, in := range map[string]review.PutMotion{
		"seats required": choose(), "seats seat_untied": choose(3), "seats seat_number": choose(1, 2),
	} {
		if got := wrong(r.put(in)); got != want {
			t.Errorf("%+v: %s", in, got)
		}
	}
	if err := r.put(choose(2)); err != nil {
		t.Fatal(err)
	}
	if d := r.decide(review.For); d.Outcome != review.Changed {
		t.Errorf("outcome %+v", d)
	}
	if _, who := r.winners(); who != "2" {
		t.Errorf("winner %s", who)
	}
}

// TestMotion_recused counts who takes no part for the quorum, or leaves them out.
func TestMotion_recused(t *testing.T) {
	for name, c := range map[string]struct {
		rules  string
		quorum int // with one recused
	}{
		"by default": {"quorum: 1/2", 2}, "counted": {"quorum: 1/2, recused: count", 2}, "left out": {"quorum: 1/2, recused: leave_out", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := meets(t, with("quorum: 2/3", c.rules), map[int]int64{1: 5}, make([]event.CandidateAdmitted, 2)...)
			recuse := func(who, reason string) error {
				_, err := r.RecuseMotion(r.as(who), review.RecuseMotion{Slug: slug, Reason: reason})
				return err
			}
			vote := func(who string) error {
				_, err := r.VoteMotion(r.as(who), review.VoteMotion{Slug: slug, Choice: review.For})
				return err
			}
			shut := func() error {
				_, err := r.CloseMotion(r.as("organizer"), review.CloseMotion{Slug: slug})
				return err
			}
			if err := recuse("a", "kin"); !errors.Is(err, review.ErrNoMotion) {
				t.Errorf("before a motion: %v", err)
			}
			if err := r.put(review.PutMotion{}); err != nil {
				t.Fatal(err)
			}
			if got := wrong(recuse("a", " ")); got != "reason required" {
				t.Errorf("without a reason: %s", got)
			}
			if err := recuse("x", "kin"); !errors.Is(err, review.ErrNotMember) {
				t.Errorf("a stranger: %v", err)
			}
			for range 2 { // again is fine
				if err := recuse("a", "kin of the winner"); err != nil {
					t.Fatal(err)
				}
			}
			if err := vote("a"); !errors.Is(err, review.ErrRecusedOf) {
				t.Errorf("a vote of who is recused: %v", err)
			}
			if err := shut(); !errors.Is(err, review.ErrQuorum) {
				t.Errorf("nobody has voted: %v", err)
			}
			if err := vote("b"); err != nil {
				t.Fatal(err)
			}
			if err := recuse("b", "late"); !errors.Is(err, review.ErrVoted) {
				t.Errorf("after the vote: %v", err)
			}
			m := r.meeting("organizer", false).Motion()
			want := []review.Recused{{Person: people[0], Reason: "kin of the winner", At: r.Clock.Now().UTC()}}
			if diff := cmp.Diff(want, m.Recused); diff != "" || m.Quorum != c.quorum || !m.IsRecused("a") {
				t.Errorf("quorum %d (-want +got):\n%s", m.Quorum, diff)
			}
			if err := shut(); errors.Is(err, review.ErrQuorum) != (c.quorum > 1) {
				t.Errorf("with one vote: %v", err)
			}
			if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'recuse_motion' AND reason = 'kin of the winner'`); n != 1 {
				t.Errorf("%d recusals in the audit log", n)
			}
		})
	}
}
