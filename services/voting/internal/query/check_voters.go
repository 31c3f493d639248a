package query

import (
	"context"
	"encoding/binary"
	"fmt"
)

// onePart is what a voter's ballots may break.
const onePart = "a voter's ballots of a period are one, two, three …; no pick twice"

// again are voters who have more than one ballot in a period. $1 is the selection,
// $2 the period; the voters are those from $3 on, before $4. No more than the
// index of ballots is read, and that in its order.
const again = `
	SELECT format('period %s, voter %s: %s ballots', period, encode(voter, 'hex'), count(*))
	FROM ballot WHERE selection = $1 AND period = $2 AND voter >= $3 AND ($4::bytea IS NULL OR voter < $4) GROUP BY period, voter
	HAVING count(*) > 1`

// parts are voters whose ballots of a period do not follow each other, or have a
// pick twice.
const parts = `
	SELECT format('period %s, voter %s: parts %s, picks %s', period, encode(voter, 'hex'), parts, picks)
	FROM (SELECT period, voter, array_agg(DISTINCT part::int ORDER BY part::int) AS parts, array_agg(pick) AS picks, count(DISTINCT pick) AS different
	      FROM ballot, unnest(picks) AS pick
	      WHERE selection = $1 AND period = $2 AND voter >= $3 AND ($4::bytea IS NULL OR voter < $4) GROUP BY period, voter) x
	WHERE different <> cardinality(picks) OR parts <> (SELECT array_agg(n) FROM generate_series(0, cardinality(parts) - 1) n)`

// sums are voters who have too few or too many picks in a period: $5 to $6 are due.
const sums = `
	SELECT format('period %s, voter %s: %s picks in %s ballots', period, encode(voter, 'hex'), sum(cardinality(picks)), count(*))
	FROM ballot WHERE selection = $1 AND period = $2 AND voter >= $3 AND ($4::bytea IS NULL OR voter < $4) GROUP BY period, voter
	HAVING sum(cardinality(picks)) NOT BETWEEN $5 AND $6`

// checkVoters holds what each voter cast in a period to the rulebook. It does not
// take the unique index of ballots at its word.
func (c *check) checkVoters(ctx context.Context) error {
	var periods []struct {
		Period  int   `db:"period"`
		Ballots int64 `db:"ballots"`
	}
	if err := c.SelectContext(ctx, &periods, `
		WITH RECURSIVE p AS (
		    SELECT min(period) AS period FROM ballot WHERE selection = $1
		    UNION ALL SELECT (SELECT min(period) FROM ballot WHERE selection = $1 AND period > p.period) FROM p WHERE p.period IS NOT NULL)
		SELECT period, (SELECT coalesce(sum(ballots), 0) FROM batch WHERE selection = $1 AND batch.period = p.period) AS ballots
		FROM p WHERE period IS NOT NULL`, c.ID); err != nil {
		return err
	}
	if err := c.plan(ctx, "indexscan", "indexonlyscan", "nestloop"); err != nil {
		return err
	}
	for _, p := range periods {
		n := p.Ballots/chunk + 1
		for i := range n {
			if err := c.checkSlice(ctx, p.Period, bound(i, n), bound(i+1, n)); err != nil {
				return err
			}
			if err := c.step(ctx, p.Ballots/n); err != nil {
				return err
			}
		}
	}
	return c.plan(ctx)
}

// bound is where the i-th of n slices of all pseudonyms begins: they are spread
// evenly. Nil is the end.
func bound(i, n int64) any {
	switch i {
	case n:
		return nil
	case 0:
		return []byte{}
	}
	return binary.BigEndian.AppendUint32(nil, uint32(i<<32/n))
}

func (c *check) checkSlice(ctx context.Context, period int, from, to any) error {
	if !c.rules.Adds() {
		return c.breaches(ctx, ownPicks, again, c.ID, period, from, to)
	}
	if err := c.breaches(ctx, onePart, parts, c.ID, period, from, to); err != nil {
		return fmt.Errorf("voters: %w", err)
	}
	return c.breaches(ctx, ownPicks, sums, c.ID, period, from, to, c.rules.Picks().Min, c.rules.Picks().Max)
}
