package query

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// OrderCheck implements voting.Service.
func (r *Reader) OrderCheck(ctx context.Context, in voting.Of) (out voting.Check, err error) {
	err = r.act(ctx, in.Slug, "order_check", func(tx *sqlx.Tx) (job.Job, error) {
		return r.jobs.Order(ctx, tx, in.Slug, voting.CheckJob, nil)
	}, &out)
	return out, err
}

// CancelCheck implements voting.Service.
func (r *Reader) CancelCheck(ctx context.Context, in voting.Of) (out voting.Check, err error) {
	err = r.act(ctx, in.Slug, "cancel_check", func(tx *sqlx.Tx) (job.Job, error) {
		j, found, err := job.Last(ctx, tx, in.Slug, voting.CheckJob)
		if err == nil && !found {
			err = job.ErrUnknown
		}
		if err != nil {
			return j, err
		}
		return r.jobs.Cancel(ctx, tx, in.Slug, j.ID)
	}, &out)
	return out, err
}

// act does something with the check's job, and records it.
func (r *Reader) act(ctx context.Context, slug, name string, do func(tx *sqlx.Tx) (job.Job, error), out *voting.Check) error {
	return pg.InTx(ctx, r.db, func(tx *sqlx.Tx) error {
		s, err := candidates.GetSelection(ctx, tx, slug)
		if err != nil {
			return err
		}
		j, err := do(tx)
		if err != nil {
			return err
		}
		out.Job = &j
		return audit.Record(ctx, tx, s.Now, slug, name, "", map[string]string{"job": j.ID})
	})
}

// CheckTally implements voting.Service.
func (r *Reader) CheckTally(ctx context.Context, in voting.Of) (c voting.Check, err error) {
	if _, err := candidates.GetSelection(ctx, r.db, in.Slug); err != nil {
		return c, err
	}
	last, found, err := job.Last(ctx, r.db, in.Slug, voting.CheckJob)
	if err != nil {
		return c, err
	}
	if found && last.State == job.Done {
		return c, result(last, &c)
	}
	done, whole, err := job.LastDone(ctx, r.db, in.Slug, voting.CheckJob)
	switch {
	case err != nil:
		return c, err
	case whole:
		err = result(done, &c)
	case !found:
		return c, voting.ErrNoCheck
	case last.Ended():
		return c, voting.ErrNoCheck.With("job", last.ID).With("code", last.Fault.Code)
	}
	c.Job = &last
	return c, err
}

func result(j job.Job, c *voting.Check) error {
	if err := json.Unmarshal(j.Result, c); err != nil {
		return fmt.Errorf("check of %s: %w", j.Slug, err)
	}
	return nil
}

// maxProblems bounds what is told of one thing that does not hold.
const maxProblems = 20

// check is a check at work. It reads the ballots as they lie on disk, the log from
// its first leaf to its last, and voters in the order of their index: part by
// part, so that it can rest between them, holds little, and takes PostgreSQL no
// more than that. Nothing is sorted by the database.
type check struct {
	view
	voting.Check

	rules  rule.Rules
	signer ballotlog.Signer
	tell   func(ctx context.Context, done, total int64) error

	told          map[string]int // problems by what they are about
	batches, read int64          // ballots that the batches have, and that the check has gone through
}

// units is of what the progress is told: it must not tell how many ballots there
// are that are not public.
const units = 1000

// makeCheck recounts everything. The numbers that it tells are those of the last
// publication, until the tally is final.
func (r *Reader) makeCheck(ctx context.Context, w *job.Work) (out voting.Check, err error) {
	err = lookIn(ctx, w.DB, w.Slug, func(v view) error {
		out, err = r.checked(ctx, v, w.Progress)
		return err
	})
	return out, err
}

func (r *Reader) checked(ctx context.Context, v view, tell func(ctx context.Context, done, total int64) error) (voting.Check, error) {
	rules, err := r.cache.Rules(ctx, v, v.Slug)
	if err != nil {
		return voting.Check{}, err
	}
	c := &check{
		view: v, rules: rules, signer: r.signer, tell: tell, told: map[string]int{},
		Check: voting.Check{Ballots: v.Size, Sequenced: v.Size, At: v.Now.UTC(), Problems: []string{}},
	}
	for _, part := range []func(context.Context) error{c.recount, c.checkVoters, c.checkLog, c.ask} {
		if err := part(ctx); err != nil {
			return c.Check, fmt.Errorf("check: %w", err)
		}
	}
	return c.Check, nil
}

// fail tells of something that does not hold.
func (c *check) fail(about, format string, args ...any) {
	if c.told[about]++; c.told[about] <= maxProblems {
		c.Problems = append(c.Problems, about+": "+fmt.Sprintf(format, args...))
	}
}

// step tells that the check has gone through so many ballots once more, of the
// three times that it does.
func (c *check) step(ctx context.Context, ballots int64) error {
	c.read += ballots
	return c.tell(ctx, min(units*c.read/(3*max(c.batches, 1)), units), units)
}

// ask asks what takes no look at all ballots. $1 is the selection; each line that
// comes back is a breach.
func (c *check) ask(ctx context.Context) error {
	for _, q := range []struct{ about, sql string }{
		{"publications, one behind another, up to the log's end", `
			SELECT format('publication from %s to %s, the next one from %s', first, first + ballots, next)
			FROM (SELECT first, ballots, lead(first, 1, (SELECT log_size FROM head WHERE selection = $1)) OVER (ORDER BY first) AS next
			      FROM publication WHERE selection = $1) x
			WHERE first + ballots <> next OR NOT EXISTS (SELECT 1 FROM batch WHERE selection = $1 AND first_index = first)`},
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
	} {
		if err := c.breaches(ctx, q.about, q.sql, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// breaches asks a query that gives a line for each breach.
func (c *check) breaches(ctx context.Context, about, query string, args ...any) error {
	var lines []string
	if err := c.SelectContext(ctx, &lines, query+fmt.Sprintf(" LIMIT %d", maxProblems), args...); err != nil {
		return fmt.Errorf("%s: %w", about, err)
	}
	for _, line := range lines {
		c.fail(about, "%s", line)
	}
	return nil
}
