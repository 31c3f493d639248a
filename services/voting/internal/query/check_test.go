package query

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

const (
	batches = 4000
	each    = 2 // ballots in a batch
)

// fill gives a selection batches from the id first on.
func fill(t *testing.T, db *sqlx.DB, selection, first int) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
		SELECT n, $1, 0, now(), $4, '{}' FROM generate_series($2::bigint, $2 + $3 - 1) n`,
		`INSERT INTO ballot (batch, selection, period, part, rank, voter, salt, picks)
		SELECT n, $1, 0, 0, rank, decode(md5(format('%s %s', n, rank)), 'hex'), decode(md5('salt'), 'hex'), '{1}'
		FROM generate_series($2::bigint, $2 + $3 - 1) n, generate_series(0, $4 - 1) rank`,
		`INSERT INTO batch_body (batch, candidates, votes, leaves, voters)
		SELECT batch, '{1}', '{2}',
		       string_agg(sha256('\x00'::bytea || convert_to(
		           format('ballot once %s 1 %s', encode(voter, 'hex'), encode(salt, 'hex')), 'UTF8')), ''::bytea ORDER BY rank),
		       string_agg(voter, ''::bytea ORDER BY rank)
		FROM ballot WHERE selection = $1 AND batch >= $2 AND batch < $2 + $3 AND rank < $4 GROUP BY batch`,
	} {
		if _, err := db.ExecContext(t.Context(), statement, selection, first, batches, each); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCheck_newSelection checks a selection of which the planner's statistics
// know nothing, as after a crash: the work grows with the ballots, not with
// ballots times batches.
func TestCheck_newSelection(t *testing.T) {
	db := testkit.Service(t, "voting", outbox.Set(), phase.Set(), migrations.Set())
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at)
		VALUES ('s-1', '', '{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "picks": {"min": 1, "max": 1}}}', now());
		INSERT INTO voting (slug, key_check) VALUES ('s-1', '');
		INSERT INTO head (selection, next_index) VALUES (1, 0);
		ALTER TABLE batch SET (autovacuum_enabled = false);
		ALTER TABLE batch_body SET (autovacuum_enabled = false);
		ALTER TABLE ballot SET (autovacuum_enabled = false)`); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 2, 1_000_000)
	if _, err := db.ExecContext(t.Context(), `ANALYZE ballot, batch, batch_body`); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 1, 2_000_000)

	signer, err := ballotlog.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := New(run.Deps{DB: db}, secret.Keys{}, signer, candidates.NewCache(phase.NewSelections()))
	steps := 0
	if err := r.look(testkit.Context(t), "s-1", func(v view) error {
		check, err := r.checked(testkit.Context(t), v, func(_ context.Context, done, total int64) error {
			if steps++; done > total {
				t.Errorf("%d of %d", done, total)
			}
			return nil
		})
		if err != nil || check.Ballots != 0 || len(check.Problems) > 0 {
			t.Errorf("%+v, %v", check, err)
		}
		linear(t, "the check", read(t, v))
		return err
	}); err != nil {
		t.Error(err)
	}
	if steps == 0 {
		t.Error("the check does not rest")
	}

	tx, err := db.BeginTxx(testkit.Context(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	// All are counted, and the later half is published.
	for _, statement := range []string{
		`UPDATE head SET next_index = 8000 WHERE selection = 1`,
		`UPDATE batch SET first_index = 2 * (id - 2000000) WHERE selection = 1`,
		`INSERT INTO publication SELECT 1, 4000 + 80 * n, 80, now() FROM generate_series(0, 49) n`,
	} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	v := view{Tx: tx, Selection: candidates.Selection{ID: 1}}
	before, lines := read(t, v), 0
	steps = 0
	if err := v.logged(testkit.Context(t), func() error { steps++; return nil }, func([]byte) error { lines++; return nil }); err != nil {
		t.Fatal(err)
	}
	linear(t, "the log", read(t, v)-before)
	if lines != batches*each || steps == 0 {
		t.Errorf("%d lines of %d in %d steps", lines, batches*each, steps)
	}
}

// read is how many rows the transaction has read so far.
func read(t *testing.T, v view) (rows int) {
	t.Helper()
	if err := v.GetContext(testkit.Context(t), &rows, `
		SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()`); err != nil {
		t.Fatal(err)
	}
	return rows
}

// linear holds rows that were read to those of one selection: each some times.
func linear(t *testing.T, what string, rows int) {
	t.Helper()
	if most := 20 * batches * each; rows < batches*each || rows > most {
		t.Errorf("%s read %d rows, at most %d are due", what, rows, most)
	}
}
