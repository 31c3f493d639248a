package query

import (
	"context"
	"fmt"

	"github.com/laurel-awards/laurel/services/voting"
)

// maxProblems bounds what one question of the check lists.
const maxProblems = 20

// question is a query that gives one line for each breach.
type question struct{ about, sql string }

// questions recount everything from the ballots. $1 is the selection.
func questions() []question {
	return []question{
		{"batch = its ballots", `
			SELECT format('batch %s has %s ballots, counted %s; ranks %s', coalesce(t.id, b.batch), t.ballots, b.n, b.ranks)
			FROM (SELECT id, ballots, skipped FROM batch WHERE selection = $1) t
			FULL JOIN (SELECT batch, count(*) AS n, array_agg(rank ORDER BY rank) AS ranks FROM ballot WHERE selection = $1 GROUP BY batch) b ON b.batch = t.id
			WHERE t.ballots IS DISTINCT FROM b.n
			   OR b.ranks IS DISTINCT FROM (
			          SELECT array_agg(r::smallint ORDER BY r)
			          FROM generate_series(0, t.ballots + cardinality(t.skipped) - 1) r WHERE r <> ALL (t.skipped))`},
		{"sums of a batch = recount of its ballots", `
			SELECT format('batch %s, candidate %s: %s votes, recount %s', coalesce(t.id, b.batch), coalesce(t.candidate, b.candidate), t.votes, b.votes)
			FROM (SELECT id, x.candidate, x.votes FROM batch JOIN batch_body ON batch = id, unnest(candidates, votes) AS x (candidate, votes) WHERE selection = $1) t
			FULL JOIN (SELECT batch, candidate, count(*) AS votes FROM ballot, unnest(picks) AS candidate WHERE selection = $1 GROUP BY batch, candidate) b
			     ON b.batch = t.id AND b.candidate = t.candidate
			WHERE t.votes IS DISTINCT FROM b.votes`},
		{"tally = recount of the sequenced ballots", `
			SELECT format('candidate %s: %s votes, recount %s', coalesce(t.candidate, b.candidate), t.votes, b.votes)
			FROM (SELECT candidate, votes FROM tally WHERE selection = $1) t
			FULL JOIN (SELECT candidate, count(*) AS votes FROM ballot JOIN batch ON batch.id = ballot.batch, unnest(picks) AS candidate
			           WHERE ballot.selection = $1 AND first_index IS NOT NULL GROUP BY candidate) b USING (candidate)
			WHERE t.votes IS DISTINCT FROM b.votes`},
		{"published votes = recount of the published ballots", `
			SELECT format('candidate %s: %s votes, recount %s', coalesce(t.candidate, b.candidate), t.votes, b.votes)
			FROM (SELECT candidate, published AS votes FROM tally WHERE selection = $1 AND published > 0) t
			FULL JOIN (SELECT candidate, count(*) AS votes FROM ballot JOIN batch ON batch.id = ballot.batch JOIN head ON head.selection = ballot.selection,
			                  unnest(picks) AS candidate
			           WHERE ballot.selection = $1 AND first_index < log_size GROUP BY candidate) b USING (candidate)
			WHERE t.votes IS DISTINCT FROM b.votes`},
		{"publications, one behind another, up to the log's end", `
			SELECT format('publication from %s to %s, the next one from %s', first, first + ballots, next)
			FROM (SELECT first, ballots, lead(first, 1, (SELECT log_size FROM head WHERE selection = $1)) OVER (ORDER BY first) AS next
			      FROM publication WHERE selection = $1) x
			WHERE first + ballots <> next OR NOT EXISTS (SELECT 1 FROM batch WHERE selection = $1 AND first_index = first)`},
		{"indexes from 0 to the head, without gaps", `
			SELECT format('index %s follows %s', first_index, expected)
			FROM (SELECT first_index, lag(first_index + ballots, 1, 0::bigint) OVER (ORDER BY first_index) AS expected FROM (
			          SELECT first_index, ballots FROM batch WHERE selection = $1 AND first_index IS NOT NULL
			          UNION ALL SELECT next_index, 1 FROM head WHERE selection = $1) x) y
			WHERE first_index <> expected`},
		{"a voter's ballots of a period are one, two, three …; no pick twice", `
			SELECT format('period %s, voter %s: parts %s, picks %s', period, encode(voter, 'hex'), parts, picks)
			FROM (SELECT period, voter, array_agg(DISTINCT part::int ORDER BY part::int) AS parts, array_agg(pick) AS picks, count(DISTINCT pick) AS different
			      FROM ballot, unnest(picks) AS pick WHERE selection = $1 GROUP BY period, voter) x
			WHERE different <> cardinality(picks) OR parts <> (SELECT array_agg(n) FROM generate_series(0, cardinality(parts) - 1) n)`},
		{"nothing waits after the seal", `
			SELECT format('batch %s came after the seal', b.id) FROM batch b JOIN head h ON h.selection = b.selection
			WHERE b.selection = $1 AND b.first_index IS NULL AND h.sealed_at IS NOT NULL`},
		{"ballots_counted told of every published ballot", `
			SELECT format('the log has %s ballots, ballots_counted told of %s', h.log_size, coalesce(o.total, o.added, 0))
			FROM head h JOIN voting v ON v.id = h.selection,
			     LATERAL (SELECT max((data->>'ballots')::bigint) FILTER (WHERE outbox.v = 2) AS total,
			                     sum((data->>'ballots')::bigint) FILTER (WHERE outbox.v = 1) AS added
			              FROM outbox WHERE slug = v.slug AND name = 'ballots_counted') o
			WHERE h.selection = $1 AND (o.total <> h.log_size
			   OR o.total IS NULL AND coalesce(o.added, 0) NOT BETWEEN h.log_size AND h.next_index)`}, // of before: what was in the tally
	}
}

