package query

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
)

// GetTurnout implements voting.Service.
func (r *Reader) GetTurnout(ctx context.Context, in voting.Of) (t voting.Turnout, err error) {
	t = voting.Turnout{Slug: in.Slug, Hours: []voting.TurnoutHour{}, Ways: []voting.TurnoutOfWay{}}
	err = r.look(ctx, in.Slug, func(v view) error {
		rules, err := r.cache.Rules(ctx, v, in.Slug)
		if err != nil {
			return err
		}
		t.Ballots = v.Size
		if err := v.hours(ctx, rules.Zone(), &t.Hours); err != nil {
			return err
		}
		t.Ways, err = v.ways(ctx, rules.Ways())
		return err
	})
	return t, err
}

// ways counts ballots by the ways that the rulebook takes: of several, the roster
// is counted once the vote is over, and the rest is the other's.
func (v view) ways(ctx context.Context, taken []string) ([]voting.TurnoutOfWay, error) {
	ways := make([]voting.TurnoutOfWay, len(taken))
	for i, way := range taken {
		ways[i].Way = way
	}
	i := slices.Index(taken, rulebook.WayRoster)
	switch {
	case len(taken) == 1:
		ways[0].Ballots = new(v.Size)
	case len(taken) == 2 && i >= 0 && v.SealedAt.Valid:
		var roster sql.NullInt64
		if err := v.GetContext(ctx, &roster, `SELECT roster_ballots FROM voting WHERE id = $1`, v.ID); err != nil {
			return nil, fmt.Errorf("turnout: %w", err)
		}
		if roster.Valid {
			ways[i].Ballots, ways[1-i].Ballots = new(roster.Int64), new(v.Size-roster.Int64)
		}
	}
	return ways, nil
}

// hours sums the publications by the hours of a timezone.
func (v view) hours(ctx context.Context, zone string, out *[]voting.TurnoutHour) error {
	var rows []struct {
		From    time.Time `db:"from"`
		Ballots int64     `db:"ballots"`
	}
	if err := v.SelectContext(ctx, &rows, `
		SELECT date_trunc('hour', at, $2) AS "from", sum(ballots) AS ballots
		FROM publication WHERE selection = $1 GROUP BY 1 ORDER BY 1`, v.ID, zone); err != nil {
		return fmt.Errorf("turnout: %w", err)
	}
	for _, row := range rows {
		*out = append(*out, voting.TurnoutHour{From: row.From.UTC(), Ballots: row.Ballots})
	}
	return nil
}
