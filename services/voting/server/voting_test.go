package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestVote goes the whole way, its events over the bus.
func TestVote(t *testing.T) {
	r := setup(t)
	of := voting.Of{Slug: slug}
	if _, err := r.GetTally(r.ctx, of); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("before the rulebook: %v", err)
	}
	_, frozen := r.selection.NextFrozen(book(once))
	envs := append([]event.Envelope{frozen}, r.admitted(t)...)
	for _, env := range append(envs, r.phase(t, event.Open, nil)) {
		body, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.deps.Bus.Publish(r.ctx, env.Subject(), body); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		tally, err := r.GetTally(r.ctx, of)
		if err == nil && tally.State != voting.Open {
			err = fmt.Errorf("state %s", tally.State)
		}
		return err
	})

	outcomes := r.counted(t, ballot(1, 3, 1), ballot(2, 1), ballot(3, 12, 1, 7))
	refused(t, r.cast(t, ballot(2, 5))[0], voting.ErrDuplicate)
	r.whole(t, 3)
	tally, err := r.GetTally(r.ctx, of)
	if err != nil || tally.State != voting.Open || tally.Hidden || tally.Ballots != 3 {
		t.Errorf("tally %+v, %v", tally, err)
	}
	want := zeros(map[int]int64{1: 3, 3: 1, 7: 1, 12: 1})
	if diff := cmp.Diff(want, tally.Votes); diff != "" {
		t.Errorf("votes (-want +got):\n%s", diff)
	}
	for _, export := range []func() (voting.Exported, error){
		func() (voting.Exported, error) { return r.ExportVotes(r.ctx, of) },
		func() (voting.Exported, error) { return r.ExportBallots(r.ctx, of) },
	} {
		if _, err := export(); !errors.Is(err, voting.ErrUnsealed) {
			t.Errorf("export before the seal: %v", err)
		}
	}

	r.close(t)
	refused(t, r.cast(t, ballot(4, 1))[0], voting.ErrClosed)
	if tally := r.sealed(t); tally.Ballots != 3 || cmp.Diff(want, tally.Votes) != "" {
		t.Errorf("sealed %+v", tally)
	}
	r.whole(t, 3)
	if diff := cmp.Diff([]event.TallySealed{{Ballots: 3, Votes: want, Checkpoint: r.checkpoint(t)}}, events[event.TallySealed](t, r)); diff != "" {
		t.Errorf("tally_sealed (-want +got):\n%s", diff)
	}
	applied := []event.PhaseApplied{{Phase: "voting", Action: "open", Change: 2}, {Phase: "voting", Action: "close", Change: 3}}
	if diff := cmp.Diff(applied, events[event.PhaseApplied](t, r)); diff != "" {
		t.Errorf("phase_applied (-want +got):\n%s", diff)
	}

	votes, err := r.ExportVotes(r.ctx, of)
	if err != nil || votes.Rows != candidates {
		t.Fatalf("export votes = %+v, %v", votes, err)
	}
	if got, want := r.blob(t, votes.Blob), "candidate,votes\n1,3\n2,0\n3,1\n4,0\n5,0\n6,0\n7,1\n8,0\n9,0\n10,0\n11,0\n12,1\n"; got != want {
		t.Errorf("votes:\n%s", got)
	}
	ballots := r.made(t, r.ExportBallots)
	if ballots.Rows != 3 {
		t.Fatalf("export ballots = %+v", ballots)
	}
	lines := strings.Split(r.blob(t, ballots.Blob), "\n")
	picks := map[int64]string{}
	for i, o := range outcomes {
		recorded, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: slug, Receipt: o.Receipt})
		if err != nil || recorded.Index == nil || recorded.Period != "once" {
			t.Fatalf("receipt %s = %+v, %v", o.Receipt, recorded, err)
		}
		picks[*recorded.Index] = []string{"1 3", "1", "1 7 12"}[i]
	}
	for i := range 3 {
		f := strings.Split(lines[i+1], ",")
		if len(f) != 4 || f[0] != fmt.Sprint(i) || f[1] != "once" || len(f[2]) != 32 || f[3] != picks[int64(i)] {
			t.Errorf("line %q, want picks %q", lines[i+1], picks[int64(i)])
		}
		if strings.Contains(lines[i+1], voter(i+1).String()) {
			t.Error("the export tells who voted")
		}
	}
}

func (r *room) blob(t *testing.T, hash string) string {
	t.Helper()
	body, _, err := r.deps.Blobs.Open(r.ctx, hash)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
