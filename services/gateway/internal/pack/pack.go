// Package pack sends all ballots that wait at a moment to the voting service
// in one request: no timer, a lone ballot never waits, and a burst costs few
// messages.
package pack

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	maxPack = 500 // ballots a request
	// maxBytes of a request: a few ballots of very many picks must not make
	// it too large to be sent, and fail with it everybody else's.
	maxBytes  = bus.MaxPayload / 2
	flights   = 3    // requests under way at a time
	queueSize = 2048 // ballots that wait, a fifth of a second; more are told so at once
	// answerLimit is how long the voting service may take; then the outcome is
	// unknown.
	answerLimit = 8 * time.Second
	// delayed is when a further request goes that is not full: the one before it is
	// held up.
	delayed = 20 * time.Millisecond
	// patience is how long a ballot waits to be sent while requests are held up.
	// With answerLimit it bounds the time until its voter hears something.
	patience = 5 * time.Second
)

// waiting is a ballot and who waits for its outcome.
type waiting struct {
	ballot  voting.Cast
	since   time.Time
	outcome chan voting.Outcome // holds one
}

// Packer casts ballots. Run must be running.
type Packer struct {
	replicas Replicas
	fleet    fleet
	queue    chan *waiting
	many     chan struct{} // holds one token when the queue has come to fill a request
	spare    sync.Pool     // of *waiting whose outcome was taken
}

// New packs for the voting service.
func New(replicas Replicas) *Packer {
	return &Packer{
		replicas: replicas, queue: make(chan *waiting, queueSize), many: make(chan struct{}, 1),
		spare: sync.Pool{New: func() any { return &waiting{outcome: make(chan voting.Outcome, 1)} }},
	}
}

// Full tells whether as many wait as may: Cast would give Busy.
func (p *Packer) Full() bool { return len(p.queue) == cap(p.queue) }

// Busy is ErrBusy with a time to come again that spreads those who are refused
// over some seconds: all at once would be refused again, and to refuse thousands
// a second takes from those who are served.
func Busy() *fault.Error {
	f := *voting.ErrBusy
	f.RetryAfter = time.Duration(2+mathrand.IntN(4)) * time.Second
	return &f
}

// Cast gives what became of a ballot, within thirteen seconds. Faults: voting's;
// ErrBusy at once where too many wait; ErrUnknownOutcome where the answer is lost.
func (p *Packer) Cast(ballot voting.Cast) (voting.Outcome, error) {
	w := p.spare.Get().(*waiting)
	defer p.spare.Put(w) // its outcome has been taken, or it was never queued
	w.ballot, w.since = ballot, time.Now()
	select {
	case p.queue <- w:
	default:
		return voting.Outcome{}, Busy()
	}
	if len(p.queue) >= maxPack {
		select {
		case p.many <- struct{}{}:
		default:
		}
	}
	o := <-w.outcome
	if o.Fault != nil {
		return o, o.Fault
	}
	return o, nil
}

// Run packs until ctx ends; then it sends what waits and answers it.
func (p *Packer) Run(ctx context.Context) {
	calling, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the last is back
	defer stop()
	go p.muster(calling)
	landed := make(chan struct{}, flights)
	flying := 0
	var left *waiting // did not fit into the pack before
	for {
		first, ok := p.first(ctx, left)
		if !ok { // the end, once those under way are back
			for ; flying > 0; flying-- {
				<-landed
			}
			return
		}
		flying -= p.hold(flying, landed)
		var pack []*waiting
		pack, left = p.gather(first)
		flying++
		go func() {
			p.send(pack)
			landed <- struct{}{}
		}()
	}
}

// hold waits until a request may leave, and gives how many have come back. The
// voting service writes one batch at a time: ballots lose nothing when they wait
// for the request before them, and together make a batch that costs less each.
func (p *Packer) hold(flying int, landed <-chan struct{}) (back int) {
	timer := time.NewTimer(delayed)
	defer timer.Stop()
	held := timer.C
	for {
		up := flying - back
		if up == 0 || up < flights && (len(p.queue)+1 >= maxPack || held == nil) {
			return back
		}
		select {
		case <-landed: // at the latest after answerLimit
			back++
		case <-p.many:
		case <-held:
			held = nil
		}
	}
}

// first waits for a ballot; none is left where ctx ended and nothing waits.
func (p *Packer) first(ctx context.Context, left *waiting) (w *waiting, ok bool) {
	if left != nil {
		return left, true
	}
	select {
	case w = <-p.queue:
		return w, true
	case <-ctx.Done():
	}
	select {
	case w = <-p.queue:
		return w, true
	default:
		return nil, false
	}
}

// gather takes all that wait and fit into one request; left, if any, does not.
func (p *Packer) gather(first *waiting) (pack []*waiting, left *waiting) {
	pack = append(make([]*waiting, 0, min(1+len(p.queue), maxPack)), first)
	bytes := first.size()
	for len(pack) < maxPack {
		select {
		case w := <-p.queue:
			if bytes += w.size(); bytes > maxBytes {
				return pack, w
			}
			pack = append(pack, w)
		default:
			return pack, nil
		}
	}
	return pack, nil
}

// size is no less than what a ballot takes in a request, in bytes.
func (w *waiting) size() int {
	const fixed, pick = 512, 21 // a pick is an int64 and its comma
	return fixed + pick*len(w.ballot.Picks)
}

func (p *Packer) send(pack []*waiting) {
	pack = slices.DeleteFunc(pack, func(w *waiting) bool {
		late := time.Since(w.since) > patience
		if late { // nothing was tried
			w.outcome <- voting.Outcome{Fault: Busy()}
		}
		return late
	})
	if len(pack) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	in := voting.CastBallots{Ballots: make([]voting.Cast, len(pack))}
	ids := make([]byte, 16*len(pack))
	rand.Read(ids)
	for i, w := range pack {
		in.Ballots[i] = w.ballot
		in.Ballots[i].ID = voting.BallotID(ids[16*i:])
	}
	out, err := p.deliver(ctx, in)
	if err == nil && len(out.Outcomes) != len(pack) {
		err = fmt.Errorf("%d outcomes of %d ballots", len(out.Outcomes), len(pack))
	}
	for i, w := range pack {
		if err != nil {
			w.outcome <- voting.Outcome{Fault: unknown(err)}
			continue
		}
		w.outcome <- out.Outcomes[i]
	}
}

// unknown is what a ballot is told whose request failed as a whole. Nothing was
// tried where the service has not looked at the request, nor where it cannot read
// it, because it is of an earlier version and will be replaced; else nobody knows.
func unknown(err error) *fault.Error {
	switch {
	case bus.Unseen(err):
		return fault.From(err)
	case fault.Is(err, fault.Malformed):
		return Busy().Because(err)
	}
	return voting.ErrUnknownOutcome.Because(err)
}
