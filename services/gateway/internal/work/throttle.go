package work

import (
	"sync/atomic"
	"time"

	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
)

// Rates are how many device credentials may be had without work.
type Rates struct {
	Network  limit.Rate // by an address or the /64 of IPv6; what is around it: see limit.NewNetworks
	All      limit.Rate // by everybody
	Strained limit.Rate // by everybody while ballots are refused for want of room
}

// MaxNumbers is the most that the easiest challenge may have.
const MaxNumbers = 10_000_000

const (
	// patience is how many times its allowance a network may be asked for work
	// before the work gets harder: a school that votes at once has it easy.
	patience = 50
	// hardest is how many times the work of the easiest challenge it gets.
	hardest = 5
	// strain is how long a refused ballot is remembered.
	strain = 10 * time.Second
)

// Throttle lets credentials be issued as long as few are asked for. Then it asks
// for work, the more the longer this goes on: it slows a shared network down
// to the pace of work, and never locks it out. It is safe for concurrent use.
type Throttle struct {
	challenges *Challenges
	numbers    int64 // of the easiest challenge; 0: there is none, one has to wait
	now        func() time.Time

	free          *limit.Networks
	all, strained *limit.Limiter
	asked, crowds *limit.Limiter // how often for work: by network, and around it
	refused       atomic.Int64   // when a ballot was last refused, Unix nanoseconds
}

// NewThrottle asks for work past the rates: a number of 0 to numbers, at first. It
// asks for none if numbers is 0.
func NewThrottle(r Rates, numbers int64, key credential.Key, now func() time.Time) *Throttle {
	return &Throttle{
		challenges: NewChallenges(key, now), numbers: numbers, now: now,
		free: limit.NewNetworks(r.Network, now), all: limit.New(r.All, now), strained: limit.New(r.Strained, now),
		asked: limit.New(r.Network.Times(patience), now), crowds: limit.New(r.Network.Times(limit.Crowd*patience), now),
	}
}

// Pass lets a network (limit.Network) have a credential for a selection, by a
// work that holds or, where it is empty, as long as the rates allow. What
// identity has to record is nil without work. Faults: ErrWanted;
// too_many_requests where no work is asked for; those of Challenges.Check.
func (t *Throttle) Pass(network, slug, work string) (*identity.Work, error) {
	if work != "" {
		done, err := t.challenges.Check(work, slug)
		if err != nil {
			return nil, err
		}
		return &done, nil
	}
	wait := t.wait(network)
	if wait == 0 || t.numbers == 0 {
		return nil, limit.TooMany(wait)
	}
	c, err := t.challenges.New(slug, t.hardness(network))
	if err != nil {
		return nil, err
	}
	f := wanted(c)
	f.RetryAfter = max(wait, time.Second)
	return nil, f
}

// wait is how long until a network may have a credential without work; 0: now.
// The narrower limit comes first, so that what it refuses costs others nothing.
func (t *Throttle) wait(network string) time.Duration {
	if wait := t.free.Wait(network); wait > 0 {
		return wait
	}
	if t.busy() {
		return t.strained.Wait("")
	}
	return t.all.Wait("")
}

// hardness is how many numbers a challenge has: twice as many for each sign
// that somebody works in bulk, up to five times.
func (t *Throttle) hardness(network string) int64 {
	n := t.numbers
	for _, suspicious := range []bool{
		t.asked.Wait(network) > 0, t.crowds.Wait(limit.Wider(network)) > 0, t.busy(),
	} {
		if suspicious {
			n *= 2
		}
	}
	return min(n, hardest*t.numbers)
}

// Refused takes note of a ballot that was refused for want of room.
func (t *Throttle) Refused() { t.refused.Store(t.now().UnixNano()) }

// busy tells whether ballots are refused at this time. A clock that was set
// back makes nobody busy.
func (t *Throttle) busy() bool {
	last := t.refused.Load()
	ago := t.now().Sub(time.Unix(0, last))
	return last != 0 && ago >= 0 && ago < strain
}
