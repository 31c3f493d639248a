package casting

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// store is the database of ballots. Its writes have a connection of their own, so
// that a failure before the call is known to have written nothing.
type store struct {
	db   *sqlx.DB
	conn *sqlx.Conn // nil: not connected
	call *sqlx.Stmt // castBallots on conn

	recent recent
	begun  map[int]int // by selection: the period that had begun when nothing older was under way
}

// castBallots calls the function that the migrations describe. It is prepared
// once a connection: planning it anew would take longer than a small batch.
const castBallots = `SELECT ids, at, skipped
	FROM cast_ballots_of_many($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`

func (s *store) connect(ctx context.Context) (err error) {
	if s.conn != nil {
		return nil
	}
	if s.conn, err = s.db.Connx(ctx); err != nil {
		s.conn = nil
		return fmt.Errorf("connect: %w", err)
	}
	if s.call, err = s.conn.PreparexContext(ctx, castBallots); err != nil {
		s.disconnect()
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// disconnect ends the session, whatever state it is in.
func (s *store) disconnect() {
	if s.conn != nil {
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = s.conn.Close()
	}
	s.conn, s.call, s.recent = nil, nil, recent{} // what comes next may be another database, restored from a backup
}

// written is what cast_ballots_of_many answers.
type written struct {
	IDs     pq.Int64Array `db:"ids"` // of the batches; 0: what the ballots were judged by has changed
	At      time.Time     `db:"at"`
	Skipped pq.Int32Array `db:"skipped"` // places among all ballots, ascending
}

// write counts a batch of ballots of each selection, in one transaction.
func (s *store) write(ctx context.Context, args []any) (w written, err error) {
	return w, pg.Settled(s.call.GetContext(ctx, &w, args...))
}

// wait returns once no transaction of the selection that began before it is
// under way, and tells when that was.
func (s *store) wait(ctx context.Context, slug string) (at time.Time, err error) {
	err = pg.InTx(ctx, s.db, func(tx *sqlx.Tx) error {
		if err := candidates.Lock(ctx, tx, slug); err != nil {
			return err
		}
		return tx.GetContext(ctx, &at, `SELECT clock_timestamp()`)
	})
	return at, err
}

// generations are how often the codes of voters have been replaced, by
// event.VoterHash; who is not among them has generation 0.
func (s *store) generations(ctx context.Context, slug string, hashes []string) (map[string]uint32, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	var rows []struct {
		Voter      string `db:"voter"`
		Generation uint32 `db:"generation"`
	}
	if err := s.db.SelectContext(ctx, &rows, `SELECT voter, generation FROM replaced_code WHERE slug = $1 AND voter = ANY ($2)`,
		slug, pq.Array(hashes)); err != nil {
		return nil, fmt.Errorf("replaced codes: %w", err)
	}
	all := make(map[string]uint32, len(rows))
	for _, r := range rows {
		all[r.Voter] = r.Generation
	}
	return all, nil
}

// slot is where the ballots of one voter in one period are: one, or more where
// voters may add picks.
type slot struct {
	selection int
	period    int
	voter     secret.Pseudonym
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

// find reads the ballots in the slots that are asked for, in the order of their
// parts. The statement is planned anew each time: a plan from when the table was
// small would read all of it.
func (s *store) find(ctx context.Context, asks []ask) (map[slot][]row, error) {
	if len(asks) == 0 {
		return nil, nil
	}
	var selections, periods []int64
	var voters pq.ByteaArray
	seen := make(map[slot]bool, len(asks))
	for _, a := range asks {
		for _, at := range a.slots {
			if !seen[at] {
				seen[at] = true
				selections, periods = append(selections, int64(at.selection)), append(periods, int64(at.period))
				voters = append(voters, at.voter[:])
			}
		}
	}
	var rows []row
	if err := s.db.SelectContext(ctx, &rows, `
		SELECT b.selection, b.period, b.voter, b.batch, b.rank, b.salt, b.key, b.picks, t.committed_at
		FROM unnest($1::int[], $2::int[], $3::bytea[]) AS w (selection, period, voter)
		JOIN ballot b ON b.selection = w.selection AND b.period = w.period AND b.voter = w.voter
		JOIN batch t ON t.id = b.batch
		ORDER BY b.part`, pq.Array(selections), pq.Array(periods), voters); err != nil {
		return nil, fmt.Errorf("find ballots: %w", err)
	}
	found := make(map[slot][]row, len(rows))
	for _, r := range rows {
		at := slot{r.Selection, r.Period, secret.Pseudonym(r.Voter)}
		found[at] = append(found[at], r)
	}
	return found, nil
}

// is tells whether the row is this very ballot, written by an earlier try.
func (r row) is(b *ballot) bool { return bytes.Equal(r.Salt, b.salt[:]) }

// keySize is how much of a key's hash a row keeps, in bytes.
const keySize = 16

// hasKey tells whether the ballot in the row came with the key. Rows that were
// written before gateways sent hashes as bytes keep the beginning of a second
// hash, that of the first one's hex digits.
func (r row) hasKey(key voting.KeyHash) bool {
	if key.IsZero() || len(r.Key) == 0 {
		return false
	}
	if bytes.Equal(r.Key, key[:keySize]) {
		return true
	}
	twice := sha256.Sum256(hex.AppendEncode(nil, key[:]))
	return bytes.Equal(r.Key, twice[:keySize])
}

func (r row) result(again bool) result {
	return result{batch: r.Batch, rank: r.Rank, counted: r.CommittedAt.UTC(), again: again}
}
