package pack_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/pack"
	"github.com/laurel-awards/laurel/services/voting"
)

// run packs until the returned function, which waits for the end, is called.
func run(p *pack.Packer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}

func voterOf(n int) (v voting.VoterID) {
	binary.BigEndian.PutUint64(v[:], uint64(n))
	return v
}

// TestPacker_panic has a request panic: its ballots hear that nobody knows, the
// next ones are cast.
func TestPacker_panic(t *testing.T) {
	var asked atomic.Int64
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		if asked.Add(1) == 1 {
			panic("spilled")
		}
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	})
	defer run(p)()
	if _, err := p.Cast(voting.Cast{Voter: voterOf(1)}); !errors.Is(err, voting.ErrUnknownOutcome) {
		t.Errorf("a panic was told as %v", err)
	}
	if _, err := p.Cast(voting.Cast{Voter: voterOf(2)}); err != nil {
		t.Error(err)
	}
}

// TestPacker has a queue full of ballots wait: full requests carry them, and
// each ballot has its own outcome.
func TestPacker(t *testing.T) {
	const n, full = 2000, 500
	var requests, ballots atomic.Int64
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		requests.Add(1)
		ballots.Add(int64(len(in.Ballots)))
		out := voting.Outcomes{}
		for _, b := range in.Ballots {
			o := voting.Outcome{Receipt: b.Voter.String()}
			if b.Picks[0]%2 == 0 {
				o = voting.Outcome{Fault: voting.ErrDuplicate.With("first", b.Voter.String())}
			}
			out.Outcomes = append(out.Outcomes, o)
		}
		return out, nil
	})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			voter := voterOf(i)
			o, err := p.Cast(voting.Cast{Voter: voter, Picks: []int{i}})
			switch {
			case i%2 == 1 && (err != nil || o.Receipt != voter.String()):
				t.Errorf("ballot %d got %+v, %v", i, o, err)
			case i%2 == 0 && (!errors.Is(err, voting.ErrDuplicate) || fault.From(err).Params["first"] != voter.String()):
				t.Errorf("ballot %d got %+v, %v", i, o, err)
			}
		})
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if got := p.Waiting(); got != n {
			return fmt.Errorf("%d ballots wait", got)
		}
		return nil
	})
	p.Aged(0)
	stop := run(p)
	wg.Wait()
	stop()
	if ballots.Load() != n || requests.Load() != n/full {
		t.Errorf("%d ballots in %d requests", ballots.Load(), requests.Load())
	}
}

