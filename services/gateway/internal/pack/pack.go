// Package pack sends all ballots that wait at a moment to the voting service
// in one request: no timer, a lone ballot never waits, and a burst costs few
// messages.
package pack

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	maxPack   = 500  // ballots a request
	flights   = 3    // requests under way at a time
	queueSize = 4096 // ballots that wait; more are told so at once
	// answerLimit is how long the voting service may take; then the outcome is
	// unknown.
	answerLimit = 8 * time.Second
)

// waiting is a ballot and who waits for its outcome.
type waiting struct {
	ballot  voting.Cast
	outcome chan voting.Outcome // buffered: nobody need be there any more
}

// Packer casts ballots. Run must be running.
type Packer struct {
	cast  func(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error)
	queue chan waiting
}

// New packs for the voting service.
func New(cast func(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error)) *Packer {
	return &Packer{cast, make(chan waiting, queueSize)}
}

// Cast gives what became of a ballot. Faults: voting's; ErrBusy at once where
// too many wait; ErrUnknownOutcome where ctx ends or the answer is lost.
func (p *Packer) Cast(ctx context.Context, ballot voting.Cast) (voting.Outcome, error) {
	w := waiting{ballot, make(chan voting.Outcome, 1)}
	select {
	case p.queue <- w:
	default:
		return voting.Outcome{}, voting.ErrBusy
	}
	select {
	case o := <-w.outcome:
		if o.Fault != nil {
			return o, o.Fault
		}
		return o, nil
	case <-ctx.Done():
		return voting.Outcome{}, voting.ErrUnknownOutcome.Because(ctx.Err())
	}
}

// Run packs until ctx ends; then it sends what waits and answers it.
func (p *Packer) Run(ctx context.Context) {
	slots := make(chan struct{}, flights)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			slots <- struct{}{}
		}
		var first waiting
		select {
		case first = <-p.queue:
		case <-ctx.Done():
			select {
			case first = <-p.queue:
			default: // nothing waits: the end, once those under way are back
				<-slots
				for range flights {
					slots <- struct{}{}
				}
				return
			}
		}
		pack := p.gather(first)
		go func() {
			defer func() { <-slots }()
			p.send(pack)
		}()
	}
}

// gather takes all that wait.
func (p *Packer) gather(first waiting) []waiting {
	pack := []waiting{first}
	for len(pack) < maxPack {
		select {
		case w := <-p.queue:
			pack = append(pack, w)
		default:
			return pack
		}
	}
	return pack
}

func (p *Packer) send(pack []waiting) {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	in := voting.CastBallots{Ballots: make([]voting.Cast, len(pack))}
	for i, w := range pack {
		in.Ballots[i] = w.ballot
	}
	out, err := p.cast(ctx, in)
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

// unknown is what a ballot is told whose request failed as a whole: nothing
// was tried where the service is not there, else nobody knows.
func unknown(err error) *fault.Error {
	var f *fault.Error
	if errors.As(err, &f) && f.Code != "no_answer" && f.Kind != fault.Internal {
		return f
	}
	return voting.ErrUnknownOutcome.Because(err)
}
