package query

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting/internal/rule"
)

// What a batch may break.
const (
	ownBallots = "batch = its ballots"
	ownSums    = "sums of a batch = recount of its ballots"
	ownPicks   = "the rulebook's picks"
	logBallots = "log = ballots"
)

// batchRow is what a batch says of its ballots.
type batchRow struct {
	ID         int64         `db:"id"`
	Period     int           `db:"period"`
	First      sql.NullInt64 `db:"first_index"`
	Ballots    int           `db:"ballots"`
	Skipped    pq.Int32Array `db:"skipped"`
	Candidates pq.Int32Array `db:"candidates"`
	Votes      pq.Int64Array `db:"votes"`
	Leaves     []byte        `db:"leaves"`
	Voters     []byte        `db:"voters"`
}

// found is what a batch's ballots in the database are.
type found struct {
	ballots []ballotFound
	votes   map[int]int64
}

type ballotFound struct {
	rank   int
	period int
	voter  []byte
	leaf   tlog.Hash
}

// recount holds each batch to its ballots, and tally and published votes to all of
// them. The ballots of a batch lie on disk beside each other but for some, so few
// batches are open at a time.
func (c *check) recount(ctx context.Context) error {
	var all struct {
		Batches int64 `db:"batches"`
		Ballots int64 `db:"ballots"`
	}
	if err := c.GetContext(ctx, &all, `SELECT count(*) AS batches, coalesce(sum(ballots), 0) AS ballots FROM batch WHERE selection = $1`, c.ID); err != nil {
		return err
	}
	c.batches = all.Ballots
	r := recount{check: c, open: map[int64]*found{}, rows: map[int64]batchRow{}, counted: map[int]int64{}, published: map[int]int64{}}
	if err := c.plan(ctx, "seqscan", "bitmapscan"); err != nil {
		return err
	}
	if err := c.chunks(ctx, chunk, fmt.Sprintf(
		`SELECT batch, period, part, rank, voter, salt, picks FROM ballot WHERE selection = %d`, c.ID), r.add, func() error { return r.judge(ctx) }); err != nil {
		return err
	}
	for id := range r.open {
		r.close(id)
	}
	if c.SealedAt.Valid {
		c.Ballots = r.ballots
	}
	if r.batches != all.Batches || r.ballots != all.Ballots {
		c.fail(ownBallots, "%d batches of %d ballots, and %d ballots of %d batches", all.Batches, all.Ballots, r.ballots, r.batches)
		if err := c.breaches(ctx, ownBallots, `
			SELECT format('batch %s has no ballots', id) FROM (SELECT id FROM batch WHERE selection = $1 EXCEPT SELECT batch FROM ballot WHERE selection = $1) x`,
			c.ID); err != nil {
			return err
		}
	}
	return r.checkTally(ctx)
}

// recount is the first part of the check.
type recount struct {
	*check

	open               map[int64]*found   // batches that are not complete yet
	rows               map[int64]batchRow // of those
	read               int64              // since the last step
	batches, ballots   int64              // that were found
	counted, published map[int]int64      // votes by candidate
	text               []byte
	picks              []int
}

func (r *recount) add(rows *sqlx.Rows) error {
	var batch int64
	var part int
	var b ballotFound
	var voter, salt, picks sql.RawBytes
	if err := rows.Scan(&batch, &b.period, &part, &b.rank, &voter, &salt, &picks); err != nil {
		return err
	}
	f := r.open[batch]
	if f == nil {
		f = &found{votes: map[int]int64{}}
		r.open[batch] = f
	}
	r.read++
	b.voter = bytes.Clone(voter)
	leaf := ballotlog.Ballot{Period: rule.PeriodName(b.period)}
	if copy(leaf.Voter[:], voter) != len(voter) || copy(leaf.Salt[:], salt) != len(salt) {
		r.fail(ownBallots, "batch %d, rank %d: a voter of %d bytes, a salt of %d", batch, b.rank, len(voter), len(salt))
	}
	r.picks = r.picks[:0]
	for word := range bytes.SplitSeq(bytes.Trim(picks, "{}"), []byte(",")) {
		n, err := strconv.Atoi(string(word))
		if err != nil {
			r.fail(ownPicks, "batch %d, rank %d: picks %.64q", batch, b.rank, picks)
			break
		}
		r.picks = append(r.picks, n)
		f.votes[n]++
	}
	leaf.Picks = r.picks
	r.text = leaf.Append(r.text[:0])
	b.leaf = ballotlog.Hash(r.text)
	f.ballots = append(f.ballots, b)
	r.checkPicks(batch, part, b)
	return nil
}

