package server_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/voting"
)

const members = `{"voters": ["device", "roster"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live"}`

// member is a ballot of a roster's voter with a credential of a generation.
func member(n int, generation uint32, picks ...int) voting.Cast {
	b := ballot(n, picks...)
	b.Way, b.Generation = "roster", generation
	return b
}

// replaced makes the event that tells of voters' generations.
func (r *room) replaced(t *testing.T, generations map[int]uint32) event.Envelope {
	t.Helper()
	e := event.CodesReplaced{Generations: map[string]uint32{}}
	for n, g := range generations {
		e.Generations[event.VoterHash(slug, voter(n))] = g
	}
	return r.selection.Next(event.Identity, event.ReplacedAggregate, e)
}

// TestReplaced refuses what was issued for a code that has been replaced, from
// the moment that the replacement is said to be in force; what was counted
// before stays, and its voter has no second ballot.
func TestReplaced(t *testing.T) {
	r := setup(t)
	r.selection.Hand(r.replaced(t, map[int]uint32{1: 1})) // before the selection is here
	r.open(t, members)
	early := r.cast(t, member(1, 0, 1), member(2, 0, 2))
	refused(t, early[0], voting.ErrReplaced)
	if early[1].Fault != nil {
		t.Errorf("whose code was not replaced: %v", early[1].Fault)
	}
	kept := r.counted(t, keyed(member(3, 0, 3), "k"))[0]
	before, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	r.whole(t, 2)

	second := r.replaced(t, map[int]uint32{1: 2, 3: 1, 4: 1})
	r.selection.Hand(second, second)
	if in, err := r.GetReplacements(r.ctx, voting.Of{Slug: slug}); err != nil || in.Replacements != 2 {
		t.Errorf("in force: %+v, %v", in, err)
	}
	out := r.cast(t, member(1, 1, 1), member(1, 2, 1), member(3, 0, 3), keyed(member(3, 0, 3), "k"), member(3, 1, 4), member(4, 0, 13),
		member(4, 1, 5), ballot(4, 5), member(4, 0, 5))
	refused(t, out[0], voting.ErrReplaced)
	refused(t, out[2], voting.ErrReplaced)
	if again := out[3]; again.Receipt != kept.Receipt || !again.Again {
		t.Errorf("who lost the answer: %+v, want %+v", again, kept)
	}
	refused(t, out[4], voting.ErrDuplicate) // the same voter
	refused(t, out[5], voting.ErrReplaced)  // comes before the picks
	refused(t, out[8], voting.ErrReplaced)
	for _, i := range []int{1, 6} {
		if out[i].Fault != nil {
			t.Errorf("the new code's ballot %d: %v", i, out[i].Fault)
		}
	}
	refused(t, out[7], voting.ErrDuplicate) // only a code has generations
	r.whole(t, 4)

	after, err := r.GetTally(r.ctx, voting.Of{Slug: slug})
	if err != nil || after.Version-before.Version > 4 {
		t.Errorf("the public version moved with a code: %d to %d, %v", before.Version, after.Version, err)
	}
	var shown []string
	if err := r.deps.DB.Select(&shown, `SELECT voter FROM replaced_code`); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		if slices.Contains(shown, voter(n).String()) {
			t.Error("a voter's id is in the database")
		}
	}
}

// TestReplaced_underWay replaces codes while their ballots come: whoever casts
// after a replacement is in force is refused, on every replica.
func TestReplaced_underWay(t *testing.T) {
	one := setup(t)
	one.open(t, members)
	other := start(t, one.nats, one.address, one.address)
	for n := range 30 {
		for _, r := range []*room{one, other} { // each has judged by what it kept
			r.counted(t, member(1000+n*2+slices.Index([]*room{one, other}, r), 0, 1))
		}
		one.selection.Hand(one.replaced(t, map[int]uint32{n: 1}))
		refused(t, one.cast(t, member(n, 0, 1))[0], voting.ErrReplaced)
		refused(t, other.cast(t, member(n, 0, 1))[0], voting.ErrReplaced)
	}
	one.whole(t, 60)
}

// TestVotersCounted tells, once the vote is over, which voters of a list have a
// ballot, in whatever period.
func TestVotersCounted(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["roster"], "frequency": "daily", "picks": {"min": 1, "max": 3}, "counts": "live"}`)
	r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '3 days'`)
	const all = 11_003 // more than one statement asks for, and no whole byte
	var casts []voting.Cast
	want, list := make([]byte, (all+7)/8), []byte{}
	for n := range all {
		id := voter(n)
		list = append(list, id[:]...)
		if n%3 == 0 {
			casts = append(casts, member(n, 0, 1))
			want[n/8] |= 1 << (n % 8)
		}
	}
	r.counted(t, casts...)
	r.close(t)
	r.sealed(t)
	ref, err := r.deps.Blobs.In(event.Identity).Put(r.ctx, bytes.NewReader(list), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	ask := r.selection.Next(event.Identity, "roster", event.RosterClosed{Voters: ref.Hash})
	began := time.Now()
	r.selection.Hand(ask, ask)
	t.Logf("%d voters in %s", all, time.Since(began))
	got := events[event.VotersCounted](t, r)
	if diff := cmp.Diff([]event.VotersCounted{{Voters: ref.Hash, Voted: want}}, got); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
	if err := r.deps.Blobs.In(event.Identity).Delete(r.ctx, ref.Hash); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.deps.Blobs.In(event.Identity).Open(r.ctx, ref.Hash); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	r.selection.Hand(r.selection.Next(event.Identity, "roster", event.RosterClosed{Voters: ref.Hash})) // no list: nothing to say
}
