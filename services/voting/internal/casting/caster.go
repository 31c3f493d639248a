// Package casting takes ballots: all that queued during one commit go into the
// next transaction, and each caller gets the outcomes of its own.
package casting

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/receipt"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// maxQueue bounds the ballots that wait: at some 10,000 a second a caller waits
// no longer than a second.
const maxQueue = 8192

// Caster takes ballots. They are written while Run runs.
type Caster struct {
	db    *sqlx.DB
	log   *slog.Logger
	keys  secret.Keys
	cache *candidates.Cache
	queue *queue
	wake  func() // after each commit that added ballots
}

// New takes ballots into deps' database.
func New(deps run.Deps, keys secret.Keys, cache *candidates.Cache, wake func()) *Caster {
	return &Caster{db: deps.DB, log: deps.Log, keys: keys, cache: cache, queue: newQueue(maxQueue), wake: wake}
}

// CastBallots implements voting.Service.
func (c *Caster) CastBallots(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error) {
	if len(in.Ballots) == 0 {
		return voting.Outcomes{Outcomes: []voting.Outcome{}}, nil
	}
	request := newCall(len(in.Ballots))
	ballots := read(c.keys, in.Ballots, request)
	for _, refused := range ballots[c.queue.add(ballots):] {
		refused.settle(result{fault: voting.ErrBusy})
	}
	select {
	case <-request.done:
	case <-ctx.Done(): // the ballots are written all the same
		return voting.Outcomes{}, voting.ErrUnknownOutcome.Because(ctx.Err())
	}
	out := voting.Outcomes{Outcomes: make([]voting.Outcome, len(request.results))}
	for i, r := range request.results {
		out.Outcomes[i] = c.outcome(in.Ballots[i].Slug, r)
	}
	return out, nil
}

func (c *Caster) outcome(slug string, r result) voting.Outcome {
	if r.fault != nil {
		return voting.Outcome{Fault: r.fault}
	}
	return voting.Outcome{
		Receipt: c.keys.Receipt.Issue(slug, receipt.Place{Batch: r.batch, Rank: r.rank}).String(),
		At:      r.counted, Again: r.again,
	}
}

// read makes ballots of casts. It settles those whose slug is none, and gives the
// others.
func read(keys secret.Keys, casts []voting.Cast, request *call) []*ballot {
	all, ballots := make([]ballot, len(casts)), make([]*ballot, 0, len(casts))
	salts := make([]byte, len(casts)*saltSize)
	rand.Read(salts)
	count := 0
	for i := range casts {
		count += len(casts[i].Picks)
	}
	sorted := make([]int, 0, count) // the picks of all ballots
	now := time.Now()
	for i := range casts {
		b := &all[i]
		b.cast, b.call, b.index, b.came = &casts[i], request, i, now
		if !event.ValidSlug(b.cast.Slug) {
			b.settle(result{fault: voting.ErrNotYet}) // as of every selection that is not here
			continue
		}
		if id := b.cast.ID; id.IsZero() {
			copy(b.salt[:], salts[saltSize*i:])
		} else {
			b.salt = keys.Salt(id)
		}
		start := len(sorted)
		sorted = append(sorted, b.cast.Picks...)
		b.picks = sorted[start:len(sorted):len(sorted)]
		slices.Sort(b.picks)
		ballots = append(ballots, b)
	}
	return ballots
}
