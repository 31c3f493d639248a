package counting

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/services/voting"
)

// Votes are the published counts of all candidates on the list, by number, zeros
// too. Struck candidates have none, though their ballots stay in the log and in
// the turnout.
func Votes(ctx context.Context, q sqlx.QueryerContext, selection int) (map[int]int64, error) {
	var rows []struct {
		Number int   `db:"number"`
		Votes  int64 `db:"votes"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, `
		SELECT c.number, coalesce(t.published, 0) AS votes
		FROM voting v
		JOIN candidate c ON c.slug = v.slug AND c.struck_at IS NULL
		LEFT JOIN tally t ON t.selection = v.id AND t.candidate = c.number
		WHERE v.id = $1`, selection); err != nil {
		return nil, fmt.Errorf("votes: %w", err)
	}
	votes := make(map[int]int64, len(rows))
	for _, r := range rows {
		votes[r.Number] = r.Votes
	}
	return votes, nil
}

// seal makes the tally final. Voting is closed, and every ballot is in the tally
// and in the log.
func (p *publication) seal(ctx context.Context, tx *sqlx.Tx, s state) error {
	if err := exactly(ctx, tx, 1, `
		UPDATE head SET sealed_at = clock_timestamp() WHERE selection = $1 AND sealed_at IS NULL`, p.selection); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	votes, err := Votes(ctx, tx, p.selection)
	if err != nil {
		return err
	}
	checkpoint, _, err := s.Signed(s.Slug, p.sequencer.signer)
	if err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	// What everybody may read from now on is written before anybody asks.
	if _, err := p.sequencer.jobs.Order(ctx, tx, s.Slug, voting.LeavesJob, nil); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	return outbox.Append(ctx, tx, p.sequencer.now(), s.Slug, sealAggregate, event.TallySealed{Ballots: s.Size, Votes: votes, Checkpoint: checkpoint})
}
