package server_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// TestPhase_candidates opens review only when every admitted candidate is known.
func TestPhase_candidates(t *testing.T) {
	r := setup(t)
	r.Freeze(rules)
	open := r.Next("selection", "phases", event.PhaseChanged{Phase: rulebook.PhaseReview, Action: event.Open, Candidates: 2})
	if err := r.Inbox.Deliver(t.Context(), open); !errors.Is(err, outbox.ErrNotYet) {
		t.Fatalf("opened without its candidates: %v", err)
	}
	r.AdmitMany(2)
	if err := r.Inbox.Deliver(t.Context(), open); err != nil {
		t.Fatal(err)
	}
	if n := r.Count(`SELECT count(*) FROM outbox WHERE name = 'phase_applied'`); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// TestEvents_shuffled feeds a second room the same events several times, in a
// random order: it computes the same.
func TestEvents_shuffled(t *testing.T) {
	r := setup(t)
	r.Freeze(rules)
	r.AdmitMany(3)
	r.Open(rulebook.PhaseReview)
	r.Tell("nomination", "candidate/3", event.CandidateStruck{Number: 3, Reason: "withdrew"})
	r.Tell("voting", "seal", event.TallySealed{Ballots: 2, Votes: map[int]int64{1: 1, 2: 2}})
	r.Tell("selection", "notice", event.NoticePosted{})
	r.Tell("selection", "notice", event.ResultPublished{})

	again := setup(t)
	deck := append(append([]event.Envelope(nil), r.Sent...), r.Sent...)
	rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for range 10 {
		for _, env := range deck {
			if err := again.Inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) {
				t.Fatal(err)
			}
		}
	}
	for _, table := range []string{"candidate", "tally", "phase", "selection", "notice"} {
		if diff := cmp.Diff(r.dump(table), again.dump(table)); diff != "" {
			t.Errorf("%s (-in order +shuffled):\n%s", table, diff)
		}
	}
}
