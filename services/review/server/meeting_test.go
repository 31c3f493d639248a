package server_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
)

// deciding brings the room to where the committee decides.
func deciding(t *testing.T) *room {
	t.Helper()
	r := scoring(t)
	r.scoreAll()
	r.Close(rulebook.PhaseReview)
	r.Tell("voting", "seal", event.TallySealed{Ballots: 1, Votes: map[int]int64{1: 1}})
	if _, err := r.SeatCommittee(r.as("organizer"), review.SeatCommittee{Slug: slug, Members: people}); err != nil {
		t.Fatal(err)
	}
	return r
}

// meeting is the meeting as somebody who has its room open sees it.
func (r *room) meeting(account string, attend bool) review.Meeting {
	r.t.Helper()
	m, err := r.GetMeeting(r.as(account), review.OfMeeting{Slug: slug, Attend: attend})
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// present are the accounts of the members who are there.
func present(m review.Meeting) (accounts []string) {
	for _, one := range m.Members {
		if one.Present {
			accounts = append(accounts, one.ID)
		}
	}
	return accounts
}

// TestMeeting_presence counts who has the room open, and misses who leaves.
func TestMeeting_presence(t *testing.T) {
	r := deciding(t)
	if m := r.meeting("a", true); len(present(m)) != 0 {
		t.Errorf("before the phase: %v", present(m))
	}
	r.Open(rulebook.PhaseDecision)
	r.meeting("a", true)
	r.meeting("organizer", true)
	came := r.Clock.Now()
	if m := r.meeting("b", false); !slices.Equal(present(m), []string{"a"}) || m.Present() != 1 || m.Quorum != 2 {
		t.Errorf("one member came, and others who are none or only look: %v, quorum %d", present(m), m.Quorum)
	}
	r.Clock.Advance(review.Presence - time.Second)
	r.meeting("b", true)
	if m := r.meeting("organizer", true); !slices.Equal(present(m), []string{"a", "b"}) {
		t.Errorf("within the time: %v", present(m))
	}
	r.Clock.Advance(time.Second)
	m := r.meeting("organizer", true)
	if !slices.Equal(present(m), []string{"b"}) {
		t.Errorf("after it: %v", present(m))
	}
	at := came.UTC().Truncate(time.Microsecond)
	want := review.Member{Person: people[0], CameAt: &at, LeftAt: &at}
	if diff := cmp.Diff(want, m.Members[0]); diff != "" {
		t.Errorf("who left (-want +got):\n%s", diff)
	}
	r.Close(rulebook.PhaseDecision)
	r.meeting("a", true)
	if m := r.meeting("organizer", false); !slices.Equal(present(m), []string{"b"}) {
		t.Errorf("after the phase the minutes still change: %v", present(m))
	}
	ctx := actor.With(r.as("x"), actor.Actor{Kind: actor.Staff, ID: "x", Name: "X", As: "committee"})
	if _, err := r.GetMeeting(ctx, review.OfMeeting{Slug: slug, Attend: true}); !errors.Is(err, review.ErrNotMember) {
		t.Errorf("who has the role and no seat: %v", err)
	}
}

// TestMeeting_motions tells who has voted and never how, and holds each act to
// the motion that whoever does it has seen.
func TestMeeting_motions(t *testing.T) {
	r := deciding(t)
	r.Open(rulebook.PhaseDecision)
	organizer := r.as("organizer")
	must := func(_ review.Decision, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	vote := func(member string, motion int, choice string) (review.Decision, error) {
		return r.VoteMotion(r.as(member), review.VoteMotion{Slug: slug, Motion: motion, Choice: choice})
	}
	shut := func(who string, motion int) (review.Decision, error) {
		return r.CloseMotion(r.as(who), review.CloseMotion{Slug: slug, Motion: motion})
	}
	must(r.PutMotion(organizer, review.PutMotion{Slug: slug, Motion: "adopt it"}))
	must(vote("b", 1, review.Against))
	must(vote("a", 1, review.Against))
	m := r.meeting("organizer", false).Motion()
	if !slices.Equal(m.Voters, []string{"a", "b"}) || m.For+m.Against+m.Abstained != 0 || m.MovedBy != "organizer" || m.ClosedAt != nil {
		t.Errorf("while votes are cast: %+v", m)
	}
	must(shut("organizer", 1))
	if _, err := vote("c", 1, review.For); !errors.Is(err, review.ErrNoMotion) {
		t.Errorf("a vote after the close: %v", err)
	}
	must(r.PutMotion(organizer, review.PutMotion{Slug: slug, Motion: "adopt it now"}))
	if _, err := vote("c", 1, review.For); !errors.Is(err, review.ErrNoMotion) {
		t.Errorf("a vote on the motion before: %v", err)
	}
	must(vote("a", 2, review.For))
	must(vote("b", 2, review.For))
	must(shut("second", 1)) // whose page was old
	if m := r.meeting("organizer", false).Motion(); m.Outcome != review.Moved {
		t.Errorf("the close of the motion before closed this one: %+v", m)
	}
	if _, err := shut("second", 3); !errors.Is(err, review.ErrNoMotion) {
		t.Errorf("the close of a motion that nobody put: %v", err)
	}
	must(shut("second", 2))
	must(shut("organizer", 2)) // both pressed
	all := r.meeting("organizer", false).Motions
	if len(all) != 2 || all[0].Against != 2 || all[0].Outcome != review.Rejected || all[1].Outcome != review.Approved || all[1].For != 2 ||
		all[1].ClosedBy != "second" || all[1].ClosedAt == nil {
		t.Errorf("after the close: %+v", all)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'close_motion'`); n != 2 {
		t.Errorf("%d closes are recorded, of 2 motions", n)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'vote_motion' AND detail->>'choice' = ''`); n != 4 {
		t.Errorf("%d of 4 secret votes are recorded without the choice", n)
	}
	if n := r.Count(`SELECT count(*) FROM motion_vote WHERE choice IS NULL`); n != 4 {
		t.Errorf("%d of 4 secret votes are kept without the choice", n)
	}
}

// TestMeeting_text refuses what is no motion.
func TestMeeting_text(t *testing.T) {
	r := deciding(t)
	r.Open(rulebook.PhaseDecision)
	for _, text := range []string{"", " \n", string(make([]rune, 1001)), "a\x07b"} {
		if _, err := r.PutMotion(r.as("organizer"), review.PutMotion{Slug: slug, Motion: text}); !errors.Is(err, review.ErrInvalid) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM motion`); n != 0 {
		t.Errorf("%d motions", n)
	}
}
