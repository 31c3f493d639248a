// Package casting takes ballots: all that queued during one commit go into the
// next transaction, and each caller hears the outcome of its own.
package casting

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

const (
	// maxQueue bounds the ballots that wait: at some 10,000 a second a caller
	// waits no longer than a second.
	maxQueue = 8192
	// maxKey is the longest Idempotency-Key hash in characters.
	maxKey = 128
)

// Caster is where ballots are cast.
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
func (b *Caster) CastBallots(ctx context.Context, in voting.CastBallots) (voting.Outcomes, error) {
	c := newCall(len(in.Ballots))
	all, ballots := make([]ballot, len(in.Ballots)), make([]*ballot, 0, len(in.Ballots))
	salts := make([]byte, len(all)*len(ballot{}.salt))
	rand.Read(salts)
	for i, cast := range in.Ballots {
		one := &all[i]
		if f := one.read(cast); f != nil {
			c.settle(i, result{fault: f})
			continue
		}
		one.call, one.at = c, i
		salts = salts[copy(one.salt[:], salts):]
		ballots = append(ballots, one)
	}
	for _, refused := range ballots[b.queue.add(ballots):] {
		c.settle(refused.at, result{fault: voting.ErrBusy})
	}
	if len(in.Ballots) == 0 {
		return voting.Outcomes{Outcomes: []voting.Outcome{}}, nil
	}
	select {
	case <-c.done:
	case <-ctx.Done(): // the ballots go their way all the same
		return voting.Outcomes{}, voting.ErrUnknownOutcome.Because(ctx.Err())
	}
	out := voting.Outcomes{Outcomes: make([]voting.Outcome, len(c.results))}
	for i, r := range c.results {
		out.Outcomes[i] = b.outcome(in.Ballots[i].Slug, r)
	}
	return out, nil
}

func (b *Caster) outcome(slug string, r result) voting.Outcome {
	if r.fault != nil {
		return voting.Outcome{Fault: r.fault}
	}
	return voting.Outcome{
		Receipt: b.keys.Receipt.Issue(slug, r.batch, r.rank).String(),
		At:      r.counted, Again: r.again,
	}
}

// read takes a cast as far as that needs nobody else.
func (b *ballot) read(cast voting.Cast) *fault.Error {
	if !event.ValidSlug(cast.Slug) {
		return voting.ErrNotYet // as every selection that is not here
	}
	b.cast = cast
	f := *voting.ErrInvalid
	if n, err := hex.Decode(b.voter[:], []byte(cut(cast.Voter, 2*len(b.voter)))); err != nil || n != len(b.voter) || len(cast.Voter) != 2*n {
		f.Fields = append(f.Fields, fault.Field{Name: "voter", Message: "is 32 hex digits"})
	}
	if len(cast.Key) > maxKey {
		f.Fields = append(f.Fields, fault.Field{Name: "key", Message: "is too long"})
	}
	if len(f.Fields) > 0 {
		return &f
	}
	if cast.Key != "" {
		sum := sha256.Sum256([]byte(cast.Key))
		b.key = sum[:16]
	}
	b.picks = slices.Clone(cast.Picks)
	slices.Sort(b.picks)
	return nil
}

func cut(s string, n int) string { return s[:min(n, len(s))] }

// result is what became of a ballot: a fault, or the place of the ballot that
// counts.
type result struct {
	fault   *fault.Error
	batch   int64
	rank    int
	counted time.Time
	again   bool
}
