package ranking

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// stretches computes a result in stretches of so much work each, between which
// nothing is kept but the checkpoint's JSON. It gives the work of all stretches,
// and how often the search went on.
func stretches(t *testing.T, in *Input, each int64) (*Result, *Checkpoint, int64, int) {
	t.Helper()
	state, done := new(Checkpoint), int64(0)
	for n := int64(1); n < 1000; n++ {
		rk := ranked(in)
		rk.effort = Options{Budget: n * each, Checkpoint: state}.effort()
		from := state.Work
		o, err := rk.outcome()
		done += rk.effort.Work - from
		switch {
		case err == nil:
			return o.whole(), state, done, int(n) - 1
		case !fault.HasCode(err, CodeUndecided):
			t.Fatal(err)
		}
		data, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		state = new(Checkpoint)
		if err := json.Unmarshal(data, state); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("no end")
	return nil, nil, 0, 0
}

// TestCheckpoint lets a search that was ended by its budget go on: it comes to
// the result of one that was never ended, and does little twice. A checkpoint
// that is of something else, or was changed, is not believed.
func TestCheckpoint(t *testing.T) {
	for _, c := range []struct{ seats, candidates int }{{48, 300}, {96, 200}} {
		if Raced && c.seats > 48 {
			continue
		}
		t.Run(fmt.Sprintf("%d seats", c.seats), func(t *testing.T) { resumed(t, tight(t, 0, c.seats, c.candidates, true)) })
	}
}

func resumed(t *testing.T, p problem) {
	in := p.input(t)
	rk := ranked(in)
	o, err := rk.outcome()
	if err != nil {
		t.Fatal(err)
	}
	want := o.whole()
	got, state, done, ended := stretches(t, in, rk.effort.Work/6)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("at once, and in stretches (-want +got):\n%s", diff)
	}
	if ended < 3 || done > 2*rk.effort.Work {
		t.Errorf("ended %d times, %d of work; at once %d", ended, done, rk.effort.Work)
	}
	with := func(in *Input, state *Checkpoint) *Result {
		t.Helper()
		rk := ranked(in)
		rk.effort = Options{Checkpoint: state}.effort()
		o, err := rk.outcome()
		if err != nil {
			t.Fatal(err)
		}
		return o.whole()
	}
	asked := len(state.Answers)
	if again := with(in, state); !cmp.Equal(again, want) || len(state.Answers) != asked || asked == 0 {
		t.Errorf("looked for again: %d answers, then %d", asked, len(state.Answers))
	}
	for i := range state.Answers {
		a := &state.Answers[i]
		if a.Proof != nil { // nothing proves what is possible
			a.Proof = &kept{Terms: [][2]int64{{0, 1}}}
		} else {
			a.Filling = a.Filling[1:]
		}
	}
	copied := *state
	empty := new(Checkpoint)
	if err := json.Unmarshal([]byte(`{"answers": [null, {"proof": {"low": {}}}], "round": {"nodes": 1}}`), empty); err != nil {
		t.Fatal(err)
	}
	if again := with(in, empty); !cmp.Equal(again.Awards, want.Awards) {
		t.Error("a checkpoint without anything in it changes the result")
	}
	if again := with(in, state); !cmp.Equal(again.Awards, want.Awards) {
		t.Error("what was changed is believed")
	}
	other := tight(t, 2, 48, 100, true)
	other.kept(t, with(other.input(t), &copied))
}

// Whoever is told of the progress can end the search.
func TestProgress_ends(t *testing.T) {
	ended := errors.New("ended")
	p := tight(t, 0, 200, 800, true)
	rk := ranked(p.input(t))
	rk.effort = Options{Progress: func(Progress) error { return ended }}.effort()
	rk.effort.told = -often // it is told at once
	if _, err := rk.outcome(); !errors.Is(err, ended) || rk.effort.Work > often {
		t.Errorf("err = %v after %d", err, rk.effort.Work)
	}
}
