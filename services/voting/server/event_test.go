package server_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	installation "github.com/laurel-awards/laurel/pkg/key"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/server"
)

// TestEvents_shuffled delivers everything three times in a random order.
func TestEvents_shuffled(t *testing.T) {
	r := setup(t)
	_, frozen := r.selection.NextFrozen(book(once))
	deck := append([]event.Envelope{frozen}, r.admitted(t)...)
	deck = append(deck,
		r.selection.Next("nomination", "candidate/4", event.CandidateStruck{Number: 4, Reason: "withdrew"}),
		r.phase(t, event.Open, nil), r.phase(t, event.Close, nil),
		r.phase(t, event.Open, nil), // what is closed stays closed
	)
	shuffled := append(append(append([]event.Envelope(nil), deck...), deck...), deck...)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	applied := 0
	for range deck {
		for _, env := range shuffled {
			if err := r.inbox.Deliver(t.Context(), env); err != nil && !errors.Is(err, outbox.ErrNotYet) && !errors.Is(err, voting.ErrNotYet) {
				t.Fatalf("%s: %v", env.Name, err)
			}
		}
		if applied = len(events[event.PhaseApplied](t, r)); applied == 3 {
			break
		}
	}
	if applied != 3 {
		t.Fatalf("%d changes of the phase were applied, want 3", applied)
	}
	r.selection.Hand(deck...) // all of it again changes nothing
	want := zeros(nil)
	delete(want, 4)
	if diff := cmp.Diff(want, r.sealed(t).Votes); diff != "" {
		t.Errorf("votes (-want +got):\n%s", diff)
	}
	refused(t, r.cast(t, ballot(1, 1))[0], voting.ErrClosed)
	if n := len(events[event.TallySealed](t, r)); n != 1 {
		t.Errorf("sealed %d times", n)
	}
	r.whole(t, 0)
}

// TestEvents_waitForCandidates does not open before all candidates are here.
func TestEvents_waitForCandidates(t *testing.T) {
	r := setup(t)
	admitted := r.admitted(t)
	r.selection.Hand(admitted[1:]...) // before the rulebook, and one is missing
	r.selection.Freeze(book(once))
	open := r.phase(t, event.Open, nil)
	if err := r.inbox.Deliver(t.Context(), open); !errors.Is(err, outbox.ErrNotYet) {
		t.Fatalf("opened with a candidate missing: %v", err)
	}
	refused(t, r.cast(t, ballot(1, 1))[0], voting.ErrNotOpen)
	if tally, err := r.GetTally(r.ctx, voting.Of{Slug: slug}); err != nil || tally.State != voting.Pending {
		t.Errorf("tally %+v, %v", tally, err)
	}
	r.selection.Hand(admitted[0], open)
	r.counted(t, ballot(1, 1))
	r.whole(t, 1)
}

// TestCast_struck keeps the ballots that were cast before the strike.
func TestCast_struck(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, ballot(1, 1, 2))
	r.selection.Strike(2, "withdrew")
	o := r.cast(t, ballot(2, 1, 2))[0]
	refused(t, o, voting.ErrInvalid)
	if diff := cmp.Diff([]string{"picks[1]"}, fields(o.Fault)); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	r.counted(t, ballot(2, 1))
	r.close(t)
	want := zeros(map[int]int64{1: 2})
	delete(want, 2)
	if tally := r.sealed(t); tally.Ballots != 2 || cmp.Diff(want, tally.Votes) != "" {
		t.Errorf("tally %+v", tally)
	}
	r.whole(t, 2)
}

// TestCast_otherKey refuses to count under another pseudonym key: every voter
// would be a new one.
func TestCast_otherKey(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.execute(t, `UPDATE voting SET key_check = '\x00'`)
	o := r.cast(t, ballot(1, 1))[0]
	if o.Fault == nil || !errors.Is(o.Fault, installation.ErrUnknown) || o.Fault.Params["keys"] != "pseudonym" {
		t.Errorf("outcome %+v", o)
	}
	if _, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: forged()}); !errors.Is(err, installation.ErrUnknown) {
		t.Errorf("a receipt: %v", err)
	}
	if _, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Voter: voter(1), Key: voting.HashKey("k")}); !errors.Is(err, installation.ErrUnknown) {
		t.Errorf("a statement: %v", err)
	}
	r.whole(t, 0)
	if _, err := server.New(r.deps, server.Config{PseudonymKey: key()[1:], Log: r.signer}); err == nil {
		t.Error("a key of 31 bytes was taken")
	}
}