func TestPacker_failures(t *testing.T) {
	for name, c := range map[string]struct{ err, want error }{
		"lost answer": {fault.NewUnavailable("no_answer", "no answer", 0), voting.ErrUnknownOutcome},
		"crash":       {errors.New("boom"), voting.ErrUnknownOutcome},
		"not there":   {fault.NewUnavailable("service_down", "down", 0), fault.NewUnavailable("service_down", "", 0)},
		"too few":     {nil, voting.ErrUnknownOutcome},
		"database":    {fault.NewUnavailable("database_down", "it cannot be reached", 0), voting.ErrUnknownOutcome},
		"unproved":    {fault.NewUnavailable("request_unproved", "nothing was done", 0), fault.NewUnavailable("request_unproved", "", 0)},
		"older room":  {fault.New(fault.Malformed, "request_malformed", "the request cannot be read"), voting.ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			p := pack.New(func(context.Context, voting.CastBallots) (voting.Outcomes, error) { return voting.Outcomes{}, c.err })
			defer run(p)()
			if _, err := p.Cast(voting.Cast{Picks: []int{1}}); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// TestPacker_full holds the voting service's answer: the queue fills up, and
// who comes then is told at once; at the end everybody in it is answered.
func TestPacker_full(t *testing.T) {
	release := make(chan struct{})
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		<-release
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	})
	stop := run(p)
	var busy, counted atomic.Int64
	var wg sync.WaitGroup
	for i := range 8000 {
		wg.Go(func() {
			_, err := p.Cast(voting.Cast{Picks: []int{i}})
			switch {
			case errors.Is(err, voting.ErrBusy):
				if busy.Add(1) == 1 {
					close(release)
				}
			case err == nil:
				counted.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	stop()
	if busy.Load() == 0 || busy.Load()+counted.Load() != 8000 {
		t.Errorf("%d busy and %d counted of 8000", busy.Load(), counted.Load())
	}
}

// TestPacker_large has ballots of very many picks wait with plain ones: no
// request passes what the bus carries, and each ballot has its own outcome.
func TestPacker_large(t *testing.T) {
	const large, plain = 200, 100
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		if data, err := json.Marshal(in); err != nil || len(data) > bus.MaxPayload {
			return voting.Outcomes{}, fmt.Errorf("a request of %d bytes: %w", len(data), err)
		}
		out := voting.Outcomes{}
		for _, b := range in.Ballots {
			out.Outcomes = append(out.Outcomes, voting.Outcome{Receipt: b.Voter.String()})
		}
		return out, nil
	})
	var wg sync.WaitGroup
	cast := func(voter voting.VoterID, picks []int) {
		wg.Go(func() {
			if o, err := p.Cast(voting.Cast{Voter: voter, Picks: picks}); err != nil || o.Receipt != voter.String() {
				t.Errorf("ballot %s got %+v, %v", voter, o, err)
			}
		})
	}
	picks := make([]int, 5_000)
	for i := range picks {
		picks[i] = math.MaxInt64 - i
	}
	for i := range large {
		cast(voterOf(i), picks)
	}
	for i := range plain {
		cast(voterOf(large+i), []int{1, 2})
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := p.Waiting(); n != large+plain {
			return fmt.Errorf("%d ballots wait", n)
		}
		return nil
	})
	p.Aged(0)      // it took a while until all were there
	stop := run(p) // now, so that one pack could be made of all
	wg.Wait()
	stop()
}

// TestPacker_heldUp has no request answered for longer than anybody is to wait:
// who waited behind them is told to come again, and who comes then is served.
func TestPacker_heldUp(t *testing.T) {
	release := make(chan struct{})
	var sent atomic.Int64
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		sent.Add(int64(len(in.Ballots)))
		<-release
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	})
	defer run(p)()
	var wg sync.WaitGroup
	var counted, busy atomic.Int64
	cast := func() {
		wg.Go(func() {
			_, err := p.Cast(voting.Cast{Picks: []int{1}})
			switch {
			case err == nil:
				counted.Add(1)
			case errors.Is(err, voting.ErrBusy):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	const held = 3 // as many requests as may be under way
	for n := range int64(held) {
		cast()
		testkit.Eventually(t, testkit.Patience, func() error {
			if got := sent.Load(); got != n+1 {
				return fmt.Errorf("%d ballots are under way, want %d", got, n+1)
			}
			return nil
		})
	}
	const behind = 10
	for range behind {
		cast()
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		// The first of them is in the packer's hand, and will be sent.
		if n := p.Waiting(); n != behind-1 {
			return fmt.Errorf("%d ballots wait, want %d", n, behind-1)
		}
		return nil
	})
	p.Aged(2 * pack.Patience)
	close(release)
	wg.Wait()
	if counted.Load() != held+1 || busy.Load() != behind-1 {
		t.Errorf("%d counted and %d busy, want %d and %d", counted.Load(), busy.Load(), held+1, behind-1)
	}
	if _, err := p.Cast(voting.Cast{Picks: []int{1}}); err != nil {
		t.Error(err)
	}
}

func BenchmarkPacker(b *testing.B) {
	p := pack.New(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	})
	defer run(p)()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Cast(voting.Cast{Slug: "s-1", Picks: []int{1, 2, 3, 4, 5}}); err != nil {
				b.Error(err)
			}
		}
	})
}
