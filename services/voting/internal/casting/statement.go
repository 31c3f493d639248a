package casting

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/services/voting/internal/roll"
)

// statements are prepared once a connection: planning them anew would take
// longer than a small batch.
type statements struct {
	lock, selections, insert, batch *sqlx.Stmt
}

// standing is a selection under the lock, with the id for what this
// transaction adds to it.
type standing struct {
	roll.Selection
	Batch int64 `db:"batch"`
}

// row is a ballot in the database, with the time of its batch.
type row struct {
	Selection   int           `db:"selection"`
	Period      int           `db:"period"`
	Voter       []byte        `db:"voter"`
	Batch       int64         `db:"batch"`
	Rank        int           `db:"rank"`
	Salt        []byte        `db:"salt"`
	Key         []byte        `db:"key"`
	Picks       pq.Int32Array `db:"picks"`
	CommittedAt time.Time     `db:"committed_at"`
}

// rank is the place that a ballot got.
type rank struct {
	Batch int64 `db:"batch"`
	Rank  int   `db:"rank"`
}

// find reads the ballots of voters, in the order of their parts. It is planned
// anew each time: a plan of the hour when the table was small would read all of
// it.
const find = `
	SELECT b.selection, b.period, b.voter, b.batch, b.rank, b.salt, b.key, b.picks, t.committed_at
	FROM unnest($1::int[], $2::int[], $3::bytea[]) AS w (selection, period, voter)
	JOIN ballot b ON b.selection = w.selection AND b.period = w.period AND b.voter = w.voter
	JOIN batch t ON t.id = b.batch
	ORDER BY b.part`

func (s *statements) prepare(ctx context.Context, db *sqlx.DB) error {
	if s.batch != nil {
		return nil
	}
	for _, p := range []struct {
		stmt **sqlx.Stmt
		text string
	}{
		{&s.lock, string(roll.Shared)},
		{&s.selections, `SELECT ` + roll.Columns + `, nextval('batch_id') AS batch FROM voting WHERE slug = ANY($1)`},
		// unnest flattens nested arrays, so each ballot's picks are an array's text.
		{&s.insert, `
			INSERT INTO ballot (batch, selection, period, part, rank, voter, salt, key, picks)
			SELECT b.batch, b.selection, b.period, b.part, b.rank, b.voter, b.salt, nullif(b.key, ''), b.picks::smallint[]
			FROM unnest($1::bigint[], $2::int[], $3::int[], $4::smallint[], $5::smallint[], $6::bytea[], $7::bytea[], $8::bytea[], $9::text[])
			     AS b (batch, selection, period, part, rank, voter, salt, key, picks)
			ON CONFLICT (selection, period, voter, part) DO NOTHING
			RETURNING batch, rank`},
		{&s.batch, `
			INSERT INTO batch (id, selection, period, committed_at, ballots, skipped, candidates, votes, leaves, voters)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`},
	} {
		stmt, err := db.PreparexContext(ctx, p.text) //nolint:sqlclosecheck // statements.close does, when the writer ends
		if err != nil {
			s.close()
			return fmt.Errorf("prepare: %w", err)
		}
		*p.stmt = stmt
	}
	return nil
}

func (s *statements) close() {
	for _, stmt := range []*sqlx.Stmt{s.lock, s.selections, s.insert, s.batch} {
		if stmt != nil {
			_ = stmt.Close() // the connections forget them anyway
		}
	}
	*s = statements{}
}
