package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/voting"
)

// watched is what somebody sees of the public figures over time: each tells how
// many ballots there are.
type watched struct {
	mu   sync.Mutex
	seen map[string][]sample
}

type sample struct {
	at      time.Time
	ballots int64
}

// see keeps a figure where it has moved.
func (w *watched) see(name string, ballots int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := w.seen[name]; len(all) == 0 || all[len(all)-1].ballots != ballots {
		w.seen[name] = append(all, sample{time.Now(), ballots})
	}
}

// watch samples every public figure each 20 ms until ctx ends.
func (h *voteInstallation) watch(ctx context.Context, w *watched) error {
	const path = "/api/v1/selections/" + here
	turnout := regexp.MustCompile(`data-turnout>([\d,]+)<`)
	tiles, proved := 0, 0
	for ctx.Err() == nil {
		var tally voting.Tally
		if err := json.Unmarshal([]byte(h.ask(h.t, http.MethodGet, path+"/tally", "", "").Body), &tally); err != nil {
			return err
		}
		w.see("tally", tally.Ballots)
		votes := int64(0)
		for _, v := range tally.Votes {
			votes += v
		}
		w.see("votes", votes)
		w.see("version", tally.Version)
		w.see("time of the tally", tally.At.UnixMicro())
		lines := strings.Split(h.ask(h.t, http.MethodGet, path+"/log/checkpoint", "", "").Body, "\n")
		size, err := strconv.ParseInt(lines[1], 10, 64)
		if err != nil {
			return err
		}
		w.see("checkpoint", size)
		for h.ask(h.t, http.MethodGet, fmt.Sprintf("%s/log/tile/0/000.p/%d", path, tiles+1), "", "").Status == http.StatusOK {
			tiles++
		}
		w.see("tiles", int64(tiles))
		for h.ask(h.t, http.MethodGet, fmt.Sprintf("%s/log/consistency?from=0&to=%d", path, proved+1), "", "").Status == http.StatusOK {
			proved++
		}
		w.see("consistency", int64(proved))
		if found := turnout.FindStringSubmatch(h.ask(h.t, http.MethodGet, "/s/"+here, "", "").Body); found != nil {
			n, err := strconv.ParseInt(found[1], 10, 64)
			if err != nil {
				return err
			}
			w.see("page", n)
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
			h.clock.Advance(100 * time.Millisecond) // the gateway's, by which it keeps pages
		}
	}
	return nil
}

// hear keeps the figures that are sent: the live stream, its snapshots between
// rooms, and events.
func (h *voteInstallation) hear(t *testing.T, w *watched) {
	t.Helper()
	for subject, name := range map[string]string{"live.>": "snapshots", "laurel.voting.>": "events"} {
		stop, err := h.bus.Listen(subject, func(_ string, data []byte) {
			var env event.Envelope
			if json.Unmarshal(data, &env) == nil && env.Name != "" && env.Name != "ballots_counted" {
				return
			}
			if len(env.Data) > 0 {
				data = env.Data
			}
			var figure struct{ Ballots int64 }
			if err := json.Unmarshal(data, &figure); err != nil {
				t.Errorf("%s: %v", data, err)
			}
			w.see(name, figure.Ballots)
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	stream := h.listen()
	go func() {
		for {
			f, ok := stream.next(t)
			if !ok {
				return
			}
			w.see("stream", f.tally.Ballots)
		}
	}()
}

// TestClock is an attack on the secrecy of ballots: it knows when each of twelve
// voters cast, watches everything public meanwhile, and reads the leaves in their
// order after the close. Where figures move with each ballot it reads the picks of
// all twelve.
func TestClock(t *testing.T) {
	h := openRules(t, fmt.Sprintf(`"counts": "live", "publication": {"every": "2s", "ballots": %d}`, runners), limits(func(l *app.Limits) {
		l.Requests = limit.Rate{PerSecond: 1e6, Burst: 1e6}
	}))
	w := &watched{seen: map[string][]sample{}}
	h.hear(t, w)
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return h.watch(ctx, w) })
	order := slices.Collect(func(yield func(int) bool) { // who picks whom, by a shuffle that the attacker does not know
		for i := range runners {
			if !yield(1 + (i*5+3)%runners) {
				return
			}
		}
	})
	var moments []time.Time
	for i, pick := range order {
		moments = append(moments, time.Now())
		h.cast(i, 1, func(int) string { return fmt.Sprintf("[%d]", pick) })
		pause.For(t.Context(), 450*time.Millisecond) // longer than from one fold to the next, which would mix two
	}
	h.stands(func(tally voting.Tally) bool { return tally.Ballots == runners })
	testkit.Eventually(t, testkit.Patience, func() error { // each figure has been looked at since
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, name := range []string{"tally", "votes", "checkpoint", "tiles", "consistency", "page", "snapshots", "stream", "events"} {
			if all := w.seen[name]; len(all) == 0 || all[len(all)-1].ballots != runners {
				return fmt.Errorf("%s has not moved", name)
			}
		}
		return nil
	})
	stop()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	h.phase(event.Close)
	h.stands(func(tally voting.Tally) bool { return tally.State == voting.Sealed })
	var leaves answer
	testkit.Eventually(t, testkit.Patience, func() error { // they are written once, after the close
		h.clock.Advance(time.Second) // what the gateway keeps of it grows old
		if leaves = h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/log/leaves", "", ""); leaves.Status != http.StatusOK {
			return fmt.Errorf("leaves: %d %s", leaves.Status, leaves.Body)
		}
		return nil
	})
	var picks []int
	for line := range strings.Lines(leaves.Body) {
		leaf, err := ballotlog.Parse(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		picks = append(picks, leaf.(ballotlog.Ballot).Picks[0])
	}
	if len(picks) != runners {
		t.Fatalf("%d leaves", len(picks))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, all := range w.seen {
		if len(all) > 3 { // opened perhaps, nothing, all
			t.Errorf("%s moved %d times before the close: %v", name, len(all)-1, all)
		}
		// The next leaf that a figure shows after somebody cast is theirs.
		right, inOrder := 0, 0
		for i, at := range moments {
			before := int64(0)
			for _, s := range all {
				if s.at.Before(at) && s.ballots <= runners {
					before = s.ballots
				}
			}
			if before < runners && picks[before] == order[i] {
				right++
			}
			if picks[i] == order[i] {
				inOrder++
			}
		}
		// By chance it is one; eight or more come once in 100,000 times.
		if right > 7 || inOrder > 7 {
			t.Errorf("%s gives the picks of %d of %d voters, the order of the leaves those of %d", name, right, runners, inOrder)
		}
	}
}