// judge closes the batches that are complete.
func (r *recount) judge(ctx context.Context) error {
	var fresh []int64
	for id := range r.open {
		if _, known := r.rows[id]; !known {
			fresh = append(fresh, id)
		}
	}
	var found []batchRow
	if err := r.plan(ctx, "indexscan", "nestloop"); err != nil {
		return err
	}
	if err := r.SelectContext(ctx, &found, `
		SELECT id, period, first_index, ballots, skipped, candidates, votes, leaves, voters
		FROM unnest($2::bigint[]) wanted JOIN batch ON id = wanted AND selection = $1 LEFT JOIN batch_body ON batch = id`, r.ID, pq.Array(fresh)); err != nil {
		return err
	}
	if err := r.plan(ctx); err != nil {
		return err
	}
	for _, row := range found {
		r.rows[row.ID] = row
	}
	for id, f := range r.open {
		if row, known := r.rows[id]; !known || len(f.ballots) >= row.Ballots {
			r.close(id)
		}
	}
	read := r.read
	r.read = 0
	return r.step(ctx, read)
}

// close holds a batch to its ballots.
func (r *recount) close(id int64) {
	f, row := r.open[id], r.rows[id]
	delete(r.open, id)
	delete(r.rows, id)
	r.ballots += int64(len(f.ballots))
	r.batches++
	slices.SortFunc(f.ballots, func(a, b ballotFound) int { return cmp.Compare(a.rank, b.rank) })
	if !row.ranked(f.ballots) {
		r.fail(ownBallots, "batch %d has %d ballots, counted %d", id, row.Ballots, len(f.ballots))
	}
	var leaves, voters []byte
	for _, b := range f.ballots {
		if b.period != row.Period && row.Ballots > 0 {
			r.fail(ownBallots, "batch %d is of period %d, its ballot of rank %d of %d", id, row.Period, b.rank, b.period)
		}
		leaves, voters = append(leaves, b.leaf[:]...), append(voters, b.voter...)
	}
	if !bytes.Equal(leaves, row.Leaves) || !bytes.Equal(voters, row.Voters) {
		r.fail(logBallots, "batch %d keeps the leaves or voters of other ballots", id)
	}
	sums := map[int]int64{}
	for i, n := range row.Candidates {
		if i < len(row.Votes) {
			sums[int(n)] += row.Votes[i]
		}
	}
	for _, n := range differing(sums, f.votes) {
		r.fail(ownSums, "batch %d, candidate %d: %d votes, recount %d", id, n, sums[n], f.votes[n])
	}
	for n, v := range f.votes {
		if row.First.Valid {
			r.counted[n] += v
		}
		if row.First.Valid && row.First.Int64 < r.Size {
			r.published[n] += v
		}
	}
}

// ranked tells whether ballots, by rank, are those of the batch: as many, of all
// ranks but those that fell out.
func (b batchRow) ranked(ballots []ballotFound) bool {
	if len(ballots) != b.Ballots {
		return false
	}
	next := 0
	for rank := range b.Ballots + len(b.Skipped) {
		if slices.Contains(b.Skipped, int32(rank)) {
			continue
		}
		if next == len(ballots) || ballots[next].rank != rank {
			return false
		}
		next++
	}
	return true
}

// differing are the candidates whose votes differ.
func differing(a, b map[int]int64) (numbers []int) {
	if maps.Equal(a, b) {
		return nil
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, n := range slices.Sorted(maps.Keys(all)) {
		if a[n] != b[n] {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// checkPicks holds a ballot, whose picks were read, to the rulebook, where it is
// all that its voter casts in the period; checkVoters sees to the others.
func (r *recount) checkPicks(batch int64, part int, b ballotFound) {
	if r.rules.Adds() {
		return
	}
	if n, span := len(r.picks), r.rules.Picks(); n < span.Min || n > span.Max {
		r.fail(ownPicks, "period %s, batch %d, rank %d: %d picks", rule.PeriodName(b.period), batch, b.rank, n)
	}
	if !ascending(r.picks) || part != 0 {
		r.fail(onePart, "period %s, batch %d, rank %d: part %d, picks %v", rule.PeriodName(b.period), batch, b.rank, part, r.picks)
	}
}

// ascending tells whether each pick is larger than the one before.
func ascending(picks []int) bool {
	for i := 1; i < len(picks); i++ {
		if picks[i] <= picks[i-1] {
			return false
		}
	}
	return true
}

func (r *recount) checkTally(ctx context.Context) error {
	var rows []struct {
		Candidate int   `db:"candidate"`
		Votes     int64 `db:"votes"`
		Published int64 `db:"published"`
	}
	if err := r.SelectContext(ctx, &rows, `SELECT candidate, votes, published FROM tally WHERE selection = $1`, r.ID); err != nil {
		return err
	}
	votes, published := map[int]int64{}, map[int]int64{}
	for _, t := range rows {
		votes[t.Candidate], published[t.Candidate] = t.Votes, t.Published
	}
	for _, t := range []struct {
		about           string
		told, recounted map[int]int64
	}{{"tally = recount of the sequenced ballots", votes, r.counted}, {"published votes = recount of the published ballots", published, r.published}} {
		for _, n := range differing(t.told, t.recounted) {
			r.fail(t.about, "candidate %d: %d votes, recount %d", n, t.told[n], t.recounted[n])
		}
	}
	return nil
}
