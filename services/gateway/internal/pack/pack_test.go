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

// one is a service of one replica, which nobody knows by its name.
type one func(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error)

func (f one) Cast(ctx context.Context, _ string, in voting.CastBallots) (voting.Outcomes, error) {
	return f(ctx, in)
}

func (f one) Present(context.Context) ([]string, error) { return nil, nil }

func voterOf(n int) (v voting.VoterID) {
	binary.BigEndian.PutUint64(v[:], uint64(n))
	return v
}

// TestPacker_panic has a request panic: its ballots hear that nobody knows, the
// next ones are cast.
func TestPacker_panic(t *testing.T) {
	var asked atomic.Int64
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		if asked.Add(1) == 1 {
			panic("spilled")
		}
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	}))
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
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
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
	}))
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
			p := pack.New(one(func(context.Context, voting.CastBallots) (voting.Outcomes, error) { return voting.Outcomes{}, c.err }))
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
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		<-release
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	}))
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
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		if data, err := json.Marshal(in); err != nil || len(data) > bus.MaxPayload {
			return voting.Outcomes{}, fmt.Errorf("a request of %d bytes: %w", len(data), err)
		}
		out := voting.Outcomes{}
		for _, b := range in.Ballots {
			out.Outcomes = append(out.Outcomes, voting.Outcome{Receipt: b.Voter.String()})
		}
		return out, nil
	}))
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
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		sent.Add(int64(len(in.Ballots)))
		<-release
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	}))
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
	p := pack.New(one(func(_ context.Context, in voting.CastBallots) (voting.Outcomes, error) {
		return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
	}))
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

// replicas are two of a service, of which the first hangs while it is held.
type replicas struct {
	mu      sync.Mutex
	held    chan struct{} // closed: it does not hang
	asked   map[string]int
	counted map[voting.BallotID]int // by those that answered
	present []string
}

func (r *replicas) Cast(ctx context.Context, name string, in voting.CastBallots) (voting.Outcomes, error) {
	r.mu.Lock()
	r.asked[name]++
	held := r.held
	r.mu.Unlock()
	if name == "hangs" {
		select {
		case <-held:
		case <-ctx.Done():
			return voting.Outcomes{}, fault.NewUnavailable("no_answer", "no answer", 0)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range in.Ballots {
		r.counted[b.ID]++
	}
	return voting.Outcomes{Outcomes: make([]voting.Outcome, len(in.Ballots))}, nil
}

func (r *replicas) Present(context.Context) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.present, nil
}

func (r *replicas) of(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[name]
}

func (r *replicas) set(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn()
}

// TestPacker_hung has one of two replicas hang: each ballot is counted by the other,
// the one that hangs is sent no more than what was under way, until it answers a roll
// call, and what it was sent is what the other was sent.
func TestPacker_hung(t *testing.T) {
	r := &replicas{
		held: make(chan struct{}), asked: map[string]int{}, counted: map[voting.BallotID]int{}, present: []string{"hangs", "works"},
	}
	p := pack.New(r)
	defer run(p)()
	cast := func() {
		t.Helper()
		if _, err := p.Cast(voting.Cast{Picks: []int{1}}); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, testkit.Patience, func() error { // both are known, and one has been found to hang
		cast()
		if r.of("hangs") == 0 {
			return errors.New("nothing was sent to it")
		}
		r.set(func() { r.present = []string{"works"} }) // as it answers no roll call
		return nil
	})
	cast() // an answer to an earlier roll call may let it in once more
	const flights = 3
	before := r.of("hangs")
	for range 200 {
		cast()
	}
	if after := r.of("hangs"); after-before > flights {
		t.Errorf("%d requests were sent to a replica that hangs", after-before)
	}
	r.set(func() { close(r.held); r.present = []string{"hangs", "works"} })
	asked := r.of("hangs")
	testkit.Eventually(t, testkit.Patience, func() error {
		cast()
		if r.of("hangs") == asked {
			return errors.New("it answers, and is left out")
		}
		return nil
	})
	r.set(func() {
		for id := range r.counted {
			if id.IsZero() {
				t.Error("a ballot has no id")
			}
		}
	})
}

// TestPacker_gone has one of two replicas be no longer there: each ballot goes to the
// other at once, and where nobody is there, each hears that nothing was counted.
func TestPacker_gone(t *testing.T) {
	gone := fault.NewUnavailable("service_down", "down", 0)
	r := &replicas{held: make(chan struct{}), asked: map[string]int{}, counted: map[voting.BallotID]int{}, present: []string{"gone", "works"}}
	down := make(chan struct{})
	p := pack.New(leaving{r, down, gone})
	defer run(p)()
	for range 20 {
		if _, err := p.Cast(voting.Cast{Picks: []int{1}}); err != nil {
			t.Fatal(err)
		}
	}
	close(down)
	if _, err := p.Cast(voting.Cast{Picks: []int{1}}); !errors.Is(err, gone) {
		t.Errorf("with nobody there: %v", err)
	}
}

// leaving are replicas of which one is gone, and later all.
type leaving struct {
	*replicas
	down chan struct{}
	with error
}

func (l leaving) Cast(ctx context.Context, name string, in voting.CastBallots) (voting.Outcomes, error) {
	select {
	case <-l.down:
		return voting.Outcomes{}, l.with
	default:
	}
	if name == "gone" {
		return voting.Outcomes{}, l.with
	}
	return l.replicas.Cast(ctx, name, in)
}
