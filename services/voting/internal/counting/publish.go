package counting

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// The aggregates of what this room publishes.
const (
	tallyAggregate = "tally"
	sealAggregate  = "seal"
)

// maxPublication is about how many ballots one publication takes, which is one
// transaction: folding waits for it. Where more are due, several follow each
// other.
const maxPublication = 1 << 18

// publication makes ballots that are in the tally public, in one transaction:
// their leaves enter the log, sorted by hash, so that no place tells when a ballot
// was cast; checkpoint, votes, turnout and event move with them, and only here.
// Once voting is closed it takes all that is left, and seals.
type publication struct {
	sequencer *Sequencer
	rules     rule.Rules
	selection int
	due       int64 // up to where ballots were due before, then up to where they are
}

// state is how far a selection has come, in the tally and in public.
type state struct {
	ledger.Head
	Slug    string    `db:"slug"`
	Counted int64     `db:"next_index"`
	Waits   bool      `db:"waits"` // batches are not in the tally yet
	Closed  bool      `db:"closed"`
	Sealed  bool      `db:"sealed"`
	Moved   time.Time `db:"moved"` // when public figures moved last; at first, when voting opened
	Now     time.Time `db:"now"`
}

// stateColumns are those of state, for a SELECT from head h and voting v. A
// snapshot in which voting is closed has the batch of each acknowledged ballot.
const stateColumns = `v.slug, h.selection, log_size, edge, checkpoint, next_index, v.closed_at IS NOT NULL AS closed, sealed_at IS NOT NULL AS sealed,
	EXISTS (SELECT 1 FROM batch b WHERE b.selection = h.selection AND first_index IS NULL) AS waits,
	coalesce(moved_at, opened_at, clock_timestamp()) AS moved, clock_timestamp() AS now`

// due is up to where ballots are to be public: all that are in the tally, once the
// interval since the last publication is over and enough are there, or once no
// more can come; else as far as was due before.
func (s state) due(p rulebook.Publication, before int64) int64 {
	switch {
	case s.final(), s.Now.Sub(s.Moved) >= p.Every && s.Counted-s.Size >= int64(p.Ballots):
		return s.Counted
	case before-s.Size >= int64(p.Ballots):
		return before
	}
	return 0
}

// final tells whether no more ballots can come, and all are in the tally.
func (s state) final() bool { return s.Closed && !s.Waits && !s.Sealed }

func (p *publication) run(ctx context.Context, tx *sqlx.Tx) error {
	var s state
	if err := tx.GetContext(ctx, &s, `
		SELECT `+stateColumns+` FROM head h JOIN voting v ON v.id = h.selection WHERE h.selection = $1 FOR UPDATE OF h`, p.selection); err != nil {
		return fmt.Errorf("head: %w", err)
	}
	if p.due = s.due(p.rules.Publication(), p.due); p.due > s.Size {
		var err error
		if s.Head, err = p.publish(ctx, tx, s); err != nil {
			return err
		}
	}
	if s.final() && s.Size == s.Counted {
		return p.seal(ctx, tx, s)
	}
	return nil
}

// publish takes what is due, or where that is too much a part of it, as large as
// the other parts: none has fewer ballots than a publication must have.
func (p *publication) publish(ctx context.Context, tx *sqlx.Tx, s state) (ledger.Head, error) {
	waiting := p.due - s.Size
	parts := (waiting + maxPublication - 1) / maxPublication
	leaves, added, err := p.read(ctx, tx, s, s.Size+(waiting+parts-1)/parts)
	if err != nil {
		return s.Head, err
	}
	head, err := ledger.Extend(ctx, tx, s.Slug, s.Head, leaves, p.sequencer.signer)
	if err != nil {
		return s.Head, err
	}
	if err := exactly(ctx, tx, 1, `
		INSERT INTO publication (selection, first, ballots, at) VALUES ($1, $2, $3, clock_timestamp())`, p.selection, s.Size, len(leaves)); err != nil {
		return s.Head, fmt.Errorf("publication: %w", err)
	}
	candidates, votes := added.columns()
	if err := exactly(ctx, tx, len(added), `
		UPDATE tally SET published = published + x.votes
		FROM unnest($2::smallint[], $3::bigint[]) AS x (candidate, votes)
		WHERE tally.selection = $1 AND tally.candidate = x.candidate`, p.selection, candidates, votes); err != nil {
		return s.Head, fmt.Errorf("votes: %w", err)
	}
	if err := exactly(ctx, tx, 1, `
		UPDATE head SET log_size = $3, published = $3, edge = $4, checkpoint = $5,
		    moved_at = (SELECT at FROM publication WHERE selection = $1 AND first = $2)
		WHERE selection = $1 AND log_size = $2`, p.selection, s.Size, head.Size, head.Data, head.Checkpoint); err != nil {
		return s.Head, fmt.Errorf("head: %w", err)
	}
	counted := event.BallotsCounted{Ballots: head.Size}
	if !p.rules.Hidden() { // who listens to events learns no more than anybody
		if counted.Votes, err = Votes(ctx, tx, p.selection); err != nil {
			return s.Head, err
		}
	}
	return head, outbox.Append(ctx, tx, p.sequencer.now(), s.Slug, tallyAggregate, counted)
}

// read gives the leaves of batches that are in the tally and not public, from the
// log's end until a place in the order of counting, sorted by hash, and their sums.
func (p *publication) read(ctx context.Context, tx *sqlx.Tx, s state, until int64) ([]tlog.Hash, sums, error) {
	var batches []batch
	if err := tx.SelectContext(ctx, &batches, `
		SELECT id, ballots, leaves, candidates, votes FROM batch LEFT JOIN batch_body ON batch = id
		WHERE selection = $1 AND first_index >= $2 AND first_index < $3`, p.selection, s.Size, until); err != nil {
		return nil, nil, fmt.Errorf("leaves: %w", err)
	}
	var leaves []tlog.Hash
	added := sums{}
	for _, b := range batches {
		more, err := ballotlog.Split(b.Leaves)
		if err == nil && len(more) != b.Ballots {
			err = fmt.Errorf("%d ballots have %d leaves", b.Ballots, len(more))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("batch %d: %w", b.ID, err)
		}
		leaves = append(leaves, more...)
		added.add(b.Candidates, b.Votes)
	}
	slices.SortFunc(leaves, func(a, b tlog.Hash) int { return bytes.Compare(a[:], b[:]) })
	return leaves, added, nil
}