// CheckTally implements voting.Service. It recounts everything; the numbers that
// it tells are those of the last publication, until the tally is final.
func (r *Reader) CheckTally(ctx context.Context, in voting.Of) (c voting.Check, err error) {
	c.Problems = []string{}
	err = r.look(ctx, in.Slug, func(v view) error {
		c.Ballots, c.Sequenced = v.Size, v.Size
		if v.SealedAt.Valid {
			if err := v.GetContext(ctx, &c.Ballots, `SELECT count(*) FROM ballot WHERE selection = $1`, v.ID); err != nil {
				return fmt.Errorf("check: %w", err)
			}
		}
		for _, q := range questions() {
			var breaches []string
			if err := v.SelectContext(ctx, &breaches, q.sql+fmt.Sprintf(" LIMIT %d", maxProblems), v.ID); err != nil {
				return fmt.Errorf("check %s: %w", q.about, err)
			}
			for _, b := range breaches {
				c.Problems = append(c.Problems, q.about+": "+b)
			}
		}
		if err := v.checkLog(ctx, r.signer, &c); err != nil {
			return err
		}
		return v.checkPicks(ctx, r, &c)
	})
	return c, err
}

// checkPicks recounts the rulebook's number of picks.
func (v view) checkPicks(ctx context.Context, r *Reader, c *voting.Check) error {
	rules, err := r.cache.Rules(ctx, v, v.Slug)
	if err != nil {
		return err
	}
	var breaches []string
	if err := v.SelectContext(ctx, &breaches, `
		SELECT format('period %s, voter %s: %s picks in %s ballots', period, encode(voter, 'hex'), sum(cardinality(picks)), count(*))
		FROM ballot WHERE selection = $1 GROUP BY period, voter
		HAVING sum(cardinality(picks)) NOT BETWEEN $2 AND $3 OR count(*) > 1 AND NOT $4
		LIMIT $5`, v.ID, rules.Picks().Min, rules.Picks().Max, rules.Adds(), maxProblems); err != nil {
		return fmt.Errorf("check picks: %w", err)
	}
	for _, b := range breaches {
		c.Problems = append(c.Problems, "the rulebook's picks: "+b)
	}
	return nil
}
