package server_test

import (
	"errors"
	"testing"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

func TestDecision(t *testing.T) {
	r := scoring(t)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	organizer, of := r.as("organizer"), review.Of{Slug: slug}
	if _, err := r.SeatCommittee(organizer, review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	move := review.PutMotion{Slug: slug, Motion: "adopt the result"}
	if _, err := r.PutMotion(organizer, move); !errors.Is(err, review.ErrPhase) {
		t.Errorf("a motion before the phase: %v", err)
	}
	r.Open(rulebook.PhaseDecision)
	if _, err := r.VoteMotion(r.as("a"), review.VoteMotion{Slug: slug, Choice: "for"}); !errors.Is(err, review.ErrNoMotion) {
		t.Errorf("a vote without a motion: %v", err)
	}
	vote := func(member, choice string) error {
		_, err := r.VoteMotion(r.as(member), review.VoteMotion{Slug: slug, Choice: choice})
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.PutMotion(organizer, move)
	must(err)
	must(vote("a", "for"))
	if err := vote("a", "against"); !errors.Is(err, review.ErrVoted) {
		t.Errorf("a second vote: %v", err)
	}
	if err := vote("x", "for"); !errors.Is(err, review.ErrNotMember) {
		t.Errorf("a stranger's vote: %v", err)
	}
	if err := vote("b", "maybe"); !errors.Is(err, review.ErrInvalid) {
		t.Errorf("an unknown choice: %v", err)
	}
	if _, err := r.CloseMotion(organizer, review.CloseMotion{Slug: slug}); !errors.Is(err, review.ErrQuorum) {
		t.Errorf("closed below the quorum: %v", err)
	}
	must(vote("b", "against"))
	d, err := r.GetDecision(organizer, of)
	must(err)
	if d.For != 0 || d.Against != 0 || d.Voted != 2 {
		t.Errorf("counts are told before the vote is closed: %+v", d)
	}
	d, err = r.CloseMotion(organizer, review.CloseMotion{Slug: slug})
	must(err)
	if d.Outcome != "rejected" || d.For != 1 || d.Against != 1 {
		t.Errorf("one of two for, two thirds needed: %+v", d)
	}
	_, err = r.PutMotion(organizer, move)
	must(err)
	must(vote("a", "for"))
	must(vote("b", "for"))
	must(vote("c", "abstain"))
	for range 2 { // again is fine
		d, err = r.CloseMotion(organizer, review.CloseMotion{Slug: slug})
		must(err)
		if d.Outcome != "approved" {
			t.Errorf("two of three for: %+v", d)
		}
	}
	if _, err := r.PutMotion(organizer, move); !errors.Is(err, review.ErrMoved) {
		t.Errorf("a motion after the approved one: %v", err)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'decision_made'`); n != 2 {
		t.Errorf("decision_made %d times, want 2", n)
	}
	if n := r.Count(`SELECT count(*) FROM motion_vote WHERE choice IS NOT NULL`); n != 0 {
		t.Errorf("%d secret votes are kept with their member", n)
	}
}
