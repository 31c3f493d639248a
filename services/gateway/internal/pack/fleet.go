package pack

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/pkg/pause"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	// elsewhere is when a request that was not answered goes to another replica, too.
	elsewhere = 300 * time.Millisecond
	// rollEvery is the time between two looks which replicas are there, and rollLimit
	// is for how long one takes answers.
	rollEvery = 250 * time.Millisecond
	rollLimit = 250 * time.Millisecond
	// rollSlow is that time while no ballot has come for a minute, and nobody is left
	// out.
	rollSlow = 5 * time.Second
	// forget is how long a replica is remembered that does not answer.
	forget = time.Minute
)

// resent is registered once a process, like every metric.
var resent = promauto.NewCounter(prometheus.CounterOpts{
	Name: "laurel_packs_resent_total",
	Help: "Requests with ballots that a replica of voting did not answer in time, and that were sent to another, too.",
})

// Replicas are those of the voting service.
type Replicas interface {
	// Cast asks one; where replica is empty, any.
	Cast(ctx context.Context, replica string, in voting.CastBallots) (voting.Outcomes, error)
	// Present are those that answer until ctx ends, and can work.
	Present(ctx context.Context) ([]string, error)
}

// fleet is the replicas that are known. One that did not answer in time is left out
// until it answers a roll call.
type fleet struct {
	mu    sync.Mutex
	known []*member
	turn  int
	asked time.Time // when one was picked last
}

type member struct {
	name string
	seen time.Time // when it answered a roll call
	out  time.Time // since when it is left out; zero: it is not
}

// pick gives the next in turn that is not left out and not among the tried.
func (f *fleet) pick(tried []string) (name string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = time.Now()
	for range f.known {
		f.turn = (f.turn + 1) % len(f.known)
		if m := f.known[f.turn]; m.out.IsZero() && !slices.Contains(tried, m.name) {
			return m.name, true
		}
	}
	return "", false
}

// quiet tells whether a replica that comes or goes makes no difference soon.
func (f *fleet) quiet() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := slices.ContainsFunc(f.known, func(m *member) bool { return !m.out.IsZero() })
	return len(f.known) > 0 && !out && time.Since(f.asked) > time.Minute
}

// leaveOut notes that a replica did not answer.
func (f *fleet) leaveOut(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.known {
		if m.name == name {
			m.out = time.Now()
		}
	}
}

// drop forgets a replica that is gone.
func (f *fleet) drop(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = slices.DeleteFunc(f.known, func(m *member) bool { return m.name == name })
}

// roll notes who answered a roll call that began at a time.
func (f *fleet) roll(began time.Time, names []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		i := slices.IndexFunc(f.known, func(m *member) bool { return m.name == name })
		if i < 0 {
			i = len(f.known)
			f.known = append(f.known, &member{name: name})
		}
		if f.known[i].seen = began; f.known[i].out.Before(began) {
			f.known[i].out = time.Time{}
		}
	}
	f.known = slices.DeleteFunc(f.known, func(m *member) bool { return began.Sub(m.seen) > forget })
}

// muster calls the roll until ctx ends.
func (p *Packer) muster(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, rollLimit)
		if names, err := p.replicas.Present(within); err == nil {
			p.fleet.roll(began, names)
		}
		cancel()
		if p.fleet.quiet() {
			pause.For(ctx, rollSlow)
		} else {
			pause.For(ctx, rollEvery)
		}
	}
}

// answer is what came of a request to a replica.
type answer struct {
	replica string
	out     voting.Outcomes
	err     error
}

// untouched tells whether a failed request has certainly counted nothing.
func untouched(err error) bool { return bus.Unseen(err) || fault.Is(err, fault.Malformed) }

// deliver has a request answered by the first replica that does. The ballots have
// ids, so that they are counted once, however many replicas they are sent to; each is
// asked once at most.
func (p *Packer) deliver(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error) {
	var tried []string
	answers := make(chan answer, 1)
	next := func() bool {
		name, ok := p.fleet.pick(tried)
		if !ok && len(tried) > 0 {
			return false
		}
		tried = append(tried, name)
		go func() {
			a := answer{replica: name}
			a.err = guard.Do("packer", func() (err error) {
				a.out, err = p.replicas.Cast(ctx, name, in)
				return err
			})
			select {
			case answers <- a:
			case <-ctx.Done():
			}
		}()
		return true
	}
	next()
	flying := 1
	late := time.NewTicker(elsewhere)
	defer late.Stop()
	var doubt error // nobody knows whether that replica counted
	for {
		select {
		case a := <-answers:
			flying--
			switch {
			case a.err == nil:
				return a.out, nil
			case !untouched(a.err):
				doubt = a.err
			case a.replica != "":
				p.fleet.drop(a.replica)
			}
			if next() {
				flying++
			} else if flying == 0 && doubt != nil {
				return a.out, doubt
			} else if flying == 0 {
				return a.out, a.err
			}
		case <-late.C:
			for _, name := range tried {
				p.fleet.leaveOut(name)
			}
			if next() {
				flying++
				resent.Inc()
			}
		case <-ctx.Done():
			return voting.Outcomes{}, voting.ErrUnknownOutcome.Because(ctx.Err())
		}
	}
}
