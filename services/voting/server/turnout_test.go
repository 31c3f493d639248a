package server_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestTurnout moves with publications alone: ballots that are counted and not
// public are not in it. Hours are those of the rulebook's timezone.
func TestTurnout(t *testing.T) {
	r := setup(t)
	r.open(t, patient)
	turnout := func() voting.Turnout {
		t.Helper()
		got, err := r.GetTurnout(r.ctx, voting.Of{Slug: slug})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for n := range 9 {
		r.counted(t, ballot(n, 1+n))
	}
	r.folded(t, 9)
	if got := turnout(); got.Ballots != 0 || len(got.Hours) != 0 || *got.Ways[0].Ballots != 0 {
		t.Errorf("before a publication: %+v", got)
	}
	r.counted(t, ballot(9, 1))
	r.close(t)
	r.sealed(t)
	if _, err := r.deps.DB.Exec(`
		INSERT INTO publication (selection, first, ballots, at) SELECT selection, first + 1000, 5, '2026-05-01 15:59:59Z' FROM publication;
		INSERT INTO publication (selection, first, ballots, at) SELECT selection, first + 2000, 7, '2026-05-01 15:00:00Z' FROM publication WHERE first = 0;
		UPDATE publication SET at = '2026-05-01 16:00:00Z' WHERE first = 0`); err != nil {
		t.Fatal(err)
	}
	at := func(hour int) time.Time { return time.Date(2026, 5, 1, hour, 0, 0, 0, time.UTC) }
	want := []voting.TurnoutHour{{From: at(15), Ballots: 12}, {From: at(16), Ballots: 10}}
	got := turnout()
	if diff := cmp.Diff(want, got.Hours); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
	if got.Ballots != 10 || len(got.Ways) != 1 || *got.Ways[0].Ballots != 10 {
		t.Errorf("turnout %+v", got)
	}
}

// TestTurnout_ways tells of two ways how many ballots came by each, once the vote
// is over and the roster is counted, those of every day.
func TestTurnout_ways(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device", "roster"], "frequency": "once", "picks": {"min": 1, "max": 3}, "counts": "live"}`)
	of := voting.Of{Slug: slug}
	r.counted(t, ballot(1, 1), ballot(2, 1), member(3, 0, 1))
	if got, err := r.GetTurnout(r.ctx, of); err != nil || len(got.Ways) != 2 || got.Ways[0].Ballots != nil || got.Ways[1].Ballots != nil {
		t.Errorf("while it is open: %+v, %v", got, err)
	}
	r.close(t)
	r.sealed(t)
	list := []byte{}
	for n := 3; n < 6; n++ {
		id := voter(n)
		list = append(list, id[:]...)
	}
	ref, err := r.deps.Blobs.In(event.Identity).Put(r.ctx, bytes.NewReader(list), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	r.selection.Hand(r.selection.Next(event.Identity, "roster", event.RosterClosed{Voters: ref.Hash}))
	got, err := r.GetTurnout(r.ctx, of)
	if err != nil || *got.Ways[0].Ballots != 2 || *got.Ways[1].Ballots != 1 || got.Ways[1].Way != "roster" {
		t.Errorf("after the vote: %+v, %v", got, err)
	}
}
