package app

import (
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/internal/work"
)

// Limits are the rates of what costs or invites abuse.
type Limits struct {
	Requests    limit.Rate // of an address, to the whole API
	SignIns     limit.Rate // of an address, whatever comes of them; identity counts those that fail
	Credentials work.Rates // device credentials: more of them take work
	Entries     limit.Rate // of an address: self-nominations, and as many objections
	Ballots     limit.Rate // of a credential
	Codes       limit.Rate // of an address, in a selection: wrong roster codes
	AllCodes    limit.Rate // of a selection: wrong roster codes, whoever sends them
}

// DefaultLimits let a shared network vote, and a script not.
func DefaultLimits() Limits {
	return Limits{
		Requests: limit.Rate{PerSecond: 100, Burst: 1000},
		SignIns:  limit.Rate{PerSecond: 5, Burst: 300},
		Credentials: work.Rates{
			Network:  limit.Rate{PerSecond: 2, Burst: 60},
			All:      limit.Rate{PerSecond: 500, Burst: 30_000},
			Strained: limit.Rate{PerSecond: 50, Burst: 50},
		},
		Entries: limit.Rate{PerSecond: 0.1, Burst: 10},
		Ballots: limit.Rate{PerSecond: 1, Burst: 10},
		// Of 2^55 codes at most 100,000 are good: at this rate, without a pause,
		// one is found in thousands of years.
		Codes:    limit.Rate{PerSecond: 0.2, Burst: 100},
		AllCodes: limit.Rate{PerSecond: 5, Burst: 2000},
	}
}

// codeTries holds wrong codes to a rate, of a network and in a selection: the
// first stops a script, the second many networks. A right code costs nothing,
// and one that cannot be right is told so at no cost, so a shared network is
// not held up by its own people.
type codeTries struct{ network, selection *limit.Tries }

func newCodeTries(network, selection limit.Rate, now func() time.Time) codeTries {
	return codeTries{limit.NewTries(network, now), limit.NewTries(selection, now)}
}

var errTooManyCodes = fault.New(fault.TooMany, "too_many_codes", "too many wrong codes; wait a little")

// begin gives what ends a try, or too_many_codes.
func (t codeTries) begin(slug, network string) (end func(wrong bool), err error) {
	near, wait := t.network.Begin(slug + " " + network)
	if near == nil {
		return nil, tooManyCodes(wait)
	}
	wide, wait := t.selection.Begin(slug)
	if wide == nil {
		near(false)
		return nil, tooManyCodes(wait)
	}
	return func(wrong bool) { near(wrong); wide(wrong) }, nil
}

func tooManyCodes(wait time.Duration) error {
	f := *errTooManyCodes
	f.RetryAfter = wait
	return &f
}
