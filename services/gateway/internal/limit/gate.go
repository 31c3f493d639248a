package limit

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Gate has reading wait while ballots need the processors. As long as they do not,
// whoever comes passes. While they do, one at a time passes, and after each the gate
// rests for several times as long as that took: reading then has a fixed share of
// one processor, however many want to read. Who waits too long, or comes where too
// many wait, is told to come again.
type Gate struct {
	busy    func() bool
	pass    chan struct{} // holds one while somebody may pass
	waiting atomic.Int64
}

const (
	// rests is how many times as long as the last one took the gate rests.
	rests = 4
	// maxWaiting bounds who waits, and patience for how long.
	maxWaiting = 512
	patience   = 3 * time.Second
)

// NewGate asks busy, at each who comes, whether ballots need the processors.
func NewGate(busy func() bool) *Gate {
	g := &Gate{busy: busy, pass: make(chan struct{}, 1)}
	g.pass <- struct{}{}
	return g
}

// errBusy is what a reader is told who cannot be served now.
var errBusy = fault.New(fault.Unavailable, "reading_busy", "ballots come first, and very many are being cast; try again")

// Enter gives what must be called when the reader has been served. Fault:
// reading_busy, with a time to come again that spreads those who are refused.
func (g *Gate) Enter(ctx context.Context) (leave func(), err error) {
	if g == nil || !g.busy() {
		return func() {}, nil
	}
	if g.waiting.Add(1) > maxWaiting {
		g.waiting.Add(-1)
		return nil, busy()
	}
	defer g.waiting.Add(-1)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-g.pass:
	case <-timer.C:
		return nil, busy()
	case <-ctx.Done():
		return nil, busy().Because(ctx.Err())
	}
	began := time.Now()
	return func() {
		time.AfterFunc(rests*time.Since(began), func() { g.pass <- struct{}{} })
	}, nil
}

func busy() *fault.Error {
	f := *errBusy
	f.RetryAfter = time.Duration(3+rand.IntN(5)) * time.Second
	return &f
}
