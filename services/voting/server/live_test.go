package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// followed is what passed on the bus, in its order.
type followed struct {
	mu   sync.Mutex
	got  []voting.Tally
	text []string
}

func (r *room) follow(t *testing.T) *followed {
	t.Helper()
	f := &followed{}
	stop, err := r.deps.Bus.Listen("live.>", func(_ string, data []byte) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.text = append(f.text, string(data))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	stop, err = voting.Follow(r.deps.Bus, func(tally voting.Tally) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.got = append(f.got, tally)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return f
}

func (f *followed) all() []voting.Tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.got)
}

// until waits for a snapshot that a test wants, and gives all up to it.
func (f *followed) until(t *testing.T, want func(voting.Tally) bool) []voting.Tally {
	t.Helper()
	var all []voting.Tally
	testkit.Eventually(t, testkit.Patience, func() error {
		all = f.all()
		if i := slices.IndexFunc(all, want); i >= 0 {
			all = all[:i+1]
			return nil
		}
		return fmt.Errorf("%d snapshots, none of them the one", len(all))
	})
	return all
}

// TestLive follows a vote from its opening to the seal: few snapshots of many
// batches, none older than the one before, and the last is the tally.
func TestLive(t *testing.T) {
	r := setup(t)
	f := r.follow(t)
	r.open(t, once)
	f.until(t, func(s voting.Tally) bool { return s.State == voting.Open && s.Ballots == 0 })
	const ballots = 400
	began := time.Now()
	r.cities(t, 0, ballots, 2)
	r.selection.Strike(3, "withdrew")
	r.close(t)
	all := f.until(t, func(s voting.Tally) bool { return s.State == voting.Sealed })
	most := int(time.Since(began)/(250*time.Millisecond)) + 3 // the first, one on either side
	if len(all) > most {
		t.Errorf("%d snapshots in %v, at most %d are due", len(all), time.Since(began), most)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Version <= all[i-1].Version || all[i].Ballots < all[i-1].Ballots {
			t.Errorf("%+v came after %+v", all[i], all[i-1])
		}
	}
	tally := r.sealed(t)
	if diff := cmp.Diff(tally, all[len(all)-1]); diff != "" || tally.Ballots != ballots || len(tally.Votes) != candidates-1 {
		t.Errorf("the last snapshot is not the tally (-tally +snapshot):\n%s", diff)
	}
}

// TestLive_hidden holds what passes on the bus of a hidden vote to the turnout,
// whatever is picked, until the seal.
func TestLive_hidden(t *testing.T) {
	r := setup(t)
	f := r.follow(t)
	r.open(t, strings.Replace(once, "live", "hidden", 1))
	r.counted(t, ballot(1, 7), ballot(2, 7), ballot(3, 7, 9))
	f.until(t, func(s voting.Tally) bool { return s.Ballots == 3 })
	r.selection.Strike(9, "withdrew")
	r.counted(t, ballot(4, 7))
	f.until(t, func(s voting.Tally) bool { return s.Ballots == 4 })
	f.mu.Lock()
	for _, text := range f.text {
		var fields map[string]any
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			if !slices.Contains([]string{"slug", "state", "ballots", "hidden", "at", "version"}, name) {
				t.Errorf("a snapshot of a hidden vote tells %s: %s", name, text)
			}
		}
	}
	f.mu.Unlock()
	r.close(t)
	sealed := f.until(t, func(s voting.Tally) bool { return s.State == voting.Sealed })
	if last := sealed[len(sealed)-1]; last.Hidden || last.Votes[7] != 4 {
		t.Errorf("sealed: %+v", last)
	}
}
