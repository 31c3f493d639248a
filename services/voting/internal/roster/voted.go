package roster

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

const (
	idSize   = 16      // bytes of a voter's id
	mostAsks = 5000    // pseudonyms a statement
	maxList  = 4 << 20 // bytes of a list of voters
)

// count answers which voters of a roster have a ballot. A list that is gone was
// answered before: then this is a repeat to a database that was set back.
func (v *Voters) count(ctx context.Context, tx *sqlx.Tx, env event.Envelope, e event.RosterClosed) error {
	ids, err := v.ids(ctx, e.Voters)
	if errors.Is(err, blob.ErrNotFound) {
		v.deps.Log.WarnContext(ctx, "the list of a roster's voters is gone", "slug", env.Slug)
		return nil
	}
	if err != nil {
		return fmt.Errorf("voters of %s: %w", env.Slug, err)
	}
	sel, err := candidates.GetSelection(ctx, tx, env.Slug)
	if err != nil {
		return err
	}
	if err := v.keys.Made(sel.KeyCheck); err != nil {
		return fmt.Errorf("voters of %s: %w", env.Slug, err)
	}
	rules, err := v.cache.Rules(ctx, tx, env.Slug)
	if err != nil {
		return err
	}
	voted := make([]byte, (len(ids)+7)/8)
	ballots := int64(0)
	for _, period := range sel.Periods(rules) {
		n, err := v.mark(ctx, tx, sel, period, ids, voted)
		if err != nil {
			return fmt.Errorf("voters of %s: %w", env.Slug, err)
		}
		ballots += n
	}
	if _, err := tx.ExecContext(ctx, `UPDATE voting SET roster_ballots = $2 WHERE id = $1`, sel.ID, ballots); err != nil {
		return fmt.Errorf("voters of %s: %w", env.Slug, err)
	}
	return outbox.Append(ctx, tx, v.deps.Time(), env.Slug, "roster", event.VotersCounted{Voters: e.Voters, Voted: voted})
}

func (v *Voters) ids(ctx context.Context, hash string) (ids [][idSize]byte, err error) {
	text, err := blob.Read(ctx, v.deps.Blobs.In(event.Identity), hash, maxList)
	if err == nil && len(text)%idSize != 0 {
		err = fmt.Errorf("a list of %d bytes", len(text))
	}
	if err != nil {
		return nil, err
	}
	for ; len(text) > 0; text = text[idSize:] {
		ids = append(ids, [idSize]byte(text))
	}
	return ids, nil
}

// mark sets the bits of those who have a ballot in a period, and counts the
// ballots.
func (v *Voters) mark(ctx context.Context, tx *sqlx.Tx, sel candidates.Selection, period int, ids [][idSize]byte, voted []byte) (ballots int64, err error) {
	for from := 0; from < len(ids); from += mostAsks {
		asked := map[secret.Pseudonym]int{}
		var names pq.ByteaArray
		for i := from; i < min(from+mostAsks, len(ids)); i++ {
			name := v.keys.Name(sel.Slug, period, ids[i])
			asked[name] = i
			names = append(names, name[:])
		}
		var found []struct {
			Voter   []byte `db:"voter"`
			Ballots int64  `db:"ballots"`
		}
		if err := tx.SelectContext(ctx, &found, `
			SELECT b.voter, count(*) AS ballots FROM unnest($3::bytea[]) AS n (voter)
			JOIN ballot b ON b.selection = $1 AND b.period = $2 AND b.voter = n.voter GROUP BY b.voter`, sel.ID, period, names); err != nil {
			return 0, err
		}
		for _, one := range found {
			i := asked[secret.Pseudonym(one.Voter)]
			voted[i/8] |= 1 << (i % 8)
			ballots += one.Ballots
		}
	}
	return ballots, nil
}
