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
	r.freeze(rules)
	open := r.envelope("selection", "phases", event.PhaseChanged{Phase: rulebook.PhaseReview, Action: event.Open, Candidates: 2})
	if err := r.inbox.Deliver(t.Context(), open); !errors.Is(err, outbox.ErrNotYet) {
		t.Fatalf("opened without its candidates: %v", err)
	}
	r.candidates(2)
	if err := r.inbox.Deliver(t.Context(), open); err != nil {
		t.Fatal(err)
	}
	if n := r.count(`SELECT count(*) FROM outbox WHERE name = 'phase_applied'`); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// TestEvents_shuffled feeds a second room the same events several times, in a
// random order: it computes the same.
func TestEvents_shuffled(t *testing.T) {
	r := setup(t)
	r.freeze(rules)
	r.candidates(3)
	r.phase(rulebook.PhaseReview, event.Open)
	r.deliver("nomination", "candidate/3", event.CandidateStruck{Number: 3, Reason: "withdrew"})
	r.deliver("voting", "seal", event.TallySealed{Ballots: 2, Votes: map[int]int64{1: 1, 2: 2}})
	r.deliver("selection", "notice", event.NoticePosted{})
	r.deliver("selection", "notice", event.ResultPublished{})

	again := setup(t)
	deck := append(append([]event.Envelope(nil), r.events...), r.events...)
	rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for range 10 {
		for _, env := range deck {
			if err := again.inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) {
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
